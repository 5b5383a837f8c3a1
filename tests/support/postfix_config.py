"""What the Postfix of the tests is told: main.cf and master.cf, and the folders of its queue. Starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DOMAIN: Final = "app.example"
HOSTNAME: Final = "mx.app.example"
DAEMONS: Final = Path("/usr/lib/postfix/sbin")
QUEUE: Final = tuple(
    f"queue/{name}"
    for name in (
        *("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming"),
        *("maildrop", "pid", "private", "public", "saved", "trace"),
    )
)
"""What `postfix start` would make: here the master is started without that script, which takes two seconds."""

_MAIN: Final = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = {hostname}
mydestination =
mynetworks = 192.0.2.1/32
smtpd_banner = $myhostname ESMTP $mail_name ({name})
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
notify_classes =
recipient_delimiter =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_alias_maps = texthash:{folder}/aliases
virtual_transport = lmtp:inet:{lmtp}
header_checks = regexp:{folder}/headers
smtpd_tls_chain_files = {folder}/chain.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl}
smtpd_sasl_security_options = noanonymous
smtpd_sender_login_maps = texthash:{folder}/owners
smtpd_sender_restrictions = {sender_rule}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
"""
_MASTER: Final = """
{host}:{starttls} inet n - n - - smtpd
{host}:{implicit} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def main_cf(folder: Path, *, lmtp: str, sasl: Path, owned_senders: bool) -> str:
    """Return main.cf for an instance below `folder`, with Dovecot's LMTP at `lmtp` and its login service at `sasl`."""
    return _MAIN.format(
        folder=folder,
        name=folder.name,
        daemons=DAEMONS,
        hostname=HOSTNAME,
        domain=DOMAIN,
        lmtp=lmtp,
        sasl=sasl,
        sender_rule="reject_sender_login_mismatch" if owned_senders else "",
    )


def master_cf(host: str, starttls: int, implicit: int) -> str:
    """Return master.cf with a submission port of each kind."""
    return _MASTER.format(host=host, starttls=starttls, implicit=implicit)
