"""A whole `smtpwizard check` process on the loopback, beside node with nodemailer's verify() against the same server.

`check` does more than verify(): it names sender and recipient, too. Where swaks is installed it is measured as well.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import trustme

from process import Row, medians, multiple, run
from smtpwizard.sandbox.scripted import Script, ScriptedServer

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / ".cache" / "node" / "node_modules"
"""Where the conformance tests install the real client."""
VERIFY = """
const nodemailer = require('nodemailer');
const env = process.env;
const transport = nodemailer.createTransport({
    pool: true, host: env.SMTP_HOST, port: parseInt(env.SMTP_PORT, 10), secure: env.SMTP_TLS === 'true',
    tls: { ciphers: env.SMTP_CIPHER_SPEC }, auth: { user: env.SMTP_USERNAME, pass: env.SMTP_PASSWORD },
});
transport.verify().then(() => process.exit(0), () => process.exit(1));
"""
SERVERS = {
    "in clear text": Script(),
    "STARTTLS": Script(starttls=True),
    "implicit TLS": Script(implicit=True),
}
NODEMAILER = "node + nodemailer verify()"
SWAKS = "swaks --quit-after AUTH"


def main(runs: int, row: Row) -> None:
    """Measure all three kinds of server, `runs` interleaved runs each, and hand the medians to `row`."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with tempfile.TemporaryDirectory() as folder:
        ca_file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(ca_file)
        for name, script in SERVERS.items():
            with ScriptedServer(script, tls=context) as server:
                _measure(name, _environment(server, ca_file), runs, row, Path(folder))


def _measure(name: str, environment: Mapping[str, str], runs: int, row: Row, folder: Path) -> None:
    settings = "".join(f"{key}={value}\n" for key, value in environment.items() if key.startswith("SMTP_"))
    (folder / ".env").write_text(settings)
    wizard = str(Path(sys.executable).with_name("smtpwizard"))
    commands = {f"smtpwizard check, {name}": [wizard, "check", "--json"]}
    if MODULES.joinpath("nodemailer").exists() and shutil.which("node"):
        commands[NODEMAILER] = ["node", "-e", VERIFY]
    else:
        row(NODEMAILER, "not installed", "`make test` installs it")
    if missing := _missing_for_swaks(name):
        row(SWAKS, "not installed", missing)
    else:
        commands[SWAKS] = _swaks(environment, name)
    probes = {key: partial(run, command, env=environment, cwd=folder) for key, command in commands.items()}
    found = medians(runs, probes)
    ours = found.pop(f"smtpwizard check, {name}")
    row(f"smtpwizard check, {name}", str(ours), "")
    for other, theirs in found.items():
        row(f"{other}, {name}", str(theirs), "")
        aim = 0.65 if other == NODEMAILER else 1.5 if name == "in clear text" else 1.1
        multiple(row, ours, theirs, other, f"aim ≤ {aim} ×")


def _environment(server: ScriptedServer, ca_file: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(ca_file.parent),
        "NODE_PATH": str(MODULES),
        "NODE_EXTRA_CA_CERTS": str(ca_file),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(server.port),
        "SMTP_SENDER": "app@example.com",
        "SMTP_USERNAME": "app@example.com",
        "SMTP_PASSWORD": "correct horse",
        "SMTP_TLS": "true" if server.script.implicit else "false",
        "SMTP_CIPHER_SPEC": "TLSv1.2",
    }


def _missing_for_swaks(name: str) -> str:
    """Return the Debian package that swaks lacks for this kind of server; empty where it is there."""
    if not shutil.which("swaks"):
        return "Debian: swaks"
    told = subprocess.run(["swaks", "--support"], capture_output=True, text=True, check=False).stdout
    return "" if name == "in clear text" or "TLS supported" in told else "Debian: libnet-ssleay-perl"


def _swaks(environment: Mapping[str, str], name: str) -> list[str]:
    tls = {"STARTTLS": ["--tls"], "implicit TLS": ["--tls-on-connect"]}.get(name, [])
    return [
        *("swaks", "--quit-after", "AUTH", "--server", environment["SMTP_HOST"], "--port", environment["SMTP_PORT"]),
        *("--from", environment["SMTP_SENDER"], "--to", "to@example.com", "--auth", "PLAIN"),
        *("--auth-user", environment["SMTP_USERNAME"], "--auth-password", environment["SMTP_PASSWORD"], *tls),
    ]


if __name__ == "__main__":
    from run import row

    main(15, row)
