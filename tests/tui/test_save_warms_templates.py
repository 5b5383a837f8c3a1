"""pybars costs 0.4–0.6 s at import: loaded on the Save step, in a thread of its own, and at no other time before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import asyncio, sys, threading, time
from importlib.abc import MetaPathFinder

importers = []

class Watch(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "pybars":
            importers.append(threading.current_thread() is threading.main_thread())
        return None

sys.meta_path.insert(0, Watch())

from pathlib import Path
from smtpwizard.settings import Settings
from smtpwizard.tui.app import SmtpWizard
from smtpwizard.wizard.session import Services
from smtpwizard.wizard.session import Target, WizardState

async def main():
    services = Services()
    settings = Settings(services.app, host="127.0.0.1", port="1", sender="a@acme.example")
    app = SmtpWizard(services, WizardState(settings=settings, target=Target(path=Path(".env"))), start="test")
    async with app.run_test() as pilot:
        deadline = time.monotonic() + 20
        while app.state.fresh_report is None and time.monotonic() < deadline:
            await pilot.pause()
        print("after the test", importers)
        app.go("save")
        while "pybars" not in sys.modules and time.monotonic() < deadline:
            await pilot.pause()
        print("on save", importers)

asyncio.run(main())
"""


def test_pybars_is_loaded_on_save_and_never_by_the_thread_that_draws(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == ["after the test []", "on save [False]"], done.stderr
