"""Secrets taken out of pasted text before any of it is shown. Knows shapes only: which secret it is, nobody said."""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.secret import MASK

# Texts, compiled by `re` when they are first used: a text without a mail error needs none of them.
_AUTH: Final = r"(?i)(\bAUTH[ \t]+(?:PLAIN|LOGIN|CRAM-MD5|XOAUTH2|OAUTHBEARER)[ \t]+)(?=\S)[^\s\"']+"
_NAME: Final = r"(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRET|TOKEN|API_?KEY)"
_VARIABLE: Final = rf"(\b[A-Z0-9_]{{0,40}}{_NAME}[A-Z0-9_]{{0,40}}\\?[\"']?(?:=|: ?))(?=\S)[^\n]{{1,4000}}"
_KEY_VALUE: Final = (
    r"(?i)((?:\bpass(?:word|wd|phrase)?|\bpwd|\bsecret|_token|\btoken|\bapi_?-?key|\bauthorization)"
    r"\\{0,3}[\"']?[ \t]{0,3}[:=][ \t]{0,3})"
    r"(?=\S)(?:bearer[ \t]{1,3}|basic[ \t]{1,3})?(?:\\{0,3}\"[^\"\n]{0,400}\"?|'[^'\n]{0,400}'?|[^\s,;}]{1,400})"
)
_URL: Final = r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:]{0,200}:)[^\s/@]{1,200}@"
_SHAPES: Final = (
    r"\bSG\.[\w-]{6,}(?:\.[\w-]{6,})?|\bx(?:smtpsib|keysib)-[\w-]{6,}|\bre_\w{8,}|\bAKIA[A-Z0-9]{12,}|\bkey-[0-9a-f]{16,}"
    r"|\bBearer[ \t]+[\w.~+/=-]{8,}"
)
_BASE64_LINE: Final = r"(?m)^([ \t]{0,20}(?:(?:C:|->|~>|>>>|=>)[ \t]{0,4})?)[A-Za-z0-9+/]{8,4000}={0,2}[ \t]{0,20}$"
_BASE64: Final = (
    r"(?<![\w+/=])(?:[A-Za-z0-9+/]{12,4000}={1,2}"
    r"|(?=[A-Z0-9+/]{0,200}[a-z])(?=[a-z0-9+/]{0,200}[A-Z])(?=[A-Za-z+/]{0,200}\d)[A-Za-z0-9+/]{20,4000})(?![\w+/=])"
)
"""Base64 with padding, or twenty letters of both cases and digits: a login's token, or an id that nobody misses."""


def hide_secrets(text: str) -> str:
    """Return `text` with what looks like a password, key or login token replaced by MASK."""
    text = re.sub(_BASE64_LINE, rf"\1{MASK}", text)
    text = re.sub(_AUTH, rf"\1{MASK}", text)
    text = re.sub(_URL, rf"\1{MASK}@", text)
    text = re.sub(_VARIABLE, rf"\1{MASK}", text)
    text = re.sub(_KEY_VALUE, rf"\1{MASK}", text)
    text = re.sub(_SHAPES, MASK, text)
    return re.sub(_BASE64, MASK, text)
