"""An HTML mail → the same as readable text, for the text/plain part and the terminal. Pure; loads no pictures."""

from __future__ import annotations

import re
import textwrap
from html.parser import HTMLParser
from typing import Final

WIDTH: Final = 72
"""Characters of a line: leaves room for a `> ` of replies within 78 (RFC 5322 section 2.1.1)."""

_BLOCKS: Final = re.compile(
    "address|article|blockquote|body|center|div|d[dlt]|figure|footer|form|h[1-6r]|header|html|li|main|nav|[ou]l|p|pre|"
    "section|table|tbody|t[dhr]|tfoot|thead"
)
_UNSEEN: Final = re.compile("head|script|style|template|title")
_VOID: Final = re.compile("area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr")
_UNSEEN_CLASSES: Final = frozenset(("preheader", "html-only"))
"""What our templates have for the HTML reader alone: the line that an inbox shows, and the repeated link."""

_HIDDEN_STYLE: Final = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)


def from_html(html: str) -> str:
    """Return the text of an HTML mail: paragraphs filled to WIDTH, lists with dashes, links with their address.

    What is not seen (the preheader, `display: none`) is left out, and an address that stands in the text already is not
    put behind a link again.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[str] = [""]
        self._open: list[tuple[str, bool]] = []
        """Elements that are open, and whether each is hidden."""
        self._links: list[tuple[str, int]] = []
        self._pending: list[tuple[int, str, str]] = []
        """Links: block, label, address."""

    @property
    def _hidden(self) -> bool:
        return any(hidden for _, hidden in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if _BLOCKS.fullmatch(tag):
            self._break()
        if not _VOID.fullmatch(tag):
            self._open.append((tag, _is_hidden(tag, given)))
        if self._hidden:
            return
        if tag == "br":
            self._blocks[-1] += "\n"
        elif tag == "li":
            self._blocks[-1] += "- "
        elif tag == "img" and given.get("alt", "").strip():
            self.handle_data(f"[{given['alt'].strip()}]")
        elif tag == "a":
            self._links.append((given.get("href", ""), len(self._blocks[-1])))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links and not self._hidden:
            address, start = self._links.pop()
            label = self._blocks[-1][start:].strip()
            if address.startswith(("http://", "https://", "mailto:")):
                self._pending.append((len(self._blocks) - 1, label, address.removeprefix("mailto:")))
                self._blocks[-1] += f"\0{len(self._pending) - 1}\0"
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass
        if _BLOCKS.fullmatch(tag):
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._blocks[-1] += re.sub(r"\s+", " ", data.replace("\0", "").replace("\u00a0", " "))

    def text(self) -> str:
        """Return the blocks as paragraphs, links resolved."""
        seen = "\n".join(self._blocks)
        blocks = (re.sub(r"\0(\d+)\0", lambda found: self._address(int(found.group(1)), seen), b) for b in self._blocks)
        filled = [_filled(block) for block in blocks]
        return "\n\n".join(block for block in filled if block) + "\n"

    def _address(self, number: int, seen: str) -> str:
        _, label, address = self._pending[number]
        if address in seen:
            return ""
        return f": {address}" if label and not label.endswith(":") else address

    def _break(self) -> None:
        if self._blocks[-1].strip():
            self._blocks.append("")
            self._links = [(address, 0) for address, _ in self._links]


def _is_hidden(tag: str, attributes: dict[str, str]) -> bool:
    if _UNSEEN.fullmatch(tag) or "hidden" in attributes:
        return True
    if _UNSEEN_CLASSES & set(attributes.get("class", "").split()):
        return True
    return _HIDDEN_STYLE.search(attributes.get("style", "")) is not None


def _filled(block: str) -> str:
    lines = (re.sub(" +", " ", line).strip() for line in block.split("\n"))
    return "\n".join(
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) if line else "" for line in lines
    ).strip()
