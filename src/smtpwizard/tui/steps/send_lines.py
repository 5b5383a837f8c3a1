"""The lower half of the Send step in words: what has arrived, what is being looked into, what to do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from smtpwizard.preset_schema import Kind
from smtpwizard.tui import arrivals
from smtpwizard.tui.state import Arrived, Proof, SentMail
from smtpwizard.tui.steps.send_arrival import spaced
from smtpwizard.tui.widgets.arrival import ASKED
from smtpwizard.tui.widgets.paragraphs import Paragraph

if TYPE_CHECKING:
    from smtpwizard.tui.state import WizardState

_STYLES: Final = {"✓": "$text-success", "!": "$text-warning", "✗": "$text-error bold", "–": "$foreground-muted"}
_MUTED: Final = "$foreground-muted"

_REHEARSED: Final = "Elsewhere you type the code; try it:"
_LOOK: Final = (
    "Nothing there? Look in Spam. F6 looks up the sender's domain, F8 reads a mailbox, F9 what the app itself says."
)
_CATCHES: Final = "catches mail and delivers none of it: that a real server delivers is not proved."


def arrival_lines(state: WizardState) -> Iterator[Paragraph]:
    """Yield a line for each mail that is known to have arrived, where that was seen, and what it means."""
    known = {item.message_id: item for item in state.arrived}
    shown = [(mail, known[mail.message.id]) for mail in arrivals.best(state.sent, known) if mail.message.id in known]
    width = max((len(mail.title) for mail, _ in shown), default=0)
    for mail, item in shown:
        symbol, words = _seen(item, mail)
        yield Paragraph(words, symbol, _STYLES[symbol], name=f"{mail.title.ljust(width)}  ")
    for inbox, by in dict.fromkeys((item.inbox, item.by) for _, item in shown):
        if by is Proof.CATCHER:
            yield Paragraph(f"{inbox} {_CATCHES}", indent=2, style=_MUTED)
        elif by is Proof.MAILBOX:
            yield Paragraph(f"Seen in {inbox}.", indent=2, style=_MUTED)
        elif by is Proof.PRACTICE:
            yield Paragraph("Seen in the practice server's inbox.", indent=2, style=_MUTED)
    yield from _judged([item for _, item in shown])


def watch_lines(watched: str, unseen: str, seconds: float) -> Iterator[Paragraph]:
    """Yield which inbox is being looked into, or why nothing was seen."""
    if watched:
        yield Paragraph(f"looking into {watched}, for {seconds:.0f} s at most", "›", "$text-primary bold", _MUTED)
    elif unseen:
        yield Paragraph(unseen, "!", _STYLES["!"])


def asked(state: WizardState) -> str:
    """Return the words before the field of the code; '' where there is nothing left to ask."""
    if arrivals.awaited(state.sent, state.arrived):
        return ASKED
    rehearsed = [item for item in state.arrived if item.by is Proof.PRACTICE]
    return _REHEARSED if rehearsed and _practising(state) else ""


def hint(state: WizardState) -> str:
    """Return where to look while nothing has arrived."""
    return "" if state.arrived or _practising(state) else _LOOK


def _practising(state: WizardState) -> bool:
    return state.provider is not None and state.provider.kind is Kind.PRACTICE


def _seen(item: Arrived, mail: SentMail) -> arrivals.Word:
    """Return the words for one mail, the inbox left out: it is named once, below."""
    code = f", code {spaced(mail.code)}" if mail.code else ""
    if item.by is Proof.PRACTICE:
        return arrivals.Word("✓", f"arrived{code}")
    if item.by is Proof.CATCHER:
        return arrivals.Word("✓", f"caught{code}")
    if item.by is Proof.MAILBOX:
        return arrivals.place(item)
    return arrivals.words(item)


def _judged(shown: list[Arrived]) -> Iterator[Paragraph]:
    """Yield what place and receiver's judgement mean, each sentence once for all the mails that have it."""
    seen = [item.arrival for item in shown if item.by is Proof.MAILBOX and item.arrival is not None]
    if not seen:
        return
    from smtpwizard.inbox.words import words

    sentences = [line for arrival in seen for line in words(arrival.authentication, arrival.place)]
    for sentence in dict.fromkeys(sentences):
        yield Paragraph(sentence, indent=2, style=_MUTED)
