"""What a hostile server says stays text in both front ends, and the wizard stays usable."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from smtpwizard.cli.main import status
from smtpwizard.sandbox.scripted import ScriptedServer
from smtpwizard.tui.app import SmtpWizard
from support.hostile import SERVERS, SPICY, TIMEOUT, unsafe
from support.tui import screen_text, settled
from support.tui_steps import finished, scripted

LONG = (
    "greeting: octets without end",
    "greeting: a line of 1 MB",
    "ehlo: 16,000 keywords",
    "password: a login refused in 1 MB",
)


def links(app: SmtpWizard) -> set[str]:
    """Return the actions that a click on the screen would run."""
    strips = app.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    return {str(style.meta["@click"]) for style in styles if "@click" in style.meta}


@pytest.mark.parametrize("name", [*SPICY, *LONG])
async def test_the_test_step_shows_it_as_text_and_goes_on(name: str, tmp_path: Path) -> None:
    async with scripted(SERVERS[name], tmp_path, size=(100, 30), timeout=TIMEOUT) as (app, pilot, _):
        await finished(pilot, app)
        await settled(pilot)
        screens = [screen_text(app)]
        actions = links(app)
        await pilot.press("f4")
        await settled(pilot)
        screens.append(screen_text(app))
        actions |= links(app)
        await pilot.press("end")
        await settled(pilot)
        screens.append(screen_text(app))
        await pilot.press("escape")
        await settled(pilot)
        assert app.is_running
        assert app.return_code in (None, 0)
        assert app.state.step == "test"
        assert not unsafe("\n".join(screens))
        assert name not in SPICY or "[@click=app.quit]quit[/]" in "".join(screens)
        assert not any("quit" in action for action in actions)
        assert app.state.fresh_report is not None


@pytest.mark.parametrize("name", [*SPICY, *LONG])
def test_the_line_front_end_says_it_as_text(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedServer(SERVERS[name]) as server:
        (tmp_path / ".env").write_text(
            f"SMTP_HOST=127.0.0.1\nSMTP_PORT={server.port}\nSMTP_SENDER=a@b.example\nSMTP_USERNAME=a@b.example\n"
            "SMTP_PASSWORD=correct-horse-9\nSMTP_TLS=false\n"
        )
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
        code = status(["--plain", "--timeout", str(TIMEOUT)])
    said = capsys.readouterr().err
    assert code in (0, 2), said
    assert "The app: " in said
    assert "unexpected" not in said
    assert not unsafe(said)
    assert max(len(line) for line in said.splitlines()) <= 1200
