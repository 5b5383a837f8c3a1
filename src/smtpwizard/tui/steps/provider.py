"""Step 1: one input filters the providers, by name, mail address or domain; the panel says what to have ready.

The focus stays in the input; the arrows move the list. A domain's MX is looked up in the background, never waited for.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList

from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind, Provider, ProviderStatus
from smtpwizard.tui.base import Command, Hint, StepPane
from smtpwizard.tui.style import plain, styled
from smtpwizard.tui.widgets.inputs import BarInput, PlainList, PlainText
from smtpwizard.tui.widgets.provider_panel import ProviderPanel, page
from smtpwizard.wizard import provider as model
from smtpwizard.wizard.provider import Found, Row


def prompt(row: Row) -> Content:
    """Return a row as shown: a heading muted, a blocked provider with the reason in words."""
    if row.provider is None:
        return styled(row.text, "$text-muted")
    name = styled(row.text, "", limit=60)
    if row.provider.status is ProviderStatus.BLOCKED:
        note = f"blocked: {row.provider.status_note}" if row.provider.status_note else "blocked"
        return Content.assemble(styled(row.text, "$text-muted", limit=60), "  ", styled(note, "$text-muted"))
    return Content.assemble(name, "  ", ("!", "$warning")) if row.provider.status is ProviderStatus.WARN else name


class ProviderStep(StepPane):
    """The list, the panel, and what is said of the typed text."""

    step_id = "provider"
    title = "Provider"
    HELP = (
        "Type part of a name (`gm`), a mail address or a domain. An address finds its provider by its domain, and else "
        "by asking DNS where the domain receives its mail (MX).\n\nUp and Down move in the list while you type; Tab "
        "goes to the regions where a provider has several; Shift+Down turns the page beside the list. Nothing is sent "
        "in this step but that DNS question.\n\nThe practice server needs no account and no network: the whole walk "
        "can be tried on it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move('cursor_up')", show=False),
        Binding("down", "move('cursor_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("ctrl+up,shift+up", "scroll_panel('up')", show=False),
        Binding("ctrl+down,shift+down", "scroll_panel('down')", show=False),
        Binding("ctrl+o", "open_page", "Open page", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Row, ...] = ()
        self._loaded = False
        self._last_clicked: int | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(classes="box -acting", id="choose") as box:
                box.border_title = "Provider"
                yield BarInput(placeholder="name, address or domain", id="query")
                yield PlainText(id="message")
                providers = PlainList(id="providers")
                providers.can_focus = False
                yield providers
                yield PlainText("…", id="count")
            yield ProviderPanel(id="panel")

    @property
    def model(self) -> model.ProviderStep:
        """The step without its screen."""
        return self.session.step(model.ProviderStep)

    # Contract of a step

    @property
    def primary(self) -> str:
        provider = self.provider
        if provider is None or self.model.refusal(provider):
            return ""
        return "Use a custom server" if provider.kind is Kind.CUSTOM else f"Use {provider.name}"

    def hints(self) -> tuple[Hint, ...]:
        return (Hint("ctrl+o", "Open page"),) if self.provider and page(self.provider) else ()

    def commands(self) -> tuple[Command, ...]:
        found = [Command("provider: Use practice server", "No account, no network: the whole walk", "practise")]
        if self.provider and page(self.provider):
            found.append(Command("provider: Open page", f"{page(self.provider)} (Ctrl+O)", "open_page"))
        return tuple(found)

    def first_focus(self) -> Widget | None:
        return self.query_one("#query")

    async def entered(self) -> None:
        if not self._loaded:
            # Behind the first frame: parsing the presets takes longer than drawing it.
            self.call_after_refresh(self._load)

    def _load(self) -> None:
        self._loaded = True
        self._fill()
        self.wizard.refresh_shell()

    # What is chosen

    @property
    def provider(self) -> Provider | None:
        """The highlighted provider."""
        index = self.query_one("#providers", OptionList).highlighted
        return self._rows[index].provider if index is not None and index < len(self._rows) else None

    @property
    def typed(self) -> str:
        """The text of the input, trimmed."""
        return self.query_one("#query", Input).value.strip()

    def action_primary(self) -> None:
        provider = self.provider
        if provider is None:
            return
        refusal = self.model.refusal(provider)
        if refusal:
            self._say(refusal, mark="✗")
        elif provider.kind is Kind.PRACTICE:
            self.action_practise()
        else:
            self.model.choose(provider, region=self.query_one(ProviderPanel).chosen, text=self.typed)
            self.wizard.next_step()

    def action_practise(self) -> None:
        """Start the practice server and go on with its settings."""
        self._say("Starting the practice server…")
        self._practise()

    @work(exclusive=True, group="practice", exit_on_error=False, description="start the practice server")
    async def _practise(self) -> None:
        try:
            await self.session.practise()
        except SmtpWizardError as error:
            self._say(error.message, mark="✗")
            return
        self._say("")
        self.wizard.next_step()

    def action_open_page(self) -> None:
        if self.provider and page(self.provider):
            self.wizard.action_open_page(page(self.provider))

    def action_move(self, action: str) -> None:
        """Move the list's highlight while the focus stays in the input."""
        getattr(self.query_one("#providers", OptionList), f"action_{action}")()

    def action_scroll_panel(self, direction: str) -> None:
        """Scroll the panel while the focus stays in the input."""
        getattr(self.query_one(ProviderPanel), f"scroll_page_{direction}")(animate=False)

    # The list

    @on(Input.Changed, "#query")
    def _typed(self) -> None:
        if self._loaded:
            self._fill()

    def _fill(self) -> None:
        """Fill the list for what is typed, best match first, and say where an address leads."""
        found = self.model.search(self.typed)
        if found.pending:
            self._look_up(found.pending)
        self._rows = self.model.rows(found)
        headings = frozenset(index for index, row in enumerate(self._rows) if row.provider is None)
        providers = self.query_one("#providers", PlainList)
        providers.fill([prompt(row) for row in self._rows], headings=headings, start=self._start_row(found.text))
        total = self.model.total
        count = f"{len(found.providers)} of {total}" if found.text else f"{total} providers"
        self.query_one("#count", PlainText).update(plain(count))
        broken = self.model.broken if not found.text else ""
        self._say(_with_key(found) or broken, mark="!" if broken else "")

    def _start_row(self, text: str) -> int | None:
        """Return the row to highlight: the best match, or without a text the provider that was chosen before."""
        chosen = self.state.provider
        if not text and chosen is not None:
            for index, row in enumerate(self._rows):
                if row.provider is not None and row.provider.id == chosen.id:
                    return index
        return next((index for index, row in enumerate(self._rows) if row.provider is not None), None)

    @work(exclusive=True, group="mx", exit_on_error=False, description="MX look-up")
    async def _look_up(self, domain: str) -> None:
        await asyncio.sleep(self.wizard.services.mx_delay)  # not for every letter of a domain that is being typed
        await self.model.look_up(domain)
        self._fill()

    def _say(self, text: str, *, mark: str = "") -> None:
        message = self.query_one("#message", PlainText)
        message.display = bool(text)
        message.update(styled(f"{mark} {text}".strip(), "$error" if mark == "✗" else "$text-muted", limit=200))

    @on(OptionList.OptionHighlighted, "#providers")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        provider = self._rows[event.option_index].provider
        if provider is not None:
            chosen = self.state.region if self.state.provider and self.state.provider.id == provider.id else None
            self.query_one(ProviderPanel).show(provider, region=chosen, domain=self.typed.rpartition("@")[2].lower())
        self.hints_changed()

    @on(ProviderPanel.Taken)
    def _region_taken(self) -> None:
        self.action_primary()

    @on(OptionList.OptionSelected, "#providers")
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        # The list never has the focus, so this is a click: the first one shows a provider, the next one takes it.
        if self._last_clicked == event.option_index:
            self.action_primary()
        self._last_clicked = event.option_index


def _with_key(found: Found) -> str:
    """Return what is said of the typed text, and what Enter does where that is not the row that is highlighted."""
    if found.match is not None and found.match.how == "mx":
        return f"{found.sentence} Enter uses it."
    if found.sentence and not found.providers and not found.pending:
        return f"{found.sentence} Enter: custom server."
    return found.sentence
