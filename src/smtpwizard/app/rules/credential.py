"""The texts of SMTP_USERNAME and SMTP_PASSWORD: debris of a paste, placeholders, a credential of another shape.

No message here may hold any part of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from smtpwizard.app.case import Case
from smtpwizard.app.repair import NO_REPAIR, Repair, finding
from smtpwizard.app.rules.login import looks_swapped
from smtpwizard.app.values import has_shape, one_line, tidy, trim_ends
from smtpwizard.findings import Finding, Severity
from smtpwizard.preset_schema import PasswordType, Provider
from smtpwizard.secret import Secret
from smtpwizard.text import safe

_WORD: Final = "SMTP_PASSWORD"  # the name of a variable
_LONGEST: Final = 1000
"""Characters; the longest credential of the presets has under 200, and AUTH lines end at 12,288 octets (RFC 4954)."""
_SMART_QUOTES: Final = "“”„‘’‚"
_PLACEHOLDER: Final = (
    r"(?i)(your|my)[-_ .]?([a-z0-9]+[-_ .]?)*(password|passwd|key|token|secret)|(smtp|app)[-_ ]?(password|key)|"
    r"change[-_ ]?me|password|secret|placeholder|todo|<.*>|x{3,}|\*{3,}|•{3,}|\.{3,}|…"
)


def check(case: Case) -> Iterator[Finding]:
    """Yield the debris of both, then what the password is by its shape."""
    if case.settings.username:
        yield from _debris("SMTP_USERNAME", "username", case.settings.username)
    text = case.settings.password.reveal() if case.settings.password else ""
    if not text:
        return
    if len(text) > _LONGEST:
        message = f"SMTP_PASSWORD has more than {_LONGEST} characters; servers cut such a login off. Paste it again."
        yield finding("password-long", Severity.WARNING, _WORD, message)
        return
    provider = case.provider
    grouped = provider is not None and provider.password.strip_spaces
    if grouped and _without_blanks(text) != text:
        message = "The blanks in the app password only show its groups and are not part of it. Remove them."
        repair = Repair({_WORD: Secret(tidy(_without_blanks(text)))}, "Remove the blanks")
        yield finding("password-spaces", Severity.WARNING, _WORD, message, repair)
    else:
        yield from _debris(_WORD, "password", text)
    if provider is not None and not (case.settings.username and looks_swapped(case)):
        yield from _shape(case, provider, _without_blanks(case.password) if grouped else case.password)


def _debris(variable: str, slug: str, text: str) -> Iterator[Finding]:
    """Tell what came along with a paste. The change holds the text as a Secret, whichever variable it is."""
    if trim_ends(text) != text:
        message = f"{variable} has blanks or line ends around it, and the app sends them along. Trim it."
        yield _cleaned(f"{slug}-blanks", variable, message, tidy(text), f"Trim {variable}")
    elif tidy(text) != text:
        message = f"{variable} is in quotes, and the app sends them along. Take them off."
        yield _cleaned(f"{slug}-quotes", variable, message, tidy(text), f"Unquote {variable}")
    elif one_line(text) != text:
        message = f"{variable} holds a line end or an invisible character, as copies from web pages do. Remove it."
        yield _cleaned(f"{slug}-invisible", variable, message, one_line(text), f"Clean {variable}")
    elif any(char.isspace() and char != " " for char in text):
        message = f"{variable} holds a blank that is not a plain space. Paste it again without formatting."
        yield finding(f"{slug}-blank-inside", Severity.WARNING, variable, message)
    elif any(char in _SMART_QUOTES for char in text):
        message = f"{variable} holds curly quotes; word processors put them for plain ones. Compare with the original."
        yield finding(f"{slug}-smart-quotes", Severity.WARNING, variable, message)


def _cleaned(name: str, variable: str, message: str, text: str, label: str) -> Finding:
    value = Secret(text) if variable == _WORD else text
    return finding(name, Severity.WARNING, variable, message, Repair({variable: value}, label))


def _shape(case: Case, provider: Provider, text: str) -> Iterator[Finding]:
    spec = provider.password
    if not text or case.local or spec.type in (PasswordType.OAUTH2_ONLY, PasswordType.NONE):
        return
    if re.fullmatch(_PLACEHOLDER, text):
        message = f"SMTP_PASSWORD is a placeholder. Put in the real one. {safe(spec.hint)}"
        yield finding("password-placeholder", Severity.WARNING, _WORD, message)
        return
    for mistake in spec.mistakes:
        if has_shape(mistake.pattern, text):
            yield finding("password-mistake", Severity.WARNING, _WORD, safe(mistake.message))
            return
    if spec.pattern and not has_shape(spec.pattern, text):
        label = spec.label or spec.type.value.replace("_", " ")
        shape = f" ({spec.shape})" if spec.shape else ""
        page = f" Where to get one: {spec.url}" if spec.url else ""
        message = f"SMTP_PASSWORD does not look like what {provider.name} gives out: {label}{shape}.{page}"
        yield finding("password-shape", Severity.WARNING, _WORD, message, NO_REPAIR)


def _without_blanks(text: str) -> str:
    return "".join(one_line(text).split())
