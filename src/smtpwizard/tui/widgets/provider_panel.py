"""The panel beside the list: what a provider wants to have ready and what to know of it, before anything fails."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList

from smtpwizard.apps.profile import AppProfile
from smtpwizard.presets.schema import Kind, PasswordType, Provider, ProviderStatus, TlsMode, UsernameRule
from smtpwizard.tui.base import wizard_of
from smtpwizard.tui.style import clickable, hanging, lines, plain, styled, wrapped
from smtpwizard.tui.widgets.inputs import PlainList, PlainText
from smtpwizard.wizard.provider import preferred_region

_TLS = {TlsMode.IMPLICIT: "TLS", TlsMode.STARTTLS: "STARTTLS", TlsMode.NONE: "no TLS"}


def about(provider: Provider, width: int, *, app: AppProfile, host: str | None = None) -> Content:
    """Return host and ports, and for a blocked provider the reason; `host` is that of the chosen region."""
    parts: list[Content | str] = []
    if host or provider.host:
        parts.append(styled(host or provider.host, "bold", limit=width))
    if provider.kind not in (Kind.CUSTOM, Kind.PRACTICE):
        parts.append(wrapped(ports(provider, app), width, style="$text-muted"))
    note = provider.status_note
    if provider.status is ProviderStatus.BLOCKED:
        parts += ["", hanging("✗", f"Blocked: {note or 'it takes no password'}.", width, mark_style="$error")]
    elif provider.status is ProviderStatus.WARN and note:
        parts += ["", hanging("!", f"{note[:1].upper()}{note[1:]}.", width, mark_style="$warning")]
    return lines(*parts)


def ports(provider: Provider, app: AppProfile) -> str:
    """Return the ports in one line, the recommended one first: `587 STARTTLS (guide) · 465 TLS`."""
    ordered = sorted(provider.ports, key=lambda choice: choice.port != provider.recommended_port)
    words = []
    for choice in ordered[:4]:
        mark = " (guide)" if app.guided(provider) and choice.port == provider.recommended_port else ""
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
        yield f"{provider.password.hint.rstrip('.')}{shape}."
    if provider.sender.hint:
        yield f"Sender: {provider.sender.hint}"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _link(url: str, width: int) -> Content:
    shown = url.removeprefix("https://").removeprefix("http://").removeprefix("www.")
    cut = shown if len(shown) <= width - 2 else shown[: max(width - 3, 1)] + "…"
    return Content.assemble("  ", clickable(styled(cut, "underline $text-muted"), "app.open_page", url))


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
        title.update(Content.assemble(styled(noun, "bold", limit=20), "  ", styled("Tab goes here", "$text-muted")))
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
