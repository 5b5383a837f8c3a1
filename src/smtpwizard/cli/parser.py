"""The argument tree: every command, flag and help text. Data for argparse; decides nothing.

The names are the contract that scripts rely on. A secret is never an argument: other users can read a process's
arguments. `--password-stdin`, the app's own variable for it or a prompt take it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from smtpwizard import __version__
from smtpwizard.cli.output import emit, say
from smtpwizard.errors import InputError
from smtpwizard.text import did_you_mean, listed

STAGES: Final = (
    "lint", "resolve", "connect", "tls", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data",
)  # fmt: skip
MOST_JOBS: Final = 256
QUICK: Final = frozenset(
    {
        "check", "send", "lint", "scan", "explain", "write", "restore", "presets", "apps", "preview", "sender", "logs",
        "sandbox",
    }
)  # fmt: skip
"""Commands that need no other command's flags. `completion` prints the whole tree."""
PRINT_STYLES: Final = ("env", "compose-list", "compose-map", "docker-run", "kubernetes", "fragment")

_BELOW: Final[dict[str, Any]] = {"default": argparse.SUPPRESS}
"""For flags that the wizard takes too: a command's own default would overwrite what was given before its name."""

_EXAMPLES: Final = """\
examples:
  smtpwizard                       the wizard, from provider to first mail
  smtpwizard --demo                the same, on a practice server: no account
  smtpwizard check --env-file .env --json
                                   will the app send its mail? exit 0 = yes
  smtpwizard write --env-file .env --preset gmail --set username=you@gmail.com \\
      --password-stdin < app-password
  smtpwizard presets match ops@acme.example
                                   which provider is behind this address?

exit status: 0 ok, 1 the app will not work, 2 usage, 3 settings missing or
refused, 4 file, 130 interrupted
"""

_OURS: Final = (
    (r"argument (\S+): expected one argument", r"\1 wants a value."),
    (r"argument (\S+): not allowed with argument (\S+)", r"\1 and \2 cannot be given together."),
    (r"argument (\S+): ignored explicit argument .*", r"\1 takes no value."),
    (r"the following arguments are required: (.+)", r"Missing: \1."),
    (r"one of the arguments (\S+) (\S+) (\S+) is required", r"One of \1, \2 and \3 is wanted."),
    (r"argument (\S+): (.+)", r"\1 \2."),
)
"""What argparse says, and how everything else here would say it."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a call as commands do, and what was likely meant.

    Repeats no value that was given: it may be a password, typed where none belongs, and logs keep errors.
    """

    _given: Sequence[str] = ()

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown, getattr(found, "verb", None))
        return found

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._given = tuple(args or ())
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise InputError. A flag that does not exist is told first: what else is missing may be what it meant."""
        words = self._given[: None if self._subparsers is None else 1]  # flags of a command are that command's to judge
        if unknown := [word for word in words if re.match(r"--?[A-Za-z]", word) and not self._knows(word)]:
            self._refuse(unknown, None)
        for word in self._given:
            for part in (word, word.partition("=")[2], word[2:]):  # as argparse takes `--flag=value`, `-fvalue` apart
                if part:
                    message = message.replace(repr(part), "that", 1)
        for theirs, ours in _OURS:
            if found := re.fullmatch(theirs, message):
                message = found.expand(ours)
                break
        raise InputError(f"{message} `{self.prog} --help` tells more.", "Usage")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(item) for item in action.choices]
        meant = did_you_mean(str(value), known)
        if isinstance(action, argparse._SubParsersAction):
            sentence = f"There is no such command.{meant or f' There are {listed(known)}.'}"
        else:
            sentence = f"{'/'.join(action.option_strings) or self.prog} takes {listed(known, 'or')}.{meant}"
        raise argparse.ArgumentError(None, sentence)

    def _knows(self, word: str) -> bool:
        return word.partition("=")[0] in self._option_string_actions or word[:2] in self._option_string_actions

    def _refuse(self, words: Sequence[str], verb: str | None) -> NoReturn:
        """Raise InputError for words that are no flags of the command, or one word too many."""
        command = f"{self.prog} {verb}" if verb else self.prog
        flags = [flag for flag in map(_flag_alone, words) if flag != "…"]
        if not flags:
            raise InputError(f"There is a word too many. `{command} --help` tells what it takes.", "Usage")
        chosen = self._subparsers._group_actions[0].choices[verb] if verb and self._subparsers else self  # type: ignore[index]
        meant = did_you_mean(flags[0].rstrip("…="), [*self._option_string_actions, *chosen._option_string_actions])
        raise InputError(f"There is no flag {listed(flags)}.{meant} `{command} --help` tells more.", "Usage")

    def _print_message(self, message: str, file: Any = None) -> None:
        for line in message.splitlines():
            (emit if file is sys.stdout else say)(line)


def _flag_alone(word: str) -> str:
    """Return a flag's name, without a value; `…` for what is none."""
    found = re.match(r"(--[A-Za-z][\w-]*|-[A-Za-z])(.*)", word, re.DOTALL)
    if found is None:
        return "…"
    return found[1] + ("=…" if found[2].startswith("=") else "…" if found[2] else "")


def build_parser(only: str = "") -> argparse.ArgumentParser:
    """Return the whole argument tree, or with `only` the top and that one command: a third of the time."""
    parser: argparse.ArgumentParser = _Parser(
        prog="smtpwizard",
        description="Find SMTP settings that work for a self-hosted app, prove them, and write them.",
        epilog=_EXAMPLES,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=_columns() - 2),
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"smtpwizard {__version__}")
    _wizard(parser)
    _common(parser, top=True)
    title = "commands (none: the wizard)"
    # prog is given: working it out formats a usage line, which loads shutil and locale, 3 ms.
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", title=title, prog=parser.prog)
    for name, (text, add) in _verbs().items():
        if only in ("", name):
            add(_verb(verbs, name, text))
    return parser


def _verbs() -> dict[str, tuple[str, Callable[[argparse.ArgumentParser], object]]]:
    return {
        "check": ("every stage short of sending a message", _check),
        "send": ("send the app's own mails, as the app does", _send),
        "lint": ("what the app would refuse, ignore or misread; no network", _lint),
        "scan": ("which ports of a host answer, with which TLS mode; no credentials", _scan),
        "explain": ("a reply or log line in, cause and remedy out; no network", _explain),
        "write": ("write the settings of a preset into a file, or print a block", _write),
        "restore": ("list the backups of changed files, or bring one back", _restore),
        "presets": ("list, show, match or check provider presets", _presets),
        "apps": ("list, show, recognise or check the apps that are known", _apps),
        "preview": ("render one of the app's mails", _preview),
        "sender": ("can mail from this address be trusted? MX, SPF, DMARC, DKIM", _sender),
        "logs": ("what the app's log says about mail, explained", _logs),
        "sandbox": ("run the practice server alone", _sandbox),
        "completion": ("print a completion script for a shell", _completion),
    }


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str) -> argparse.ArgumentParser:
    sentence = text[0].upper() + text[1:] + "."
    parser: argparse.ArgumentParser = verbs.add_parser(
        name, help=text, description=sentence, allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=_columns() - 2),
    )  # fmt: skip
    _common(parser, top=False)
    return parser


def _columns() -> int:
    """Return the terminal's width as argparse does, which imports shutil for it, and asks for it at each flag."""
    try:
        return int(os.environ["COLUMNS"]) or 80
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns or 80
    except (OSError, ValueError):
        return 80


def _common(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """Add the flags that every command takes. Below the top they have no default, or they would undo the top's."""
    group = parser.add_argument_group("common")
    missing = argparse.SUPPRESS
    group.add_argument("--ca-file", type=Path, action="append", metavar="PEM", default=[] if top else missing,
                       help="trust this certificate authority too (repeatable)")  # fmt: skip
    group.add_argument("--timeout", type=_seconds, metavar="SECONDS", default=10.0 if top else missing,
                       help="deadline for each stage (default 10)")  # fmt: skip
    group.add_argument("--presets", type=Path, metavar="DIR", default=None if top else missing,
                       help="a folder of your own presets; they win over the built-in ones")  # fmt: skip
    group.add_argument("--app", metavar="ID", default=None if top else missing,
                       help="the app that the settings are for (default: the one recognised in the folder, else "
                       "abc-user-feedback)")  # fmt: skip
    group.add_argument("--no-color", action="store_true", default=False if top else missing, help="no colour")


def _lint(parser: argparse.ArgumentParser) -> None:
    _source(_json(parser))


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish", "tcsh", "powershell"))


def _json(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


class _Files(argparse.Action):
    """Keeps the last file in `env_file`, as commands that take one do, and all of them in `env_files`."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        namespace.env_file = values
        namespace.env_files = [*getattr(namespace, "env_files", ()), values]


class _Once(argparse.Action):
    """Refuses a second file, of which the last would win in silence."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        if getattr(namespace, self.dest, None) is not None:
            raise argparse.ArgumentError(self, "is given twice; this command takes one file at a time")
        setattr(namespace, self.dest, values)


def _source(parser: argparse.ArgumentParser, *, several: bool = False) -> argparse.ArgumentParser:
    group = parser.add_argument_group("source (default: --env-file .env)")
    one = group.add_mutually_exclusive_group()
    action: dict[str, Any] = {"action": _Files if several else _Once}
    text = "read the variables from this file" + (" (repeatable: one line for each)" if several else "")
    one.add_argument("--env-file", type=Path, metavar="FILE", help=text, **action, **_BELOW)
    one.add_argument(
        "--compose", type=Path, action=_Once, metavar="FILE", help="read them from a compose service", **_BELOW
    )
    one.add_argument("--environ", action="store_true", help="read them from the environment")
    group.add_argument("--service", metavar="NAME", help="the service in the compose file", **_BELOW)
    return parser


def _target(parser: argparse.ArgumentParser, *, top: bool) -> None:
    default = {"default": None} if top else _BELOW
    group = parser.add_argument_group("target" + (" (default: --env-file .env)" if top else ""))
    one = group.add_mutually_exclusive_group(required=not top)
    one.add_argument("--env-file", type=Path, action=_Once, metavar="FILE", help="write into this .env file", **default)
    one.add_argument(
        "--compose", type=Path, action=_Once, metavar="FILE", help="write into a compose service", **default
    )
    one.add_argument("--print", choices=PRINT_STYLES, dest="print_style", help="print a block to paste", **default)
    group.add_argument("--service", metavar="NAME", help="the service in the compose file", **default)


def _wizard(parser: argparse.ArgumentParser) -> None:
    _target(parser, top=True)
    parser.add_argument("--preset", metavar="ID", help="start with this provider")
    parser.add_argument("--plain", action="store_true", help="ask line by line: screen readers, dumb terminals")
    parser.add_argument("--demo", action="store_true", help="start on the built-in practice server")


def _check(parser: argparse.ArgumentParser) -> None:
    _json(_source(parser, several=True))
    parser.add_argument("--to", metavar="ADDR", help="recipient to try at RCPT TO (default: the sender)")
    parser.add_argument("--jobs", type=_jobs, metavar="N", help="files checked at a time (default 16)")
    parser.add_argument("--inside", metavar="SERVICE", help="check from within this service's container, too")
    parser.add_argument("--inside-script", action="store_true",
                        help="print what --inside runs, to pipe it to docker elsewhere")  # fmt: skip


def _send(parser: argparse.ArgumentParser) -> None:
    _json(_source(parser))
    parser.add_argument("--to", metavar="ADDR", action="append", required=True, help="recipient (repeatable)")
    parser.add_argument(
        "--mail", metavar="NAME", default="", help="which of the app's mails, or all (default: the first)"
    )
    parser.add_argument("--templates", type=Path, metavar="DIR", help="the app's own templates, or a checkout of it")
    group = parser.add_argument_group("arrival")
    group.add_argument("--inbox", metavar="URL",
                       help="where the mail is to be found: imaps://USER@HOST, or a catcher's http://HOST:PORT; none: "
                       "do not look (default: the catcher at the mail server's host, if there is one)")  # fmt: skip
    group.add_argument("--inbox-password-stdin", action="store_true",
                       help="read the mailbox's password from stdin (else: INBOX_PASSWORD, or a prompt)")  # fmt: skip
    group.add_argument("--wait", type=_seconds, metavar="SECONDS", default=60.0,
                       help="how long to wait for the mail to arrive (default 60)")  # fmt: skip


def _scan(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument("host", metavar="HOST", help="name or IP address, also as HOST:PORT; that port is asked too")


def _explain(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument("--stage", choices=STAGES, help="the stage at which the reply came")
    parser.add_argument("--provider", metavar="ID", help="the provider that gave it")
    parser.add_argument("text", metavar="TEXT", nargs="?", help="reply or log line; without it or as -, lines of stdin")


def _write(parser: argparse.ArgumentParser) -> None:
    _target(parser, top=False)
    _json(parser)
    parser.add_argument("--preset", metavar="ID", required=True, help="provider preset")
    parser.add_argument("--region", metavar="ID", help="region of the provider")
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[],
                        help="a value, by the app's variable or by role, as username (repeatable)")  # fmt: skip
    parser.add_argument("--security", choices=("implicit", "starttls", "opportunistic", "none"), default="",
                        help="how the app is told to use TLS (default: what the port wants)")  # fmt: skip
    parser.add_argument("--password-stdin", action="store_true", help="read the password from stdin")
    parser.add_argument("--dry-run", action="store_true", help="show the diff, write nothing")
    parser.add_argument("--readers", metavar="LIST", help="who reads the .env, weightiest first: compose,npm")
    parser.add_argument("--secret", choices=("inline", "reference", "file"), default="",
                        help="compose: the password itself, ${…} and .env, or a secret file")  # fmt: skip
    parser.add_argument("--shared", action="store_true", help="change a value in .env that other services take too")
    parser.add_argument("--override", action="store_true", help="compose: write into compose.override.yaml beside it")
    parser.add_argument("--add-ignore-rules", action="store_true",
                        help="add the file to .gitignore, and to .dockerignore if a Dockerfile copies it")  # fmt: skip
    parser.add_argument("--follow-link", action="store_true", help="write through a link that leads out of the project")
    _in_place(parser)


def _restore(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument("name", metavar="NAME", nargs="?",
                        help="a backup, or latest: the newest of this folder; without it, a list")  # fmt: skip
    parser.add_argument("--all", action="store_true", help="files of all folders, this one first")
    parser.add_argument("--yes", action="store_true", help="do not ask; needed for another folder without a terminal")
    parser.add_argument("--dry-run", action="store_true", help="show the diff, write nothing")
    _in_place(parser)


def _in_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--in-place", action="store_true",
                        help="overwrite a file that cannot be replaced: bind mount, read-only folder")  # fmt: skip


def _presets(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument("action", choices=("list", "show", "match", "check"))
    parser.add_argument("name", nargs="?", metavar="ID|ADDRESS|DIR", help="for show, match and check")


def _apps(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument("action", choices=("list", "show", "match", "check", "map"))
    parser.add_argument("name", nargs="?", metavar="ID|FOLDER|DIR", help="for show, match, check and map")
    group = parser.add_argument_group("map: an app that is not known, its variables by their names")
    group.add_argument("--service", metavar="NAME", help="the service in the compose file")
    group.add_argument("--set", metavar="ROLE=VARIABLE", action="append", default=[], help="correct one (repeatable)")
    group.add_argument("--keep", metavar="ID", help="keep it as a profile of your own, without asking")


def _preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mail", metavar="NAME", required=True, help="which of the app's mails")
    parser.add_argument("--templates", type=Path, metavar="DIR", help="the app's own templates, or a checkout of it")
    parser.add_argument("--context", metavar="JSON", help="values for the template, as a JSON object")
    parser.add_argument("--raw", action="store_true", help="before CSS is inlined")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--out", type=Path, metavar="FILE", help="write the HTML to this file")
    one.add_argument("--text", action="store_true", help="as readable text (the default on a terminal)")
    one.add_argument("--browser", action="store_true", help="open it in the browser")


def _sender(parser: argparse.ArgumentParser) -> None:
    _json(_source(parser))
    parser.add_argument("address", metavar="ADDRESS", help="the sender, or its domain")
    parser.add_argument("--preset", metavar="ID", help="the provider that sends (default: by the source's host)")
    parser.add_argument("--nameserver", metavar="IP[:PORT]", action="append", default=[],
                        help="ask this name server in place of the system's (repeatable)")  # fmt: skip


def _logs(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="a saved log; -: stdin; without it, docker compose logs"
    )
    parser.add_argument("--compose", type=Path, metavar="FILE", help="the compose file (default: as docker finds it)")
    parser.add_argument("--service", metavar="NAME", help="the service (default: the app's)")
    parser.add_argument(
        "--since", metavar="TIME", default="10m", help="as docker takes it: 10m, 2h, a date (default 10m)"
    )
    parser.add_argument("--follow", action="store_true", help="go on as the log grows, until Ctrl+C")
    parser.add_argument("--provider", metavar="ID", help="the provider that gave the replies")


def _sandbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=_port, metavar="N", help="STARTTLS port (default 2525; implicit TLS one is next)"
    )
    parser.add_argument(
        "--play", metavar="FAILURE", help="play this failure of the catalogue instead of accepting mail"
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError("takes a number of seconds between 0 and 3600")
    return value


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MOST_JOBS):
        raise argparse.ArgumentTypeError(f"takes a number from 1 to {MOST_JOBS}")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError("takes a port: 1 to 65535")
    return int(text)
