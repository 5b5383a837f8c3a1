"""CSS is inlined byte for byte as the app's engine does it, and a mail ends up as the app would send it."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from random import Random

import pytest

from smtpwizard.mail.messages import from_html, inline
from smtpwizard.mail.templates import folder, render, templates_dir
from support.apps import ABC
from support.mail_html import Documents
from support.mail_oracle import Handlebars

SAMPLES: dict[str, dict[str, str]] = tomllib.loads((templates_dir() / "contexts.toml").read_text("utf-8"))
HOSTILE = "<a href=\"x\" onclick='y'>`&amp;=\u00a0é\U0001f600</style></a>"
LIKE_THE_APPS = Path(__file__).with_name("checkout")
"""Templates of our own, built of what the app's are: compiled CSS with !important and @media, single quotes, &#160;."""

FILES = {"verification": "verification", "reset-password": "resetPassword", "invitation": "invitation"}


@pytest.fixture(scope="module")
def app_side() -> Iterator[Handlebars]:
    with Handlebars() as running:
        yield running


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return the root of something like a checkout of the app."""
    shutil.copytree(LIKE_THE_APPS, tmp_path / ABC.templates_path)
    return tmp_path


def contexts(mail: str) -> list[dict[str, str]]:
    return [SAMPLES[mail], {**SAMPLES[mail], "testCode": "418205"}, dict.fromkeys(SAMPLES[mail], HOSTILE)]


def test_the_engine_is_of_the_version_that_the_app_has() -> None:
    assert version("css-inline") == "0.14.1"


@pytest.mark.node
@pytest.mark.parametrize("mail", SAMPLES)
def test_each_shipped_mail_is_what_the_app_would_send(app_side: Handlebars, mail: str) -> None:
    source = (templates_dir() / f"{mail}.hbs").read_text("utf-8")
    for context in contexts(mail):
        assert inline(render(mail, context)) == app_side.inline(app_side.render(source, context))


@pytest.mark.node
@pytest.mark.parametrize("mail", SAMPLES)
def test_templates_built_as_the_apps_are_end_up_as_the_app_would_send_them(
    app_side: Handlebars, checkout: Path, mail: str
) -> None:
    directory = folder(checkout, ABC.templates_path)
    source = (LIKE_THE_APPS / f"{FILES[mail]}.hbs").read_text("utf-8")
    for context in contexts(mail):
        html = inline(render(mail, context, directory=directory))
        assert html == app_side.inline(app_side.render(source, context))
        assert "@media" not in html  # the app's engine, asked as the mailer asks it, drops what cannot be inlined


@pytest.mark.node
def test_generated_documents_are_inlined_the_same(app_side: Handlebars) -> None:
    documents = Documents(Random(2026))
    changed = 0
    for _ in range(600):
        html = documents.document()
        expected = app_side.inline(html)
        assert inline(html) == expected
        changed += "style=" in expected
    assert changed >= 400


@pytest.mark.node
def test_half_a_character_becomes_the_sign_that_node_writes_for_it(app_side: Handlebars) -> None:
    for html in ("<p>a\ud83db</p>", "<p>\udc00\ud83d\ud83d\ude00</p>", "<p title='\udfff'>x</p>\ud800"):
        assert inline(html) == app_side.inline(html)


def test_their_text_has_what_a_reader_sees_once_and_in_order(checkout: Path) -> None:
    directory = folder(checkout, ABC.templates_path)
    text = {mail: from_html(inline(render(mail, SAMPLES[mail], directory=directory))) for mail in SAMPLES}
    tail = "[Website]: https://example.org\nhelp@example.org\n"
    assert text["verification"] == f"[A key]\n\nYour number & nothing else:\n418205\n\n{tail}"
    assert text["invitation"] == f"[A key]\n\nPress the button:\nCome in:\n{SAMPLES['invitation']['link']}\n\n{tail}"
