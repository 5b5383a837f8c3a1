"""Renders the app's mails and makes messages of them, with a code that proves arrival. Sends nothing.

As long as both addresses are ASCII before the @, a message needs neither 8BITMIME nor SMTPUTF8: its lines are 7-bit and
short. Otherwise From and To hold UTF-8 (RFC 6532), as the app's client writes them.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from smtpwizard.apps.profile import AppMail, AppProfile, Role
from smtpwizard.clients.nodemailer import headers as header
from smtpwizard.clients.nodemailer.headers import AddressError, envelope
from smtpwizard.errors import ConfigError, FileError, InputError
from smtpwizard.mail import templates
from smtpwizard.mail.plain_text import from_html
from smtpwizard.settings import Settings
from smtpwizard.text import safe

ELEMENTS: Final = 2_000
"""Elements of a mail whose CSS is inlined; the app's have about 100.

Inside each other 45,000 of them crash css-inline on a stack of 8 MB, 2,800 on one of 512 kB.
"""

BRACKETS: Final = 1_000
"""Opening brackets in a mail: css-inline crashes at 3,000 selectors inside each other."""

MATCHES: Final = 2_000_000
"""Rules times elements: each may be written into each, and 35 kB become 80 MB."""


def well_formed(text: str) -> str:
    """Return `text` as JavaScript hands it on as UTF-8: half a character (a lone surrogate) becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def inline(html: str) -> str:
    """Return `html` with the rules of its `<style>` elements inlined. FileError where that is refused.

    The engine is the app's, of the same version: @nestjs-modules/mailer 2.0.2 depends on exactly @css-inline/css-inline
    0.14.1 and calls `inline(html, {})`. Later versions write other bytes: 0.14.2 other quotes, 0.14.3 keeps
    `!important` in a style attribute. `<style>` elements go, and `@media` with them, unless they are marked
    `data-css-inline="keep"`. Unlike in the app, style sheets from elsewhere are left out: a preview must not open the
    connections or files that a template names.
    """
    import css_inline

    elements = sum(1 for _ in re.finditer("<[A-Za-z]", html))
    rules = sum(len(re.findall("[{;,]", part)) for part in re.findall(r"(?is)<style.*?(?:</style[\s/>]|\Z)", html))
    too_much = {
        f"elements than {ELEMENTS:,}": elements > ELEMENTS,
        f"brackets, as in :not(…), than {BRACKETS:,}": html.count("(") > BRACKETS,
        "rules for its many elements than are inlined here": elements * rules > MATCHES,
    }
    if what := next((words for words, found in too_much.items() if found), ""):
        raise FileError(f"The CSS of the mail cannot be inlined: it has more {what}.", "Mail template")
    try:
        return css_inline.CSSInliner(load_remote_stylesheets=False).inline(well_formed(html))
    except css_inline.InlineError as error:
        raise FileError(f"The CSS of the mail cannot be inlined: {error}.", "Mail template") from error


CODE_DIGITS: Final = 6
"""As many as the app's own verification code has."""

_POLICY: Final = SMTP.clone(max_line_length=76)
"""76 octets to a quoted-printable line (RFC 2045 section 6.7, rule 5); the package's own limit is a header's, 78."""


@dataclass(frozen=True, slots=True)
class BuiltMail:
    """One mail, ready to be sent."""

    mail: AppMail
    subject: str
    to: str
    """The recipient in envelope and header, its domain in ASCII."""
    message_id: str
    """With its angle brackets, as in the header."""
    code: str
    """Six digits that stand in the mail: typed back, they prove that it arrived."""
    link: str | None
    """Where the mail's button leads; None for a mail that carries the code itself."""
    html: str
    """As sent: CSS inlined."""
    text: str
    data: bytes = field(repr=False)
    """The whole message, with CRLF line ends and no dots stuffed."""


def new_code() -> str:
    """Return a new arrival code: six random digits."""
    return "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))


def build(
    mail: AppMail,
    app: AppProfile,
    settings: Settings,
    to: str,
    *,
    code: str | None = None,
    directory: Path | None = None,
) -> BuiltMail:
    """Render `mail` and make a message of it, as the app would send it to `to` with these settings.

    `directory` holds other templates than the shipped ones: the app's own, or a checkout of the app. ConfigError for a
    sender or web address that no message can carry, InputError for a recipient, TemplateError or FileError for a
    template.
    """
    code = code or new_code()
    sender, recipient = _sender(settings), _recipient(to)
    base = _web_url(app, settings)
    link = link_of(mail, base, code, to) if mail.carries == "link" else None
    directory = templates.folder(directory, app.templates_path)
    html = inline(templates.render(mail.name, context(base, code, link), directory=directory))
    text = from_html(html)
    message_id = f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"
    if any(char < " " for char in app.from_name + mail.subject):  # in a preset of the user's
        raise ConfigError("The preset of the app has a line break in a name or subject.", "Mail")
    fields = (
        header.from_field(app.from_name, sender),
        header.to_field(recipient),
        header.subject_field(mail.subject),
        f"Message-ID: {message_id}",
        f"Date: {format_datetime(datetime.now(UTC))}",
    )
    data = "".join(f"{line}\r\n" for line in fields).encode() + _body(text, html)
    return BuiltMail(mail, mail.subject, recipient, message_id, code, link, html, text, data)


def _body(text: str, html: str) -> bytes:
    """Return both parts with the rest of the header above them."""
    message = EmailMessage(policy=_POLICY)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for part in message.iter_parts():
        del part["MIME-Version"]  # the email package puts one into a part, where it means nothing
    return message.as_bytes()


def context(base: str, code: str, link: str | None) -> dict[str, str]:
    """Return the variables that the app gives a template; a link mail of ours also shows the code as `testCode`."""
    if link is None:
        return {"code": code, "baseUrl": base}
    return {"link": link, "baseUrl": base, "testCode": code}


def link_of(mail: AppMail, base: str, code: str, to: str) -> str:
    """Return the link in a mail, put together as the app does: nothing is URL-encoded, a `/` that ends `base` stays."""
    return base + mail.link_path.replace("{code}", code).replace("{email}", to)


def _sender(settings: Settings) -> str:
    name = settings.app.variable(Role.SENDER)
    if not settings.sender:
        raise ConfigError(f"{name} is not set. Give the address that the mails come from.", "Sender")
    try:
        return envelope(settings.sender)
    except AddressError as error:
        shown = safe(settings.sender, limit=120)
        raise ConfigError(f"{name} ({shown}) {error}. Give a bare address.", "Sender") from error


def _recipient(to: str) -> str:
    try:
        return envelope(to)
    except AddressError as error:
        raise InputError(f"The recipient ({safe(to, limit=120)}) {error}.", "Recipient") from error


def _web_url(app: AppProfile, settings: Settings) -> str:
    url = settings.url or app.default(Role.URL)
    if not url:
        raise ConfigError(f"{app.variable(Role.URL)} is not set, and the links in mails begin with it.", "Links")
    if any(char.isspace() or not char.isprintable() for char in url):
        raise ConfigError(
            f"{app.variable(Role.URL)} ({safe(url, limit=120)}) has a blank in it: every link would break.", "Links"
        )
    return url
