"""The program in a process of its own, forked from one that has imported it: a tenth of a fresh start's processor time.

`run()` takes what `subprocess.run([sys.executable, "-m", "smtpwizard", …])` takes, `Started` does for a terminal what
`subprocess.Popen` does. The child has its own descriptors, folder, environment and exit status; imports and the parsed
presets are shared. Import sets and start-up are tested with fresh ones.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic
from typing import IO, Any, Final

_SERVER: Final = """
import array, functools, gc, importlib, io, json, os, select, signal, socket, sys, tempfile, time
import smtpwizard.cli.main, smtpwizard.cli.parser

door = socket.socket(fileno=int(sys.argv[1]))
modules = sys.argv[2:]
for name in modules:
    __import__(name)

LOG = '''
2026-11-22T07:20:01.123Z ERROR [mailer] Invalid login: 535-5.7.8 Username and Password not accepted.
Error: connect ECONNREFUSED 127.0.0.1:587
smtplib.SMTPRecipientsRefused: {'a@example.com': (550, b'5.1.1 User unknown')}
Nov 25 17:49:14 mail postfix/smtp[1]: 4F: to=<a@example.com>, dsn=5.1.1, status=bounced (host said: 550 no)
{"level":50,"err":{"type":"Error","message":"self-signed certificate","code":"ESOCKET"},"msg":"not sent"}
nothing of mail
'''

# The shipped TOML files, and the catalogue that they make, are read once for all that run with a home of their own,
# without an earlier run's index.
import tomllib
from smtpwizard.presets.files import presets_root
parse = tomllib.loads
texts = [path.read_text("utf-8") for path in presets_root().rglob("*.toml")]
parsed = {text: parse(text) for text in texts}
tomllib.loads = lambda text, **more: parsed[text] if text in parsed else parse(text, **more)

from smtpwizard.diagnosis.catalogue import Catalogue
Catalogue.open = staticmethod(functools.cache(Catalogue.open))

# One of Mozilla's authorities: to read all takes 24 ms a connection, and no test's server has one of them.
from smtpwizard.smtp import roots
end = "-----END CERTIFICATE-----\\n"
root = tempfile.NamedTemporaryFile("w", suffix=".pem")
root.write(open(roots.path(), encoding="ascii").read().partition(end)[0] + end)
root.flush()
os.chmod(root.name, 0o644)
roots.path = lambda: root.name

# What each run would do anew: expressions and templates compiled, modules loaded where they are first needed.
with tempfile.TemporaryDirectory() as home:
    keep = dict(os.environ), os.getcwd()
    os.environ.update(HOME=home, XDG_CONFIG_HOME=home, XDG_CACHE_HOME=home)
    os.chdir(home)
    with open(".env", "w") as file:
        file.write("SMTP_HOST=smtp.gmail.com\\nSMTP_PORT=587\\nSMTP_SENDER=a@acme.dev\\nADMIN_WEB_URL=https://acme.dev\\n")
    with open("app.log", "w") as file:
        file.write(LOG)
    with open("compose.yaml", "w") as file:
        file.write("services:\\n  api:\\n    image: own\\n    env_file: .env\\n    environment:\\n      A: ${B:-c}\\n")
    streams = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = open(os.devnull, "w")
    for words in (
        ["lint"], ["explain", "535 5.7.8 Error: authentication failed"], ["logs", "app.log"], ["presets", "list"],
        *(["preview", "--mail", mail] for mail in ("verification", "reset-password", "invitation")),
        ["write", "--env-file", ".env", "--preset", "mailpit", "--dry-run"],
    ):
        smtpwizard.cli.main.status(words)
    sys.stdout, sys.stderr = streams
    # A run with a home of its own finds no index of the presets there: it is given the one that these runs have kept.
    from smtpwizard.presets import files
    from smtpwizard.diagnosis.catalogue import _MADE_BY
    kept = {"apps": (), "providers": (), "failures": _MADE_BY}
    keys = {presets_root() / name: files._key(presets_root() / name, code) for name, code in kept.items()}
    indexes = {key: files._read(files._place(folder), key) for folder, key in keys.items()}
    read = files._read
    files._read = lambda path, key: read(path, key) or dict(indexes.get(key, {}))
    os.chdir(keep[1])
    os.environ.clear()
    os.environ.update(keep[0])

from smtpwizard import secret
secret._known.clear()
tempfile.tempdir = None
gc.collect()
gc.freeze()
gc.set_threshold(200_000)  # as the program has it
running = {}  # process: where its end is told
ended, end_of_one = os.pipe()
os.set_blocking(end_of_one, False)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.set_wakeup_fd(end_of_one, warn_on_full_buffer=False)

def wait(flags):
    while running:
        child, status = os.waitpid(-1, flags)
        if not child:
            break
        with running.pop(child) as answer:
            try:
                answer.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            except BrokenPipeError:  # who asked has not waited
                pass

while True:
    ready, _, _ = select.select([door, ended], [], [])
    if ended in ready:
        os.read(ended, 1 << 16)
        wait(os.WNOHANG)
    if door not in ready:
        continue
    order, descriptors, flags, _ = socket.recv_fds(door, 1 << 20, 4)
    if not order:  # what runs is waited for: its processor time counts as the suite's
        wait(0)
        sys.exit()
    answer = socket.socket(fileno=descriptors.pop())
    child = os.fork()
    if child:
        for descriptor in descriptors:
            os.close(descriptor)
        try:
            answer.sendall(f"{child} ".encode())
        except BrokenPipeError:
            pass
        running[child] = answer
        continue
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for left in (answer, *running.values()):
        left.close()
    os.close(ended)
    os.close(end_of_one)
    door.close()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    task = json.loads(order)
    if task["session"]:
        os.setsid()
    os.chdir(task["cwd"])
    os.environ.clear()
    os.environ.update(task["env"])
    time.tzset()
    sys.path[:0] = filter(None, task["env"].get("PYTHONPATH", "").split(":"))
    wanted, _, handler = task["env"].get("PYTHONIOENCODING", "utf-8").partition(":")
    errors = handler or "surrogateescape"
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(open(0, "rb", closefd=False), encoding=wanted, errors=errors)
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(
        open(1, "wb", closefd=False), encoding=wanted, errors=errors, line_buffering=os.isatty(1)
    )
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(
        open(2, "wb", closefd=False), encoding=wanted, errors="backslashreplace", line_buffering=True
    )
    sys.argv = ["smtpwizard", *task["arguments"]]
    try:
        importlib.import_module(task["module"]).main(task["arguments"])
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(120)
"""

_PRELOADED: Final = (
    "asyncio", "css_inline", "dns.asyncresolver", "dotenv", "idna", "importlib.readers", "json", "pybars", "shlex",
    "smtplib", "ssl", "tomllib", "yaml", "smtpwizard.cli.probing",
    "smtpwizard.cli.source", "smtpwizard.cli.commands.check", "smtpwizard.cli.commands.explain",
    "smtpwizard.cli.commands.inside", "smtpwizard.cli.commands.lint", "smtpwizard.cli.commands.logs",
    "smtpwizard.cli.commands.presets", "smtpwizard.cli.commands.preview", "smtpwizard.cli.commands.restore",
    "smtpwizard.cli.commands.scan", "smtpwizard.cli.commands.send", "smtpwizard.cli.commands.write",
    "smtpwizard.clients.nodemailer.dialogue", "smtpwizard.diagnosis.conditions", "smtpwizard.diagnosis.explain",
    "smtpwizard.diagnosis.general", "smtpwizard.diagnosis.logs", "smtpwizard.diagnosis.repairs",
    "smtpwizard.mail.messages", "smtpwizard.mailbox.catchers", "smtpwizard.mailbox.watch",
    "smtpwizard.probe.engine", "smtpwizard.probe.survey.survey", "smtpwizard.report.probe",
    "smtpwizard.report.presets", "smtpwizard.targets.compose.plan",
)  # fmt: skip

_WIZARD: Final = (
    *_PRELOADED, "aiosmtpd.smtp", "trustme", "textual.drivers.linux_driver", "smtpwizard.cli.commands.wizard",
    "smtpwizard.sandbox.rehearsal", "smtpwizard.sandbox.server", "smtpwizard.tui.app", "smtpwizard.tui.screens.dialogs",
    "smtpwizard.tui.steps.check", "smtpwizard.tui.steps.opening", "smtpwizard.tui.steps.provider",
    "smtpwizard.tui.steps.save", "smtpwizard.tui.steps.send", "smtpwizard.tui.steps.settings",
)  # fmt: skip
"""What the wizard needs on its way beside that: a process of its own, since a fork of it is dearer."""


@functools.cache
def _server(modules: tuple[str, ...]) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-c", _SERVER, str(theirs.fileno()), *modules]
    process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL)
    theirs.close()

    def leave() -> None:
        ours.close()
        process.wait(10)

    atexit.register(leave)
    return ours


class Started:
    """The wizard, begun in a session of its own on a terminal: what of `subprocess.Popen` a terminal's driver asks for.

    `module` is another with a `main(arguments)`. What Textual reads of the environment as it is loaded is the server's.
    """

    def __init__(
        self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], terminal: int, module: str
    ) -> None:
        assert not [name for name in env if name.startswith("TEXTUAL")], "loaded already: start it afresh"
        self.returncode: int | None = None
        self._answer, theirs = socket.socketpair()
        task = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env), "session": True, "module": module}
        with theirs:
            order = [json.dumps(task).encode()]
            socket.send_fds(_server(_WIZARD), order, [terminal, terminal, terminal, theirs.fileno()])
        self._said = b""
        while b" " not in self._said:
            self._said += self._answer.recv(64)
        self.pid = int(self._said.split(b" ")[0])

    def poll(self) -> int | None:
        """Return the exit status, or minus the signal that ended it; None while it runs."""
        return self._ended(0.0)

    def wait(self, timeout: float) -> int:
        """Wait for the exit status. TimeoutExpired after `timeout` seconds."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("smtpwizard", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ends while the server tells so
                os.kill(self.pid, number)

    def close(self) -> None:
        """Give up the line to the server."""
        self._answer.close()

    def _ended(self, seconds: float) -> int | None:
        deadline = monotonic() + seconds
        while self.returncode is None:
            if not select.select([self._answer], [], [], max(0.0, deadline - monotonic()))[0]:
                return None
            more = self._answer.recv(64)
            self._said += more
            if not more:
                self.returncode = int(self._said.split(b" ")[1])
        return self.returncode


def run(
    arguments: Sequence[str | os.PathLike[str]],
    *,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    input: str | bytes | None = None,  # noqa: A002  # subprocess's name
    stdin: int | IO[Any] | None = None,
    capture_output: bool = True,
    text: bool = False,
    encoding: str | None = None,
    timeout: float = 180,
    check: bool = False,
) -> subprocess.CompletedProcess[Any]:
    """Run the program to its end. TimeoutExpired after `timeout` seconds, when it is killed."""
    assert capture_output, "for streams of one's own take subprocess"
    text = text or encoding is not None
    words = [os.fspath(word) for word in arguments]
    with ExitStack() as stack:
        out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        if input is not None:
            source, entry = os.pipe()  # as subprocess gives it: commands tell a pipe from a file
            stack.callback(os.close, source)
            raw = input.encode() if isinstance(input, str) else input
            threading.Thread(target=_feed, args=(entry, raw), daemon=True).start()
        elif stdin is None or stdin == subprocess.DEVNULL:
            source = stack.enter_context(open(os.devnull, "rb")).fileno()
        else:
            source = stdin if isinstance(stdin, int) else stdin.fileno()
        ours, theirs = socket.socketpair()
        task = {
            "arguments": words,
            "cwd": os.fspath(cwd or os.getcwd()),
            "env": dict(os.environ if env is None else env),
            "session": False,
            "module": "smtpwizard.cli.main",
        }
        with ours:
            with theirs:
                order = json.dumps(task).encode()
                socket.send_fds(_server(_PRELOADED), [order], [source, out.fileno(), err.fileno(), theirs.fileno()])
            ours.settimeout(timeout)
            code = _outcome(ours, words, timeout)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            raw = stream.read()
            texts.append(raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n") if text else raw)
    done = subprocess.CompletedProcess(["smtpwizard", *words], code, *texts)
    if check:
        done.check_returncode()
    return done


def _feed(entry: int, raw: bytes) -> None:
    with suppress(BrokenPipeError), open(entry, "wb") as stream:
        stream.write(raw)


def _outcome(answer: socket.socket, words: Sequence[str], timeout: float) -> int:
    said = b""
    try:
        while more := answer.recv(64):
            said += more
    except TimeoutError:
        if pid := said.split(b" ")[0]:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        raise subprocess.TimeoutExpired(["smtpwizard", *words], timeout) from None
    return int(said.split(b" ")[1])
