"""What counts as a mail address, said once for what is typed, pasted and read. What a client sends is its model's."""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.text import INVISIBLE

_NEVER: Final = r"\s@<>()\[\],;:\\\""
"""No part of an address that people use has these: an app's mail library reads several addresses, or a name, there."""
_PATTERN: Final = rf"(?<![^{_NEVER}])[^{_NEVER}]++@(?:[^{_NEVER}'/]++|\[[0-9A-Za-z.:]++\])"
"""Begins where a word begins and never goes back, so that a long text costs no more than its length."""
_QUOTES: Final = "\"'`“”„‘’‚«»"


def bare_address(text: str) -> str:
    """Return the one mail address in `text`, or nothing where there is none or more than one."""
    visible = "".join(char for char in text if char >= " " and char != "\x7f" and char not in INVISIBLE)
    found = re.findall(_PATTERN, visible.replace("mailto:", " "))
    return found[0].strip(_QUOTES).rstrip(".") if len(found) == 1 else ""


def is_address(text: str) -> bool:
    """Say whether `text` as a whole is a bare mail address."""
    return text != "" and bare_address(text) == text


def domain_of(address: str) -> str:
    """Return the part behind the `@` in lower case, or nothing."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def without_addresses(text: str) -> str:
    """Return `text` with a blank for each address in it."""
    return re.sub(_PATTERN, " ", text)
