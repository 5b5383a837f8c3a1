"""Every text that an operator of ABC User Feedback can read of a rule, a failure or a question, for fixed inputs.

`python -m apps.abc_texts` (in tests/) writes the golden file anew; only a change that means to change a sentence may.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smtpwizard.clients.transport import Origin
from smtpwizard.diagnosis.catalogue import Catalogue
from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.explain import changes_of
from smtpwizard.lint.check import findings
from smtpwizard.presets.schema import CUSTOM, Provider
from smtpwizard.problems import Problem
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.wizard.questions import Question, questions
from support.apps import ABC
from support.traps import catalogue

GOLDEN = Path(__file__).with_name("abc_texts.json")

PROVIDERS = (
    None,
    "custom",
    "gmail",
    "google-workspace-relay",
    "sendgrid",
    "postmark",
    "amazon-ses",
    "mailgun",
    "naver",
    "nhn-cloud-email",
    "outlook-com",
    "microsoft365",
    "mailpit",
    "host-postfix",
    "practice",
    "yandex",
    "mailtrap",
    "proton",
)
BASES: dict[str, dict[str, str]] = {
    "tls": {"SMTP_PORT": "465", "SMTP_TLS": "true"},
    "starttls": {"SMTP_PORT": "587", "SMTP_TLS": "false"},
}
VALUES: dict[str, tuple[str | None, ...]] = {
    "SMTP_HOST": (
        None,
        "",
        "localhost",
        "smtp://smtp.acme.dev:465/x",
        " mail.acme.dev",
        "mail.acme.dev.",
        "you@gmail.com",
        "imap.gmail.com",
        "bücher.example",
        "mail acme dev",
        "smtp.gmail.com",
        "10.0.0.5",
        "mailpit",
        "email-smtp.me-south-1.amazonaws.com",
        "user:word@mail.acme.dev",
        "'mail.acme.dev'",
    ),
    "SMTP_PORT": (
        None,
        "",
        "25",
        "587",
        "465",
        "2525",
        "993",
        "22",
        "443",
        "587abc",
        "5.87e2",
        "0",
        "99999",
        " 587",
        "1e-7",
    ),
    "SMTP_TLS": (None, "", "true", "false", "True", "FALSE", "yes", "1", "off", "starttls", " true "),
    "SMTP_SENDER": (
        None,
        "",
        "Acme <app@acme.dev>",
        "a@b.dev, c@d.dev",
        "noreply",
        "x@localhost",
        "ä@acme.dev",
        "app@example.com",
        " app@acme.dev ",
        "'app@acme.dev'",
        "me@gmail.com",
    ),
    "SMTP_USERNAME": (
        None,
        "",
        "you",
        "apikey",
        "you@gmail.com",
        " app@acme.dev",
        '"app"',
        "a\u200bb",
        "a\u00a0b",
        "“a”",
        "SG.abcdefghijklmnopqrstuvwx",
    ),
    "SMTP_PASSWORD": (
        None,
        "",
        "abcd efgh ijkl mnop",
        " word",
        "'word'",
        "wo\u200brd",
        "wo\u00a0rd",
        "wo”rd",
        "your-password",
        "you@gmail.com",
        "apikey",
        "x" * 1001,
        "abcdefghijklmnop",
    ),
    "SMTP_CIPHER_SPEC": (None, "", "TLSv1.2", "TLSv1.3", "nonsense", "TLS_AES_128_GCM_SHA256"),
    "SMTP_OPPORTUNISTIC_TLS": (None, "", "true", "yes", "maybe"),
    "ADMIN_WEB_URL": (
        None,
        "",
        "http://localhost:3000",
        "https://feedback.acme.dev/",
        "feedback.acme.dev",
        "http://a.acme.dev",
        "http://10.0.0.1",
        "ftp://x",
        "https://a.acme.dev/?x=1",
    ),
    "SMTP_BASE_URL": ("https://old.acme.dev",),
    "SMTP_USER": ("you@acme.dev",),
    "SMTP_PASS": ("word",),
    "SMTP_FROM": ("app@acme.dev",),
    "SMTP_SERVER": ("mail.acme.dev",),
    "SMTP_SECURE": ("true", "yes", "maybe"),
    "SMTP_OPPORTUNISTICTLS": ("yes",),
}
REPAIRED = (
    {"SMTP_HOST": "smtp://mail.acme.dev:465/ ", "SMTP_PORT": "587", "SMTP_TLS": "True"},
    {
        "SMTP_HOST": "smtp.gmail.com",
        "SMTP_PORT": "465",
        "SMTP_TLS": "false",
        "SMTP_OPPORTUNISTIC_TLS": "true",
        "SMTP_USERNAME": "you@gmail.com",
        "SMTP_PASSWORD": "abcd efgh ijkl mnop",
        "SMTP_SENDER": "Acme <app@acme.dev>",
    },
    {
        "SMTP_HOST": "'mail.acme.dev'",
        "SMTP_PORT": "25 # relay",
        "SMTP_USERNAME": "word",
        "SMTP_PASSWORD": "me@acme.dev",
    },
)


def provider_of(name: str | None) -> Provider | None:
    return None if name is None else CUSTOM if name == "custom" else catalogue().provider(name)


def open_value(value: str | Secret | None) -> str | None:
    """Return a value in the open, a secret marked as one."""
    return f"secret:{value.reveal()}" if isinstance(value, Secret) else value


def of_finding(item: Problem) -> dict[str, Any]:
    changes = {name: open_value(value) for name, value in item.changes.items()}
    found = item.as_finding()
    del found["role"]
    return found | {"changes": changes, "label": item.label}


def of_question(item: Question) -> dict[str, Any]:
    texts = ("", " ", "x", "a b", "70000", "587", "a@b.dev", "A <a@b.dev>", "https://a.dev", "ftp://a")
    return {
        "variable": item.id,
        "label": item.label,
        "help": item.help,
        "placeholder": item.placeholder,
        "note": item.note,
        "url": item.url,
        "optional": item.optional,
        "secret": item.secret,
        "advanced": item.advanced,
        "choices": {choice.value: choice.label for choice in item.choices},
        "checks": {text: item.check(text) for text in texts},
    }


def settings_cases() -> Iterator[tuple[str, Settings, Provider | None]]:
    """Yield every base of every provider with one variable changed at a time."""
    common = {
        "SMTP_HOST": "mail.acme.dev",
        "SMTP_USERNAME": "app@acme.dev",
        "SMTP_PASSWORD": "correct horse",
        "SMTP_SENDER": "app@acme.dev",
        "ADMIN_WEB_URL": "https://feedback.acme.dev",
    }
    for name in PROVIDERS:
        provider = provider_of(name)
        for base, mode in BASES.items():
            host = {"SMTP_HOST": provider.host} if provider and provider.host else {}
            before = common | mode | host
            for variable, values in VALUES.items():
                for value in values:
                    after = {key: text for key, text in {**before, variable: value}.items() if text is not None}
                    if variable not in before and variable.startswith("SMTP_") and variable in VALUES and value:
                        right = {
                            "SMTP_USER": "SMTP_USERNAME",
                            "SMTP_PASS": "SMTP_PASSWORD",
                            "SMTP_FROM": "SMTP_SENDER",
                            "SMTP_SERVER": "SMTP_HOST",
                            "SMTP_SECURE": "SMTP_TLS",
                        }.get(variable)
                        after = {key: text for key, text in after.items() if key != right}
                    yield f"{name}/{base}/{variable}", Settings.from_variables(ABC, after), provider


def texts() -> dict[str, Any]:
    """Return everything, each finding and diagnosis once, and the cases by their places."""
    found: dict[str, int] = {}

    def place(row: dict[str, Any]) -> int:
        return found.setdefault(json.dumps(row, ensure_ascii=False, sort_keys=True), len(found))

    cases: dict[str, list[list[int]]] = {}
    for case, settings, provider in settings_cases():
        judged = [*findings(settings, provider=provider)]
        if case.startswith(("gmail/", "None/", "host-postfix/")):
            judged += findings(settings, provider=provider, origin=Origin.ENV_FILE, in_container=False)
        cases.setdefault(case, []).append([place(of_finding(item)) for item in judged])
    known = Catalogue.open()
    repairs: dict[str, list[dict[str, str | None]]] = {}
    for failure in known.rules:
        if failure.repair or failure.open_ports or failure.remove:
            repairs[failure.id] = [
                {
                    name: open_value(value)
                    for name, value in changes_of(
                        failure,
                        Event(
                            settings=Settings.from_variables(ABC, variables),
                            provider=provider_of(name),
                            raw="DNS:a.acme.dev",
                        ),
                    ).items()
                }
                for variables in REPAIRED
                for name in (None, "gmail", "sendgrid", "naver")
            ]
    asked = {
        str(item.id): [place(of_question(q)) for q in questions(item, ABC)] for item in (*catalogue().all(), CUSTOM)
    }
    asked["None"] = [place(of_question(question)) for question in questions(None, ABC)]
    return {
        "texts": [json.loads(text) for text in found],
        "findings": cases,
        "repairs": repairs,
        "questions": asked,
    }


def unfolded(value: dict[str, Any]) -> dict[str, Any]:
    """Return `value` with each place of a text replaced by the text."""
    found = value["texts"]
    return value | {
        "findings": {case: [[found[at] for at in places] for places in row] for case, row in value["findings"].items()},
        "questions": {case: [found[at] for at in places] for case, places in value["questions"].items()},
    }


def dumped(value: dict[str, Any]) -> str:
    """Return the golden file's text: a line for each entry, so that a diff shows what has changed."""
    sections = []
    for name, section in value.items():
        rows = section.items() if isinstance(section, dict) else ((None, row) for row in section)
        lines = [
            (f"{json.dumps(key, ensure_ascii=False)}: " if key is not None else "")
            + json.dumps(row, ensure_ascii=False)
            for key, row in rows
        ]
        start, end = ("{", "}") if isinstance(section, dict) else ("[", "]")
        sections.append(f'"{name}": {start}\n' + ",\n".join(lines) + f"\n{end}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    GOLDEN.write_text(dumped(texts()), encoding="utf-8")
