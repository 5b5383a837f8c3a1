"""The command line's own promises: exit codes, streams, flags before and after the command."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from smtpwizard.cli.parser import build_parser
from support import program


def smtpwizard(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return program.run(
        [*arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_version_is_one_line_on_stdout(tmp_path: Path) -> None:
    done = smtpwizard("--version", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("smtpwizard 0.")
    assert done.stdout.count("\n") == 1


def test_an_unknown_flag_is_a_usage_error_on_stderr(tmp_path: Path) -> None:
    done = smtpwizard("check", "--frobnicate", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--frobnicate" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chek"], "There is no such command. Did you mean check?"),
        (["check", "--jsno"], "There is no flag --jsno. Did you mean --json?"),
        (["write", "--prest", "gmail"], "There is no flag --prest. Did you mean --preset?"),
        (["presets", "sho", "gmail"], "Did you mean show?"),
        (["completion", "fsh"], "Did you mean fish?"),
        (["presets", "show", "gmial"], "There is no preset 'gmial'. Did you mean gmail?"),
        (["restore", "latst"], "There is no backup 'latst'. Did you mean latest?"),
        (["sandbox", "--play", "gmail-app-pasword"], "Did you mean mailbox-app-password?"),
        (["write", "--preset", "gmail"], "One of --env-file, --compose and --print is wanted."),
        (["check", "--env-file", "a", "--compose", "b"], "--compose and --env-file cannot be given together."),
        (["check", "--env-file"], "--env-file wants a value."),
        (["send"], "Missing: --to."),
    ],
)
def test_a_wrong_call_is_told_like_any_other_error_with_what_was_likely_meant(
    arguments: list[str], told: str, tmp_path: Path
) -> None:
    done = smtpwizard(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("smtpwizard: ")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_examples_in_the_help_do_what_they_say(tmp_path: Path) -> None:
    text = smtpwizard("--help", cwd=tmp_path).stdout
    assert max(len(line) for line in text.splitlines()[7:]) <= 80, "usage apart, nothing is wider than a terminal"
    examples = text.partition("examples:\n")[2].partition("\nexit status")[0].replace("\\\n", " ")
    calls = [shlex.split(line)[1:] for line in examples.splitlines() if line.startswith("  smtpwizard")]
    wizard, demo, check, write, match = [
        [word for word in call[: call.index("<")] if word] if "<" in call else call for call in calls
    ]
    assert write[0] == "write"
    done = smtpwizard(*write, cwd=tmp_path, stdin="abcdefghijklmnop")
    assert done.returncode == 0, done.stderr
    assert "SMTP_SENDER=you@gmail.com\n" in (tmp_path / ".env").read_text(), (
        "the account is the sender, as in the wizard"
    )
    told = json.loads(smtpwizard(*check, "--timeout", "1", cwd=tmp_path).stdout)
    assert told["settings"]["SMTP_HOST"] == "smtp.gmail.com"
    assert smtpwizard(*match, "--timeout", "1", cwd=tmp_path).returncode in (0, 1)
    for call in (wizard, demo):
        words = [word for word in call if word.startswith("-")]
        assert "stdin is not a terminal" in smtpwizard(*words, cwd=tmp_path).stderr
        assert words in ([], ["--demo"])


def test_without_a_terminal_the_wizard_refuses_and_names_what_to_run(tmp_path: Path) -> None:
    done = smtpwizard(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "smtpwizard write" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_flag_before_the_command_counts_as_one_after_it() -> None:
    parser = build_parser()
    assert str(parser.parse_args(["--env-file", "prod.env", "check"]).env_file) == "prod.env"
    assert parser.parse_args(["--timeout", "3", "check"]).timeout == 3.0
    assert parser.parse_args(["check"]).timeout == 10.0


@pytest.mark.parametrize("value", ["0", "-1", "x", "4000", "nan"])
def test_a_timeout_that_is_no_deadline_is_refused(value: str, tmp_path: Path) -> None:
    done = smtpwizard("check", f"--timeout={value}", cwd=tmp_path)
    assert done.returncode == 2
    assert "3600" in done.stderr


def test_a_closed_pipe_is_not_an_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m smtpwizard presets list | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert "BrokenPipe" not in done.stderr
    assert "unexpected" not in done.stderr
    assert done.stdout.count("\n") == 1


def test_an_unexpected_error_tells_its_place_and_not_its_message(tmp_path: Path) -> None:
    program = (
        "import smtpwizard.cli.commands.lint as lint\n"
        "def broken(args): raise ValueError('hunter2-secret')\n"
        "lint.run = broken\n"
        "from smtpwizard.cli.main import main; main(['lint'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "ValueError at <string>" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_bash_completes_commands_flags_choices_and_files(tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(smtpwizard("completion", "bash", cwd=tmp_path).stdout)
    (tmp_path / "compose.yaml").touch()
    (tmp_path / "conf").mkdir()
    (tmp_path / "other").touch()

    def complete(*words: str) -> list[str]:
        """Ask what bash would: the function that `complete` has registered, with the words of the line."""
        run = (
            f"source {script}; function=$(complete -p smtpwizard | sed 's/.* -F \\([^ ]*\\) .*/\\1/')\n"
            f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n"
            f'$function smtpwizard "{words[-1]}" "{words[-2]}"; echo "${{COMPREPLY[@]}}"'
        )
        where = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, check=True, cwd=tmp_path, env=where)
        return done.stdout.split()

    assert complete("smtpwizard", "pre") == ["presets", "preview"]
    assert complete("smtpwizard", "--pla") == ["--plain"]
    assert complete("smtpwizard", "check", "--js") == ["--json"]
    assert complete("smtpwizard", "send", "--mail", "inv") == ["invitation"]
    assert complete("smtpwizard", "send", "--json", "--mail", "inv") == ["invitation"]
    assert complete("smtpwizard", "presets", "ma") == ["match"]
    assert complete("smtpwizard", "completion", "z") == ["zsh"]
    assert complete("smtpwizard", "check", "--compose", "compo") == ["compose.yaml"]
    assert complete("smtpwizard", "check", "--compose", "compose.yaml", "--serv") == ["--service"]
    assert complete("smtpwizard", "lint", "--presets", "co") == ["conf"], "a folder is wanted"
    assert complete("smtpwizard", "--preset", "gma") == ["gmail"]
    assert complete("smtpwizard", "write", "--print", "env", "--preset", "cust") == ["custom"]
    assert complete("smtpwizard", "write", "--preset", "amazon-ses", "--region", "eu-west-1") == ["eu-west-1"]
    assert complete("smtpwizard", "presets", "show", "sendg") == ["sendgrid"]
    assert complete("smtpwizard", "apps", "show", "vaultw") == ["vaultwarden"]
    assert complete("smtpwizard", "check", "--app", "abc-u") == ["abc-user-feedback"]
    assert complete("smtpwizard", "sandbox", "--play", "sendgrid-bad") == ["sendgrid-bad-login"]
    assert complete("smtpwizard", "explain", "--provider", "gma") == ["gmail"]
    assert complete("smtpwizard", "send", "--mail", "al") == ["all"]
    assert complete("smtpwizard", "restore", "lat") == ["latest"]


@pytest.mark.parametrize("shell", ["zsh", "fish", "tcsh", "powershell"])
def test_other_shells_get_every_command(shell: str, tmp_path: Path) -> None:
    script = smtpwizard("completion", shell, cwd=tmp_path).stdout
    for verb in ("check", "send", "lint", "scan", "explain", "write", "presets", "preview", "sandbox", "completion"):
        assert verb in script
    if (
        shell != "powershell"
        and subprocess.run(["sh", "-c", f"command -v {shell}"], capture_output=True).returncode == 0
    ):
        done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
