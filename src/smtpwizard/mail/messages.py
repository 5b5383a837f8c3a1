"""Renders the app's mails and makes messages of them, with a text part and a code that proves arrival.

As long as both addresses are ASCII before the @, a message needs neither 8BITMIME nor SMTPUTF8: its lines are 7-bit and
short. Otherwise From and To hold UTF-8 (RFC 6532), as the app's client writes them.
"""

from __future__ import annotations

import re
import secrets
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from smtpwizard.apps.profile import AppMail, AppProfile, Role
from smtpwizard.clients.nodemailer import headers as header
from smtpwizard.clients.nodemailer.headers import AddressError, envelope
from smtpwizard.errors import ConfigError, FileError, InputError
from smtpwizard.mail import templates
from smtpwizard.settings import Settings
from smtpwizard.text import safe

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
    (name, sender), recipient = _sender(settings), _recipient(to)
    if not mail.template:
        return _plain(mail, app, sender, name, recipient, code)
    base = _web_url(app, settings)
    link = link_of(mail, base, code, to) if mail.carries == "link" else None
    directory = templates.folder(directory, app.templates_path)
    html = inline(templates.render(mail.name, context(base, code, link), directory=directory))
    text = from_html(html)
    message_id, head = _head(mail, name, sender, recipient)
    return BuiltMail(mail, mail.subject, recipient, message_id, code, link, html, text, head + _body(text, html))


def _plain(mail: AppMail, app: AppProfile, sender: str, name: str, recipient: str, code: str) -> BuiltMail:
    """Return a mail of our own, for an app whose own ones are not shipped: its sender, its name, and a code."""
    text = "\n\n".join(
        textwrap.fill(part, WIDTH)
        for part in (
            f"This is a test mail, sent by smtpwizard in the place of {app.name}: with its sender, its settings for "
            "the mail server, and its mail client's rules.",
            f"Code: {code}",
            "Whoever reads this code where the mail was to go has proved that it arrives.",
        )
    )
    message = EmailMessage(policy=_POLICY)
    message.set_content(text + "\n", cte="quoted-printable")
    message_id, head = _head(mail, name, sender, recipient)
    data = head + message.as_bytes()
    return BuiltMail(mail, mail.subject, recipient, message_id, code, None, "", text, data)


def _head(mail: AppMail, name: str, sender: str, recipient: str) -> tuple[str, bytes]:
    """Return a new message id, and the header fields that do not depend on the body."""
    message_id = f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"
    if any(char < " " for char in name + mail.subject):  # in a preset of the user's
        raise ConfigError("The preset of the app has a line break in a name or subject.", "Mail")
    fields = (
        header.from_field(name, sender),
        header.to_field(recipient),
        header.subject_field(mail.subject),
        f"Message-ID: {message_id}",
        f"Date: {format_datetime(datetime.now(UTC))}",
    )
    return message_id, "".join(f"{line}\r\n" for line in fields).encode()


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


def _sender(settings: Settings) -> tuple[str, str]:
    """Return name and address of the sender, as the app puts them together."""
    app = settings.app
    name = app.variable(Role.SENDER)
    given = settings.sender or app.default(Role.SENDER)
    if not given:
        raise ConfigError(f"{name} is not set. Give the address that the mails come from.", "Sender")
    shown, address = app.from_name or settings.sender_name or app.default(Role.SENDER_NAME), given
    spec = app.spec(Role.SENDER)
    if not app.from_name and spec is not None and spec.format != "address" and "<" in given:
        shown, address = parseaddr(given)
    try:
        return shown, envelope(address)
    except AddressError as error:
        shown = safe(given, limit=120)
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
