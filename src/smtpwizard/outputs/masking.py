"""Lines of settings files with every secret covered, at one width that tells no length.

Which line is secret is decided by the variable's name, by what stands in it, and by the secrets of the change itself.
When in doubt a line is covered: a diff is pasted into tickets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from smtpwizard.secret import MASK, Secret, redact
from smtpwizard.text import safe

_NAME: Final = r"[\w.-]*(?:PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|PRIVATE|AUTH|SALT|DSN)[\w.-]*"
_ASSIGNED: Final = re.compile(
    rf"(?P<head>['\"]?(?<![/\w.-]){_NAME}['\"]?[ \t]*[=:][ \t]*)(?P<value>\S.*)", re.IGNORECASE
)
_IN_URL: Final = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s/@:]*:)[^\s/]+(?=@)", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"['\"]?\$\{[A-Za-z_][A-Za-z0-9_]*(?::?\?[^{}$]*)?\}['\"]?\Z")

_QUOTED: Final = re.compile(r"(?:'[^']*'|\"(?:\\.|[^\"\\])*\")(?P<comment>[ \t]+#[^'\"`$\\]*)?")
"""Only behind a quoted value is a comment surely none of its characters, and shown."""


_PASSWORD: Final = re.compile(
    r"\b(?:SMTP_PASSWORD|SMTP_PASS|SMTP_PWD)['\"]?[ \t]*[=:][ \t]*(?:'([^'\n]*)'|\"([^\"\n]*)\"|([^\s'\"#]\S*))"
)
_SHORTEST: Final = 4
"""Characters below which a password is not looked for in other lines: it could be part of any word."""


def passwords_in(text: str) -> tuple[Secret, ...]:
    """Return the values of our password variables in a file: other lines may hold the same (Postmark's token)."""
    values = ("".join(groups) for groups in _PASSWORD.findall(text))
    return tuple(Secret(value) for value in values if len(value) >= _SHORTEST)


def is_secret_name(name: str) -> bool:
    """Say whether a variable of this name probably holds a secret."""
    return re.fullmatch(_NAME, name, re.IGNORECASE) is not None


def mask_line(line: str, secrets: Iterable[Secret] = ()) -> str:
    """Return one line for display: foreign characters made safe, secret values as MASK. No line end."""
    line = redact(line, [secret for secret in secrets if secret])
    line = _IN_URL.sub(lambda found: found["head"] + MASK, line)
    return safe(_ASSIGNED.sub(_cover, line))


def _cover(found: re.Match[str]) -> str:
    value = found["value"]
    comment_only = value.startswith("#") and found["head"][-1] in " \t"
    if comment_only or _REFERENCE.match(value):
        return found.group()
    quoted = _QUOTED.fullmatch(value)
    return f"{found['head']}{MASK}{(quoted['comment'] or '') if quoted else ''}"
