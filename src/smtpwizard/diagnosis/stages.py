"""At which stage of the dialogue an error stood: by the client's words for it, its command, the error's properties."""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.diagnosis.event import bound
from smtpwizard.diagnosis.replies import Properties

_MESSAGES: Final = (
    ("invalid login", ("auth",)),
    ('command "auth', ("auth",)),
    ("command “auth", ("auth",)),
    ("auth command used when", ("auth",)),  # whatever the client had wanted to do
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
    ("envelope from address", ("mail",)),  # msmtp's
    (") mail failed: ", ("mail",)),  # curl's
    ("got unexpected smtp-server response", ("greeting",)),
    ("remote access denied: ", ("ehlo",)),
    (") rcpt failed: ", ("rcpt",)),
    ("access denied: 5", ("auth",)),
    ("starttls denied", ("starttls",)),
    ("tls error from '", ("starttls",)),  # Stalwart's
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
    (
        "smtpsendfailedexception: [eof",
        (),
    ),  # Jakarta Mail, SMTPTransport.issueSendCommand: no reply came to whatever it was
    ("smtpsendfailedexception", ("mail", "data")),
    ("smtpaddressfailedexception", ("rcpt",)),
    ("smtpsenderfailedexception", ("mail",)),
    ("after initial connection", ("greeting",)),
    ("after sending null, response", ("greeting",)),  # Dart's mailer
    ("after sending ehlo", ("ehlo",)),
    ("after sending helo", ("ehlo",)),
    ("after sending starttls", ("starttls",)),
    ("after sending auth", ("auth",)),
    ("did not start with any of: [235", ("auth",)),
    ("after sending mail from", ("mail",)),
    ("after sending rcpt to", ("rcpt",)),
    ("after sending data", ("data",)),
    ("check the message recipient", ("rcpt",)),  # Thunderbird's
    ("check the message and try again", ("data",)),
    ("verify that your email address is correct in your", ("mail",)),
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
_EXPECTED: Final = r"(?i)expected response code \W{0,2}(\d{3})(/25)?"
"""Swift's and Symfony's mailers name the code that they had waited for; three of them after RCPT TO."""
_EXPECTED_STAGES: Final = {"220": "greeting", "334": "auth", "235": "auth", "354": "data"}
_NO_GREETING: Final = r"(?i)tls|\b50[0-4]\b|dohelocommand"
"""220 answers STARTTLS, too, and an empty response in its place is what a missing sendmail program gives."""
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
    if "xpected response code" in text and (expected := re.search(_EXPECTED, text)):
        stage = "rcpt" if expected[2] else _EXPECTED_STAGES.get(expected[1], "")
        if stage == "greeting":
            greeted = re.search(r"got code \W{0,2}\d", text)
            stage = "starttls" if re.search(_NO_GREETING, text) else stage if greeted else ""
        if stage:
            return (stage,)
    verb = known.command.split(" ")[0] or command
    if verb == "CONN" and re.search(_TLS_WORDS, text):
        return ("tls", "starttls")
    if verb in _COMMAND_STAGES:
        return _COMMAND_STAGES[verb]
    return _CODE_STAGES.get(known.code, ())


APP_FAULT: Final = "app"
"""What `shown` returns where the program failed by itself, before it asked any mail server."""

_FAILS: Final = r"(?:fail|error|reject|refus|not accept|fehler|erreur|ошибка|错误)"
_PHRASES: Final = (
    (APP_FAULT, r"class [\"'`]?[\w\\]*(?:smtp|mail|transport)\w*[\"'`]? (?:was )?not found"),
    ("rcpt", rf"rcpt[^\n]{{0,60}}{_FAILS}|{_FAILS}[^\n]{{0,40}}rcpt"),
    ("rcpt", r"\binvalid addresses\b"),
    ("rcpt", rf"recipients? (?:(?:was|were|address|command) )*{_FAILS}"),
    ("mail", rf"\bmail from\b[^\n]{{0,60}}{_FAILS}|{_FAILS}[^\n]{{0,40}}\bmail from\b|mail command f"),
    ("mail", rf"(?:sender|from) (?:(?:was|address|command) )*{_FAILS}"),
    ("auth", r"invalid login|log ?in (?:has )?(?:fail|den|error|not possible)|(?:unable to|cannot) log ?in"),
    ("auth", r"verification error"),
    ("auth", rf"auth\w* (?:has )?(?:{_FAILS}|den|unsuccessful)|could not (?:log ?in|authenticate)"),
    ("ehlo", r"(?m)^hello: *$"),  # CodeIgniter's, with nothing behind it
    ("tls", rf"(?:start ?tls|tls|ssl) (?:\w+ )?(?:{_FAILS}|could not)|handshake {_FAILS}"),
    ("tls", r"(?:tls|ssl|secure) connection (?:could not|cannot|was not|failed)"),
    ("greeting", r"validateresponse\(220\)|smtp client retrying server|response time-?out|read\w* (?:\w+ ){0,3}fail"),
    (
        "greeting",
        r"(?:no|wait\w* for|receiv\w*|never|without) (?:\w+ ){0,3}(?:greeting|banner)|not handle [^\n]{0,30}response",
    ),
    ("resolve", r"(?:look(?:ing)? ?up|resolv\w+) (?:the |of )?(?:host|name|address|mx|dns)[^.\n]{0,40}fail"),
    ("connect", r"(?:connect(?:ion|ing)?|ping)(?:\(\))? (?:attempt |has |to [^\n]{1,80} )?fail|stable connection"),
    (
        "connect",
        r"not (?:be )?connect|fail\w* to (?:\w+ )?connect|unable to connect|cannot (?:open|connect|reach)|"
        r"\b(?:host|server) (?:is )?(?:not |un)reachable",
    ),
    ("connect", r"connection[^.\n]{0,40} could not be (?:made|established|opened)|network error on destination"),
    ("connect", r"failure sending mail|max connection attempts"),  # .NET's and Go's words for a connection that failed
    (
        "connect",
        r"port_?open(?:ed)?\"? ?[:=>]+ ?(?:false|no\b)|not (?:open|reach) (?:\w+ )?(?:connection|socket|server)",
    ),
    ("data", rf"\bdata command {_FAILS}|\bdata not accept|message (?:was )?(?:refus|reject|not accept)"),
    ("after", r"undeliverable to|unroute?able address|\bhard ?(?:fail|bounce)"),
    ("after", r"unable to deliver message to|could not be delivered"),
)
"""Stage → how apps say at which step they failed, the words that say more before those that say less."""

_MAILCORE: Final = r"(?i)MCOErrorDomain\W{0,3}(?:\w{3,12}\W{1,3})?(\d{1,2})\b"
_MAILCORE_STAGES: Final = {
    "1": "connect", "2": "tls", "3": "greeting", "4": "tls", "5": "auth", "25": "tls", "28": "auth", "30": "data",
    "31": "auth", "37": "mail", "38": "rcpt", "40": "auth",
}  # fmt: skip
"""MailCore 2, MCConstants.h: the number is all that a system's sentence in another language leaves of the error."""

_FRAME: Final = (
    r"(?im)^[ \t>|]*(?:File \"[^\"\n]*(?:smtp|mail|socket|ssl)[^\"\n]*\", line \d+, in (\w+)|"
    r"\S*(?:smtp|mail)\S*\.rb:\d+:in ?[`'](?:block (?:\(\d+ levels\) )?in )?(?:[\w:]+[#.])?(\w+)[?!]?'|"
    r"(?:at |#\d+ |from )[^\n]*?(?:smtp|mail|swift)[^\n]*?(?:->|[.:_`'])(?!php\()(\w+)(?:\(|' *$|\\b))"
)
_ABOUT: Final = r"(?i)^_?(?:send(?!mail$)|do_?|action)?|_?(?:command|cmd|async|impl|internal)*$"
"""What libraries put around the name of a step: `SendEhloAsync`, `doMailFromCommand`, `_actionRCPT`."""
_QUIT: Final = "quit"
"""A step of no failure's stage: a session was being ended."""
_FRAME_STAGES: Final = (
    ("resolve", r"getaddrinfo|gethostbyname|getallbyname|lookup"),
    ("greeting", r"readgreeting|_?actiongreeting"),
    ("ehlo", r"ehlo|helo|ehlo_or_helo_if_needed|helo\w*"),
    ("tls", r"starttls|do_?handshake|(?:ssl_)?wrap_socket|tlsconnect|initiatesecureconnection|enablecrypto"),
    ("auth", r"login|auth_\w+|_?auth(?:enticate)?\w*"),
    ("mail", r"mail|mailfrom|setsender|onsendernotaccepted"),
    ("rcpt", r"rcpt|rcptto\w*|onrecipientnotaccepted"),
    ("data", r"data|finishdata|enddata|smtpstream|onmessagenotaccepted|messagedata"),
    (_QUIT, r"quit|disconnect"),
    ("connect", r"connect|_get_socket|create_connection|openserver|doconnect|getconnection|ensureconnection|"
     r"protocolconnect|tcp_?socket|_?establish(?:socket|proxy)connection"),
)  # fmt: skip
"""Stage → the functions of mail libraries in which a stack ends there."""

_COMMAND: Final = (
    r"(?im)^(?:\S{0,40}[ \t])?(?:[CS>=~\[\]<: -]|client|sent)*\b(EHLO|HELO|STARTTLS|AUTH|MAIL FROM|RCPT TO|DATA)\b"
)
_ANSWERED: Final = r"(?m)(?<![\w.])[2-5]\d\d[ -]"

_OWN_FAULT: Final = (
    r"\b(?:Type|Reference|Attribute|Key|Index|Name|UnboundLocal|NoMethod|Import|ModuleNotFound|NotImplemented)Error\b|"
    r"(?:NullPointer|NullReference|ClassCast|ArgumentNull|IndexOutOf\w*|IllegalState|NoSuchElement)Exception|"
    r"\b(?:NoSuchMethod|NoClassDefFound|ExceptionInInitializer)Error\b|ClassNotFoundException|undefined method|"
    r"[Cc]all to (?:a member function|undefined)|[Uu]ndefined (?:variable|index|array key|offset|property)|panicked at|"
    r"nil pointer dereference|index out of (?:bounds|range)|[Ss]egmentation fault|Compilation failed in require"
)
"""How a program fails by itself: a value, a function or a class is missing."""


def shown(text: str) -> str:
    """Return the stage at which a text shows that sending failed, though it does not say why; empty if it shows none.

    Asked in this order: a library's number, the last command of a dialogue that nothing has answered, the words for a
    step, the innermost function of a stack.
    """
    text = bound(text)
    if number := re.search(_MAILCORE, text):
        return _MAILCORE_STAGES.get(number[1], "")
    commands = list(re.finditer(_COMMAND, text))
    if commands and re.search(_ANSWERED, text) and not re.search(_ANSWERED, text[commands[-1].end() :]):
        return _COMMAND_STAGES[commands[-1][1].upper().split(" ")[0]][0]
    named = next((stage for stage, words in _PHRASES if re.search(words, text, re.IGNORECASE)), "")
    if named:
        return named
    return APP_FAULT if re.search(_OWN_FAULT, text) else innermost(text)


def innermost(text: str) -> str:
    """Return the stage of the innermost function of a mail library in a stack; empty where there is none."""
    inner = _inner(text)
    return "" if inner == _QUIT else inner


def _inner(text: str) -> str:
    frames = [found[1] or found[2] or found[3] for found in re.finditer(_FRAME, text)]
    inner = frames[::-1] if "Traceback (most recent call last)" in text or 'File "' in text else frames
    ends = (
        stage
        for name in inner
        for stage, names in _FRAME_STAGES
        if re.fullmatch(f"(?i:{names})", name) or re.fullmatch(f"(?i:{names})", re.sub(_ABOUT, "", name))
    )
    return next(ends, "")


_ORDER: Final = ("resolve", "connect", "greeting", "ehlo")
_IN_SESSION: Final = frozenset({"auth", "mail", "rcpt", "data", _QUIT})
_SUCCESS: Final = (
    r"(?i)(?<!expected )(?<!expected response )\b(?:smtp_?|reply ?|response ?|return ?|status ?)?code"
    r"\W{1,4}(235|354)(?!\d)"
)
_OVER_TLS: Final = r"openssl/buffering|\bSslStream\.(?:Read|Write)|ssl\.py\", line \d+, in (?:read|recv|send)\b"
"""Frames of a connection that reads or writes under TLS."""


def passed(text: str) -> frozenset[str]:
    """Return the stages that a text about one failure shows to be done, by its stack and by a success in its words.

    A login or TLS is done only where something says so: a session can do without either.
    """
    inner = _inner(text)
    done = set(_ORDER if inner in _IN_SESSION else ("resolve", "connect") if inner == "greeting" else ())
    if inner == "ehlo":
        done.update(_ORDER[:-1])
    if inner in ("rcpt", "data"):
        done.add("mail")
    if inner == "data":
        done.add("rcpt")
    if inner == _QUIT:
        done.add(_QUIT)
    if found := re.search(_SUCCESS, text):
        done.update(_ORDER, ("auth",) if found[1] == "235" else ("mail", "rcpt"))
    if inner != "tls" and re.search(_OVER_TLS, text):
        done.update(("resolve", "connect", "tls"))
    return frozenset(done)
