"""The lines of a compose file: where a node's line ends, where a block ends, and how new lines are put in. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from smtpwizard.outputs.compose_services import Undecided
from smtpwizard.outputs.compose_tree import Node, NodeKind

_BREAK: Final = re.compile(r"\r\n|\n|\r")


class Lines:
    """A text, indexed by line. Offsets count characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        self.eol = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"

    def line_start(self, offset: int) -> int:
        """Return where the line of `offset` begins."""
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Return where the line after the one of `offset` begins."""
        index = bisect_right(self.starts, offset)
        return self.starts[index] if index < len(self.starts) else len(self.text)

    def before_blanks(self, offset: int) -> int:
        """Return the offset after which only blanks stand before `offset`."""
        while offset > 0 and self.text[offset - 1] in " \t":
            offset -= 1
        return offset

    def content_end(self, node: Node) -> int:
        """Return the end of a scalar without the line ends that a block scalar takes along."""
        end = node.end
        if node.style in ("|", ">"):
            end = self._block_scalar_end(node)
        while end > node.start and self.text[end - 1] in " \t\r\n":
            end -= 1
        return end

    def after_pair(self, key: Node, value: Node) -> int:
        """Return the start of the line below a pair; comments of their own that follow stay below what is put there."""
        if value.kind is NodeKind.SCALAR and value.start == value.end:
            return self.line_end(max(value.start - 1, key.end - 1))
        return self.after_value(value)

    def after_value(self, value: Node) -> int:
        """Return the start of the line below a value."""
        if value.kind is NodeKind.MAPPING and not value.flow and value.pairs:
            return self.after_pair(*value.pairs[-1])
        if value.kind is NodeKind.SEQUENCE and not value.flow and value.items:
            return self.after_value(value.items[-1])
        if value.style in ("|", ">"):
            return self._block_scalar_end(value)
        return self.line_end(max(value.end - 1, value.start))

    def insertion(self, at: int, lines: list[str]) -> tuple[int, int, str]:
        """Return the edit that puts whole lines at `at`; a file without a final line end stays without one."""
        block = "".join(line + self.eol for line in lines)
        if at == len(self.text) and self.text and not self.text.endswith(("\n", "\r")):
            block = self.eol + block[: -len(self.eol)]
        return at, at, block

    def flow_insertion(self, node: Node, new: list[str]) -> tuple[int, int, str]:
        """Return the edit that adds entries before the closing bracket. Undecided where comments stand inside."""
        close = node.end - 1
        opening = self.text.index("[" if node.kind is NodeKind.SEQUENCE else "{", node.start)
        body = self.text[opening + 1 : close]
        if re.search(r"(?:^|[ \t])#", body, re.MULTILINE):
            raise Undecided(
                "The environment is a list in brackets with comments inside. Put the lines in by hand (write --print).",
                "A choice is yours",
            )
        at = opening + 1 + len(body.rstrip())
        before = body.rstrip()
        separator = "" if not before else " " if before.endswith(",") else ", "
        return at, at, separator + ", ".join(new)

    def dash_prefix(self, item: Node) -> str:
        """Return indentation and dash of a list item, for its new neighbours. Undecided where it is not on one line."""
        start = self.line_start(item.start)
        found = re.fullmatch(r"([ ]*)-([ \t]+)(?:[&!]\S+[ \t]+)*", self.text[start : item.start])
        if not found:
            raise Undecided(
                "The environment is a list in an unusual layout. Put the lines in by hand.", "A choice is yours"
            )
        return f"{found[1]}-{found[2]}"

    def _block_scalar_end(self, node: Node) -> int:
        """Return the start of the line below a `|` or `>` text: its lines are indented deeper than its parent."""
        index = bisect_right(self.starts, node.start)
        parent = self.text[self.starts[index - 1] :]
        indent = len(parent) - len(parent.lstrip(" "))
        end = self.line_end(node.start)
        while index < len(self.starts) and self.starts[index] < len(self.text):
            line = self.text[self.starts[index] : self.line_end(self.starts[index])]
            if line.strip():
                if len(line) - len(line.lstrip(" ")) <= indent:
                    break
                end = self.line_end(self.starts[index])
            index += 1
        return end
