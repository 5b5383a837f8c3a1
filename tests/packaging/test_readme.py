"""The README is kept true: its table of providers is the presets', and the commands it names exist."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from smtpwizard.cli.parser import build_parser

ROOT = Path(__file__).parents[2]


def test_the_table_of_providers_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "readme_providers.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_command_is_in_the_table_and_every_row_is_a_command() -> None:
    verbs = next(action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)).choices
    rows = set(re.findall(r"^\| `([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == set(verbs)


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"run", "test", "check", "bench", "screenshots"} <= named
    assert named <= targets
