"""The mail settings of an app that nobody knows: its variables mapped to roles by their names, to be confirmed.

What comes out is a profile of the operator's own, and says so: nothing is known of how the app reads a text, and its
mail client has no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from smtpwizard.apps.profile import Role

_MAIL: Final = frozenset({"smtp", "mail", "email", "mailer"})
_WORDS: Final = (
    (Role.STARTTLS, {"starttls"}),
    (Role.VERIFY, {"verify", "unauthorized", "insecure", "reject"}),
    (Role.REPLY_TO, {"reply", "replyto"}),
    (Role.PASSWORD, {"password", "pass", "passwd", "pwd"}),
    (Role.SENDER_NAME, {"fromname", "sendername"}),
    (Role.SENDER, {"from", "sender", "noreply", "fromaddress", "fromemail"}),
    (Role.USERNAME, {"user", "username", "login", "account"}),
    (Role.PORT, {"port"}),
    (Role.SECURITY, {"secure", "ssl", "tls", "encryption", "security"}),
    (Role.HOST, {"host", "hostname", "server", "address", "addr", "relay"}),
)
"""Role → the words that mean it, the most telling first."""
_LINKS: Final = (
    "base_url",
    "app_url",
    "public_url",
    "site_url",
    "root_url",
    "external_url",
    "frontend_url",
    "domain",
    "url",
)


def words_of(name: str) -> list[str]:
    """Return the words of a variable's name: `SMTP_fromAddress` is smtp, from, address; SMTPSERVER smtp, server."""
    words = [word.lower() for part in name.split("_") for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+", part)]
    return [part for word in words for part in _apart(word)]


def _apart(word: str) -> tuple[str, ...]:
    head = next((mail for mail in ("smtp", "mailer", "email", "mail") if word.startswith(mail)), "")
    return tuple(part for part in (head, word[len(head) :]) if part)


def guess(names: Iterable[str]) -> dict[Role, str]:
    """Return role → the variable that by its name is most likely to hold it. Roles without one are left out."""
    found: dict[Role, str] = {}
    for name in names:
        role = role_of(name)
        if role is not None and (role not in found or len(name) < len(found[role])):
            found[role] = name
    ordered = {role: found[role] for role in Role if role in found}
    links = [name for name in names if name not in found.values() and name.lower().endswith(_LINKS)]
    best = min(
        links, key=lambda name: next(at for at, end in enumerate(_LINKS) if name.lower().endswith(end)), default=""
    )
    return ordered | ({Role.URL: best} if best and Role.HOST in ordered else {})


def role_of(name: str) -> Role | None:
    """Return the role that a variable's name tells; None for what is no mail setting."""
    words = words_of(name)
    if not _MAIL & {*words}:
        return None
    rest = [word for word in words if word not in _MAIL] or ["from"]
    if "name" in rest and {"from", "sender"} & {*rest}:
        return Role.SENDER_NAME
    return next((role for role, telling in _WORDS if telling & {*rest}), None)


_HELP: Final = {
    Role.HOST: "The mail server's name.",
    Role.PORT: "The mail server's port.",
    Role.SENDER: "The address from which the mails come.",
    Role.USERNAME: "The login.",
    Role.PASSWORD: "The password or key that belongs to the login.",
    Role.SECURITY: "TLS from the first byte.",
    Role.STARTTLS: "STARTTLS.",
    Role.URL: "The address at which the app is reached.",
}
NEEDED: Final = (Role.HOST, Role.PORT, Role.SENDER, Role.USERNAME, Role.PASSWORD)
"""Without these there is no profile."""


def profile_text(
    id: str, mapping: Mapping[Role, str], *, service: str, image: str, source: str, day: str  # noqa: A002
) -> str:  # fmt: skip
    """Return the TOML of a profile of one's own. What the app does with a text is taken from the most usual one."""
    return "\n".join(_lines(id, mapping, service, image, source, day)) + "\n"


def _lines(
    id: str, mapping: Mapping[Role, str], service: str, image: str, source: str, day: str  # noqa: A002
) -> Iterator[str]:  # fmt: skip
    yield "# Mapped by name from the app's own variables, and confirmed by hand. Correct what the app does otherwise:"
    yield "# docs/apps-adding.md tells every key."
    yield f"id = {_quoted(id)}\nname = {_quoted(id)}\nservices = [{_quoted(service or id)}]"
    if image:
        yield f"images = [{_quoted(image)}]"
    yield 'docs_url = "https://example.com/"\nevidence = "docs"'
    yield f"checked = {_quoted(day)}\nsources = [{_quoted(source)}]"
    yield 'unknown = ["how the app reads its variables", "which mail client it has"]'
    yield '\n[client]\nmodel = "unknown"\nlogin = "both"'
    tls = mapping.get(Role.SECURITY)
    if tls:
        yield f'\n[[reads]]\nwhen = {{ {tls} = "on" }}\nmode = "implicit"'
    else:
        yield '\n[[reads]]\nwhen = { port = "=465" }\nmode = "implicit"'
    yield '\n[[reads]]\nmode = "opportunistic"'
    on, off = (f'set = {{ {tls} = "true" }}', f'set = {{ {tls} = "false" }}') if tls else ("", "")
    yield f"\n[modes.implicit]\n{on}\n\n[modes.starttls]\npossible = false".replace("\n\n\n", "\n\n")
    yield f"\n[modes.opportunistic]\n{off}\n\n[modes.none]\npossible = false".replace("\n\n\n", "\n\n")
    for role, name in mapping.items():
        yield f"\n[[variables]]\nname = {_quoted(name)}\nrole = {_quoted(role.value)}"
        if role in (Role.HOST, Role.SENDER):
            yield "required = true"
        if role is Role.SENDER:
            yield 'format = "mailbox"'
        if role is Role.SECURITY:
            yield 'read = "lower-true"\ndefault = "false"'
        yield f"help = {_quoted(_HELP.get(role, role.words[:1].upper() + role.words[1:] + '.'))}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
