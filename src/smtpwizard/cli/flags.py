"""The flags: every command's names, types and help texts, which argparse or `read` takes. Data; decides nothing.

The names are the contract that scripts rely on. A secret is never an argument: other users can read a process's
arguments. `--password-stdin`, the app's own variable for it or a prompt take it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, cast

from smtpwizard.records import NamedTuple

if TYPE_CHECKING:
    import argparse

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


class Group(Protocol):
    """Where flags are added."""

    def add_argument(self, *names: str, **kind: Any) -> Any:
        """Add a flag, or a word without one."""

    def add_mutually_exclusive_group(self, *, required: bool = False) -> Group:
        """Return a group of which one may be given."""


class Flags(Group, Protocol):
    """What the flags of a command are declared to: argparse's parser, or what `read` goes by."""

    missing: Any
    """The default of what the wizard takes too: a command's own would overwrite what was given before its name."""

    def add_argument_group(self, title: str) -> Group:
        """Return a group that help shows under a title."""


def verbs() -> dict[str, tuple[str, Callable[[Flags], object]]]:
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


def common(parser: Flags, *, top: bool) -> None:
    """Add the flags that every command takes. Below the top they have no default, or they would undo the top's."""
    group = parser.add_argument_group("common")
    missing = parser.missing
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


def _lint(parser: Flags) -> None:
    _source(_json(parser))


def _completion(parser: Flags) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish", "tcsh", "powershell"))


def _json(parser: Flags) -> Flags:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _source(parser: Flags, *, several: bool = False) -> Flags:
    group = parser.add_argument_group("source (default: --env-file .env)")
    one = group.add_mutually_exclusive_group()
    action: dict[str, Any] = {"action": "files" if several else "once"}
    text = "read the variables from this file" + (" (repeatable: one line for each)" if several else "")
    one.add_argument("--env-file", type=Path, metavar="FILE", help=text, **action, default=parser.missing)
    one.add_argument(
        "--compose",
        type=Path,
        action="once",
        metavar="FILE",
        help="read them from a compose service",
        default=parser.missing,
    )
    one.add_argument("--environ", action="store_true", help="read them from the environment")
    group.add_argument("--service", metavar="NAME", help="the service in the compose file", default=parser.missing)
    return parser


def _target(parser: Flags, *, top: bool) -> None:
    default = None if top else parser.missing
    group = parser.add_argument_group("target" + (" (default: --env-file .env)" if top else ""))
    one = group.add_mutually_exclusive_group(required=not top)
    one.add_argument(
        "--env-file", type=Path, action="once", metavar="FILE", help="write into this .env file", default=default
    )
    one.add_argument(
        "--compose", type=Path, action="once", metavar="FILE", help="write into a compose service", default=default
    )
    one.add_argument(
        "--print", choices=PRINT_STYLES, dest="print_style", help="print a block to paste", default=default
    )
    group.add_argument("--service", metavar="NAME", help="the service in the compose file", default=default)


def wizard(parser: Flags) -> None:
    _target(parser, top=True)
    parser.add_argument("--preset", metavar="ID", help="start with this provider")
    parser.add_argument("--plain", action="store_true", help="ask line by line: screen readers, dumb terminals")
    parser.add_argument("--demo", action="store_true", help="start on the built-in practice server")


def _check(parser: Flags) -> None:
    _json(_source(parser, several=True))
    parser.add_argument("--to", metavar="ADDR", help="recipient to try at RCPT TO (default: the sender)")
    parser.add_argument("--jobs", type=_jobs, metavar="N", help="files checked at a time (default 16)")
    parser.add_argument("--inside", metavar="SERVICE", help="check from within this service's container, too")
    parser.add_argument("--inside-script", action="store_true",
                        help="print what --inside runs, to pipe it to docker elsewhere")  # fmt: skip


def _send(parser: Flags) -> None:
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


def _scan(parser: Flags) -> None:
    _json(parser)
    parser.add_argument("host", metavar="HOST", help="name or IP address, also as HOST:PORT; that port is asked too")


def _explain(parser: Flags) -> None:
    _json(parser)
    parser.add_argument("--stage", choices=STAGES, help="the stage at which the reply came")
    parser.add_argument("--provider", metavar="ID", help="the provider that gave it")
    parser.add_argument("text", metavar="TEXT", nargs="?", help="reply or log line; without it or as -, lines of stdin")


def _write(parser: Flags) -> None:
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


def _restore(parser: Flags) -> None:
    _json(parser)
    parser.add_argument("name", metavar="NAME", nargs="?",
                        help="a backup, or latest: the newest of this folder; without it, a list")  # fmt: skip
    parser.add_argument("--all", action="store_true", help="files of all folders, this one first")
    parser.add_argument("--yes", action="store_true", help="do not ask; needed for another folder without a terminal")
    parser.add_argument("--dry-run", action="store_true", help="show the diff, write nothing")
    _in_place(parser)


def _in_place(parser: Flags) -> None:
    parser.add_argument("--in-place", action="store_true",
                        help="overwrite a file that cannot be replaced: bind mount, read-only folder")  # fmt: skip


def _presets(parser: Flags) -> None:
    _json(parser)
    parser.add_argument("action", choices=("list", "show", "match", "check"))
    parser.add_argument("name", nargs="?", metavar="ID|ADDRESS|DIR", help="for show, match and check")


def _apps(parser: Flags) -> None:
    _json(parser)
    parser.add_argument("action", choices=("list", "show", "match", "check", "map"))
    parser.add_argument("name", nargs="?", metavar="ID|FOLDER|DIR", help="for show, match, check and map")
    group = parser.add_argument_group("map: an app that is not known, its variables by their names")
    group.add_argument("--service", metavar="NAME", help="the service in the compose file")
    group.add_argument("--set", metavar="ROLE=VARIABLE", action="append", default=[], help="correct one (repeatable)")
    group.add_argument("--keep", metavar="ID", help="keep it as a profile of your own, without asking")


def _preview(parser: Flags) -> None:
    parser.add_argument("--mail", metavar="NAME", required=True, help="which of the app's mails")
    parser.add_argument("--templates", type=Path, metavar="DIR", help="the app's own templates, or a checkout of it")
    parser.add_argument("--context", metavar="JSON", help="values for the template, as a JSON object")
    parser.add_argument("--raw", action="store_true", help="before CSS is inlined")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--out", type=Path, metavar="FILE", help="write the HTML to this file")
    one.add_argument("--text", action="store_true", help="as readable text (the default on a terminal)")
    one.add_argument("--browser", action="store_true", help="open it in the browser")


def _sender(parser: Flags) -> None:
    _json(_source(parser))
    parser.add_argument("address", metavar="ADDRESS", help="the sender, or its domain")
    parser.add_argument("--preset", metavar="ID", help="the provider that sends (default: by the source's host)")
    parser.add_argument("--nameserver", metavar="IP[:PORT]", action="append", default=[],
                        help="ask this name server in place of the system's (repeatable)")  # fmt: skip


def _logs(parser: Flags) -> None:
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


def _sandbox(parser: Flags) -> None:
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
    return value if 0 < value <= 3600 else _wrong("takes a number of seconds between 0 and 3600")


def _jobs(text: str) -> int:
    fits = text.isascii() and text.isdigit() and 0 < int(text) <= MOST_JOBS
    return int(text) if fits else _wrong(f"takes a number from 1 to {MOST_JOBS}")


def _port(text: str) -> int:
    fits = text.isascii() and text.isdigit() and 0 < int(text) < 65536
    return int(text) if fits else _wrong("takes a port: 1 to 65535")


def _wrong(message: str) -> NoReturn:
    from argparse import ArgumentTypeError

    raise ArgumentTypeError(message)


class _Flag(NamedTuple):
    """A flag, or a word without one, as it was declared."""

    dest: str
    action: str = "store"
    default: Any = None
    type: Callable[[str], Any] = str
    choices: Sequence[str] = ()
    required: bool = False
    one_of: _Declared | None = None
    """The group of which one may be given."""


class _Declared:
    """`Flags` that only notes what is declared."""

    missing: Any = object()

    def __init__(self, flags: dict[str, _Flag] | None = None, *, required: bool = False) -> None:
        self.flags: dict[str, _Flag] = {} if flags is None else flags
        """Name as it is given → flag."""
        self.required = required
        self._is_group = flags is not None

    def add_argument(self, *names: str, **kind: Any) -> None:
        """Note a flag, or a word without one; that is wanted unless `nargs` says otherwise."""
        (name,) = names
        default = False if kind.get("action") == "store_true" else None
        wanted = not name.startswith("-") and "nargs" not in kind
        facts = {"dest": name.removeprefix("--").replace("-", "_"), "default": default, "required": wanted, **kind}
        self.flags[name] = _Flag(
            **{key: value for key, value in facts.items() if key not in ("metavar", "help", "nargs")},
            one_of=self if self._is_group else None,
        )

    def add_argument_group(self, title: str) -> _Declared:
        """Return these flags: a title is for help alone."""
        return self

    def add_mutually_exclusive_group(self, *, required: bool = False) -> _Declared:
        """Return flags of which one may be given, and has to be if `required`."""
        return _Declared(self.flags, required=required)


def read(arguments: Sequence[str]) -> argparse.Namespace | None:
    """Return what argparse makes of a plain call of a QUICK command, without the 7 ms that it takes.

    Plain is the command's name, then flags with their values and, in a row, words without a flag. None for all others:
    what may be a mistake, and calls for help.
    """
    verb, *words = arguments or ("",)
    if verb not in QUICK:
        return None
    top, own = _Declared(), _Declared()
    wizard(top)
    common(top, top=True)
    common(own, top=False)
    verbs()[verb][1](own)
    declared = (*top.flags.values(), *own.flags.values())
    values = {flag.dest: flag.default for flag in declared if flag.default is not top.missing}
    values["verb"] = verb
    given: dict[str, _Flag] = {}
    loose = [name for name in own.flags if not name.startswith("-")]
    rest, last = enumerate(words), -1
    for at, word in rest:
        name, joined, text = word.partition("=")
        if not word.startswith("-"):
            if not loose or last not in (-1, at - 1):
                return None
            name, joined, text, last = loose.pop(0), "=", word, at
        flag = own.flags.get(name)
        if flag is None:
            return None
        if flag.action == "store_true":
            if joined:
                return None
            values[flag.dest] = True
        else:
            text = text if joined else next(rest, (0, "-"))[1]
            if text == "--" or (text.startswith("-") and not joined) or (flag.action == "once" and name in given):
                return None
            try:
                value = flag.type(text)
            except Exception:  # it is for argparse to tell
                return None
            if flag.choices and value not in flag.choices:
                return None
            if flag.action == "append":
                values[flag.dest] = [*(values[flag.dest] if name in given else ()), value]
            else:
                values[flag.dest] = value
            if flag.action == "files":
                values["env_files"] = [*values.get("env_files", ()), value]
        given[name] = flag
    groups = [flag.one_of for flag in given.values() if flag.one_of]
    wanted = {flag.one_of for flag in own.flags.values() if flag.one_of and flag.one_of.required}
    if any(flag.required and name not in given for name, flag in own.flags.items()):
        return None
    if len({*groups}) < len(groups) or not wanted <= {*groups}:
        return None
    return cast("argparse.Namespace", SimpleNamespace(**values))
