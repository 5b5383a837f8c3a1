"""Plain calls are read without argparse, and exactly as argparse reads them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpwizard.cli import flags
from smtpwizard.cli.parser import build_parser
from support.values import examples

VERBS = sorted(flags.QUICK)


def by_argparse(words: list[str]) -> dict[str, Any]:
    return vars(build_parser(words[0]).parse_args(words))


def declared(verb: str) -> list[str]:
    own = flags._Declared()
    flags.common(own, top=False)
    flags.verbs()[verb][1](own)
    return sorted(own.flags)


@st.composite
def calls(draw: st.DrawFn) -> list[str]:
    """Draw words of a call: mostly flags of the command with values, in every form, and mistakes."""
    verb = draw(st.sampled_from(VERBS))
    value = st.one_of(
        st.sampled_from(
            ["3", "10", "0", "-1", "a", "", "-", "--", "x=y", "implicit", "env", "auth", "--json", "-h", "a b"]
        ),
        st.text(max_size=3),
    )
    flag = st.one_of(
        st.sampled_from(declared(verb)),
        st.sampled_from(["-V", "-h", "--help", "--version", "--preset", "--demo", "--js", "--frobnicate", "list"]),
    )
    parts = st.one_of(
        st.tuples(flag),
        st.tuples(flag, value),
        st.builds(lambda name, text: (f"{name}={text}",), flag, value),
        st.tuples(value),
    )
    return [verb, *(word for part in draw(st.lists(parts, max_size=4)) for word in part)]


@given(calls())
@settings(max_examples=examples(400), deadline=None)
def test_what_is_read_is_what_argparse_reads(words: list[str]) -> None:
    found = flags.read(words)
    if found is not None:
        assert vars(found) == {name: value for name, value in by_argparse(words).items() if name != "parser"}


@pytest.mark.parametrize(
    "call",
    [
        "check", "check --json", "check --env-file a --env-file b --jobs 3 --json", "check --compose c --service api",
        "check --environ --to you@example.com --timeout 2.5 --ca-file a.pem --ca-file b.pem", "lint --json --app n8n",
        "check --env-file=.env --json", "send --to a@example.com --to b@example.com --inbox-password-stdin --wait 5",
        "explain --json", "explain --stage auth", "write --env-file .env --preset gmail --set a=b --set c=d --dry-run",
        "write --print env --preset gmail", "restore", "logs --json --since 5m", "sandbox --port 2600",
        "explain text --json", "explain --stage auth 535=bad",
        "presets show gmail --json", "presets --json list", "scan mail.example.com --json", "restore latest --yes",
    ],
)  # fmt: skip
def test_a_plain_call_is_read_without_argparse(call: str) -> None:
    found = flags.read(call.split())
    assert found is not None
    assert vars(found) == by_argparse(call.split())


@pytest.mark.parametrize(
    "call",
    [
        "", "completion bash", "--json check", "chek", "check --help", "check extra", "check --env-file",
        "check --jobs x", "check --env-file --json", "check --json=1", "check --app=--",
        "check --env-file a --compose b", "check --jso",
        "send", "lint --env-file a --env-file b", "write --preset gmail", "presets", "write --print pdf --preset gmail",
        "check --timeout 0", "scan", "explain two words", "check -- --json", "presets show --json gmail", "presets sho",
    ],
)  # fmt: skip
def test_anything_else_is_left_to_argparse(call: str) -> None:
    assert flags.read(call.split()) is None


def test_a_plain_call_loads_neither_argparse_nor_gettext_nor_locale() -> None:
    program = (
        "import sys; from smtpwizard.cli.main import status\n"
        "import smtpwizard.cli.commands.check, smtpwizard.cli.probing\n"
        "status(['check', '--env-file', '/nowhere/.env', '--json'])\n"
        "print('loaded', *({'argparse', 'gettext', 'locale', 'shutil'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "loaded", done
