"""An internet on the loopback: names, addresses and ports as in the world, behind which servers of the test's stand.

As a module it runs the program in that internet: `python -m support.internet MAP ARGUMENTS`, or its `main`. Only
look-ups and connections are led elsewhere; keys, screen, sockets, TLS and files are the real ones.
"""

from __future__ import annotations

import datetime
import json
import os
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

TESTS: Final = Path(__file__).parents[1]


def gmail_server() -> Any:
    """Return the Script of a server with Gmail's words that refuses the first login and takes the next."""
    from smtpwizard.sandbox.scripted import Script, Stage, reply

    return (
        Script(starttls=True, clear_login=False, keywords=("SIZE 35882577",), mechanisms=("LOGIN", "PLAIN", "XOAUTH2"))
        .but(Stage.GREETING, reply("220 smtp.gmail.com ESMTP a640c23a62f3a - gsmtp"))
        .but(Stage.PASSWORD, reply("235 2.7.0 Accepted"))
        .turn(
            Stage.PASSWORD,
            reply(
                "535-5.7.8 Username and Password not accepted. For more information, go to",
                "535 5.7.8  https://support.google.com/mail/?p=BadCredentials a640c23a62f3a - gsmtp",
            ),
        )
    )


@contextmanager
def internet(
    folder: Path, hosts: Mapping[str, tuple[str, Mapping[int, Any]]], *, steady: bool = False
) -> Iterator[list[str]]:
    """Serve `hosts`, name → (address, port → Script), and yield the command that runs the program among them.

    A host's other ports refuse; no other name is known. The authority of the hosts' certificates is written to
    `folder`/authority.pem and given to the program. `steady`: each stage is said to take 12 ms.
    """
    import trustme

    from smtpwizard.sandbox.scripted import ScriptedServer

    authority = trustme.CA(organization_name="Example Trust Services")
    (folder / "authority.pem").write_bytes(authority.cert_pem.bytes())
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=61, hours=12)
    names, doors = {name: address for name, (address, _) in hosts.items()}, {}
    with ExitStack() as stack:
        for name, (address, ports) in hosts.items():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(name, not_after=until).configure_cert(context)
            for port, script in ports.items():
                server = stack.enter_context(ScriptedServer(script, tls=context))
                doors[f"{address}:{port}"] = server.port
        given = json.dumps({"names": names, "doors": doors, "steady": steady})
        yield [sys.executable, "-m", "support.internet", given, "--ca-file", str(folder / "authority.pem")]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment of its own: no settings, presets or backups of this machine's user."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "PYTHONPATH": str(TESTS),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **more,
    }


def join(names: Mapping[str, str], doors: Mapping[str, int]) -> None:
    """Lead this process's look-ups and connections to the servers of the internet."""
    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def getaddrinfo(host: Any, *more: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        address = names.get(name.lower(), name)
        if not address.replace(".", "").isdigit():
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(address, *more, **options)

    def connect_there(self: socket.socket, where: Any) -> None:
        if self.family == socket.AF_INET and where[0] in names.values():
            port = doors.get(f"{where[0]}:{where[1]}")
            if port is None:
                raise ConnectionRefusedError(111, "Connection refused")
            where = ("127.0.0.1", port)
        connect(self, where)

    socket.getaddrinfo = getaddrinfo
    socket.socket.connect = connect_there  # type: ignore[method-assign, assignment]


def main(arguments: list[str]) -> NoReturn:
    """Run the program in the internet that the first argument describes, with the others."""
    from smtpwizard.cli import main as program

    known = json.loads(arguments[0])
    join(known["names"], known["doors"])
    if known["steady"]:
        from smtpwizard.probe import verdict

        vars(verdict)["_ms"] = lambda began: 12.0
    sys.argv = ["smtpwizard", *arguments[1:]]
    program.main()


if __name__ == "__main__":
    main(sys.argv[1:])
