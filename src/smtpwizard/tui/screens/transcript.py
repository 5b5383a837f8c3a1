"""F4: the dialogue with the server, secrets masked; to copy or to keep in a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from smtpwizard.probe.results import Report
from smtpwizard.tui.content import plain
from smtpwizard.tui.screens.framed import FramedScreen
from smtpwizard.tui.widgets.plain_text import PlainText

if TYPE_CHECKING:
    from smtpwizard.tui.app import SmtpWizard

FILE_NAME = "smtpwizard-transcript.txt"


class TranscriptScreen(FramedScreen):
    """The transcript of one report. C copies it, W writes it into a file, Escape closes."""

    DEFAULT_CSS = "TranscriptScreen > VerticalScroll { max-width: 120; height: 90%; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f4,q", "dismiss", "Close", show=False),
        Binding("c,ctrl+y", "copy", "Copy", show=False),
        Binding("w", "write", "Write a file", show=False),
    ]

    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "Transcript, secrets masked"
            box.border_subtitle = "C Copy   W Write to a file   Esc Close"
            yield PlainText(self._shown())

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Hand the transcript to the terminal's clipboard."""
        cast("SmtpWizard", self.app).copy(self._report.transcript_text(), what="Transcript")

    def action_write(self) -> None:
        """Write it into the current folder, readable by its owner alone; an older one of that name is replaced."""
        path = Path.cwd() / FILE_NAME
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(self._report.transcript_text() + "\n")
        except OSError as error:
            self.notify(f"{path} cannot be written: {error.strerror}.", severity="error", markup=False)
            return
        self.notify(f"{path} written.", markup=False)

    def _shown(self) -> Content:
        if not self._report.transcript:
            return Content.styled("There was no dialogue: no connection came about.", "$foreground-muted")
        rows = []
        for item in self._report.transcript:
            ours = item.sender == "client"
            line = plain(item.line, newlines=False)
            rows.append(
                Content.styled("C  " if ours else "S  ", "$text-primary bold" if ours else "$foreground-muted") + line
            )
        return Content("\n").join(rows)
