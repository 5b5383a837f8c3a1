"""The argument tree for argparse, its help, and what is said of a call that it refuses."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from smtpwizard import __version__
from smtpwizard.cli import flags
from smtpwizard.cli.output import emit, say
from smtpwizard.errors import InputError
from smtpwizard.text import did_you_mean, listed

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

    missing: Any = argparse.SUPPRESS
    _given: Sequence[str] = ()

    def __init__(self, **kind: Any) -> None:
        super().__init__(**kind)
        self.register("action", "files", _Files)
        self.register("action", "once", _Once)

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
        wrong = [flag for flag in map(_flag_alone, words) if flag != "…"]
        if not wrong:
            raise InputError(f"There is a word too many. `{command} --help` tells what it takes.", "Usage")
        chosen = self._subparsers._group_actions[0].choices[verb] if verb and self._subparsers else self  # type: ignore[index]
        meant = did_you_mean(wrong[0].rstrip("…="), [*self._option_string_actions, *chosen._option_string_actions])
        raise InputError(f"There is no flag {listed(wrong)}.{meant} `{command} --help` tells more.", "Usage")

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
    parser = _Parser(
        prog="smtpwizard",
        description="Find SMTP settings that work for a self-hosted app, prove them, and write them.",
        epilog=_EXAMPLES,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=_columns() - 2),
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"smtpwizard {__version__}")
    flags.wizard(parser)
    flags.common(parser, top=True)
    title = "commands (none: the wizard)"
    # prog is given: working it out formats a usage line, which loads shutil and locale, 3 ms.
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", title=title, prog=parser.prog)
    for name, (text, add) in flags.verbs().items():
        if only in ("", name):
            add(_verb(verbs, name, text))
    return parser


def _verb(verbs: argparse._SubParsersAction[_Parser], name: str, text: str) -> _Parser:
    sentence = text[0].upper() + text[1:] + "."
    parser = verbs.add_parser(
        name, help=text, description=sentence, allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=_columns() - 2),
    )  # fmt: skip
    flags.common(parser, top=False)
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
