"""Turns an HTML mail into readable text, for the text/plain part and the terminal. Pure: loads nothing."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

WIDTH: Final = 72
"""Characters of a line: leaves room for the `> ` of replies within 78 (RFC 5322 section 2.1.1)."""

_PARAGRAPHS: Final = re.compile(
    "address|article|blockquote|body|center|div|dl|figure|footer|form|h[1-6r]|header|html|main|nav|[ou]l|p|pre|"
    "section|table|tbody|tfoot|thead|tr"
)
_LINES: Final = re.compile("d[dt]|li|t[dh]")
"""Elements that begin a line but no paragraph: items of a list, cells of a row."""
_UNSEEN: Final = re.compile("head|script|style|template|title")
_VOID: Final = re.compile("area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr")
_UNSEEN_CLASSES: Final = frozenset(("preheader", "html-only"))
"""What our templates show in HTML only: the line for the list of an inbox, and the repeated link."""

_HIDDEN_STYLE: Final = re.compile(
    r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden|(?:max-height|opacity)\s*:\s*0(?![\d.])",
    re.IGNORECASE,
)
_INVISIBLE: Final = dict.fromkeys(map(ord, "\0\1\u00ad\u034f\u200b\ufeff"))
"""Our own two marks, and the characters with which mails pad their preheader."""

_INDENT: Final = "\1"
"""One level of a list, in a line that is not filled yet."""


def from_html(html: str) -> str:
    """Return the text of an HTML mail: paragraphs filled to WIDTH, lists with dashes, links with their address.

    What a reader does not see (the preheader, `display: none`) is left out. An address appears once: not behind a link
    where the text already has it.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


@dataclass(slots=True)
class _Link:
    label: str
    address: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[str] = [""]
        self._open: list[tuple[str, bool]] = []
        """The open elements, and whether each is hidden by itself."""
        self._counts: Counter[str] = Counter()
        """How many of each element are open, and under "" how many hidden ones: a mail may nest a hundred thousand."""
        self._lists: list[int | None] = []
        """The open lists: the last number of a numbered one, None for one with dashes."""
        self._mark = ""
        """What the next text begins with, where it begins an item of a list."""
        self._opened: list[tuple[str, int]] = []
        """The open links: address, and where in the last block the label begins."""
        self._links: list[_Link] = []
        """The closed links; `\\0number\\0` in a block stands for the address of one."""

    @property
    def _hidden(self) -> bool:
        return self._counts[""] > 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._part(tag)
        if not _VOID.fullmatch(tag):
            self._push(tag, _is_hidden(tag, given))
        if tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        if self._hidden:
            return
        if tag == "br":
            self._blocks[-1] += "\n"
        elif tag == "li":
            self._mark = self._item()
        elif tag == "img" and given.get("alt", "").strip():
            self.handle_data(f"[{given['alt'].strip()}]")
        elif tag == "a":
            self._blocks[-1] += self._mark
            self._mark = ""
            self._opened.append((given.get("href", ""), len(self._blocks[-1])))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._opened and not self._hidden:
            address, start = self._opened.pop()
            if address.startswith(("http://", "https://", "mailto:")):
                text = self._blocks[-1].rstrip(" ")
                self._links.append(_Link(text[start:].strip(), address.removeprefix("mailto:")))
                self._blocks[-1] = f"{text}\0{len(self._links) - 1}\0{self._blocks[-1][len(text) :]}"
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        if self._counts[tag]:
            while self._pop() != tag:
                pass
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        text = re.sub(r"\s+", " ", data.translate(_INVISIBLE).replace("\u00a0", " "))
        if self._mark and text.strip():
            text, self._mark = self._mark + text.lstrip(), ""
        self._blocks[-1] += text

    def text(self) -> str:
        """Return the blocks as paragraphs, links resolved."""
        shown = {word.strip(".,:;()<>") for block in self._blocks for word in re.sub(r"\0\d+\0", " ", block).split()}
        blocks = [re.sub(r"\0(\d+)\0", lambda at: _address(self._links[int(at[1])], shown), b) for b in self._blocks]
        return "\n\n".join(filled for filled in map(_filled, blocks) if filled) + "\n"

    def _push(self, tag: str, hidden: bool) -> None:
        self._open.append((tag, hidden))
        self._counts.update((tag, "") if hidden else (tag,))

    def _pop(self) -> str:
        tag, hidden = self._open.pop()
        self._counts.subtract((tag, "") if hidden else (tag,))
        return tag

    def _item(self) -> str:
        if not self._lists:
            return "- "
        count = self._lists[-1]
        if count is not None:
            count = self._lists[-1] = count + 1
        return _INDENT * (len(self._lists) - 1) + ("- " if count is None else f"{count}. ")

    def _part(self, tag: str) -> None:
        paragraph = _PARAGRAPHS.fullmatch(tag)
        if not paragraph and not _LINES.fullmatch(tag):
            return
        if self._lists or not paragraph:  # in a list, paragraphs and further lists are lines too
            if self._blocks[-1].rstrip(" ")[-1:] not in ("", "\n"):
                self._blocks[-1] += "\n"
        elif self._blocks[-1].strip():
            self._blocks.append("")
        self._opened = [(address, len(self._blocks[-1])) for address, _ in self._opened]


def _address(link: _Link, shown: set[str]) -> str:
    """Return what stands behind a link's label; add the address to `shown`."""
    label, address = link.label.removesuffix(":"), link.address
    bare = re.sub(r"^https?://|/$", "", address)
    if address in shown or label == bare:
        return ""
    shown.add(address)
    return (" " if link.label.endswith(":") else ": ") + address if label else address


def _is_hidden(tag: str, attributes: dict[str, str]) -> bool:
    if _UNSEEN.fullmatch(tag) or "hidden" in attributes:
        return True
    if _UNSEEN_CLASSES & set(attributes.get("class", "").split()):
        return True
    return _HIDDEN_STYLE.search(attributes.get("style", "")) is not None


def _filled(block: str) -> str:
    lines = []
    for line in block.split("\n"):
        words = re.sub(" +", " ", line.replace(_INDENT, "")).strip()
        indent = "  " * line.count(_INDENT)
        hanging = indent + " " * len(match[0]) if (match := re.match(r"- |\d+\. ", words)) else indent
        lines.append(
            textwrap.fill(
                words,
                WIDTH,
                initial_indent=indent,
                subsequent_indent=hanging,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return "\n".join(lines).strip("\n")
