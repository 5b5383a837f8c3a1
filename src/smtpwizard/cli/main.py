"""The command line: arguments in, one command run, an exit code out. No business logic, and nothing costly imported.

`--version` must stay within 3 × `python -c pass`, so argparse itself is imported only when there is something to parse.
stdout is data and nothing else; everything said to a person goes to stderr.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from smtpwizard import __version__
from smtpwizard.errors import BugError, ExitCode, SmtpWizardError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with the command's exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    code = _guarded(arguments)
    _flush()
    sys.exit(int(code))


def run(arguments: Sequence[str]) -> ExitCode:
    """Parse `arguments` and run the command. Raises SmtpWizardError; SystemExit(2) for a bad flag."""
    if list(arguments) in (["--version"], ["-V"]):
        sys.stdout.write(f"smtpwizard {__version__}\n")
        return ExitCode.OK
    from importlib import import_module

    from smtpwizard.cli.parser import QUICK, build_parser

    first = arguments[0] if arguments else ""
    # Only the command that is asked for: the whole tree takes 8 ms. Completion prints the tree, so it needs all of it.
    parser = build_parser(first if first in QUICK else "")
    args = parser.parse_args(arguments)
    if args.no_color:
        os.environ["NO_COLOR"] = "1"
    args.parser = parser
    verb: str = args.verb or "wizard"
    command = import_module(f"smtpwizard.cli.commands.{verb}")
    result: ExitCode = command.run(args)
    return result


def _guarded(arguments: Sequence[str]) -> ExitCode:
    try:
        return run(arguments)
    except SmtpWizardError as error:
        sys.stderr.write(f"smtpwizard: {error.text}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("smtpwizard: interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe left (`| head`): not our failure, and Python must not complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:
        return _bug(error)


def _bug(error: Exception) -> ExitCode:
    """Tell an unexpected error by its place, not by its message: a message can hold a value, and a value a secret."""
    if os.environ.get("SMTPWIZARD_DEBUG"):
        raise error
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "unknown place"
    sys.stderr.write(
        f"smtpwizard: unexpected {type(error).__name__} at {where}. This is a bug in smtpwizard; nothing was written "
        "by this step. SMTPWIZARD_DEBUG=1 shows the traceback (look it over before sharing it).\n"
    )
    return BugError.exit_code


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
