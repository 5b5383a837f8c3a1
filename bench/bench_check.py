"""A whole `smtpwizard check` process on the loopback, beside node with nodemailer's verify() against the same server.

`check` does more than verify(): it names sender and recipient, too. Where swaks is installed it is measured as well.
"""

from __future__ import annotations

import os
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import trustme

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
Row = Callable[[str, str, str], None]


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
        commands[f"node + nodemailer verify(), {name}"] = ["node", "-e", VERIFY]
    else:
        row("node + nodemailer verify()", "not installed", "`make test` installs it")
    if _swaks_can(name):
        commands[f"swaks --quit-after AUTH, {name}"] = _swaks(environment, name)
    series: dict[str, list[float]] = {key: [] for key in commands}
    for number in range(runs + 1):
        for key, command in commands.items():
            took = _run(command, environment, folder)
            if number:  # the first round fills caches
                series[key].append(took)
    medians = {key: statistics.median(values) for key, values in series.items()}
    ours, *others = medians
    for key, value in medians.items():
        row(key, f"{value:.0f} ms", "")
    if others:
        row("  … as a multiple of nodemailer's", f"{medians[ours] / medians[others[0]]:.2f} ×", "aim ≤ 1.0 ×")


def _run(command: list[str], environment: Mapping[str, str], folder: Path) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=False)
    took = (time.perf_counter() - started) * 1000
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr.decode()[-500:]}{done.stdout.decode()[-500:]}")
    return took


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


def _swaks_can(name: str) -> bool:
    """Say whether swaks is here, and TLS with it where the server wants that: a Perl library of its own."""
    if not shutil.which("swaks"):
        return False
    told = subprocess.run(["swaks", "--support"], capture_output=True, text=True, check=False).stdout
    return name == "in clear text" or "TLS supported" in told


def _swaks(environment: Mapping[str, str], name: str) -> list[str]:
    tls = {"STARTTLS": ["--tls"], "implicit TLS": ["--tls-on-connect"]}.get(name, [])
    return [
        *("swaks", "--quit-after", "AUTH", "--server", environment["SMTP_HOST"], "--port", environment["SMTP_PORT"]),
        *("--from", environment["SMTP_SENDER"], "--to", "to@example.com", "--auth", "PLAIN"),
        *("--auth-user", environment["SMTP_USERNAME"], "--auth-password", environment["SMTP_PASSWORD"], *tls),
    ]


def _show(name: str, value: str, aim: str = "") -> None:
    sys.stdout.write(f"  {name:<52}{value:>14}   {aim}\n")


if __name__ == "__main__":
    main(15, _show)
