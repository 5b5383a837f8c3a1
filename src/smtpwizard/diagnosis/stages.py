"""At which stage of the dialogue an error stood: by the client's words for it, its command, the error's properties."""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.diagnosis.event import bound
from smtpwizard.diagnosis.replies import Properties

_MESSAGES: Final = (
    ("invalid login", ("auth",)),
    ("missing credentials for", ("auth",)),
    ("can't create new sasl", ("auth",)),
    ("invalid greeting", ("greeting",)),
    ("greeting never received", ("greeting",)),
    ("invalid helo", ("ehlo",)),
    ("invalid ehlo", ("ehlo",)),
    ("hello: 5", ("ehlo",)),  # CodeIgniter's
    ("mail command failed", ("mail",)),
    ("mail command fialed", ("mail",)),  # nodemailer's own spelling until 2023
    ("mail from failed", ("mail",)),
    (") mail failed: ", ("mail",)),  # curl's
    ("got unexpected smtp-server response", ("greeting",)),
    ("remote access denied: ", ("ehlo",)),
    (") rcpt failed: ", ("rcpt",)),
    ("access denied: 5", ("auth",)),
    ("starttls denied", ("starttls",)),
    ("starttls attempted", ("starttls",)),
    ("in mail command", ("mail",)),
    ("invalid mail argument", ("mail",)),
    ("processing mail cmd", ("mail",)),  # keepalived's
    ("processing rcpt cmd", ("rcpt",)),
    ("processing data cmd", ("data",)),
    ("in rcpt command", ("rcpt",)),
    ("syntax: mail from", ("mail",)),
    ("syntax: rcpt to", ("rcpt",)),
    ("mail from command", ("mail",)),
    ("all recipients were rejected", ("rcpt",)),
    ("recipient command failed", ("rcpt",)),
    ("message failed:", ("data",)),
    ("error: message failed", ("data",)),  # a mail program says so of whatever failed
    ("error upgrading connection with starttls", ("starttls",)),
    ("error initiating tls", ("starttls",)),
    ("rcptto", ("rcpt",)),  # Ruby's frames
    ("in `mailfrom", ("mail",)),
    ("smtpaddressfailedexception", ("rcpt",)),
    ("smtpsenderfailedexception", ("mail",)),
    ("after initial connection", ("greeting",)),
    ("recipientnotaccepted", ("rcpt",)),
    ("sendernotaccepted", ("mail",)),
    ("messagenotaccepted", ("data",)),
    ("mail from command failed", ("mail",)),
    ("rcpt to command failed", ("rcpt",)),
    ("data command failed", ("data",)),
    ("data end command failed", ("data",)),
    ("auth command failed", ("auth",)),
    ("password command failed", ("auth",)),
    ("smtpauthenticationerror", ("auth",)),
    ("authenticationfailedexception", ("auth",)),
    ("authenticationinvalidcredentials", ("auth",)),
    ("smtp auth failed", ("auth",)),
    ('authenticator "', ("auth",)),
    ("smtpsenderrefused", ("mail",)),
    ("failed to set sender", ("mail",)),
    ("failed to add recipient", ("rcpt",)),
    ("the following from address failed", ("mail",)),
    ("smtprecipientsrefused", ("rcpt",)),
    ("the following recipients failed", ("rcpt",)),
    ("smtpdataerror", ("data",)),
    ("data not accepted", ("data",)),
    ("smtpconnecterror: (", ("greeting",)),  # aiosmtplib has the name for a connection that fails, too
    ("smtpconnecterror(4", ("greeting",)),
    ("smtpconnecterror(5", ("greeting",)),
    ("smtpheloerror", ("ehlo",)),
    ("sasl authentication failed", ("auth",)),
    ("in reply to end of data", ("data",)),
    ("in reply to mail from", ("mail",)),
    ("in reply to rcpt to", ("rcpt",)),
    ("in reply to data", ("data",)),
    ("in reply to auth", ("auth",)),
    ("in reply to ehlo", ("ehlo",)),
    ("while sending mail from", ("mail",)),
    ("while sending rcpt to", ("rcpt",)),
    ("while sending data command", ("data",)),
    ("while sending message body", ("data",)),
    ("while sending end of data", ("data",)),
    ("while receiving the initial server greeting", ("greeting",)),
    ("refused to talk to me", ("greeting",)),  # Postfix's smtp(8)
    ("while performing the ehlo handshake", ("ehlo",)),
    ("while performing the helo handshake", ("ehlo",)),
    ("after mail from", ("mail",)),
    ("after rcpt to", ("rcpt",)),
    ("after data", ("data",)),
    ("after end of data", ("data",)),
    ("after pipelined", ("rcpt",)),
    ("but greeting failed", ("greeting",)),  # qmail-remote's
    ("but my name was rejected", ("ehlo",)),
    ("but sender was rejected", ("mail",)),
    ("does not like recipient", ("rcpt",)),
    ("failed on data command", ("data",)),
    ("failed after i sent the message", ("data",)),
    ("reject: rcpt from", ("rcpt",)),
    ("reject: mail from", ("mail",)),
    ("closing smtp data writer", ("data",)),
    ("failed to close connection to smtp server", ("data",)),
    ("getaddrinfo", ("resolve",)),
    ("querya ", ("resolve",)),
    ("syscall: 'connect'", ("connect",)),
    ('syscall":"connect"', ("connect",)),
    ('syscall": "connect"', ("connect",)),
    ("connect econnrefused", ("connect",)),
    ("connect etimedout", ("connect",)),
    ("connect ehostunreach", ("connect",)),
    ("connect enetunreach", ("connect",)),
    ("connection timeout", ("connect",)),
)
"""What client libraries put before the server's words → the stage."""

_COMMAND_STAGES: Final = {
    "AUTH": ("auth",), "MAIL": ("mail",), "RCPT": ("rcpt",), "DATA": ("data",), "STARTTLS": ("starttls",),
    "EHLO": ("ehlo",), "HELO": ("ehlo",), "CONN": ("resolve", "connect", "tls", "starttls", "greeting", "ehlo"),
}  # fmt: skip
_CODE_STAGES: Final = {
    "EAUTH": ("auth",), "EENVELOPE": ("mail", "rcpt", "data"), "EMESSAGE": ("data",), "EDNS": ("resolve",),
    "ETLS": ("starttls", "tls"),
}  # fmt: skip
_OF_RECIPIENTS: Final = r"\{u?'[^'\s]{0,200}': \([45]\d\d, "
"""What smtplib returns of the recipients that were refused: `{'someone@example.com': (501, b'Bad address syntax')}`."""
_TLS_WORDS: Final = r"(?i)certificate|ssl routines|wrong version number|secure tls connection|altnames"


def stages_of(text: str, known: Properties, command: str) -> tuple[str, ...]:
    """Return the stages that the message, the error's properties or the client's last command leave."""
    lower = bound(text).lower()
    for words, stages in _MESSAGES:
        if words in lower:
            return stages
    if re.search(_OF_RECIPIENTS, text):
        return ("rcpt",)
    verb = known.command.split(" ")[0] or command
    if verb == "CONN" and re.search(_TLS_WORDS, text):
        return ("tls", "starttls")
    if verb in _COMMAND_STAGES:
        return _COMMAND_STAGES[verb]
    return _CODE_STAGES.get(known.code, ())
