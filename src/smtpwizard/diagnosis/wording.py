"""Puts an answer into words that fit: the reply's code, the app's names, the provider's ports, whose server it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Final

from smtpwizard.apps.profile import Role
from smtpwizard.diagnosis import pasted_settings
from smtpwizard.diagnosis.client_terms import words_of
from smtpwizard.diagnosis.event import (
    Event,
    Side,
    certificate_names,
    login_methods,
    looked_up,
    near,
    server_in,
    told,
    verbatim,
    without_marks,
)
from smtpwizard.diagnosis.sentence_places import NODE
from smtpwizard.presets.values import IMPLICIT_PORTS, MTA_PORT, TlsMode
from smtpwizard.secret import hide_secrets
from smtpwizard.text import listed, safe

if TYPE_CHECKING:
    from smtpwizard.diagnosis.schema import Situation
    from smtpwizard.presets.schema import PortChoice

_CODES: Final = re.compile(
    r"(?<=\()[245](?:\d\d(?: [245]\.\d{1,3}\.\d{1,3})?|\.\d{1,3}\.\d{1,3})"
    r"(?:, [245](?:\d\d(?: [245]\.\d{1,3}\.\d{1,3})?|\.\d{1,3}\.\d{1,3}))*(?=[,) ])"
)


def own_code(title: str, event: Event) -> str:
    """Return a title with the reply's own code in place of those that an entry knows, or behind it."""
    if event.code is not None and event.code < 400:
        return title
    status = next(iter(event.enhanced)) if len(event.enhanced) == 1 else ""
    own = " ".join(part for part in (str(event.code or ""), status) if part)
    if not own:
        return re.sub(r" \(\)|(?<=\(), ", "", _CODES.sub("", title))
    if _CODES.search(title):
        return _CODES.sub(own, title, count=1)
    return title if own in title else f"{title} ({own})"


def _put(text: str, words: Mapping[str, str]) -> str:
    """Put words into the places of a sentence. `Set {username}=apikey` becomes `Set the user name to apikey`."""

    def words_for(found: re.Match[str]) -> str:
        said = words.get(found[2])
        if f"{found[2]} (=)" in words and re.search(_COMPARING, found.string[: found.start()]):
            said = words[f"{found[2]} (=)"]
        if said is None:
            return found[0]
        if found[3]:
            said += " to " if found[1] else " "
        elif not found[1] and re.search(r"(?:^|\. )$", found.string[: found.start()]):
            said = said[0].upper() + said[1:]
        return f"{found[1] or ''}{said}"

    for _ in range(2):  # the words may have places of their own
        text = re.sub(r"((?:Set|set) )?\{(\w+)\}(=)?", words_for, text)
    return text


_COMPARING: Final = r"(?i)\b(?:compare|check|match|correct)\b[^.:;]*$"
"""In such a sentence the value that a text shows is told with a setting's name."""


class Wording:
    """Fills the sentences of an answer."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._terms = words_of(event)

    @property
    def own_names(self) -> bool:
        """Whether the app's own names and repairs fit: neither a relay nor another client is concerned."""
        return "host" not in self._terms

    def title(self, text: str) -> str:
        """Fill a title, and put the reply's own code into it. Node's word for an error stands only where Node spoke."""
        if not self.own_names:
            if not _CODES.search(text):
                text = re.sub(r" \(E[A-Z_]+(?:, E[A-Z_]+)*\)$", "", text)
            text = re.sub(r"(?<=\w), E[A-Z_]{3,}(?=\))", "", text)
        words = re.search(r" \((E[A-Z_]+(?:, E[A-Z_]+)*)\)$", text)
        said = self._event.errors and not self._event.status
        if words and said and self._event.errors.isdisjoint(words[1].split(", ")):
            text = text[: words.start()]
        return own_code(self.fill(text), self._event)

    def fill(self, text: str) -> str:
        """Put names, modes and the provider's encrypted port into a sentence."""
        text = _put(_put(text, self._terms), NODE) if "{" in text else text
        if "{encrypted}" in text:
            return self.fill(text.replace("{encrypted}", self._encrypted()))
        for place, words in _OF_EVENT.items():
            if place in text:
                text = text.replace(place, words(self._event))
        return without_marks(self._event.profile.fill(text))

    def in_situation(
        self, kind: str, title: str, cause: str, remedy: str, situations: Callable[[str], Iterable[Situation]]
    ) -> tuple[str, str, str]:
        """Return title, cause and remedy, or those for the situation that the text shows, of those of its kind."""
        if self._event.settings is not None or self._event.status:
            return title, cause, remedy  # what a probe has met is known from the settings
        found = situation_of(kind, self._event, situations(kind))
        if found is not None:
            remedy = " ".join(part for part in (found.remedy or remedy, found.hint) if part)
            title, cause = found.title or title, found.cause or cause
        if kind.startswith("sender-") and "@" in self._event.raw:
            from smtpwizard.diagnosis.login_situations import default_sender

            cause = f"{cause} {default_sender(self._event)}".rstrip()
        return title, cause, remedy

    def cause(self, text: str, *, handed_on: bool = True) -> str:
        """Fill a cause; before it, where a text shows that a mail server took the mail: that no login is concerned."""
        before = _TAKEN_BEFORE.get(self._event.side) if self._event.relayed and handed_on else None
        return f"{before} {self.fill(text)}" if before else self.fill(text)

    def _encrypted(self) -> str:
        """Say which port to use for an encrypted connection: the provider's, else 465."""
        provider = self._event.provider
        choices = sorted(provider.ports, key=_encrypted_first) if provider is not None else []
        if choices and choices[0].tls is TlsMode.STARTTLS and not self.own_names:
            return f"port {choices[0].port} with STARTTLS"
        if choices and choices[0].tls is TlsMode.STARTTLS:
            return f"{{port}}={choices[0].port}, {{starttls}} with STARTTLS (this provider has no port for TLS at once)"
        port = choices[0].port if choices and choices[0].tls is TlsMode.IMPLICIT else 465
        if not self.own_names:
            return f"port {port} with SSL/TLS"
        return f"{{port}}={port}, {{implicit}}"


def situation_of(kind: str, event: Event, situations: Iterable[Situation]) -> Situation | None:
    """Return the first of the `situations` of a cause of `kind` that `event` shows, with what it shows put in.

    Before them goes an address that is none by sight: then nothing else need be asked.
    """
    if kind in _OF_ADDRESSES:
        from smtpwizard.diagnosis.login_situations import with_faulty_address

        if faulty := with_faulty_address(kind, event):
            return faulty
    text = f"{event.raw}\n{event.around}".lower()
    for item in situations:
        if shown := _shown(item, event, text):
            cause, remedy, hint = (words.replace("{shown}", shown) for words in (item.cause, item.remedy, item.hint))
            return item._replace(cause=cause, remedy=remedy, hint=hint)
    return None


_OF_ADDRESSES: Final = frozenset(
    {"sender-malformed", "recipient-malformed", "sender-domain-unknown", "recipient-domain-unroutable"}
)


def _shown(item: Situation, event: Event, text: str) -> str:
    """Return what the event shows of a situation, empty where not all that it asks for holds. `text`: in lower case."""
    if item.signs and not any(sign in text for sign in item.signs):
        return ""
    found: list[str | bool] = []
    if item.told:
        found.append(told(item.told, event))
    if item.near and all(found):
        found.append(near(item.near, event))
    for name in item.when:
        if not all(found):
            return ""
        found.append(_function(name)(event))
    if not all(found) or any(_function(name)(event) for name in item.unless):
        return ""
    return verbatim(str(found[0] if item.told or item.near else found[-1]))


def functions() -> Iterator[Mapping[str, Callable[[Event], str | bool]]]:
    """Yield the functions that situations name, module by module: whether something is so, or what."""
    yield pasted_settings.SHOWS
    from smtpwizard.diagnosis import connection_situations

    yield connection_situations.SHOWS
    from smtpwizard.diagnosis import login_situations

    yield login_situations.SHOWS
    from smtpwizard.diagnosis.conditions import CONDITIONS

    yield CONDITIONS


@cache
def _function(name: str) -> Callable[[Event], str | bool]:
    return next(known[name] for known in functions() if name in known)


def _certificate(event: Event) -> str:
    """The beginning of a sentence about a name that the certificate does not have."""
    names = certificate_names(event)
    return f"The certificate is for {', '.join(names)} and not" if names else "The certificate is not"


def _looked_up(event: Event) -> str:
    """The name to look up in one's turn: the one that was looked up in vain, if it is one."""
    name = looked_up(event.raw).strip().rstrip(".")
    return name if re.fullmatch(_NAME, name) else _EXAMPLE


def _offered(event: Event) -> str:
    """The login methods that the server offers in the dialogue, as far as it shows them."""
    names = login_methods((*sorted(event.offer), *event.lines))
    return listed(names, last="or") if names else "one of the offered methods"


def _server(event: Event) -> tuple[str, int | None]:
    """The mail server that is meant, by the settings or the text, else the example's; its port where it is known."""
    if event.settings is not None:
        return event.settings.host or _EXAMPLE, event.port
    host, port = server_in(event.raw)
    shown, its_port = pasted_settings.server_shown(event)
    return host or shown or server_in(event.around)[0] or _EXAMPLE, event.port or port or its_port


_EXAMPLE: Final = "smtp.example.com"
_NAME: Final = r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}"


def _try_port(event: Event) -> str:
    """The command that shows whether the port answers."""
    host, port = _server(event)
    return f"`nc -vz {host} {port or 587}`"


def _try_tls(event: Event) -> str:
    """The command that shows the TLS version and the certificate."""
    host, port = _server(event)
    if port is None:
        return f"`openssl s_client -connect {host}:465` (587: add `-starttls smtp`)"
    return f"`openssl s_client -connect {host}:{port}{'' if port in IMPLICIT_PORTS else ' -starttls smtp'}`"


NO_REASON: Final = "It gives no reason."
_FEW_WORDS: Final = 3
_LONG_REASON: Final = 200
"""Characters of a reply that are quoted: two sentences and a link."""


def its_reason(event: Event) -> str:
    """Return the sentence with a server's own words, or that there are none: a word or two are no reason."""
    lines = " ".join(re.sub(_CODE_BEFORE, "", line) for line in event.lines)
    said = safe(hide_secrets(lines), limit=_LONG_REASON).strip(" .:;-'\"(),")
    behind = re.search(rf"[\[(]{event.code}[\])]\W*$", event.raw)  # an app's own sentence, and the code alone
    if event.code is None or behind or len(re.findall(r"[^\W\d_]{2,}", said)) < _FEW_WORDS:
        return NO_REASON
    return f"Its own words: “{verbatim(said)}”."


def its_page(event: Event) -> str:
    """Return the sentence, with a blank behind it, that sends to the page or person a reply names; else nothing."""
    link, contact = _named(event)
    return f"Read {link}. " if link else f"Ask {contact}, whom the reply names. " if contact else ""


def _its_list(event: Event) -> str:
    """Say where to look up what a blocklist has: at the list that the reply names, else at all."""
    link, contact = _named(event)
    if zone := re.search(_LISTS, event.raw):
        return f"at {zone[0]}"
    return (
        f"at {link}" if link else f"with {contact}" if contact else "at the blocklists (multirbl.valli.org asks most)"
    )


def _named(event: Event) -> tuple[str, str]:
    """Return the first link of a reply and the address to which it wants to be written, where they show no secret."""
    said = "\n".join(event.lines) or event.raw
    link, contact = re.search(_LINK, said), re.search(_CONTACT, said)
    shown = safe(link[0].rstrip(".,;:!?"), limit=_LONG_REASON) if link else ""
    return shown if hide_secrets(shown) == shown else "", contact[1] if contact else ""


_LINK: Final = r"https?://[^\s\"'<>()\[\]{}\\]{4,200}"
_CONTACT: Final = (
    r"(?i)\b(?:contact|write to|please e-?mail|notify|ask)[\s:<\"']{1,3}([\w.+-]{1,64}@[\w-][\w.-]{2,200}\w)"
)
_LISTS: Final = (
    r"(?i)(?<![\w@/.-])(?:[a-z0-9-]{1,40}\.){0,3}(?:spamhaus|spamcop|barracudacentral|sorbs|uceprotect|abuseat|surbl|"
    r"uribl|mailspike|manitu|surriel|abusix|backscatterer|gbudb|dnsbl[\w-]{0,20})\.(?:[a-z]{2,10}\.)?[a-z]{2,6}\b"
)
"""Blocklists by their zones: `zen.spamhaus.org`."""

_OF_EVENT: Final[Mapping[str, Callable[[Event], str]]] = {
    "{certificate}": _certificate,
    "{looked_up}": _looked_up,
    "{offered}": _offered,
    "{try_port}": _try_port,
    "{try_tls}": _try_tls,
    "{its_reason}": its_reason,
    "{its_page}": its_page,
    "{its_list}": _its_list,
}
"""Place in a sentence → the words for it, which only the event knows."""

_CODE_BEFORE: Final = r"^\s*(?:[2-5]\d\d[ -]|[245]\.\d{1,3}\.\d{1,3}\s)*"

HANDED_ON: Final = (
    "Your mail server took the mail from the app and could not hand it on; what follows concerns that server, not the "
    "app's login."
)
REPORTED: Final = (
    "A mail server took this mail from its sender and could not hand it on; the sender's own login is not concerned."
)
_TAKEN_BEFORE: Final = {Side.ONWARD: HANDED_ON, Side.BOUNCE: REPORTED}
"""Whose text it is → what it shows about the mail's way. A bare reply of a receiver shows nothing about it."""


def _encrypted_first(choice: PortChoice) -> tuple[bool, bool, bool, int]:
    return choice.tls is not TlsMode.IMPLICIT, choice.tls is not TlsMode.STARTTLS, choice.port == MTA_PORT, choice.port


def names_a_port(remedy: str) -> bool:
    """Say whether a remedy, once filled in, may name a port of the provider's."""
    return "{encrypted}" in remedy or "{tls_on}" in remedy


def in_the_providers_terms(event: Event, proved: frozenset[str]) -> Event:
    """Return the event with the provider that the reply proves, where nobody has named one. Reads a preset then."""
    return _of_provider(event, sorted(proved)) if event.provider is None else event


_LOGIN: Final = (
    r"(?i)\b(?:user(?:[ _-]?name)?|user[ _]id|login)[\"']?(?: is)?[\s:='\"(\[]{1,4}[^\s@\"'<>]{1,64}"
    r"@([\w.-]{3,253}\.\w{2,10})"
)


def with_login_hints(event: Event, proved: frozenset[str], roles: Iterable[str]) -> Event:
    """Return the event with the one provider whose hints on user name and password fit, where an answer has none.

    It is the one that was named or has spoken, else the one to which the login's address belongs.
    """
    if event.provider is not None or event.settings is not None or event.relayed or Role.PASSWORD not in roles:
        return event
    from smtpwizard.diagnosis.login_situations import diverted

    if diverted(event):
        return event  # another's server refused the login: the provider's ways with it do not matter yet
    known = proved or (frozenset({event.given}) if event.given else frozenset())
    if len(known) == 1 or "gmail" in known:  # all of Google's want the same
        return _of_provider(event, sorted(known)[:1])
    login = None if known else re.search(_LOGIN, event.raw)
    if login is None:
        return event
    from smtpwizard.presets.catalogue import Presets

    found = Presets.open().match_address(f"login@{login[1]}")
    return event if found is None else event._replace(provider=found.provider)


def _of_provider(event: Event, names: Iterable[str]) -> Event:
    from smtpwizard.errors import SmtpWizardError
    from smtpwizard.presets.catalogue import Presets

    presets = Presets.open()
    ids = frozenset(presets.ids())
    for name in names:
        if name in ids:
            with suppress(SmtpWizardError):
                return event._replace(provider=presets.provider(name))
    return event
