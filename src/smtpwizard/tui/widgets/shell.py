"""What stands around the steps: the header, the masked preview at the side, the keys at the bottom."""

from __future__ import annotations

from enum import Enum

from textual import events
from textual.content import Content
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from smtpwizard.presets.schema import Provider
from smtpwizard.secret import MASK, Secret, redact, redactor
from smtpwizard.settings import Settings
from smtpwizard.text import safe
from smtpwizard.tui.base import STEPS, Hint, StepPane, clickable, lines, styled
from smtpwizard.tui.widgets.inputs import PlainText
from smtpwizard.wizard.session import Session, TargetKind, WizardState


class Shell(Screen[None]):
    """The screen with the steps. It spares two passes over all widgets that Textual's own makes."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """A widget that takes or loses the focus draws itself: the rest stays as it is."""

    _styled = True
    """Whether every widget has its styles, as when the first frame is due: each got them when it was mounted."""

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        event.refresh_styles = event.refresh_styles and not self._styled
        self._styled = False


class StepMark(Enum):
    """What stands before a step: its shape, and the colour that goes with it."""

    DONE = ("✓", "$success")
    FAILED = ("✗", "$error")
    HERE = ("●", "$accent")
    AHEAD = ("·", "$text-muted")

    @property
    def shape(self) -> str:
        """One character."""
        return self.value[0]

    @property
    def style(self) -> str:
        """A theme variable."""
        return self.value[1]


def mark(state: WizardState, step_id: str) -> StepMark:
    """Return the mark of a step. The step that is shown is HERE whatever became of it."""
    shown = "provider" if state.step == "opening" else state.step
    if step_id == shown:
        return StepMark.HERE
    report = state.fresh_report
    if step_id == "test" and report is not None and not state.proved:
        return StepMark.FAILED
    return StepMark.DONE if _done(state, step_id) else StepMark.AHEAD


def outcome(session: Session, step_id: str) -> str:
    """Return what became of a step, in a few words; '' where there is nothing to say yet."""
    state = session.state
    settings = state.settings
    if step_id == "provider":
        return safe(state.provider.name, limit=40) if state.provider else ""
    if step_id == "settings":
        return safe(redact(settings.username or settings.shown_host, session.secrets()), limit=40)
    if step_id == "test":
        report = state.fresh_report
        if report is None:
            return ""
        verdict = report.app.verdict or ("server answers" if report.server_ok else "fails")
        return "app will work" if verdict == "works" else verdict
    if step_id == "save":
        if not state.is_saved:
            return ""
        return (
            "block handed over"
            if state.target.kind is TargetKind.PRINT
            else f"{safe(state.target.label, limit=20)} written"
        )
    accepted = len({mail.name for mail in state.sent if mail.message.accepted})
    if not accepted:
        return ""
    return f"{len(state.confirmed)} of {accepted} arrived" if state.confirmed else f"{accepted} accepted"


def _done(state: WizardState, step_id: str) -> bool:
    if step_id == "provider":
        return state.provider is not None
    if step_id == "settings":
        settings: Settings = state.settings
        return "settings" in state.visited and bool(settings.host and settings.port and settings.sender)
    if step_id == "test":
        return state.proved
    if step_id == "save":
        return state.is_saved
    return any(mail.message.accepted for mail in state.sent)


class ShellPart(PlainText):
    """Shows something of the session or of the step, drawn for the width it has; nothing where it has none."""

    def __init__(self, *, id: str, classes: str = "") -> None:  # noqa: A002  # Textual's own name
        super().__init__("", id=id, classes=classes)
        self._about: tuple[Session, StepPane | None] | None = None

    def refresh_from(self, session: Session, pane: StepPane | None) -> None:
        """Show what is known now, with the step that is shown."""
        self._about = (session, pane)
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def drawn(self, session: Session, pane: StepPane | None, width: int) -> Content:
        """Return what is to be shown in `width` cells."""
        raise NotImplementedError

    def _draw(self) -> None:
        # A part that is not shown is drawn when the terminal gets wide enough.
        if self._about is not None and self.content_size.width:
            self.update(self.drawn(*self._about, self.content_size.width), layout=False)


class HeaderLine(ShellPart):
    """One line: the app and the target at the left, the steps at the right, by name where there is room."""

    def drawn(self, session: Session, pane: StepPane | None, width: int) -> Content:
        target = safe(session.state.target.label, limit=30)
        app = safe(session.services.app.name, limit=40)
        named, numbered = steps(session.state, named=True), steps(session.state)
        full, short = f"{app} → {target}", f"→ {target}"
        why = f"{app} ({safe(session.services.app_why, limit=40)}) → {target}" if session.services.app_why else full
        for words, right in (
            (why, named),
            (full, named),
            (short, named),
            (full, numbered),
            (short, numbered),
            ("", numbered),
        ):
            gap = width - Content(words).cell_length - right.cell_length
            if gap >= 2:
                break
        return Content.assemble((words, "$text-muted"), " " * max(gap, 0), right)


def steps(state: WizardState, *, named: bool = False) -> Content:
    """Return the steps as they stand in the header, each a click away: `✓ Provider   2 Settings   3 Test`.

    Without room for names only the one that is shown has its title.
    """
    parts: list[Content] = []
    for number, (step_id, title) in enumerate(STEPS, 1):
        found = mark(state, step_id)
        if found is StepMark.HERE:
            part = Content.styled(f" {number} {title} ", "bold $background on $accent")
        elif found is StepMark.AHEAD:
            part = styled(f"{number} {title}" if named else str(number), "$text-muted")
        else:
            words = (f" {title}", "$text-muted") if named else ""
            part = Content.assemble((found.shape, f"bold {found.style}"), words)
        parts.append(clickable(part, "app.step", step_id))
    return Content("  ").join(parts)


def recap(session: Session) -> str:
    """Return what the steps before this one have brought, in one line: `Gmail · you@gmail.com · app will work`."""
    ids = [step_id for step_id, _ in STEPS]
    here = ids.index(session.state.step) if session.state.step in ids else 0
    return " · ".join(words for step_id in ids[:here] if (words := outcome(session, step_id)))


class Preview(ShellPart):
    """The lines as they will be written. Never shows a secret: a screenshot must not hold one."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id, classes="box")

    def drawn(self, session: Session, pane: StepPane | None, width: int) -> Content:
        self.border_title = styled(session.state.target.label, "", limit=28)
        if not session.state.settings.to_variables():
            return styled("The lines appear here once a provider is chosen.", "$text-muted")
        return masked_lines(session.state.settings, max(width, 20), session.provider)


def masked_lines(settings: Settings, width: int, provider: Provider | None = None) -> Content:
    """Return `NAME=value` lines cut to `width` cells, every secret as MASK."""
    # All the rules on settings: not before there is one to mask.
    from smtpwizard.lint.check import masked_settings, secrets

    shown: list[Content] = []
    masked, clear = masked_settings(settings, provider), redactor(secrets(settings, provider))
    for name, value in settings.to_variables().items():
        hidden = (isinstance(value, Secret) and value) or masked[name] == MASK
        text = MASK if hidden else safe(clear(masked[name]))
        room = width - len(name) - 1
        cut = text if len(text) <= room else text[: max(room - 1, 0)] + "…"
        shown.append(Content.assemble((f"{name}=", "$text-muted"), cut))
    return lines(*shown)


_HELP = Hint("f1", "Help")
_PALETTE = Hint("ctrl+p", "Commands")
_QUIT = Hint("ctrl+q", "Quit")
_MOST = 6


class KeyBar(ShellPart):
    """At most six keys, Help and Quit always among them; a click on one presses it.

    Textual's own Footer scrolls sideways without a mark when too long; this one leaves out the least wanted.
    """

    def drawn(self, session: Session, pane: StepPane | None, width: int) -> Content:
        own: list[Hint] = []
        if pane is not None:
            own = [Hint("enter", pane.primary, pane.primary_short)] if pane.primary else []
            own.extend(pane.hints())
        return Content("   ").join([_key(hint) for hint in fitting(tuple(own), width)])


def _key(hint: Hint) -> Content:
    label = safe(hint.label, limit=60)
    if hint.key == "enter":  # the one filled button of the screen
        button = Content.assemble((f" {hint.shown} ", "bold"), f"{label} ").stylize_before("$background on $accent")
        return clickable(button, "app.primary")
    return clickable(Content.assemble((hint.shown, "bold"), " ", (label, "$text-muted")), "app.press", hint.key)


def fitting(own: tuple[Hint, ...], width: int) -> tuple[Hint, ...]:
    """Return the hints that fit into `width` cells: `own` from the front, Help and Quit; Commands goes first."""
    chosen = [*own[: _MOST - 2], _HELP, _QUIT]
    if len(chosen) < _MOST:
        chosen.insert(-1, _PALETTE)
    if chosen[0].short and _length([*chosen[:2], _HELP, _QUIT]) > width:  # the second key matters as much
        chosen[0] = Hint(chosen[0].key, chosen[0].short)
    while _length(chosen) > width:
        droppable = [hint for hint in chosen[1:] if hint not in (_HELP, _QUIT)]
        if not droppable:
            break
        chosen.remove(_PALETTE if _PALETTE in droppable else droppable[-1])
    over = _length(chosen) - width
    first = chosen[0]
    if over > 0 and first not in (_HELP, _QUIT):
        # Help and Quit stay whole: who is lost needs them most.
        chosen[0] = Hint(first.key, first.label[: max(len(first.label) - over - 1, 1)] + "…")
    return tuple(chosen)


def _length(hints: list[Hint]) -> int:
    button = 2 * sum(hint.key == "enter" for hint in hints)
    return sum(len(hint.shown) + 1 + len(hint.label) for hint in hints) + button + 3 * (len(hints) - 1)
