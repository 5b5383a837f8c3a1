"""For the sweep: files with marked secrets, servers that repeat what they were told, and the real program over both."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from smtpwizard.sandbox.scripted import CLOSE, Script, ScriptedServer, Stage, reply
from smtpwizard.targets.block import block
from support import program
from support.leaks import assert_no_secret, assert_no_secret_in_files, echoes

USER: Final = "ops@acme.example"
SECRETS: Final = {
    "password": "Zq7!mäRk-9+/wörd=Kx&42",
    "former password": "Fr9-oldMark/Vesper_61",
    "other key": "Jw3-tokenMark~Quill_88",
    "database password": "Db5-shelfMark.Onyx_27",
}
"""Each marks a place, and none occurs in another."""
WORD: Final = SECRETS["password"]
BARE: Final = "Zq7mark-Kx42word"
"""One that needs no quoting anywhere."""
KEY: Final = f"SG.{'Zq7markKx42wordTh61qk'[:22]}.{'Zq7markKx42wordTh61qkZq7markKx42wordTh61qkZ'[:43]}"
"""One in the shape of a provider's."""

NEIGHBOURS: Final = (
    f"# SMTP_PASSWORD={SECRETS['former password']}\n"
    f"JWT_SECRET={SECRETS['other key']}\n"
    f"DATABASE_URL=mysql://root:{SECRETS['database password']}@db:3306/app\n"
)
"""Lines that stand around ours in a real file."""

CASES: Final[Mapping[str, Mapping[str, str]]] = {
    "password": {"SMTP_USERNAME": USER, "SMTP_PASSWORD": WORD},
    "token in both fields": {"SMTP_USERNAME": WORD, "SMTP_PASSWORD": WORD},
    "swapped": {"SMTP_USERNAME": WORD, "SMTP_PASSWORD": USER},
    "legacy name": {"SMTP_USER": USER, "SMTP_PASS": WORD, "SMTP_PWD": WORD},
    "legacy name beside the right one": {"SMTP_USERNAME": USER, "SMTP_PASSWORD": "x" * 9, "SMTP_PASS": WORD},
    "login in a URL": {"SMTP_HOST": f"smtp://{quote(USER)}:{quote(WORD, safe='')}@127.0.0.1"},
    "login in a URL, unescaped": {"SMTP_HOST": f"smtps://ops:{BARE}@127.0.0.1:465/"},
    "login before the host": {"SMTP_HOST": f"ops:{BARE}@127.0.0.1", "SMTP_USERNAME": USER},
    "login behind a scheme without slashes": {"SMTP_HOST": f"smtp:ops:{BARE}@127.0.0.1"},
    "login with a slash and an at sign": {"SMTP_HOST": f"smtps://ops:{BARE}/x@y@127.0.0.1"},
    "token in a URL": {"SMTP_HOST": f"smtp://{BARE}@127.0.0.1"},
    "token before the host": {"SMTP_HOST": f"{BARE}@127.0.0.1"},
    "password in a query": {"SMTP_HOST": f"smtp://127.0.0.1?password={BARE}"},
    "URL with its quotes": {"SMTP_HOST": f"'smtp://ops:{BARE}@127.0.0.1'"},
    "URL under an old name": {"SMTP_SERVER": f"smtp://ops:{BARE}@127.0.0.1", "SMTP_HOST": ""},
    "key as user name": {"SMTP_HOST": "smtp.sendgrid.net", "SMTP_USERNAME": KEY, "SMTP_PASSWORD": "apikey"},
    "password behind the user name": {"SMTP_USERNAME": f"{USER}:{BARE}", "SMTP_PASSWORD": WORD},
    "password as port": {"SMTP_USERNAME": USER, "SMTP_PASSWORD": WORD, "SMTP_PORT": WORD},
    "password as sender": {"SMTP_USERNAME": USER, "SMTP_PASSWORD": WORD, "SMTP_SENDER": WORD},
    "password as host": {"SMTP_USERNAME": USER, "SMTP_PASSWORD": WORD, "SMTP_HOST": WORD},
    "password as ciphers": {"SMTP_USERNAME": USER, "SMTP_PASSWORD": WORD, "SMTP_CIPHER_SPEC": WORD},
    "password as TLS": {"SMTP_USERNAME": USER, "SMTP_PASSWORD": WORD, "SMTP_TLS": WORD},
    "login in the app's address": {
        "ADMIN_WEB_URL": f"https://admin:{BARE}@app.example",
        "SMTP_USERNAME": USER,
        "SMTP_PASSWORD": WORD,
    },
    "login in the app's address, with a blank": {
        "ADMIN_WEB_URL": f"https://admin:{BARE}@a b",
        "SMTP_USERNAME": USER,
        "SMTP_PASSWORD": WORD,
    },
}
"""Where a secret can stand: variables beside or instead of the sound ones."""
MARKED: Final = {**SECRETS, "password in a host": BARE, "key": KEY}

LEFT_OUT: Final = (".env", "compose.yaml", "backups")
"""What may hold secrets: the targets, and the copies of what it was."""


def repeating(*, refuse: bool) -> Script:
    """Return a server whose every reply repeats the login in every form, and that takes or refuses it."""
    said = echoes(WORD, USER)
    script = Script().but(Stage.GREETING, reply(*said, "220 " + said[0]))
    for stage in (Stage.MAIL, Stage.RCPT, Stage.RSET, Stage.DOT):
        script = script.but(stage, reply(*said, f"250 2.0.0 Ok: queued as {WORD}"))
    verdict = "535 5.7.8" if refuse else "235 2.7.0"
    script = script.but(Stage.PASSWORD, reply(*said, f"{verdict} {said[-1]}"))
    script = script.but(Stage.QUIT, reply(*said, f"221 {said[-1]}"), CLOSE)
    words = tuple(line for line in said if "AUTH" not in line)
    return script.but(Stage.EHLO, reply("echo.example", *words, "250 AUTH PLAIN LOGIN"))


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder with a `.env`, a home of its own, and a server."""

    folder: Path
    home: Path
    server: ScriptedServer

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment with nothing of this user's, that asks for Textual's log."""
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        log = str(self.folder / "textual.log")
        return {**kept, "HOME": str(self.home), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "TEXTUAL_LOG": log}

    def settings(self, case: str) -> dict[str, str]:
        """Return the variables of a case."""
        sound = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.server.port), "SMTP_SENDER": USER, "SMTP_TLS": "false"}
        return {**sound, **CASES[case]}

    def write(self, case: str) -> Path:
        """Write `.env` with the variables of a case, and what usually stands around them."""
        path = self.folder / ".env"
        path.write_text(NEIGHBOURS + block(self.settings(case), "env"), "utf-8")
        return path

    def run(self, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[bytes]:
        """Run the program, and look for secrets in all that it said and left behind."""
        environment = {**self.environment, **variables}
        done = program.run(arguments, cwd=self.folder, env=environment, input=stdin.encode())
        self._look(done, " ".join(argument[:20] for argument in arguments))
        assert b"unexpected" not in done.stderr, done.stderr.decode()
        return done

    def run_script(self, script: str) -> subprocess.CompletedProcess[bytes]:
        """The same for a script in the folder."""
        command = [sys.executable, script]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, timeout=60)
        self._look(done, script)
        return done

    def _look(self, done: subprocess.CompletedProcess[bytes], what: str) -> None:
        assert_no_secret(done.stdout, MARKED, f"stdout of {what}")
        assert_no_secret(done.stderr, MARKED, f"stderr of {what}")
        self.look_at_files()

    def look_at_files(self) -> None:
        """Look for secrets in every file other than the target and its backups."""
        assert_no_secret_in_files(MARKED, self.folder, self.home, but=LEFT_OUT)


@contextmanager
def bench(folder: Path, *, refuse: bool = False) -> Iterator[Bench]:
    """Make the folders, and start the server."""
    home = folder / "home"
    work = folder / "work"
    for made in (home, work):
        made.mkdir(exist_ok=True)
    with ScriptedServer(repeating(refuse=refuse)) as server:
        yield Bench(work, home, server)
