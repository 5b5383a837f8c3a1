"""What the walk to the Send step loads: nothing that only a sent mail, or one that is missing, needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LATER = (
    "dns",
    "http.client",
    "smtpwizard.mailbox.watch",
    "smtpwizard.dns.check",
    "smtpwizard.docker.logs",
    "smtpwizard.diagnosis.explain",
)

PROGRAM = f"""
import asyncio, json, sys
from smtpwizard.apps.loading import shipped
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.session import Services
from smtpwizard.wizard.session import WizardState

async def main():
    settings = Settings(shipped(), host="smtp.acme.example", port="587", sender="noreply@acme.example")
    steps = ("provider", "settings", "test", "save")
    app = SmtpWizard(Services(), WizardState(settings=settings, visited=steps), start="settings")
    loaded = {{}}
    async with app.run_test() as pilot:
        for step in ("settings", "save", "send"):
            app.go(step)
            while app.state.step != step:
                await pilot.pause()
            await pilot.pause()
            loaded[step] = [name for name in {LATER!r} if name in sys.modules]
    print(json.dumps(loaded))

asyncio.run(main())
"""


def test_no_step_loads_inboxes_name_servers_or_docker_before_they_are_asked(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"settings": [], "save": [], "send": []}
