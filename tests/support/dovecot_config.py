"""What the Dovecot of the tests is told: dovecot.conf. Text only, starts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_CONFIG: Final = """
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = {name}
login_greeting = Dovecot ({name}) ready.
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = {host}
ssl = {ssl}
ssl_cert = <{folder}/chain.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = {tls_first}
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:~/Maildir:UTF-8
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
mail_fsync = never
mail_max_userip_connections = 100
postmaster_address = postmaster@app.example
hostname = mx.app.example
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
  default_fields = uid=mail gid=mail home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
{mailboxes}}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service auth {{
  unix_listener sasl {{
    mode = 0666
  }}
}}
service anvil {{
  # Else each wrong password from an address makes the next answer to it later, up to 15 s.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


def dovecot_conf(
    folder: Path,
    *,
    host: str,
    ports: tuple[int, int, int],
    mailboxes: Mapping[str, str],
    tls: bool,
    starttls_required: bool,
) -> str:
    """Return dovecot.conf for an instance below `folder`; `ports` of IMAP, IMAPS and LMTP."""
    rows = [
        f'  mailbox "{name}" {{\n    auto = subscribe\n' + (f"    special_use = {use}\n" if use else "") + "  }\n"
        for name, use in mailboxes.items()
    ]
    imap, imaps, lmtp = ports
    return _CONFIG.format(
        folder=folder,
        name=folder.name,
        host=host,
        ssl=("required" if starttls_required else "yes") if tls else "no",
        tls_first="yes" if starttls_required else "no",
        mailboxes="".join(rows),
        imap_port=imap,
        imaps_port=imaps,
        lmtp_port=lmtp,
    )
