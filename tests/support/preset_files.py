"""Preset files for tests: one that is right, and ways to make it wrong."""

from __future__ import annotations

from pathlib import Path

GOOD = """\
# A provider that does not exist.
id = "acme"
name = "Acme Mail"
kind = "hosting"
tier = 2
status = "ok"
aliases = ["acme post"]

host = "smtp.acme.example"
recommended_port = 465
ports = [
  { port = 465, tls = "implicit" },
  { port = 587, tls = "starttls" },
]

docs_url = "https://acme.example/smtp"
mail_domains = ["acme.example", "acme.test"]
mx_suffixes = ["mx.acme.example"]

checked = "2026-11-22"
verified = true
sources = ["https://acme.example/smtp", "acme/docs:smtp.md (of 2026)"]

[username]
rule = "email"
hint = "Your full address."

[password]
type = "account_password"
hint = "The mailbox's password."

[[password.mistakes]]
pattern = 'key-\\d+'
message = "This is an API key."

[sender]
rule = "account"
hint = "The mailbox's address."

[[errors]]
code = "535"
text = "Authentication failed"
meaning = "The password is wrong."
verified = false
"""
"""A preset with no mistake: every required key, and one of each kind of table."""


def changed(*pairs: tuple[str, str], text: str = GOOD) -> str:
    """Return `text` with each (old, new) replaced once. AssertionError if an old text is not there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def named(name: str, *pairs: tuple[str, str]) -> str:
    """Return the good preset under another id, with its own mail domain."""
    return changed(('id = "acme"', f'id = "{name}"'), ('["acme.example", "acme.test"]', f'["{name}.test"]'), *pairs)


def put(folder: Path, name: str, text: str) -> Path:
    """Write `<name>.toml` into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return path


def line(text: str, part: str) -> int:
    """Return the line, from 1, of the first line of `text` that holds `part`."""
    return next(number for number, content in enumerate(text.split("\n"), 1) if part in content)
