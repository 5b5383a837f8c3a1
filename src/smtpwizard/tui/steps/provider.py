"""Step 1: one input filters the providers, by name, mail address or domain; the panel says what to have ready.

The focus stays in the input; the arrows move the list. A domain's MX is looked up in the background, never waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, OptionList

from smtpwizard.apps.profile import AppProfile
from smtpwizard.errors import SmtpWizardError
from smtpwizard.presets.schema import Kind, PasswordType, Provider, ProviderStatus, TlsMode, UsernameRule
from smtpwizard.text import safe
from smtpwizard.tui.base import Command, Hint, StepPane, clickable, hanging, lines, plain, styled, wizard_of, wrapped
from smtpwizard.tui.widgets.inputs import BarInput, PlainList, PlainText
from smtpwizard.wizard import provider as model
from smtpwizard.wizard.provider import Found, Row, preferred_region, server_in

_TLS = {TlsMode.IMPLICIT: "TLS", TlsMode.STARTTLS: "STARTTLS", TlsMode.NONE: "no TLS"}


def about(provider: Provider, width: int, *, app: AppProfile, host: str | None = None) -> Content:
    """Return host and ports, and for a blocked provider the reason; `host` is that of the chosen region."""
    parts: list[Content | str] = []
    if host or provider.host:
        parts.append(styled(host or provider.host, "bold", limit=width))
    if provider.kind is Kind.CUSTOM:
        parts.append(wrapped("Your company's, your hosting's, or one in your own network.", width, style="$text-muted"))
    elif provider.kind is not Kind.PRACTICE:
        parts.append(wrapped(ports(provider, app), width, style="$text-muted"))
    note = provider.status_note
    if provider.status is ProviderStatus.BLOCKED:
        parts += ["", hanging("✗", f"Blocked: {note or 'it takes no password'}.", width, mark_style="$error")]
    elif provider.status is ProviderStatus.WARN and note:
        parts += ["", hanging("!", f"{note[:1].upper()}{note[1:]}.", width, mark_style="$warning")]
    return lines(*parts)


def ports(provider: Provider, app: AppProfile) -> str:
    """Return the ports in one line, the recommended one first: `587 STARTTLS as in the guide · 465 TLS`."""
    ordered = sorted(provider.ports, key=lambda choice: choice.port != provider.recommended_port)
    words = []
    for choice in ordered[:4]:
        mark = " as in the guide" if app.guided(provider) and choice.port == provider.recommended_port else ""
        words.append(f"{choice.port} {_TLS[choice.tls]}{mark}".replace(" ", "\u00a0"))  # kept on one line
    return " · ".join(words)


def to_know(provider: Provider, width: int) -> Content:
    """Return what to have ready, caveats, limits, the vendor's page and the date on which it was checked."""
    parts: list[Content | str] = []
    ready = list(_ready(provider))
    if ready and provider.status is not ProviderStatus.BLOCKED:
        parts += ["", styled("Have ready", "bold")]
        parts += [hanging("•", text, width, mark_style="$text-muted") for text in ready]
        if provider.password.url:
            parts.append(_link(provider.password.url, width))
    if provider.caveats or provider.limits:
        parts += ["", styled("Know", "bold")]
        parts += [hanging("!", text, width, mark_style="$warning") for text in provider.caveats]
        parts += [hanging("–", _sentence(text), width, mark_style="$text-muted") for text in provider.limits]
    if provider.docs_url:
        parts += ["", _link(provider.docs_url, width)]
    if provider.checked and provider.kind is not Kind.CUSTOM:
        parts.append(styled(f"checked {provider.checked}".rjust(width), "$text-muted"))
    return lines(*parts)


def page(provider: Provider) -> str:
    """Return the page that Ctrl+O opens: where the credential is made, else the documentation; may be empty."""
    return provider.password.url or provider.docs_url or provider.web_ui


def _ready(provider: Provider) -> Iterator[str]:
    if provider.kind is Kind.CUSTOM:
        yield "the server's name and port"
        yield "user name and password, if it asks for a login"
        yield "a sender address that it accepts"
        return
    if provider.kind is Kind.PRACTICE:
        yield "Nothing: no account, no network."
        return
    rule = provider.username.rule
    if rule not in (UsernameRule.LITERAL, UsernameRule.NONE, UsernameRule.SAME_AS_PASSWORD) and provider.username.hint:
        yield provider.username.hint
    if provider.password.type is not PasswordType.NONE and provider.password.hint:
        shape = f" ({provider.password.shape})" if provider.password.shape else ""
        yield f"{provider.password.hint.rstrip('.')}{shape}" if shape else provider.password.hint
    if provider.sender.hint:
        yield f"Sender: {provider.sender.hint}"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _link(url: str, width: int) -> Content:
    """Return a page whole, over several rows where it is long: it is to be read off, or selected."""
    shown = safe(url.removeprefix("https://").removeprefix("http://").removeprefix("www."), limit=400)
    room = max(width - 2, 10)
    rows = [shown[start : start + room] for start in range(0, len(shown), room)]
    return lines(*(
        Content.assemble("  ", clickable(Content.styled(row, "underline $text-muted"), "app.open_page", url))
        for row in rows
    ))  # fmt: skip


class ProviderPanel(VerticalScroll, can_focus=False):
    """Shows one provider. Tab reaches its regions; Enter there takes the provider with that region."""

    class Taken(Message):
        """Enter or a click on a region."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id, classes="box")
        self._provider: Provider | None = None

    def compose(self) -> ComposeResult:
        yield PlainText(id="about")
        yield PlainText(id="region-title")
        yield PlainList(id="regions")
        yield PlainText(id="know")

    @property
    def chosen(self) -> str | None:
        """The chosen region's id, where the provider has several."""
        index = self._regions.highlighted
        if self._provider is None or not self._provider.regions or index is None:
            return None
        return self._provider.regions[index].id

    def show(self, provider: Provider, *, region: str | None = None, domain: str = "") -> None:
        """Show `provider`, with `region` chosen, or the one that a mail `domain` names, or its default."""
        self._provider = provider
        self.border_title = plain(provider.name, limit=40)
        regions = self._regions
        title = self.query_one("#region-title", PlainText)
        title.display = regions.display = bool(provider.regions)
        noun = provider.region_kind.capitalize() or "Region"
        title.update(Content.assemble(styled(noun, "bold", limit=20), "  ", styled("Tab to choose", "$text-muted")))
        start = preferred_region(provider, region, domain) if provider.regions else None
        regions.fill([plain(item.label) for item in provider.regions], start=start)
        self._draw()

    @property
    def _regions(self) -> PlainList:
        return self.query_one("#regions", PlainList)

    @on(OptionList.OptionHighlighted, "#regions")
    def _region_changed(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._draw()

    @on(OptionList.OptionSelected, "#regions")
    def _region_taken(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Taken())

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        provider = self._provider
        if provider is None:
            return
        width = max(self.scrollable_content_region.width, 20)
        host = provider.region_host(self.chosen) if self.chosen else None
        self.query_one("#about", PlainText).update(
            about(provider, width, app=wizard_of(self).state.settings.app, host=host)
        )
        self.query_one("#know", PlainText).update(to_know(provider, width))


def prompt(row: Row) -> Content:
    """Return a row as shown: a heading muted, a blocked provider with the reason in words."""
    if row.provider is None:
        return styled(row.text, "$text-primary")
    name = styled(row.text, "", limit=60)
    if row.note:
        name = Content.assemble(name, "  ", styled(row.note, "$text-muted", limit=60))
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
        yield PlainText(f"{self.model.intro} F2: another app.", id="intro", classes="muted")
        with Horizontal():
            with Vertical(classes="box -acting", id="choose") as box:
                box.border_title = "Who sends the mail?"
                yield BarInput(placeholder="type a name, address or server", id="query")
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
            self._loaded = True
            self._fill()
            self.wizard.refresh_shell()

    # What is chosen

    @property
    def provider(self) -> Provider | None:
        """The highlighted provider."""
        row = self._row
        return row.provider if row is not None else None

    @property
    def _row(self) -> Row | None:
        index = self.query_one("#providers", OptionList).highlighted
        return self._rows[index] if index is not None and index < len(self._rows) else None

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
            host = self._row.host if self._row is not None else ""
            self.model.choose(provider, region=self.query_one(ProviderPanel).chosen, text=self.typed, host=host)
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
        known = sum(item.kind is not Kind.CUSTOM for item in found.providers)
        count = f"{known} of {total}" if found.text else f"all {total} by kind, or type"
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
    if not found.providers and not found.pending:
        server, _ = server_in(found.text)
        if server:
            return f"No provider is known for {server}. Enter takes it as your own server."
        return f"{found.sentence} Enter: custom server." if found.sentence else ""
    return found.sentence
