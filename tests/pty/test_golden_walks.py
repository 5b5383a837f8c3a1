"""Walks in a real terminal, screen by screen, as golden text: keys as a terminal sends them, servers on the loopback.

`SMTPWIZARD_WRITE_GOLDEN=1 pytest tests/pty/test_golden_walks.py` writes the screens anew; look at them before they are
kept. Times of day, days left and dates are masked, each stage takes 12 ms; nothing else is made up.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from smtpwizard.sandbox.scripted import Script, Stage, reply
from support.internet import environment, gmail_server, internet
from support.terminal import Terminal
from support.terminal_picture import DARK, LIGHT, picture

pytestmark = [pytest.mark.pty]

GOLDEN: Final = Path(__file__).with_name("golden")
WRITE: Final = bool(os.environ.get("SMTPWIZARD_WRITE_GOLDEN"))
PICTURES: Final = os.environ.get("SMTPWIZARD_PICTURES", "")
"""A folder for a picture of each screen, to be looked at."""

USUAL: Final = (80, 24)
SIZES: Final = (USUAL, (120, 36), (60, 20))

_MASKS: Final = (
    (re.compile(r"\b\d\d:\d\d\b"), lambda found: "##:##"),
    (re.compile(r"\b\d+(?= days left)"), lambda found: "#" * len(found[0])),
    (re.compile(r"\b20\d\d-\d\d-\d\d-\d{6}\b"), lambda found: "#" * len(found[0])),
)


def steady(screen: str) -> str:
    """Return a screen without what differs from run to run."""
    for mask, put in _MASKS:
        screen = mask.sub(put, screen)
    return screen


class Walk:
    """A walk under way: presses keys, and compares each screen that it is shown with the golden one."""

    def __init__(self, name: str, terminal: Terminal) -> None:
        self._file = GOLDEN / f"{name}.txt"
        self._name = name
        self._terminal = terminal
        known = self._file.read_text("utf-8") if self._file.exists() and not WRITE else ""
        parts = re.split(r"^=== (.+) ===\n", known, flags=re.MULTILINE)[1:]
        self._golden = dict(zip(parts[::2], parts[1::2], strict=True))
        self._seen: dict[str, str] = {}

    def press(self, *keys: str) -> None:
        """Type keys."""
        self._terminal.press(*keys)

    def sees(self, title: str, *texts: str, sizes: tuple[tuple[int, int], ...] = (USUAL,)) -> None:
        """Wait for `texts`, then for the golden screen of that title in each size; the last one is the usual."""
        self._terminal.wait_for(*texts)
        for columns, rows in sizes:
            if (columns, rows) != USUAL:
                self._terminal.resize(columns, rows)
            self._compare(f"{title}, {columns}x{rows}")
        if sizes[-1] != USUAL:
            self._terminal.resize(*USUAL)
            self._terminal.wait_for(*texts)

    def _compare(self, title: str) -> None:
        wanted, last = self._golden.get(title, ""), ""
        deadline = monotonic() + 30
        while self._screen() != (last if WRITE else wanted) and monotonic() < deadline:
            last = self._screen()
            self._terminal.read(1.0 if WRITE else 0.05)
        self._seen[title] = self._screen()
        if PICTURES:
            colours = LIGHT if os.environ.get("COLORFGBG", "").endswith("15") else DARK
            file = Path(PICTURES) / f"{self._name} {title}.svg".replace(" ", "-").replace(",", "")
            file.write_text(picture(self._terminal.screen, colours))
        if not WRITE and self._seen[title] != wanted:
            rows = difflib.unified_diff(
                wanted.splitlines(), self._seen[title].splitlines(), "golden", "seen", lineterm=""
            )
            pytest.fail(f"{self._file.name}: {title}\n" + "\n".join(rows))

    def _screen(self) -> str:
        return steady(self._terminal.text).rstrip("\n") + "\n"

    def end(self) -> None:
        """Say that all golden screens were seen, or keep those that were."""
        if WRITE:
            GOLDEN.mkdir(exist_ok=True)
            text = "".join(f"=== {title} ===\n{screen}" for title, screen in self._seen.items())
            self._file.write_text(text, "utf-8")
        assert [*self._seen] == [*self._golden] or WRITE


SENDGRID: Final = (
    Script(starttls=True, keywords=("SIZE 31457280",))
    .but(Stage.GREETING, reply("220 SG ESMTP service ready at geopod-ismtpd-3"))
    .but(
        Stage.DOT,
        reply(
            "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is "
            "resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender "
            "Identity requirements"
        ),
    )
)
RELAY: Final = Script(mechanisms=())
HOSTS: Final = {
    "smtp.gmail.com": ("142.250.27.109", {587: gmail_server()}),
    "smtp.sendgrid.net": ("159.183.160.12", {587: SENDGRID}),
    "mail.acme.example": ("10.0.0.25", {25: RELAY, 587: RELAY}),
    "example.com": ("192.0.2.1", {}),
}

WRONG_ENV: Final = """\
# settings of the old mailer
SMTP_HOST="smtp.gmail.com "
SMTP_PORT=465
SMTP_USER=you@gmail.com
SMTP_PASS=abcdefghijklmnop
SMTP_FROM=ACME <you@gmail.com>
SMTP_TLS=False
ADMIN_WEB_URL=feedback.acme.example/
"""
COMPOSE: Final = """\
services:
  mysql:
    image: mysql:8.0
  smtp4dev:
    image: rnwood/smtp4dev:v3
  api:
    image: line/abc-user-feedback-api
    environment:
      - JWT_SECRET=0123456789abcdef
      - SMTP_HOST=mail.acme.example
      - SMTP_PORT=25
      - SMTP_SENDER=noreply@acme.example
"""


def paste(text: str) -> str:
    """Return what a terminal sends for a paste (bracketed, as xterm does it)."""
    return f"\x1b[200~{text}\x1b[201~"


def gmail(walk: Walk) -> None:
    walk.sees("first screen", "Gmail", "by kind", sizes=SIZES)
    walk.press("you@gmail.com")
    walk.sees("an address typed", "Enter Use Gmail")
    walk.press("enter")
    walk.sees("settings", "App password", "Enter Test", sizes=SIZES)
    walk.press(paste("abcd efgh ijkl mnop"))
    walk.sees("a password pasted", "••••••••••••••••")
    walk.press("enter")
    walk.sees("refused", "✗ auth", sizes=SIZES)
    walk.press("enter")
    walk.sees("back in settings", "535", sizes=SIZES)
    walk.press(paste("qrstuvwxyzabcdef"))
    walk.sees("replaced", "••••••••••••••••")
    walk.press("enter")
    walk.sees("works", "✓ auth", sizes=SIZES)
    walk.press("enter")
    walk.sees("save", "Enter Write .env", sizes=SIZES)
    walk.press("enter")
    walk.sees("written", "Enter Send a mail")


def sendgrid(walk: Walk) -> None:
    walk.sees("first screen", "Enter Use SendGrid")
    walk.press("enter")
    walk.sees("settings", "API key", sizes=SIZES)
    walk.press(paste("SG.abcdefghijklmnopqrstuv.wxyz0123456789abcdefghijklmnopqrstuvwxyz01234"), "tab")
    walk.press("noreply@acme.example", "enter")
    walk.sees("works as far as it can be seen", "✓ rcpt", sizes=SIZES)
    walk.press("enter")
    walk.sees("save", "Enter Write .env")
    walk.press("enter")
    walk.sees("written", "Enter Send a mail")
    walk.press("enter")
    walk.sees("send", "Enter Send", sizes=SIZES)
    walk.press("me@example.com", "enter")
    walk.sees("sender not verified", "550", sizes=SIZES)


def relay(walk: Walk) -> None:
    walk.sees("first screen", "Enter Use SendGrid")
    walk.press("mail.acme.example")
    walk.sees("a server typed", "mail.acme.example", "Enter ", sizes=SIZES)
    walk.press("enter")
    walk.sees("settings", "Host", "mail.acme.example", sizes=SIZES)
    walk.press("noreply@acme.example")
    walk.sees("filled in", "noreply@acme.example")
    walk.press("enter")
    walk.sees("works", "✓ rcpt", sizes=SIZES)


def wrong_env(walk: Walk) -> None:
    walk.sees("what was found", "F6 Repair all", sizes=SIZES)
    walk.press("f6")
    walk.sees("repaired", "Enter Test it", sizes=SIZES)
    walk.press("enter")
    walk.sees("tested", "✗ connect", "Enter ", sizes=SIZES)


def compose(walk: Walk) -> None:
    walk.sees("what was found", "docker-compose.yml", sizes=SIZES)
    walk.press("enter")
    walk.sees("tested", "✓ rcpt", "Enter Save")
    walk.press("enter")
    walk.sees("save", "(•) docker-compose.yml service api", sizes=SIZES)
    walk.press("up")
    walk.sees("another target", "beats the file", sizes=SIZES)


def offline(walk: Walk) -> None:
    walk.sees("first screen", "Enter Use SendGrid")
    walk.press("you@gmail.com", "enter")
    walk.sees("settings", "App password")
    walk.press(paste("abcdefghijklmnop"), "enter")
    walk.sees("offline", "✗ resolve", sizes=SIZES)


WALKS: Final[dict[str, Callable[[Walk], None]]] = {
    "gmail-wrong-password-then-right": gmail,
    "sendgrid-sender-not-verified": sendgrid,
    "company-relay-without-login": relay,
    "existing-wrong-env": wrong_env,
    "compose-with-hard-coded-service": compose,
    "offline": offline,
}
FILES: Final = {
    "existing-wrong-env": (".env", WRONG_ENV),
    "compose-with-hard-coded-service": ("docker-compose.yml", COMPOSE),
}


@pytest.mark.parametrize("name", WALKS)
def test_the_screens_of_a_walk_are_the_golden_ones(name: str, tmp_path: Path) -> None:
    home, shop = tmp_path / "home", tmp_path / "shop"
    home.mkdir()
    shop.mkdir()
    if name in FILES:
        file, text = FILES[name]
        (shop / file).write_text(text)
    colours = {"COLORFGBG": os.environ.get("COLORFGBG", "15;0")}
    with (
        internet(home, {} if name == "offline" else HOSTS, steady=True) as command,
        Terminal(command[3:], cwd=shop, env=environment(home, **colours), warm=command[2]) as terminal,
    ):
        walk = Walk(name, terminal)
        WALKS[name](walk)
        walk.end()
