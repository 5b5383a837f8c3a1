"""`make hostile N=…`: hostile servers, kills during `write`, parallel scans, as runs, failures, worst seconds and MB.

N is the number of octets after which a server hangs up, of kills for each target, and of scans. Unlike the other
figures these are promises: the exit status is 1 where one is broken.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from hostile_servers import MOST, TWISTS, Cut, Names, Twisted, catcher, imap, names, smtp
from support import program
from support.catcher_raw import RawServer, Talk
from support.hostile import unsafe
from support.tls_kinds import Certificates

MORE_MEGABYTES: Final = 20
SECONDS: Final = {"SMTP": 8.0, "IMAP": 10.0, "HTTP": 10.0, "DNS": 6.0}
"""For a whole run with --timeout 1, and --wait 2 for an inbox, on a busy machine."""
PASSWORD: Final = "Zq7!markRk-9+Kx42"
LOGIN: Final = f"SMTP_SENDER=a@b.example\nSMTP_USERNAME=a@b.example\nSMTP_PASSWORD={PASSWORD}\n"
BAD_TLS: Final = ("expired", "wrong-name", "untrusted", "without-intermediate", "tls-1.1-only")

# Each run is a process forked from one that has imported the program, whose peak of memory begins with the fork.
RUNNER: Final = """
import json, os, re, signal, sys, traceback
import dns.asyncresolver, ssl, yaml, smtpwizard.cli.main, smtpwizard.cli.probing, smtpwizard.diagnosis.explain
for line in sys.stdin:
    arguments = json.loads(line)
    child = os.fork()
    if not child:
        signal.alarm(90)
        for number, name in enumerate(("in", "out", "err")):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if number else 0), 0o600), number)
        sys.stdin = open(0, closefd=False)
        try:
            status = smtpwizard.cli.main.status(arguments)
        except BaseException:
            traceback.print_exc()
            status = 120
        sys.stdout.flush()
        sys.stderr.flush()
        with open("/proc/self/status") as facts, open("peak", "w") as peak:
            peak.write(re.search(r"VmHWM:\\s+(\\d+) kB", facts.read())[1])
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

CERTIFICATES: Final = Certificates()


class Run(NamedTuple):
    """One run of the program: what is wrong with it (empty: nothing), and what it took."""

    wrong: str
    seconds: float
    megabytes: float = 0.0


Row = Callable[[str, list[Run]], None]


class Client:
    """Runs the program in a folder, one run at a time, and measures it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "INBOX_PASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUNNER],
            cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def run(self, arguments: list[str], most: float) -> Run:
        """Run the program to its end, and judge what it has said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        began = time.monotonic()
        self._process.stdin.write(json.dumps(arguments) + "\n")
        status = int(self._process.stdout.readline())
        seconds = time.monotonic() - began
        out, err = ((self.folder / name).read_text("utf-8") for name in ("out", "err"))
        wrong = []
        if status not in (0, 1):
            wrong.append(f"exit status {status}: {err[-500:]!r}")
        try:
            if unsafe(err) or unsafe(json.dumps(json.loads(out), ensure_ascii=False), allowed=""):
                wrong.append("unsafe text")
        except ValueError:
            wrong.append(f"no JSON: {out[:80]!r}, {err[-500:]!r}")
        if seconds > most:
            wrong.append(f"{seconds:.1f} s")
        if PASSWORD in out + err:
            wrong.append("the password is shown")
        return Run(", ".join(wrong), seconds, int((self.folder / "peak").read_text()) / 1024)


def against(client: Client, protocol: str, wrap: Callable[[Talk], Talk], tls: str = "", sound: int = 0) -> Run:
    """Run the program against one server whose connections go through `wrap`. `sound`: where a sound one takes mail."""
    most = SECONDS[protocol]
    if protocol == "DNS":
        with Names(lambda zone: lambda talk: names(zone)(wrap(talk))) as zone:
            return client.run(["sender", "a@acme.com", "--nameserver", zone.address, "--json", "--timeout", "1"], most)
    play = {"SMTP": smtp, "IMAP": imap, "HTTP": catcher}[protocol]
    with RawServer(lambda talk: play(wrap(talk)), tls=CERTIFICATES.context(tls) if tls else None) as server:
        port, secure = (server.port, tls) if protocol == "SMTP" else (sound, "")
        (client.folder / ".env").write_text(
            f"SMTP_HOST=127.0.0.1\nSMTP_PORT={port}\nSMTP_TLS={'true' if secure else 'false'}\n{LOGIN}"
        )
        if protocol == "SMTP":
            return client.run(["check", "--json", "--timeout", "1"], most)
        scheme = {"IMAP": "imap", "HTTP": "http"}[protocol] + ("s" if tls else "")
        user = "ops@" if protocol == "IMAP" else ""
        url = f"{scheme}://{user}127.0.0.1:{server.port}"
        common = ["--to", "b@b.example", "--json", "--timeout", "1", "--wait", "2"]
        return client.run(["send", *common, "--inbox", url], most)


def hostile(count: int, folder: Path, row: Row) -> None:
    """Every protocol against every kind of server."""
    client = Client(folder)
    with RawServer(smtp) as mail:
        for protocol in SECONDS:
            seen: list[Cut] = []

            def whole(talk: Talk, seen: list[Cut] = seen) -> Talk:
                seen.append(Cut(talk, MOST))
                return seen[-1]

            usual = against(client, protocol, whole, sound=mail.port)
            octets = max(MOST - cut.left for cut in seen)
            row(f"{protocol}: sound, {octets} octets", [usual._replace(megabytes=0.0)])

            def all_of(name: str, wraps: list[Callable[[Talk], Talk]], tls: tuple[str, ...] = ("",),
                       protocol: str = protocol, usual: Run = usual) -> None:  # fmt: skip
                runs = [against(client, protocol, wrap, kind, mail.port) for wrap in wraps for kind in tls]
                row(f"{protocol}: {name}", [run._replace(megabytes=run.megabytes - usual.megabytes) for run in runs])

            stages = range({"SMTP": 5, "IMAP": 6, "HTTP": 2, "DNS": 2}[protocol])
            for name, twist in TWISTS.items():
                all_of(name, [lambda talk, at=at, twist=twist: Twisted(talk, at, twist) for at in stages])
            if protocol != "DNS":
                all_of("bad TLS", [lambda talk: talk], BAD_TLS)
            points = sorted({number * octets // count for number in range(count)})
            all_of("closed after an octet", [lambda talk, left=left: Cut(talk, left) for left in points])


def kills(count: int, folder: Path, row: Row) -> None:
    """Kill `write` at any moment: the files of before or of after, and no other file that holds the password."""
    compose = b"services:\n  api:\n    image: line/abc-user-feedback-api\n    environment:\n      - A=1 # keep\n"
    targets = {
        ".env": (["--env-file", ".env"], ".env", b"A=1 # keep\n" * 300),
        "compose": (["--compose", "compose.yaml"], "compose.yaml", compose),
        "override": (["--compose", "compose.yaml", "--override"], "compose.override.yaml", None),
    }
    for name, (target, changed, start) in targets.items():
        home = folder / name.strip(".")
        home.mkdir()
        (home / "compose.yaml").write_bytes(compose)
        if start is not None:
            (home / changed).write_bytes(start)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home / "home"), "LC_ALL": "C.UTF-8"}
        login = ["--set", "username=a@fastmail.com", "--set", "sender=a@fastmail.com", "--password-stdin"]

        def write(letter: str, seconds: float = 60.0) -> int:
            command = ["write", *target, "--preset", "fastmail", *login]  # noqa: B023  # called in this round alone
            password = PASSWORD + letter * 200
            return program.run(command, cwd=home, env=environment, input=password, timeout=seconds).returncode  # noqa: B023

        whole, runs, took = {start}, [], 0.0
        for letter in "ababa":
            began = time.monotonic()
            status = write(letter)
            took = time.monotonic() - began
            whole.add((home / changed).read_bytes())
            if status:
                raise SystemExit(f"write into {name} ends with {status}")
        killed = 0
        for number in range(count):
            if start is None and number % 2:
                (home / changed).unlink(missing_ok=True)
            began = time.monotonic()
            try:
                write("ba"[number // 2 % 2], random.Random(number).uniform(0.01, took * 1.2))
            except subprocess.TimeoutExpired:
                killed += 1
            seconds = time.monotonic() - began
            now = (home / changed).read_bytes() if (home / changed).exists() else None
            runs.append(Run("" if now in whole else "neither old nor new", seconds))
        write("c")
        write("a")
        holding = [file for file in home.rglob("*") if file.is_file() and PASSWORD.encode() in file.read_bytes()]
        left = [file.name for file in holding if file.name != changed and "backups" not in file.parts]
        left += [file.name for file in home.rglob("*.tmp")]
        row(f"kill during write: {name}, {killed} in time", [*runs, Run(f"left behind: {left}" if left else "", 0.0)])


def scans(count: int, folder: Path, row: Row) -> None:
    """Run scans six at a time on one core: OpenSSL's exit handler once crashed under a thread that read the roots."""
    core = {min(os.sched_getaffinity(0))}
    runs: list[Run] = []
    while len(runs) < count:
        began = time.monotonic()
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "smtpwizard", "scan", "127.0.0.1"],
                cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                preexec_fn=lambda: os.sched_setaffinity(0, core),
            )
            for _ in range(min(6, count - len(runs)))
        ]  # fmt: skip
        for process in started:
            status = process.wait(120)
            wrong = "" if status in (0, 1) else f"exit status {status}"
            runs.append(Run(wrong, time.monotonic() - began))
    row("scans in parallel", runs)


def main(count: int) -> int:
    """Print a row for each kind; 1 where anything failed."""
    failures: list[str] = []

    def row(name: str, runs: list[Run]) -> None:
        more = max(run.megabytes for run in runs)
        wrong = [run.wrong for run in runs if run.wrong] + ([f"{more:.1f} MB"] if more > MORE_MEGABYTES else [])
        slowest = max(run.seconds for run in runs)
        print(f"{name:<34}{len(runs):>6}{len(wrong):>10}{slowest:>10.2f}{max(more, 0.0):>10.1f}", flush=True)
        for text in wrong:
            failures.append(text)
            print(f"{name}: {text}", file=sys.stderr)

    print(f"{'':<34}{'runs':>6}{'failures':>10}{'worst s':>10}{'worst MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for part in (hostile, kills, scans):
            place = Path(folder, part.__name__)
            place.mkdir()
            part(count, place, row)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
