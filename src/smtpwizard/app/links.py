"""What becomes of a recipient's address in the app's links: it stands there unencoded. Pure; opens nothing.

The links are `…/link/reset-password?code=…&email=<address>` and `…/link/user-invitation?code=…&email=<address>`. The
page behind them reads the address back from the query (line/abc-user-feedback:apps/web/src/pages/link/
reset-password.tsx) by the rules of application/x-www-form-urlencoded: WHATWG URL Standard, section 5.1.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from smtpwizard.app.repair import finding, shown
from smtpwizard.findings import Finding, Severity


class _Sign(NamedTuple):
    character: str
    pattern: str
    """Where it breaks the link."""
    name: str
    """Of the finding."""
    meaning: str
    """What it does in a link."""


_SIGNS: Final = (
    _Sign("+", r"\+", "links-plus", "stands for a blank"),
    _Sign("&", "&", "links-ampersand", "ends the value"),
    _Sign("#", "#", "links-hash", "ends the query"),
    _Sign("%", "%[0-9A-Fa-f]{2}", "links-percent", "begins an encoded character"),
)


def read_back(recipient: str) -> str:
    """Return the address that the app's page reads from a link with `recipient` in it unencoded."""
    return unquote(recipient.split("#")[0].split("&")[0].replace("+", " "), errors="replace")


def recipient_findings(recipient: str, *, link: bool = True) -> tuple[Finding, ...]:
    """Return what to know of a recipient before a mail with a link goes there; nothing for a mail without (`link`).

    `recipient` is the address as given, its domain not yet in Punycode: that is what the app puts into the link.
    """
    if not link:
        return ()
    found = [_broken(recipient, sign) for sign in _SIGNS if re.search(sign.pattern, recipient)]
    if not recipient.isascii():
        found.append(_beyond_ascii(recipient))
    return tuple(found)


def _broken(recipient: str, sign: _Sign) -> Finding:
    message = (
        f"The link in the mail to {shown(recipient)} is read as for “{shown(read_back(recipient))}”, so it does not "
        f"work: the app does not encode the address, and {sign.character} {sign.meaning}. Test with an address without "
        f"{sign.character}. Users who have one can neither reset a password nor accept an invitation."
    )
    return finding(sign.name, Severity.WARNING, None, message)


def _beyond_ascii(recipient: str) -> Finding:
    message = (
        f"The link in the mail to {shown(recipient)} has letters beyond ASCII, since the app does not encode the "
        "address. Browsers read them rightly; some mail programs end the link there. Try it in the one that users have."
    )
    return finding("links-not-ascii", Severity.INFO, None, message)
