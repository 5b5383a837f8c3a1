"""The app's three mails, rendered and sent over one connection to a practice server in another process.

Each run is a process of its own, so that it pays what an operator's first send pays: the templates are compiled in it.
The import of pybars is measured apart: the wizard makes it in a thread while the Save step is read.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # when run by itself

from smtpwizard.mail.messages import build
from smtpwizard.probe.engine import Probe
from smtpwizard.probe.verdict import Options
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import OutgoingMessage
from support.apps import ABC

SERVER: Final = """
import json, sys
from smtpwizard.sandbox.server import PracticeServer
with PracticeServer() as server:
    variables = server.settings().to_variables() | {"SMTP_PASSWORD": server.password.reveal()}
    print(json.dumps({"variables": variables, "ca_pem": server.ca_pem}), flush=True)
    sys.stdin.read()
"""
Row = Callable[[str, str, str], None]


def main(runs: int, row: Row) -> None:
    """Measure `runs` processes after one that fills caches, and hand the medians to `row`."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        told = server.stdout.readline()
        measured = [_process(told) for _ in range(runs + 1)][1:]
        server.stdin.close()
    medians = {name: statistics.median(item[name] for item in measured) for name in measured[0]}
    row("import of pybars, before the first mail is rendered", f"{medians['import']:.0f} ms", "")
    for name, title in (("first", "the first three mails, rendered and sent"), ("next", "the next three mails")):
        render, send = medians[f"{name} render"], medians[f"{name} send"]
        row(title, f"{medians[name]:.0f} ms", "aim ≤ 300 ms")
        row("  … rendering, and sending", f"{render:.0f} + {send:.0f} ms", f"{render / (render + send):.0%} rendering")


def _process(told: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--child"], input=told, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"sending the three mails failed: {done.stderr[-500:]}")
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _child(told: dict[str, Any]) -> dict[str, float]:
    """Render and send twice, and return milliseconds."""
    from smtpwizard.mail.templates import warm

    started = time.perf_counter()
    warm()
    measured = {"import": (time.perf_counter() - started) * 1000}
    settings = Settings.from_variables(ABC, told["variables"] | {"ADMIN_WEB_URL": "https://feedback.example.com"})
    app = ABC
    for name in ("first", "next"):
        began = time.perf_counter()
        mails = [build(mail, app, settings, "reader@example.net") for mail in app.mails]
        rendered = time.perf_counter()
        messages = [OutgoingMessage(mail.message_id, mail.data, mail.to) for mail in mails]
        probe = Probe(settings, Options(extra_ca_pem=told["ca_pem"]), message=messages)
        for _ in probe.steps_blocking():
            pass
        sent = time.perf_counter()
        answered = probe.report().messages
        if len(answered) != len(mails) or not all(message.accepted for message in answered):
            raise SystemExit("the practice server did not take all mails")
        measured[name] = (sent - began) * 1000
        measured[f"{name} render"] = (rendered - began) * 1000
        measured[f"{name} send"] = (sent - rendered) * 1000
    return measured


def _show(name: str, value: str, aim: str = "") -> None:
    sys.stdout.write(f"  {name:<52}{value:>14}   {aim}\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--child"]:
        sys.stdout.write(json.dumps(_child(json.loads(sys.stdin.readline()))))
    else:
        main(11, _show)
