"""Event: what is known of one failure, in the form that catalogue entries are compared with. Data only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from smtpwizard.addresses import fault_of_name
from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.clients.transport import implicit_tls
from smtpwizard.records import NamedTuple
from smtpwizard.settings import Settings

if TYPE_CHECKING:
    from smtpwizard.presets.schema import Provider


LIMIT: Final = 4000
"""Characters of one reply or message that are looked at. The longest known reply (Microsoft's) has some 700."""

_CODE_AT_START: Final = re.compile(r"^[\s\"'\[(#]{0,8}([2-5]\d\d)(?:[ |-]|: ?|$)")
_ENHANCED: Final = r"[245]\.[0-7]\.\d{1,3}"
_ENHANCED_AT_START: Final = re.compile(rf"^\s{{0,8}}[#(\[]?({_ENHANCED})(?![\d.])[)\]:]?")
_ENHANCED_ANYWHERE: Final = re.compile(
    rf"(?<![\w.])(?=[245]\.)(?<!rfc\d{{3}} )(?<!rfc\d{{4}} )(?<!section )({_ENHANCED})(?![\w.]\w)"
)
"""Not a section of a standard: `see RFC2821 4.1.3`."""
_SPACE: Final = re.compile(r"\s+")
_PLAIN: Final = str.maketrans(
    {
        "’": "'", "‘": "'", "‛": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "\u00a0": " ", "…": "...",
        "\u200b": "", "\ufeff": "", "\x00": "",
    }
)  # fmt: skip


class Words(NamedTuple):
    """A reply taken apart."""

    code: int | None
    enhanced: frozenset[str]
    """The enhanced codes of its lines: the last line's may differ from the first's."""
    text: str
    """Lower case, one space between words, codes at line starts left out."""


def bound(text: str, limit: int = LIMIT) -> str:
    """Return at most `limit` characters: the beginning, and the end, where the last line of a reply is."""
    if len(text) <= limit:
        return text
    head = limit * 3 // 4
    return text[:head] + "\n" + text[head - limit :]


def plain(text: str) -> str:
    """Return `text` bounded, in lower case, on one line, with plain quotes and hyphens."""
    return _SPACE.sub(" ", bound(text).translate(_PLAIN).lower()).strip()


def reply_words(text: str) -> Words:
    """Take a reply apart, be it on several lines or joined to one."""
    code: int | None = None
    enhanced: list[str] = []
    pieces: list[str] = []
    for line in bound(text).splitlines():
        found = _CODE_AT_START.match(line)
        if found:
            code = int(found[1]) if code is None else code
            line = line[found.end() :].removeprefix(f"{code} ").removeprefix(f"{code}-")  # `550 550 …`: said twice
        status = _ENHANCED_AT_START.match(line)
        if status:
            enhanced.append(status[1])
            line = line[status.end() :]
        pieces.append(line)
    joined = plain(" ".join(pieces))
    if code is not None:
        joined, inner = _without_repeats(joined, code)
        enhanced += inner
    if not enhanced:
        # `550 SendAsDenied; 5.7.60`: only where no line starts with one.
        enhanced = _ENHANCED_ANYWHERE.findall(joined)[-2:]
    return Words(code, frozenset(enhanced), joined)


def _without_repeats(text: str, code: int) -> tuple[str, list[str]]:
    """Leave out the `535-5.7.8 ` of further lines when a log has joined them with blanks."""
    repeat = re.compile(rf"(?:^|(?<= )){code}(?:-| (?={_ENHANCED}))({_ENHANCED})? ?")
    found = [status for status in repeat.findall(text) if status]
    return _SPACE.sub(" ", repeat.sub("", text)).strip(), found


class Side(StrEnum):
    """Who wrote a text, and so who refused whom, and what its reader can change."""

    UNKNOWN = ""
    APP = "app"
    """The client of an app or a person: the server answered it, and its own settings are concerned."""
    BOUNCE = "bounce"
    """A report to a mail's sender: a server took the mail, and another one, mostly the recipient's, refused it."""
    ONWARD = "onward"
    """The log of the server that hands mail on; the reader runs it."""
    REFUSING = "refusing"
    """The log of the server that refused; the reader runs it, and the client may be anybody's."""
    RECEIVER = "receiver"
    """A receiving provider's reply to a server that brings it mail, with nothing around it."""


MOST_AROUND: Final = 4000
"""Characters of a text that its events keep, to be looked through for their situation."""


class Event(NamedTuple):
    """One failure, as far as it is known."""

    stages: frozenset[str] = frozenset()
    """The stages at which it can have been; empty: unknown."""
    code: int | None = None
    enhanced: frozenset[str] = frozenset()
    text: str = ""
    """Normalised."""
    raw: str = ""
    """Bounded, otherwise as it came: for conditions about values, where case and blanks matter."""
    errors: frozenset[str] = frozenset()
    port: int | None = None
    given: str | None = None
    """Id of the provider that the caller named."""
    provider: Provider | None = None
    settings: Settings | None = None
    app: AppProfile | None = None
    """The app that the event is about, where there are no settings to tell."""
    lines: tuple[str, ...] = ()
    """A reply to EHLO line by line."""
    names: tuple[str, ...] = ()
    """Names in the server's certificate."""
    encrypted: bool = False
    status: str = ""
    """How a probe's step ended. Of one that passed, only words and conditions count."""
    recipient: str = ""
    relayed: bool = False
    """A mail server speaks of handing the mail on: the app was through with it."""
    side: Side = Side.UNKNOWN
    receiver: str = ""
    """The provider that refused as the mail's receiver: `Gmail`. What it says to its own users is not meant."""
    client: str = ""
    """The kind of client that the text around it shows (see `client_terms`); empty: unknown."""
    around: str = ""
    """The beginning of the text that it was found in, at most MOST_AROUND characters."""
    sent: str = ""
    """The client's command before it, in a dialogue: `AUTH LOGIN`."""
    offer: frozenset[str] = frozenset()
    """What the server offers in the dialogue around it: `STARTTLS`, `AUTH PLAIN LOGIN`."""
    upgraded: bool = False
    """In that dialogue the client has asked for TLS."""
    program: str = ""
    """The mail server's program in whose log it stands: `postfix/smtpd`."""
    passed: frozenset[str] = frozenset()
    """The stages that the text shows to be done before it, `whole` where the message was sent up to its dot, and `quit`
    where the session was being ended."""

    @property
    def profile(self) -> AppProfile:
        """The app: the settings', the one that was named, or the default."""
        return self.settings.app if self.settings is not None else self.app or shipped()


_SILENT_KINDS: Final = frozenset({"custom", "practice"})
"""A server of one's own says nothing about whose replies it gives."""

_WORD: Final = re.compile(r"\b(?:ERR_[A-Z0-9_]{3,60}|E[A-Z][A-Z0-9]{2,20}|[A-Z0-9]{2,20}(?:_[A-Z0-9]{1,20}){1,8})\b")
_PORT: Final = (
    r"(?i)\bport[\"']?(?:[:=]| is)? ?(\d{1,6})\b"
    r"|(?:\b[a-z][\w-]{0,62}\.[\w.-]{1,200}|(?:\d{1,3}\.){3}\d{1,3}|localhost|\]|::1|[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7})"
    r":(\d{2,5})(?![\d:.]|->)"  # before an arrow it is the client's own
    r"|\bport: [\w.-]{1,253}, (\d{2,5})\b"  # Jakarta Mail: `host, port: mail.example.com, 25`
)

_SOURCE_FILE: Final = (
    r"(?i)\.(?:erl|exs?|rb|[cm]?[jt]s|go|java|kt|php|cs|cpp|c|h|lua|scala|swift):\d{1,5}$"
    r"|^[\w-]{1,60}\.(?:pl|pm|py|rs):\d{1,5}$"  # domains of countries, too: `smtp.example.pl:587`
)
_LOGGER_LINE: Final = r"[A-Za-z_]\w{0,60}\.[a-z_]\w{0,60}:\d{1,5}$"


def place_in_program(text: str) -> bool:
    """Say whether `text` ends with the number of a program's line: `message.go:209`, Python's `share.views:504`."""
    return bool(re.search(_SOURCE_FILE, text.split(" ")[-1].split("/")[-1]) or re.search(_LOGGER_LINE, text))


_AUTH_CODES: Final = frozenset({432, 534, 535, 538})
"""Codes that only a login gets (RFC 4954 section 6)."""

_LOGIN_REFUSED: Final = frozenset({534, 535})
"""Wherever a client says that it stood, a login was refused."""

_GATEWAY_TIMEOUT: Final = 504
"""HTTP's: what times out there may be the app's own connection to the mail server."""


def provider_id(provider: Provider | str | None) -> str | None:
    """Return the id that entries are compared with, or None for a server of one's own."""
    if isinstance(provider, str):
        return None if not provider or provider in _SILENT_KINDS else provider
    return None if provider is None or provider.kind in _SILENT_KINDS else provider.id


_PHRASES: Final = (
    ("name or service not known", "ENOTFOUND"),
    ("nodename nor servname provided", "ENOTFOUND"),
    ("temporary failure in name resolution", "EAI_AGAIN"),
    ("connection refused", "ECONNREFUSED"),
    ("timed out", "ETIMEDOUT"),
    ("connection timeout", "ETIMEDOUT"),
    ("connection reset by peer", "ECONNRESET"),
    ("no route to host", "EHOSTUNREACH"),
    ("network is unreachable", "ENETUNREACH"),
    ("cannot assign requested address", "EADDRNOTAVAIL"),
    ("wrong version number", "WRONG_VERSION_NUMBER"),
    ("packet length too long", "PACKET_LENGTH_TOO_LONG"),
)
"""What C libraries, Python and OpenSSL say instead of the word."""


_ERROR_NUMBER: Final = r"\b(?:error|errno|err)(?: code| no\.?| number)?[ :=#(]{1,3}(10[14]|11[013])\b(?![.:]\d)"
_ERRNO: Final = {
    "101": "ENETUNREACH", "104": "ECONNRESET", "110": "ETIMEDOUT", "111": "ECONNREFUSED", "113": "EHOSTUNREACH",
}  # fmt: skip
"""Linux, asm-generic/errno.h."""


def error_words(text: str, reply: str = "") -> frozenset[str]:
    """Return the words of systems and libraries in `text`: `ECONNREFUSED`, and `X` for OpenSSL's `ERR_SSL_X`.

    In `reply` a server speaks: what it says of a time-out or a name concerns itself.
    """
    text = bound(text)
    found = set(_WORD.findall(text))
    lower = (text.replace(reply, " ") if reply else text).lower()
    found |= {word for phrase, word in _PHRASES if phrase in lower}
    found |= {_ERRNO[number] for number in re.findall(_ERROR_NUMBER, lower)}
    return frozenset(found | {word.removeprefix("ERR_SSL_") for word in found})


def port_in(text: str) -> int | None:
    """Return the port that a message names: `connect ECONNREFUSED 127.0.0.1:587`."""
    text = bound(text)
    places = re.finditer(_PORT, text) if ":" in text or "port" in text.lower() else ()
    ports = (found[1] or found[2] or found[3] for found in places if not re.search(_SOURCE_FILE, found[0]))
    return next(map(int, ports), None)


_NAME: Final = r"((?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,5}[a-z]{2,18})(?![\w@-]|\.\w)"
_HOST: Final = (
    rf"(?i)(?:\b(?:smtp[sx]?|ssl|tls|tcp)://|\b(?:ENOTFOUND|EAI_AGAIN|lookup|host|hostname|connect(?:ing|ion)? to|"
    rf"server failed|host, port)\b[\s:=>\"'`(\[]{{1,5}}){_NAME}"
    rf"|(?<![\w@./-]){_NAME}:(25|26|465|587|588|2465|2525|2587)\b(?![.@\d]|:(?! ))"
)
"""A mail server's name where clients put it: behind a scheme or the words of a look-up, or before a mail port."""


def server_in(text: str) -> tuple[str, int | None]:
    """Return name and port of the mail server that a message names: ("", None) where it names none."""
    found = re.search(_HOST, bound(text))
    port = int(found[3]) if found and found[3] else port_in(text)
    return ((found[1] or found[2]).lower() if found else "", port)


def login_methods(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the login methods in lines of a reply to EHLO (RFC 4954 section 3), each once and in capitals.

    `AUTH=LOGIN` is what servers write for clients from before that standard.
    """
    offers = (re.sub(r"^250[ -]", "", line.strip()).upper().replace("=", " ").split() for line in lines)
    return tuple(dict.fromkeys(name for words in offers if words[:1] == ["AUTH"] for name in words[1:]))


_ADDRESS: Final = r"[^<>\n]{0,254}"
_QUOTED_WORDS: Final = r"b?(?:'(?:[^'\\\n]|\\.){0,2000}'|\"(?:[^\"\\\n]|\\.){0,2000}\")"
_REFUSED: Final = (
    # the server's own words
    (">", "", rf"(?i)<(?P<of>{_ADDRESS})>(?:\.\.\.|:)? ?(?P<role>sender|recipient)\b"),
    ("address <", "", rf"(?i)\b(?P<role>sender|recipient)(?:'s)? (?:e-?mail )?address <(?P<of>{_ADDRESS})>"),
    (
        "address",
        "",
        r"(?i)\b(?P<role>sender|recipient)(?:'s)? (?:e-?mail )?(?:address )?[<\[](?P<of>[^<>\[\]\n]{0,254})[>\]]",
    ),
    ("must contain", "recipient", r"(?i)[45]\d\d[ -](?P<of>[^\s<>]{1,254}): recipient address must contain"),
    # smtplib: the sender that it was given, and the recipients by their addresses
    ("(", "sender", rf"\(\d{{3}}, ?{_QUOTED_WORDS}, ?u?(?P<q>[\"'])(?P<of>[^\n]{{0,254}}?)(?P=q)\)"),
    ("{", "recipient", r"\{u?(?P<q>[\"'])(?P<of>[^\n]{0,254}?)(?P=q): ?\(\d{3}, "),
    # the command that was refused
    (
        "<",
        "",
        rf"(?im)\b(?P<verb>MAIL FROM|RCPT TO): ?<(?P<of>{_ADDRESS})>[^\n]{{0,200}}\n"
        r"[^\n]{0,60}?(?<![\w.])[45]\d\d[ -]",
    ),
    ("after ", "", rf"(?i)\bafter (?:pipelined )?(?P<verb>MAIL FROM|RCPT TO):<(?P<of>{_ADDRESS})>"),
    ("failed to add", "recipient", r"Failed to add recipient: (?P<of>[^\n]{0,254}?) \[SMTP"),
    ("failed to set", "sender", r"Failed to set sender: (?P<of>[^\n]{0,254}?) \[SMTP"),
    ("<", "", rf"[45]\d\d[ -](?:[45]\.\d\.\d{{1,3}} )?<(?P<of>{_ADDRESS})>(?!\\?[\"']\])"),
    ("@", "", r"(?i)\bfor (?P<role>address|recipient|sender) <?(?P<of>[^\s<>\"',;]{1,64}@[^\s<>\"',;]{0,190})"),
)
"""A sign, the role of an address, and how mail servers or a library for them tell that it was refused: surest first."""
_UNSENT: Final = (
    ("address in mailbox", "", r"Address in mailbox given \[(?P<of>[^\]\n]{0,254})\]"),
    ("``", "", r"[Ii]n string ``(?P<of>[^'\n]{0,254})''"),
    ("does not comply", "", r"(?i)\bEmail \"(?P<of>[^\"\n]{0,254})\" does not comply"),
    (
        "invalid address:",
        "",
        r"(?i)Invalid address: {0,2}\((?P<role>\w{2,12})\): ?(?P<of>[^\s\"'<]{1,254}|(?=[ \t]{0,3}(?:\n|\Z)))",
    ),
    ("invalid ", "", r"(?i)\binvalid (?P<role>to|from|recipient|sender)\w{0,3} address ?: (?P<of>\S{1,254})"),
    ("address", "", r"(?i)(?:failed to parse|invalid)(?: e?-?mail)? address:? \\?\"(?P<of>[^\"\n]{0,254}?)\\?\""),
    ("missing '@'", "", r"(?i)[^\w](?P<role>from|to|sender)\W{1,3}\((?P<of>[^()\n]{1,254})\)[^\n]{0,40}missing '@'"),
)
"""The same of libraries that look at an address before they send anything."""


def told(pattern: str, event: Event) -> str:
    """Return what a pattern finds in an event's own words: the group that holds something, else all; empty: nothing."""
    return _group(re.search(pattern, event.raw))


def near(pattern: str, event: Event) -> str:
    """Return the same for an event's own words and the text around it."""
    return _group(re.search(pattern, f"{event.raw}\n{event.around}"))


def _group(found: re.Match[str] | None) -> str:
    return next(filter(None, (*found.groups(), found[0])), "") if found else ""


_OPENING: Final = "\x00"


def verbatim(text: str) -> str:
    """Mark words from outside, so that what stands in braces in them is no place of a sentence to be filled."""
    return text.replace("{", _OPENING)


def without_marks(text: str) -> str:
    """Return a sentence, all its places filled, with the braces that `verbatim` has marked."""
    return text.replace(_OPENING, "{")


class Refused(NamedTuple):
    """An address that was refused."""

    address: str
    """As it came: it may be empty, or no address at all."""
    role: str
    """`sender` or `recipient`; empty where it is not told."""


def refused_address(event: Event, role: str) -> Refused | None:
    """Return the refused address that is of `role` (`sender`, `recipient`) or may be; None where none is told."""
    for text in (event.raw, f"{event.sent}\n{event.code} " if event.sent else "", event.around):
        lower = text.lower()
        for sign, known, pattern in (*_REFUSED, *_UNSENT) if text else ():
            found = re.search(pattern, text) if sign in lower else None
            if found and (told := _role(known, found)) in (role, ""):
                return Refused(_envelope(found["of"]), told)
    return None


def _role(known: str, found: re.Match[str]) -> str:
    """Whose address a pattern has found; empty where it does not say."""
    groups = found.groupdict()
    word = (groups.get("role") or groups.get("verb") or known).lower()
    if known == "recipient" and re.search(r"(?i)sender address", found.string):
        return "sender"
    return "sender" if word in ("sender", "from", "mail from") else "recipient" if word not in ("", "address") else ""


def _envelope(given: str) -> str:
    """The address alone, where a library was given a name with it that may stand there: that is what it then sends."""
    bare = re.fullmatch(r"([^<>]{1,190})<([^<>\s]{1,254}@[^<>\s]{1,253})>", given)
    return given if bare is None or fault_of_name(bare[1]) else bare[2]


_LOOKED_UP: Final = (
    r"\bhostname[\"']?: ?(?P<q>[\"'])(?P<of>[^\n]{1,254}?)(?P=q)",
    r"\b(?:ENOTFOUND|EBADNAME|EAI_AGAIN|EAI_FAIL|EAI_NONAME|ENODATA|ESERVFAIL) "
    r"(?P<of>(?!\S{1,200}:\d{2,5}\b)[^\n\])}]{1,254}?)(?= \S{1,254}:\d{1,5}\b|,? [a-z]{2}| ?\n|[\])}]|[\"'`]? ?$)",
    r"\blookup (?!address information)(?P<of>[^\n]{1,254}?)"
    r"(?= on \[?[\d.:a-f]{2,40}\]?:53|: (?:no such|getaddrinfo|i/o|server|dnsquery|Temp))",
    r"(?:UnknownHostException|[Uu]nknown (?:SMTP )?host)(?::| is)? "
    r"[\"'`]?(?P<of>[\w.@:/,;-]{1,254}?)[\"'`;:.]{0,2}(?=\s|$)",
    r"\bgetaddrinfo for (?P<of>[^\n]{1,254}?) failed",
    r"(?i)\b(?:not|n't|unable to) (?:be )?(?:resolve|find|look ?up)(?: the)? (?:mail |smtp )?host(?:name)?:? "
    r"[\"'`]?(?P<of>[\w.@:/,;-]{1,254}?)[\"'`.]{0,2}(?=\s|$|\))",
)
"""How libraries name the host that they looked up."""


def looked_up(text: str) -> str:
    """Return the host name that a client looked up in vain, with all that stands around it; empty if untold."""
    found = next(filter(None, (re.search(pattern, text) for pattern in _LOOKED_UP)), None)
    return found["of"] if found else ""


_CERTIFICATE_NAMES: Final = (
    r"DNS:([\w*][\w.*-]{0,252})",
    r"certificate is (?:only )?valid for ((?:[\w*][\w.*-]{0,252}, ){0,4}[\w*][\w.*-]{0,252}), (?:[^\n]{0,2000}, )?not ",
    r"certificate CN=[`'\"]([\w*][\w.*-]{0,252})",
)
"""How Node, Go and PHP tell the names in a certificate."""

_MOST_NAMES: Final = 4


def certificate_names(event: Event) -> list[str]:
    """Return the first names of the server's certificate, as far as they are known."""
    found = list(event.names) or [
        name for pattern in _CERTIFICATE_NAMES for said in re.findall(pattern, event.raw) for name in said.split(", ")
    ]
    return list(dict.fromkeys(found))[:_MOST_NAMES]


_WANTED: Final = (
    r"Host: ([\w.-]{1,253}?)\.? is not in",
    r"certificate is (?:only )?valid for [^\n]{1,2000}?, not ([\w.-]{3,253})",
    r"did not match expected CN=[`'\"]([\w.-]{3,253})",
)
"""The same clients: under which name they have called the server."""


def wanted_name(event: Event) -> str:
    """Return the name that the server was called by and its certificate does not have; empty where none is told."""
    found = (re.search(pattern, event.raw) for pattern in _WANTED)
    return next((name[1].lower() for name in found if name), "")


def from_step(
    step: StepLike,
    provider: Provider | str | None = None,
    settings: Settings | None = None,
    *,
    encrypted: bool = False,
) -> Event:
    """Take what a probe's step says; `encrypted` when TLS was on before it."""
    base = Event(
        stages=frozenset({str(step.step)}),
        given=provider_id(provider),
        provider=None if isinstance(provider, str) else provider,
        settings=settings,
        port=settings.port_number if settings else None,
        names=step.tls.names if step.tls else (),
        encrypted=encrypted or step.tls is not None or bool(settings and implicit_tls(settings)),
        status=str(step.status),
    )
    if base.status == "warned" and base.stages == {"ehlo"} and step.detail:
        refused = reply_words(step.detail[0])
        if refused.code is not None and refused.code >= 400:  # EHLO was refused, and HELO taken instead
            return base._replace(
                code=refused.code, enhanced=refused.enhanced, text=refused.text, raw=bound(step.detail[0])
            )
    message = "\n".join((step.error or "", step.summary, *step.detail))
    if step.reply is not None and step.reply.code is not None:
        event = _with_reply(base, "\n".join(step.reply.lines) or str(step.reply.text), step.reply, step.error)
        # A warning is about what the probe saw beside a good reply.
        return event._replace(text=f"{event.text} {plain(message)}") if base.status == "warned" else event
    if step.reply is not None:
        message += "\n" + "\n".join(step.reply.lines or (step.reply.text,))
    return _with_message(base, message)


def _with_reply(base: Event, text: str, reply: ReplyLike, error: str | None) -> Event:
    words = reply_words(text)
    enhanced = words.enhanced | ({reply.enhanced} if reply.enhanced else frozenset())
    return base._replace(
        code=reply.code,
        enhanced=frozenset(enhanced),
        text=words.text,
        raw=bound(text),
        errors=error_words(error or ""),
        lines=tuple(text.splitlines()[:100]),
    )


def _with_message(base: Event, message: str) -> Event:
    return base._replace(text=plain(message), raw=bound(message), errors=error_words(message))


def from_text(
    text: str,
    *,
    reply: str = "",
    code: int | None = None,
    enhanced: str = "",
    stages: Sequence[str] = (),
    provider: Provider | str | None = None,
    settings: Settings | None = None,
    app: AppProfile | None = None,
) -> Event:
    """Take a reply or a message of a client out of `text`; `reply` is the part that the server said, where it is known.

    `code`, `enhanced` and `stages` are what is known besides.
    """
    words = reply_words(reply or text)
    code = words.code if reply and words.code is not None else code
    statuses = words.enhanced if code is not None else frozenset({enhanced} if enhanced else ())
    if (not stages and code in _AUTH_CODES) or code in _LOGIN_REFUSED:
        stages = ("auth", *(["after"] if "after" in stages else []))
    port = port_in(text)
    return Event(
        stages=frozenset(stages),
        code=code,
        enhanced=statuses,
        text=words.text,
        raw=bound(text),
        errors=error_words(text, reply if code is not None and code >= 400 and code != _GATEWAY_TIMEOUT else ""),
        port=port if port is not None else (settings.port_number if settings else None),
        given=provider_id(provider),
        provider=None if isinstance(provider, str) else provider,
        settings=settings,
        app=app,
        lines=tuple(bound(reply or text).splitlines()[:100]),
        encrypted=bool(settings and implicit_tls(settings)),
    )


class ReplyLike(Protocol):
    """The parts of a probe's Reply that a diagnosis needs. The rooms beside this one are not imported."""

    @property
    def code(self) -> int | None: ...
    @property
    def enhanced(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def lines(self) -> tuple[str, ...]: ...


class TlsLike(Protocol):
    """The parts of a probe's TlsFacts that a diagnosis needs."""

    @property
    def names(self) -> tuple[str, ...]: ...


class StepLike(Protocol):
    """The parts of a probe's StepResult that a diagnosis needs."""

    @property
    def step(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def reply(self) -> ReplyLike | None: ...
    @property
    def tls(self) -> TlsLike | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def detail(self) -> tuple[str, ...]: ...
