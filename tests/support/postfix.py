"""The real Postfix 3.7 from Debian's packages on loopback ports, in front of a Dovecot: submission, login, delivery.

Configuration, queue and log are in a temporary folder; the system's Postfix is neither read nor touched. Nothing leaves
the loopback: no DNS is asked, and mail to other domains is refused. Several run at once.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from support.dovecot import Dovecot
from support.postfix_config import DAEMONS, DOMAIN, HOSTNAME, QUEUE, main_cf, master_cf
from support.processes import Daemon, find, free_ports, give_up, greeting, require_root_and, started, wait_until


class Postfix:
    """A submission server for `app.example` whose users, logins and mailboxes are a Dovecot's. A context manager.

    `starttls_port` wants STARTTLS before a login, `implicit_port` speaks TLS from the start. Users of the Dovecot whose
    names are addresses of the domain get mail; `owned_senders` lets a user send from their own address only.

    `verdicts` are by recipient: what the receiving server writes into `Authentication-Results: mx.app.example; …` of a
    mail to that address. These verdicts are stand-ins: on the loopback there is no DNS that a real SPF, DKIM or DMARC
    check could ask. The transport, and that the header is added on it by the receiving server, is real.

    `junked` are addresses of users whose mail is filed in their Junk, which stands in for a spam filter.
    """

    def __init__(
        self,
        dovecot: Dovecot,
        *,
        owned_senders: bool = False,
        verdicts: Mapping[str, str] | None = None,
        junked: Sequence[str] = (),
    ) -> None:
        self.host = "127.0.0.1"
        self.starttls_port = self.implicit_port = 0
        self._dovecot = dovecot
        self._owned_senders = owned_senders
        self._verdicts = dict(verdicts or {})
        self._junked = tuple(junked)

    @property
    def ca_file(self) -> Path:
        """The authority to trust: the Dovecot's."""
        return self._dovecot.ca_file

    @property
    def log(self) -> str:
        """What Postfix has logged so far."""
        return "".join(file.read_text("utf-8", "replace") for file in self._logs if file.exists())

    @property
    def pid(self) -> int:
        """Postfix's first process, and the number of the group that all of them are in."""
        return self._daemon.pid

    def wait_for_log(self, *words: str, after: str = "", seconds: float = 20.0) -> str:
        """Return the first line of the log that holds all `words`, once there is one; AssertionError after `seconds`.

        `after` is the log as it was earlier: what it holds does not count.
        """
        found: list[str] = []

        def logged() -> bool:
            lines = self.log.removeprefix(after).splitlines()
            found[:] = [line for line in lines if all(word in line for word in words)]
            return bool(found)

        wait_until(logged, f"{words} in Postfix's log", seconds=seconds)
        return found[0]

    def wait_delivered(self, queue_id: str) -> str:
        """Return the line of the log that says where the mail with this queue id was delivered, once it was."""
        return self.wait_for_log("postfix/lmtp[", f": {queue_id}: to=<", "status=sent")

    def queued(self) -> list[str]:
        """Return the queue ids of mails that are not delivered yet, as `postqueue -j` has them."""
        command = [find("postqueue") or "postqueue", "-c", str(self.folder / "etc"), "-j"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line)["queue_id"] for line in done.stdout.splitlines()]

    def __enter__(self) -> Self:
        require_root_and("postfix", "postqueue")
        if not (DAEMONS / "lmtp").exists():
            give_up(f"there is no {DAEMONS}/lmtp: this is not Debian's Postfix")
        try:
            pwd.getpwnam("postfix")
            grp.getgrnam("postdrop")
        except KeyError as error:
            give_up(f"there is no system user or group of Postfix: {error.args[0]}")
        self.folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self._logs = (self.folder / "mail.log", self.folder / "output.log")
        try:
            self._prepare()
            self._start()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._daemon.stop()
        shutil.rmtree(self.folder)

    def _prepare(self) -> None:
        self.folder.chmod(0o755)  # its processes run as several users
        for name in ("etc", "queue", "data", *QUEUE):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o755)  # whatever the umask
        for name in ("data", *QUEUE):
            shutil.chown(self.folder / name, "root" if name == "queue/pid" else "postfix")
        leaf = self._dovecot.authority.issue_cert("localhost", self.host)
        chain = self.folder / "chain.pem"
        chain.touch()
        chain.chmod(0o600)
        chain.write_bytes(leaf.private_key_pem.bytes() + b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        addresses = [user for user in self._dovecot.users if user.endswith(f"@{DOMAIN}")]
        self._table("mailboxes", dict.fromkeys(addresses, "exists"))
        self._table("owners", {address: address for address in addresses})
        self._table("aliases", {address: address.replace("@", "+Junk@") for address in self._junked})
        rules = [
            f"/^Received:.*[[:space:]]for <{address.replace('.', '[.]')}>/ "
            f"PREPEND Authentication-Results: {HOSTNAME}; {verdict}\n"
            for address, verdict in self._verdicts.items()
        ]
        self._write("headers", "".join(rules))

    def _table(self, name: str, rows: Mapping[str, str]) -> None:
        self._write(name, "".join(f"{key} {value}\n" for key, value in rows.items()))

    def _write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.write_text(text)
        # Postfix waits until a file that it reads is two seconds old, lest somebody is still writing it.
        os.utime(file, (time.time() - 60,) * 2)

    def _start(self) -> None:
        lmtp = f"{self._dovecot.host}:{self._dovecot.lmtp_port}"
        sasl = self._dovecot.sasl_socket
        self._write("etc/main.cf", main_cf(self.folder, lmtp=lmtp, sasl=sasl, owned_senders=self._owned_senders))
        self._daemon = started(self._launch, self._ready, lambda: self.log)

    def _launch(self) -> Daemon:
        self.starttls_port, self.implicit_port = free_ports(2, self.host)
        self._write("etc/master.cf", master_cf(self.host, self.starttls_port, self.implicit_port))
        return Daemon([str(DAEMONS / "master"), "-c", str(self.folder / "etc")], log=self._logs[1])

    def _ready(self) -> bool:
        # By its name, since another server may have taken the port; one that greets has bound its other port, too.
        return self.folder.name in greeting(self.host, self.starttls_port)
