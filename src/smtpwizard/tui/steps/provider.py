"""Step 1: one input filters the providers, by name, mail address or domain; the panel says what to have ready.

The focus stays in the input; the arrows move the list. A domain's MX is looked up in the background, never waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList

from smtpwizard.presets.schema import Kind, Provider, ProviderStatus
from smtpwizard.tui.steps.base import Command, Hint, StepPane
from smtpwizard.tui.style import plain, styled
from smtpwizard.tui.widgets.inputs import BarInput, PlainList, PlainText
from smtpwizard.tui.widgets.provider_panel import ProviderPanel, page
from smtpwizard.wizard.provider import HELP, broken_presets, domain_in, said

if TYPE_CHECKING:
    from smtpwizard.presets.matching import Match


HEADINGS: Final = {
    Kind.RELAY: "Relays",
    Kind.MAILBOX: "Mailboxes",
    Kind.HOSTING: "Company and hosting",
    Kind.TEST: "Test inboxes",
    Kind.LOCAL: "Local servers",
    Kind.PRACTICE: "Practice",
    Kind.CUSTOM: "Another server",
}
"""The groups, in the order in which the whole list shows them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A provider, or a heading where `provider` is None."""

    provider: Provider | None
    text: str


def rows(found: Sequence[Provider], custom: Provider, *, ranked: bool) -> tuple[Row, ...]:
    """Group `found` under headings, `custom` last.

    The whole list keeps the order of HEADINGS; a ranked one begins with the group of its best match, so that the first
    row is always the best.
    """
    groups: dict[Kind, list[Provider]] = {} if ranked else {kind: [] for kind in HEADINGS}
    for provider in (*found, custom):
        groups.setdefault(provider.kind, []).append(provider)
    result: list[Row] = []
    for kind, members in groups.items():
        if members:
            result.append(Row(None, HEADINGS[kind]))
            result.extend(Row(member, member.name) for member in members)
    return tuple(result)


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
    """The list, the panel, and how a typed text becomes a provider."""

    step_id = "provider"
    title = "Provider"
    HELP = HELP
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
        self._by_mx: dict[str, Match | None] = {}
        """Domain → what its MX says; a look-up that failed counts as no answer."""
        self._loaded = False
        self._last_clicked: int | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(classes="box -acting", id="choose") as box:
                box.border_title = "Provider"
                yield BarInput(placeholder="name, address or domain", id="query")
                yield PlainText(id="said")
                providers = PlainList(id="providers")
                providers.can_focus = False
                yield providers
                yield PlainText("…", id="count")
            yield ProviderPanel(id="panel")

    # Contract of a step

    @property
    def primary(self) -> str:
        provider = self.provider
        if provider is None or provider.status is ProviderStatus.BLOCKED:
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
        if provider.status is ProviderStatus.BLOCKED:
            self._say(f"{provider.name} {provider.status_note or 'takes no password'}. Choose another one.", mark="✗")
            return
        if provider.kind is Kind.PRACTICE:
            self.action_practise()
            return
        from smtpwizard.wizard.questions import begin

        state = self.state
        address = self.typed if "@" in self.typed and domain_in(self.typed) else ""
        region = self.query_one(ProviderPanel).chosen
        settings = begin(provider, region=region, before=state.settings, previous=state.provider, address=address)
        self.wizard.update(provider=provider, region=region, settings=settings)
        self.wizard.next_step()

    def action_practise(self) -> None:
        """Start the practice server and go on with its settings."""
        self._say("Starting the practice server…")
        self._start_practice()

    @work(exclusive=True, group="practice", exit_on_error=False, description="start the practice server")
    async def _start_practice(self) -> None:
        problem = await self.wizard.practise()
        self._say(problem, mark="✗" if problem else "")
        if not problem:
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
        presets = self.wizard.services.presets
        text, custom = self.typed, self.wizard.services.custom
        found = [item for item in presets.search(text) if item.id != custom.id]
        match = self._match(text)
        if match is not None:
            found = [match.provider, *(item for item in found if item.id != match.provider.id)]
        self._rows = rows(found, custom, ranked=bool(text))
        providers = self.query_one("#providers", PlainList)
        headings = frozenset(index for index, row in enumerate(self._rows) if row.provider is None)
        providers.fill([prompt(row) for row in self._rows], headings=headings, start=self._start_row(text))
        total = len(presets.all()) - 1  # without the custom server
        self.query_one("#count", PlainText).update(plain(f"{len(found)} of {total}" if text else f"{total} providers"))
        domain = domain_in(text)
        sentence = said(text, match, domain, pending=domain not in self._by_mx, nothing=not found)
        broken = len({problem.file for problem in presets.problems}) if not text else 0
        self._say(sentence or broken_presets(broken), mark="!" if broken else "")

    def _start_row(self, text: str) -> int | None:
        """Return the row to highlight: the best match, or without a text the provider that was chosen before."""
        chosen = self.state.provider
        if not text and chosen is not None:
            for index, row in enumerate(self._rows):
                if row.provider is not None and row.provider.id == chosen.id:
                    return index
        return next((index for index, row in enumerate(self._rows) if row.provider is not None), None)

    def _match(self, text: str) -> Match | None:
        """Return where an address or domain leads, at once by domain or by an MX answer that has come."""
        domain = domain_in(text)
        if not domain:
            return None
        found = self.wizard.services.presets.match_address(text)
        if found is None and domain not in self._by_mx:
            self._look_up(domain)
        return found or self._by_mx.get(domain)

    @work(exclusive=True, group="mx", exit_on_error=False, description="MX look-up")
    async def _look_up(self, domain: str) -> None:
        services = self.wizard.services
        await asyncio.sleep(services.mx_delay)  # not for every letter of a domain that is being typed
        hosts = await services.mx_hosts(domain)
        self._by_mx[domain] = services.presets.match_mx(hosts) if hosts else None
        self._fill()

    def _say(self, text: str, *, mark: str = "") -> None:
        shown = styled(f"{mark} {text}".strip(), "$error" if mark == "✗" else "$text-muted", limit=200)
        said = self.query_one("#said", PlainText)
        said.display = bool(text)
        said.update(shown)

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
