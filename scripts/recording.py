"""Record a walk of the real program in a real terminal into docs/recording-{dark,light}.svg, as animated SVG, and
draw its first screen in a folder with another app's compose file.

Gmail refuses a wrong app password, takes the right one, and the diff is saved. Gmail is a server on the loopback that
answers with Gmail's words; keys, screens, files and times are what they are.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from support.internet import environment, gmail_server, internet
from support.terminal import Terminal
from support.terminal_picture import CELL, DARK, LIGHT, Colours, frame, rows_svg

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs"
ENV_FILE: Final = """\
# database
MYSQL_PRIMARY_URL=mysql://userfeedback@mysql:3306/userfeedback
# the app
ADMIN_WEB_URL=https://feedback.acme.example
"""
VAULTWARDEN: Final = """\
services:
  vaultwarden:
    image: vaultwarden/server:1.34.3
    environment:
      DOMAIN: https://vault.acme.example
    volumes:
      - ./data:/data
"""


class Recorder:
    """Keeps what stands on the terminal, and for how many seconds it is shown."""

    def __init__(self, terminal: Terminal, colours: Colours) -> None:
        self._terminal = terminal
        self._colours = colours
        self._frames: list[tuple[float, dict[int, str]]] = []

    def shows(self, seconds: float, *texts: str) -> None:
        """Wait for `texts` and until the screen is at rest, and keep it."""
        self._terminal.wait_for(*texts)
        before = ""
        while self._terminal.text != before:
            before = self._terminal.text
            self._terminal.read(0.7)
        self._terminal.screen.cursor.hidden = True
        self._frames.append((seconds, dict(rows_svg(self._terminal.screen, self._colours))))

    def svg(self) -> str:
        """Return all frames as one animated SVG. A row that stays as it is is drawn once for all its frames."""
        total = sum(seconds for seconds, _ in self._frames)
        starts = [sum(seconds for seconds, _ in self._frames[:place]) for place in range(len(self._frames) + 1)]
        spans: dict[tuple[int, int], str] = {}
        body = []
        for row in range(self._terminal.screen.lines):
            begin = 0
            for place in range(1, len(self._frames) + 1):
                drawn = self._frames[begin][1].get(row, "")
                if place < len(self._frames) and self._frames[place][1].get(row, "") == drawn:
                    continue
                if drawn:
                    name = spans.setdefault((begin, place), f"s{len(spans)}")
                    body.append(f'<g class="{name}" transform="translate(0 {row * CELL[1]:.0f})">{drawn}</g>')
                begin = place
        style = "".join(
            f".{name}{{animation:{name} {total:g}s step-end infinite}}"
            f"@keyframes {name}{{0%{{visibility:{'visible' if begin == 0 else 'hidden'}}}"
            + (f"{starts[begin] / total:.3%}{{visibility:visible}}" if begin else "")
            + (f"{starts[end] / total:.3%}{{visibility:hidden}}" if end < len(self._frames) else "")
            + "}"
            for (begin, end), name in spans.items()
            if (begin, end) != (0, len(self._frames))
        )
        return frame(self._terminal.screen, self._colours, "".join(body), style=style)


def walk(terminal: Terminal, recorder: Recorder) -> None:
    """Go through the walk and keep its screens."""
    recorder.shows(3.0, "by kind")
    typed = ""
    for letters, seconds in (("you@", 0.25), ("gmail", 0.25), (".com", 1.5)):
        terminal.press(letters)
        typed += letters
        recorder.shows(seconds, typed)
    terminal.press("enter")
    recorder.shows(2.0, "App password", "Enter Test")
    terminal.press("\x1b[200~abcd efgh ijkl mnop\x1b[201~")
    recorder.shows(1.2, "••••••••••••••••")
    terminal.press("enter")
    recorder.shows(6.0, "FAILS", "✗ auth")
    terminal.press("enter")
    recorder.shows(2.5, "! App password", "at auth: 535")
    terminal.press("\x1b[200~qrst uvwx yzab cdef\x1b[201~")
    recorder.shows(1.2, "Replaced")
    terminal.press("enter")
    recorder.shows(4.0, "WORKS", "✓ rcpt")
    terminal.press("enter")
    recorder.shows(4.5, "Enter Write .env", "+ SMTP_HOST")
    terminal.press("enter")
    recorder.shows(3.5, "written, read back")


def draw_other_app(colours: Colours, background: str) -> None:
    """Draw the first screen beside a compose file of Vaultwarden's."""
    with tempfile.TemporaryDirectory() as folder:
        home, shop = Path(folder, "home"), Path(folder, "shop")
        home.mkdir()
        shop.mkdir()
        (shop / "compose.yaml").write_text(VAULTWARDEN)
        with (
            internet(home, {}) as command,
            Terminal(command, cwd=shop, env=environment(home, COLORFGBG=background)) as terminal,
        ):
            recorder = Recorder(terminal, colours)
            recorder.shows(1.0, "Vaultwarden", "by kind")
            file = FOLDER / "screenshots" / "vaultwarden-80x24.svg"
            file.write_text(recorder.svg(), "utf-8")
    print(f"{file.relative_to(FOLDER.parent)}: {file.stat().st_size // 1024} KB")


def record(theme: str, colours: Colours, background: str) -> None:
    """Record the walk in one theme."""
    with tempfile.TemporaryDirectory() as folder:
        home, shop = Path(folder, "home"), Path(folder, "shop")
        home.mkdir()
        shop.mkdir()
        (shop / ".env").write_text(ENV_FILE)
        (shop / ".env").chmod(0o600)
        hosts = {"smtp.gmail.com": ("142.250.27.109", {587: gmail_server()})}
        with (
            internet(home, hosts) as command,
            Terminal(command, cwd=shop, env=environment(home, COLORFGBG=background)) as terminal,
        ):
            recorder = Recorder(terminal, colours)
            walk(terminal, recorder)
            file = FOLDER / f"recording-{theme}.svg"
            file.write_text(recorder.svg(), "utf-8")
    print(f"{file.relative_to(FOLDER.parent)}: {file.stat().st_size // 1024} KB")


if __name__ == "__main__":
    record("dark", DARK, "15;0")
    record("light", LIGHT, "0;15")
    draw_other_app(DARK, "15;0")
