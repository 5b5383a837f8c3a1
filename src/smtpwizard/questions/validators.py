"""Why a text cannot be an answer at all, as a sentence; None where it can. Judging it is `app`'s work."""

from __future__ import annotations

import re


def port_number(text: str) -> str | None:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536:
        return None
    return "A port is a number from 1 to 65535."


def mail_address(text: str) -> str | None:
    if re.fullmatch(r"[^\s@]+@[^\s@]+", text) or re.search(r"[<>]", text):
        return None  # a display name is a finding with a repair
    return "The sender is a mail address: name@domain."


def web_address(text: str) -> str | None:
    return None if re.match(r"https?://[^/\s]+", text) else "The address starts with http:// or https:// and a host."
