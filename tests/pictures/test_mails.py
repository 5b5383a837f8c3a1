"""The three mails as a browser draws them: a desktop's and a phone's width, light and dark."""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.mail.messages import inline
from smtpwizard.mail.templates import render, templates_dir
from support.chromium import Chromium, Look
from support.node import ROOT
from support.png import Picture, read

MEASURE = Path(__file__).with_name("measure.js").read_text("utf-8")
SAMPLES: dict[str, dict[str, str]] = tomllib.loads((templates_dir() / "contexts.toml").read_text("utf-8"))
MAILS = tuple(SAMPLES)
LOOKS = tuple(Look(width, dark) for width in (600, 360) for dark in (False, True))
CODE = "418205"
LONG = "https://feedback.a-rather-long-name-of-a-company.example.com/some/deeper/path" + "/x" * 60
CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3."""
FINGER = 44
"""CSS pixels that a finger hits: Apple's Human Interface Guidelines, and WCAG 2.2, 2.5.5."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as running:
        yield running


def mail(name: str, **values: str) -> str:
    """Return the mail as it is sent, with a test code where it has a place for one."""
    code = {} if name == "verification" else {"testCode": CODE}
    return inline(render(name, {**SAMPLES[name], **code, **values}))


@functools.cache
def measured(browser: Chromium, html: str, look: Look) -> dict[str, Any]:
    """Return what the browser says of a mail: asked once for all tests."""
    browser.show(html, look)
    found: dict[str, Any] = browser.evaluate(MEASURE)
    assert found["width"] == look.width
    return found


def lightness(picture: Picture, box: tuple[int, int, int, int]) -> float:
    """Return the mean of a box's pixels, 0 black, 1 white."""
    colours = picture.colours(*box)
    return sum(sum(colour) for colour in colours) / (len(colours) * 3 * 255)


DOCS = ROOT / "docs" / "screenshots"
IN_DOCS = {
    "mail-verification.png": ("verification", Look(600, False)),
    "mail-reset-password-dark.png": ("reset-password", Look(600, True)),
}

every_look = pytest.mark.parametrize("look", LOOKS, ids=str)
every_mail = pytest.mark.parametrize("name", MAILS)


@every_look
@every_mail
def test_every_word_stands_out_from_its_ground(browser: Chromium, name: str, look: Look) -> None:
    texts = measured(browser, mail(name), look)["texts"]
    assert len(texts) >= 6
    assert [item for item in texts if item["contrast"] < CONTRAST] == []
    assert min(item["size"] for item in texts) >= 14


@every_look
@every_mail
def test_nothing_sticks_out_at_the_side_however_long_the_address(browser: Chromium, name: str, look: Look) -> None:
    long = {"baseUrl": LONG} | ({} if name == "verification" else {"link": LONG + "?code=1&email=" + "x" * 64})
    for html in (mail(name), mail(name, **long)):
        found = measured(browser, html, look)
        assert found["scrollWidth"] == look.width
        assert all(item["box"]["left"] >= 0 and item["box"]["right"] <= look.width for item in found["texts"])


@every_look
def test_the_code_is_one_large_line_in_the_middle(browser: Chromium, look: Look) -> None:
    found = measured(browser, mail("verification"), look)
    [code] = [item for item in found["texts"] if item["text"] == CODE]
    assert found["codeFont"] >= 32
    assert code["box"]["height"] < 2 * found["codeFont"]
    inside = found["code"]
    assert inside["left"] < code["box"]["left"] < code["box"]["right"] < inside["right"]
    spacing = 8  # which the browser puts behind the last digit too
    middle = (code["box"]["left"] + code["box"]["right"] - spacing) / 2
    assert abs(middle - (inside["left"] + inside["right"]) / 2) <= 1


@every_look
@pytest.mark.parametrize("name", ["reset-password", "invitation"])
def test_the_button_is_as_large_as_a_finger_and_wide_on_a_phone(browser: Chromium, name: str, look: Look) -> None:
    found = measured(browser, mail(name), look)
    button, card = found["button"], found["cardBox"]
    assert button["height"] >= FINGER
    assert button["width"] >= 3 * FINGER
    assert card["left"] < button["left"] < button["right"] < card["right"]
    if look.width == 360:
        assert button["width"] == card["width"] - 2 * 20


@every_look
@every_mail
def test_the_test_code_stands_in_the_mail(browser: Chromium, name: str, look: Look) -> None:
    seen = [item["text"] for item in measured(browser, mail(name), look)["texts"]]
    assert CODE in seen
    without = measured(browser, mail(name, testCode=""), look)["texts"]
    assert (CODE in [item["text"] for item in without]) == (name == "verification")


@every_look
@every_mail
def test_it_says_its_language_and_loads_nothing_and_hides_the_line_for_the_inbox(
    browser: Chromium, name: str, look: Look
) -> None:
    found = measured(browser, mail(name), look)
    assert found["lang"] == "en"
    assert found["loads"] == []
    assert found["preheader"] is False
    assert set(found["tables"]) == {"presentation"}


@every_mail
@pytest.mark.parametrize("width", [600, 360])
def test_the_picture_is_light_by_day_and_dark_by_night(browser: Chromium, name: str, width: int) -> None:
    shown = {}
    for dark in (False, True):
        look = Look(width, dark)
        found = measured(browser, mail(name), look)
        browser.show(mail(name), look)
        picture = read(browser.picture())
        assert picture.width == width
        assert picture.rgb(2, 2) == tuple(found["page"])
        inside = found["cardBox"]
        middle = (int(inside["left"]) + 16, int(inside["top"]) + 8)
        assert picture.rgb(*middle) == tuple(found["card"])
        whole = (0, 0, width, min(picture.height, int(inside["bottom"])))
        shown[dark] = (picture, lightness(picture, (0, 0, width, 20)), len(picture.colours(*whole)))
    assert shown[False][1] > 0.9
    assert shown[True][1] < 0.2
    assert all(colours > 20 for _, _, colours in shown.values())  # letters are drawn: their edges have many shades


@pytest.mark.parametrize("file", IN_DOCS)
def test_the_docs_show_the_mails_of_today(browser: Chromium, file: str) -> None:
    """With SMTPWIZARD_WRITE_DOCS=1 the picture is made anew. Letters differ from machine to machine; grounds do not."""
    name, look = IN_DOCS[file]
    found = measured(browser, mail(name), look)
    if os.environ.get("SMTPWIZARD_WRITE_DOCS") == "1":
        browser.show(mail(name), look)
        (DOCS / file).write_bytes(browser.picture(look.width, int(found["cardBox"]["bottom"]) + 40))
    shown = read((DOCS / file).read_bytes())
    assert shown.width == look.width
    assert shown.rgb(2, 2) == tuple(found["page"])
    assert shown.rgb(int(found["cardBox"]["left"]) + 16, int(found["cardBox"]["top"]) + 8) == tuple(found["card"])
    assert (DOCS / file).stat().st_size <= 75_000
