"""The command line: arguments in, one command run, an exit code out. No business logic, and nothing costly imported.

`--version` must stay within 3 × `python -c pass`, so argparse and the output are imported only when there is something
to parse. stdout is data and nothing else; everything said to a person goes to stderr.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from smtpwizard import __version__
from smtpwizard.errors import BugError, ExitCode, SmtpWizardError, lacking

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION: Final = (["--version"], ["-V"])


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with the command's exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments in _VERSION:
        try:
            os.write(1, f"smtpwizard {__version__}\n".encode())
            os._exit(ExitCode.OK)
        except OSError:
            pass  # `run` tells it in the usual way
    from smtpwizard.cli.output import leave, open_missing_streams

    open_missing_streams()
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as `__main__` leaves it
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = status(arguments)
    except KeyboardInterrupt:  # a second one, while the first was told
        code = ExitCode.INTERRUPTED
    leave(code)
    raise AssertionError("os._exit returned")


def status(arguments: Sequence[str]) -> int:
    """Run the command line, tell what went wrong, and return the exit code."""
    try:
        return int(run(arguments))
    except SmtpWizardError as error:
        return _end(error.title, error.message, error.exit_code)
    except KeyboardInterrupt:
        return _end("", "interrupted", ExitCode.INTERRUPTED)
    except SystemExit as left:  # argparse, or a screen that a signal ended
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except Exception as error:
        if (machine := lacking(error)) is not None:
            return _end(machine.title, machine.message, machine.exit_code)
        return _end("", _bug(error), BugError.exit_code)


def _end(title: str, message: str, code: ExitCode) -> int:
    """Tell on stderr why the command ended early; with `--json` as an object, too, unless it was called wrongly."""
    from smtpwizard.cli.output import emit_error, say

    say(f"smtpwizard: {title}: {message}" if title else f"smtpwizard: {message}")
    if code is not ExitCode.USAGE:
        emit_error(title, message, code)
    return int(code)


def run(arguments: Sequence[str]) -> ExitCode:
    """Parse `arguments` and run the command. Raises SmtpWizardError; SystemExit(2) for a bad flag."""
    if list(arguments) in _VERSION:
        from smtpwizard.cli.output import emit

        emit(f"smtpwizard {__version__}")
        return ExitCode.OK
    _leave_no_core_file()
    from smtpwizard.cli.flags import QUICK, read

    args = read(arguments)
    if args is None:
        from smtpwizard.cli.parser import build_parser

        first = arguments[0] if arguments else "wizard"
        # Only the command that is asked for: the whole tree takes 8 ms, and completion alone prints it.
        parser = build_parser(first if first in QUICK or not arguments else "")
        args = parser.parse_args(arguments)
        args.parser = parser
    if args.no_color:
        os.environ["NO_COLOR"] = "1"
    from smtpwizard.cli.output import expect_json

    expect_json(getattr(args, "json", False))
    verb: str = args.verb or "wizard"
    command = __import__(f"smtpwizard.cli.commands.{verb}", fromlist=["run"])  # importlib takes 0.1 ms to load
    try:
        result: ExitCode = command.run(args)
    finally:
        if verb != "presets":  # which tells more of them
            _tell_left_out()
    return result


def _tell_left_out() -> None:
    """Name the operator's own presets and app profiles that are broken, where the run asked for them."""
    files = sys.modules.get("smtpwizard.presets.files")
    if files and files.left_out:
        from smtpwizard.cli.output import say

        say(f"! Left out, since broken: {', '.join(map(str, files.left_out))}. `smtpwizard presets check` says why.")
        files.left_out.clear()


def _leave_no_core_file() -> None:
    """Forbid core files: one of a process with a password holds it. One octet is less than any core file has.

    With 0, Linux still hands the memory to a crash reporter that a pipe leads to (core(5)); with 1 it does not.
    """
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (int(hard != 0), hard))


def _bug(error: Exception) -> str:
    """Tell an unexpected error by its place, not by its message: a message can hold a value, and a value a secret."""
    if os.environ.get("SMTPWIZARD_DEBUG"):
        from traceback import format_exception

        from smtpwizard.cli.output import say

        for line in "".join(format_exception(error)).splitlines():
            say(line)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "unknown place"
    return (
        f"unexpected {type(error).__name__} at {where}. This is a bug in smtpwizard; {_written()}. "
        "SMTPWIZARD_DEBUG=1 shows the traceback (look it over before sharing it)."
    )


def _written() -> str:
    """Say which files this run has changed: what `apply` knows, where it was loaded at all."""
    module = sys.modules.get("smtpwizard.targets.apply")
    done = module.written if module else ()
    if not done:
        return "nothing was written by this step"
    told = (f"{item.path} was written" + (f" (before: {item.backup})" if item.backup else "") for item in done)
    return ", ".join(told)
