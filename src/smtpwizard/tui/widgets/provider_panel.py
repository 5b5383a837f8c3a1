"""The panel beside the provider list: what to have ready, what to know, and the regions where there are several."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList

from smtpwizard.preset_schema import Provider
from smtpwizard.tui.content import plain, styled
from smtpwizard.tui.steps.provider_panel import about, to_know
from smtpwizard.tui.widgets.plain_list import PlainList
from smtpwizard.tui.widgets.plain_text import PlainText


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
        start = _preferred(provider, region, domain) if provider.regions else None
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
        self.query_one("#about", PlainText).update(about(provider, width, host=host))
        self.query_one("#know", PlainText).update(to_know(provider, width))


def _preferred(provider: Provider, region: str | None, domain: str) -> int:
    """Return the index of the region to start with."""
    for wanted in (
        lambda item: item.id == region,
        lambda item: bool(domain) and domain in (item.id, item.label.lower()),
        lambda item: item.host == provider.host,
    ):
        for index, item in enumerate(provider.regions):
            if wanted(item):
                return index
    return 0
