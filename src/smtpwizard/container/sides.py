"""What is compared: the host's report and the container's view, and what both were about. Data only."""

from __future__ import annotations

from typing import NamedTuple

from smtpwizard.container.compose import Compose
from smtpwizard.container.inside_view import InsideView
from smtpwizard.preset_schema import Provider
from smtpwizard.probe.results import Report, Step
from smtpwizard.settings import Settings


class Sides(NamedTuple):
    """What is compared."""

    report: Report
    """The host's."""
    view: InsideView
    settings: Settings
    """The file's, which the host has tried."""
    source: str
    """Where they were found, in words."""
    service: str
    project: Compose
    app_name: str
    provider: Provider | None = None

    @property
    def same_settings(self) -> bool:
        """Whether the container has the file's SMTP_ variables."""
        return not any(name.startswith("SMTP_") for name in self.view.differences)

    @property
    def host_reached(self) -> bool:
        """Whether the host came as far as a greeting."""
        greeting = self.report.step(Step.GREETING)
        return greeting is not None and greeting.status.value in ("passed", "warned")


def host_addresses(report: Report) -> tuple[str, ...]:
    """Return the addresses that the host has found, in the order in which they are tried."""
    step = report.step(Step.RESOLVE)
    return step.detail if step is not None and step.status.value in ("passed", "warned") else ()
