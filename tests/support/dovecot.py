"""The real Dovecot 2.3 from Debian's packages on loopback ports: IMAP, LMTP, and the login service that Postfix asks.

Nothing of the system's configuration is read and nothing is written outside a temporary folder. Several run at once.
"""

from __future__ import annotations

import pwd
import shutil
import smtplib
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import trustme

from support.dovecot_config import dovecot_conf
from support.processes import Daemon, find, free_ports, give_up, greeting, require_root_and, started

MAILBOXES: Final = {"Junk": "\\Junk", "Sent": "\\Sent", "Trash": "\\Trash"}
_SYSTEM_USERS: Final = ("dovecot", "dovenull", "mail")


class Dovecot:
    """A mail store with the given users and passwords. A context manager: at its end every process and file is gone.

    `users` are login names as they are typed, with a domain or without. `mailboxes` exist from the start: name and
    special use (RFC 6154), which may be empty. Mail by LMTP for `name+Junk@domain` goes to that user's Junk.

    Dovecot takes a client whose address is its own for safe without TLS, so on 127.0.0.1 a login in clear text works
    whatever the settings say. With `starttls_required` it listens on 127.0.0.2, where the client's address differs: it
    announces LOGINDISABLED until STARTTLS. With `tls=False` it knows no TLS at all.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        mailboxes: Mapping[str, str] = MAILBOXES,
        starttls_required: bool = False,
        tls: bool = True,
        authority: trustme.CA | None = None,
    ) -> None:
        self.users = dict(users)
        self.host = "127.0.0.2" if starttls_required else "127.0.0.1"
        self.authority = authority or trustme.CA(organization_name="mail server tests")
        self.imap_port = self.imaps_port = self.lmtp_port = 0
        self._mailboxes = dict(mailboxes)
        self._tls = tls
        self._starttls_required = starttls_required

    @property
    def ca_pem(self) -> str:
        """The authority to trust, as PEM."""
        return self.authority.cert_pem.bytes().decode("ascii")

    @property
    def ca_file(self) -> Path:
        """A file with that authority."""
        return self.folder / "ca.pem"

    @property
    def sasl_socket(self) -> Path:
        """Where Postfix asks about logins."""
        return self.folder / "run" / "sasl"

    @property
    def log(self) -> str:
        """What Dovecot has logged so far."""
        return _read(self.folder / "dovecot.log") + _read(self.folder / "output.log")

    @property
    def pid(self) -> int:
        """Dovecot's first process, and the number of the group that all of them are in."""
        return self._daemon.pid

    def deliver(self, user: str, raw: bytes, folder: str = "INBOX") -> None:
        """Put a message into a mailbox: the inbox by LMTP, as a mail server would; another one by `doveadm save`."""
        if folder == "INBOX":
            with smtplib.LMTP(self.host, self.lmtp_port) as lmtp:
                lmtp.sendmail("sender@remote.example", [user], raw)
            return
        command = [find("doveadm") or "doveadm", "-c", str(self.folder / "dovecot.conf")]
        done = subprocess.run(
            [*command, "save", "-u", user, "-m", folder], input=raw, capture_output=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")

    def messages(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return the messages in a mailbox as they lie on the disk, oldest first."""
        return [file.read_bytes() for file in self._files(user, folder)]

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """Return the flags of these messages: `S` seen, `T` deleted, … as Maildir has them."""
        return [file.name.partition(":2,")[2] for file in self._files(user, folder)]

    def _files(self, user: str, folder: str) -> list[Path]:
        maildir = self.folder / "mail" / user / "Maildir"
        if folder != "INBOX":
            maildir /= f".{folder}"
        return sorted((path for part in ("new", "cur") for path in (maildir / part).glob("*")), key=lambda f: f.name)

    def __enter__(self) -> Self:
        require_root_and("dovecot", "doveadm")
        for name in _SYSTEM_USERS:
            try:
                pwd.getpwnam(name)
            except KeyError:
                give_up(f"the system user {name} does not exist")
        for part in ("imap-login", "lmtp"):
            if not Path("/usr/lib/dovecot", part).exists():
                give_up(f"Dovecot's {part} is not installed (dovecot-imapd, dovecot-lmtpd)")
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        try:
            self._prepare()
            self._daemon = started(self._launch, self._ready, lambda: self.log)
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._daemon.stop()
        shutil.rmtree(self.folder)

    def _prepare(self) -> None:
        self.folder.chmod(0o755)  # its processes run as several users
        mail = self.folder / "mail"
        mail.mkdir()
        shutil.chown(mail, "mail", "mail")
        leaf = self.authority.issue_cert("localhost", "127.0.0.1", "127.0.0.2")
        (self.folder / "chain.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        key = self.folder / "key.pem"
        key.touch()
        key.chmod(0o600)
        key.write_bytes(leaf.private_key_pem.bytes())
        self.authority.cert_pem.write_to_path(self.ca_file)
        users = self.folder / "users"
        users.touch()
        users.chmod(0o640)
        shutil.chown(users, "root", "dovecot")  # read by the login service
        # Base64 lets a password hold a colon; the empty fields make the line count as a user with a mailbox, too.
        rows = ((name, b64encode(password.encode()).decode()) for name, password in self.users.items())
        users.write_text("".join(f"{name}:{{PLAIN.b64}}{password}::::::\n" for name, password in rows))

    def _launch(self) -> Daemon:
        self.imap_port, self.imaps_port, self.lmtp_port = free_ports(3, self.host)
        file = self.folder / "dovecot.conf"
        file.write_text(self._config())
        return Daemon([find("dovecot") or "dovecot", "-F", "-c", str(file)], log=self.folder / "output.log")

    def _ready(self) -> bool:
        # By its name, since another server may have taken the port; one that greets has bound its other ports, too.
        return self.folder.name in greeting(self.host, self.imap_port)

    def _config(self) -> str:
        return dovecot_conf(
            self.folder,
            host=self.host,
            ports=(self.imap_port, self.imaps_port, self.lmtp_port),
            mailboxes=self._mailboxes,
            tls=self._tls,
            starttls_required=self._starttls_required,
        )


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.exists() else ""
