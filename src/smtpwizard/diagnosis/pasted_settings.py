"""Reads mail settings that somebody has pasted, as a file, as YAML, as code, and compares them with what happened.

Whose settings they are is not known, so a name is read by its parts (`MAIL_HOST`, `smtp.port`, `EMAIL_USE_SSL`), and
only what is wrong for every app counts. An app's own rules are the linter's. Remedies call the settings by the names
that they have in the text, and say nothing that these fulfil already; of a login's values nothing is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final

from smtpwizard.diagnosis.event import Event
from smtpwizard.presets.values import IMPLICIT_PORTS
from smtpwizard.records import NamedTuple

FEWEST: Final = 2
"""Mail settings of a text that shows settings and does not just name one."""

_SETTING: Final = (
    r"^[ \t\[({\"'`$-]{0,12}(?:\w{1,30}(?:->|\[)[\"']?)?([A-Za-z][\w.-]{2,60})"
    r"[\"'`\])]{0,2}[ \t]{0,3}(?:=>|[=:])[ \t]{0,3}([^\n]{1,200}?)[ \t,;]*$"
)
_OF_MAIL: Final = r"(?i)mail|smtp"
_PARTS: Final = (
    ("security", r"(?i)secur|ssl|tls|crypt"),
    ("port", r"(?i)port$"),
    ("host", r"(?i)host(?:name)?$|server(?:_?name)?$"),
    ("password", r"(?i)pass(?:word|wd)?$|secret$"),
    ("user", r"(?i)user(?:_?name)?\w?$|login$"),
)
"""What a setting is for → how its name ends or what is in it."""


class Fault(NamedTuple):
    """What is wrong with a setting."""

    number: int
    """The line, counted from 1."""
    name: str
    """The setting's. Its value may be a password."""
    told: str
    """What the catalogue knows it by."""


class _Line(NamedTuple):
    number: int
    name: str
    part: str
    value: str
    line: str

    @property
    def bare(self) -> str:
        """The value without quotes, in lower case."""
        return self.value.strip("\"'").lower()


def fault_in(text: str) -> Fault | None:
    """Return the first fault of the mail settings in `text`; None where there is none, or there are no settings."""
    found = tuple(_lines(text))
    if len(found) < FEWEST:
        return None
    return _of_values(found) or _of_modes(found)


def is_setting(line: str) -> bool:
    """Say whether a line sets something of mail's: that it names TLS or a login tells of no failure."""
    return "\n" not in line and any(item.part for item in _lines(line))


def _lines(text: str) -> Iterator[_Line]:
    for number, line in enumerate(text.splitlines(), 1):
        setting = re.match(_SETTING, line)
        if setting and re.search(_OF_MAIL, setting[1]):
            part = next((part for part, name in _PARTS if re.search(name, setting[1])), "")
            yield _Line(number, setting[1], part, setting[2], line.strip(" \t-"))


_TLS_IS_STARTTLS: Final = r"smtp_?crypto|smtp_?secure"
"""CodeIgniter's and PHPMailer's settings, in which `tls` means STARTTLS and `ssl` TLS from the first byte."""
_KEPT: Final = r"\w\{\{\w{2,60}\}\}|\{\{\w{2,60}\}\}\w"
"""A template's place inside a value. One that is the whole value may be filled when the file is used."""
_EDITORS: Final = r"^[‘’“”]|[‘’“”]$|^[\"']?\[[^\]\n]{1,100}\]\((?:https?|mailto):"
"""Quotes and links that an editor or a web page makes of what is typed."""
_NOTHING: Final = r"[A-Z][A-Z0-9_]*=[\"']?(?:None|null|undefined|nil)[\"']?"
"""In an env file a word, in YAML and in code no value at all."""
_READING: Final = r"(?i)[\"']?(?:imap|pop3?)\d?[.-]"
_TO_READ: Final = frozenset({"110", "143", "993", "995"})


def _of_values(lines: tuple[_Line, ...]) -> Fault | None:
    for item in lines:
        if re.search(_EDITORS, item.value):
            return Fault(item.number, item.name, "a setting has an editor's quotes or link")
        if item.part in ("user", "password") and re.fullmatch(_NOTHING, item.line):
            return Fault(item.number, item.name, "a login is the word for nothing")
        if re.search(_KEPT, item.value) and item.part:
            return Fault(item.number, item.name, "a setting holds a place of its template")
        reads = "smtp" not in item.name.lower() and any(other.bare in _TO_READ for other in lines)
        if item.part == "host" and re.match(_READING, item.value) and not reads:
            return Fault(item.number, item.name, "the smtp host is one for reading mail")
    return None


def _of_modes(lines: tuple[_Line, ...]) -> Fault | None:
    """Compare port and TLS mode where a text shows one of each."""
    ports = {int(item.bare) for item in lines if item.part == "port" and item.bare.isdecimal()}
    modes = [item for item in lines if item.part == "security"]
    if len(ports) != 1 or not modes:
        return None
    port = ports.pop()
    for item in modes:
        name, value = item.name.lower(), item.bare
        if value == "tls" and port in IMPLICIT_PORTS and re.search(_TLS_IS_STARTTLS, name):
            return Fault(item.number, item.name, "starttls is set on a port that speaks tls from the first byte")
        at_once = value in ("ssl", "smtps", "implicit") or (
            value in ("true", "1", "yes", "on") and re.search(r"ssl|secure", name) and "starttls" not in name
        )
        if at_once and port in (25, 587, 2587):
            return Fault(item.number, item.name, "tls from the first byte is set on a port that begins in clear text")
    off = [item.bare in ("false", "0", "no", "off", "none", "null") for item in modes]
    if port in IMPLICIT_PORTS and all(off):
        return Fault(modes[0].number, modes[0].name, "no tls is set on a port that speaks tls from the first byte")
    return None


class Setting(NamedTuple):
    """A mail setting that a text shows. It holds no secret: of a login's values only that there is one."""

    name: str
    role: str
    """host, port, security, user, password, sender or auth."""
    value: str
    """Without quotes; empty where it is not known or not of the kind that its role has."""
    mark: str
    """What stands between name and value: `=`, `: ` or ` => `."""
    filled: bool
    """Something stands there as a value."""

    def with_value(self, value: str = "") -> str:
        """Write it with its own value or another one, as its file has it."""
        return quoted(f"{self.name}{self.mark}{value or self.value}")

    @property
    def bare(self) -> str:
        """The value in lower case, without what stands before it: `always` of `:always`, `starttls` of MailKit's."""
        return re.sub(_BEFORE_WORD, "", self.value.lower())

    @property
    def shown(self) -> str:
        """Its name, with the value where it is known."""
        return f"{quoted(self.name)} ({self.value})" if self.value else quoted(self.name)


def quoted(name: str) -> str:
    """Mark a name off from the words around it, where it does not do so by its looks."""
    return name if re.fullmatch(r"[A-Z0-9_]*_[A-Z0-9_]*(?:=\S*)?", name) else f"`{name}`"


@lru_cache(maxsize=8)
def settings_in(text: str) -> tuple[Setting, ...]:
    """Return the mail settings that stand in `text`, in its order; none where it does not show at least two roles.

    A name that says nothing of mail (`port`) counts in a block with a mail port, as a configuration in code has it.
    """
    befores = (text[max(0, sign.start() - _LONGEST) : sign.start()] for sign in re.finditer("[=:]", text))
    ends = (before.rstrip("\"'`]) \t").lower().endswith(_ENDS) for before in befores)
    if sum(islice(filter(None, ends), FEWEST)) < FEWEST:
        return ()
    found = [item for number, line in enumerate(text.splitlines()) for item in _assigned(number, line)]
    named = [item for _, item in found if re.search(_OF_MAIL, item.name)]
    block = _block(found, text)
    if any(item.role in ("host", "port") for item in named):
        block = [item for item in block if item in named or item.role == "security"] or named
    items = tuple(block or named)
    return items if len({item.role for item in items}) >= FEWEST else ()


_ENDS: Final = (
    "port", "host", "name", "server", "address", "url", "ssl", "tls", "secure", "security", "crypto", "encryption",
    "enable", "scheme", "protocol", "user", "login", "id", "pass", "pwd", "word", "wort", "secret", "auth",
    "authentication", "from", "sender",
)  # fmt: skip
"""How names end of what counts here. Without two of them no line is looked at, which most replies are spared so."""
_LONGEST: Final = 20
"""Characters before a sign in which such an end is looked for."""
_ASSIGNED: Final = (
    r"(?<![\w.$/@%&?-])([A-Za-z][\w.-]{1,60})([\"'`\])]{0,2})[ \t]{0,3}(=>|=(?!=)|:(?=[ \t])|(?<=[\"']):)[ \t]{0,3}"
    r"(bool\(\w{4,5}\)|\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|[^\s,;\"'{\[(]{0,200})"
)
_ROLES: Final = (
    ("", r"imap|pop3?(?![a-z])|helo|localhost$|from_?name|timeout|verif|version|cert|_ca\b|ca_?file|key|trust|reject|"
     r"insecure|skip|ignore|cipher|min_|protocols|check|auto_?tls|allow|fallback|database|redis|ldap"),
    ("password", r"pass(?:word|wd|wort)?$|secret$"),
    ("port", r"(?<!trans)port$"),
    ("sender", r"(?:from|sender)(?:_?(?:addr|address|e?mail))?$"),
    ("security", r"secur|ssl|tls|crypt|scheme$|(?:smtp|mail)[_.]?protocol$"),
    ("host", r"host(?:_?name)?$|server(?:_?(?:name|host|addr|address))?$|smtp_?(?:address|url)$|^address$"),
    ("user", r"user(?:_?name)?$|login$|user_?id$"),
    ("auth", r"auth(?:entication)?$|auth_?(?:type|method|mechanism|enabled)$"),
)  # fmt: skip
"""What a setting is for → how its name ends or what is in it; the first that fits. Empty: none of these."""
_ON: Final = frozenset({"true", "1", "yes", "on"})
_OFF: Final = frozenset({"false", "0", "no", "off", "none", "null"})
_AT_ONCE: Final = frozenset({"ssl", "smtps", "implicit", "force_tls", "ssl/tls", "wrapper", "sslonconnect"})
_UPGRADE: Final = frozenset({"starttls", "explicit", "always", "encryption_starttls"})
_NOT_SET: Final = frozenset({"", "none", "null", "undefined", "nil", "~"})
RELAY: Final = r"[a-z_-]{0,20}(?:smtp|mail|postfix|exim|relay|mta|haraka|maddy|stalwart|inbucket)(?:[a-z_-]{0,20}|\d)"
"""How a relay or catcher is called in one's own network, by one word."""
_A_HOST: Final = (
    rf"(?:[a-z0-9](?:[a-z0-9-]{{0,62}})\.){{1,6}}[a-z]{{2,18}}|localhost|{RELAY}|(?:\d{{1,3}}\.){{3}}\d{{1,3}}|::1"
)


def _assigned(number: int, line: str) -> Iterator[tuple[int, Setting]]:
    """The settings of one line, with its number: `NAME=value`, `key: value`, `'key' => value`, `-e NAME=value`."""
    if re.match(_NO_SETTINGS, line):
        return
    for found in re.finditer(_ASSIGNED, line):
        name, value = found[1], found[4].strip("\"'").removeprefix("bool(").rstrip(")")
        role = next((role for role, form in _ROLES if re.search(form, name.lower())), "")
        if not role or (found[3] == ":" and not re.search(_BEFORE_KEY, line[: found.start()])):
            continue
        mark = {"=": "=", ":": ": "}.get(found[3], " => ")
        yield number, Setting(name, role, _harmless(role, value), mark, value.lower() not in _NOT_SET)
        if role == "password" and value.strip("*") and found[4][0] not in "\"'":
            return  # how far it goes nobody knows: what follows may belong to it


_NO_SETTINGS: Final = r"\s*(?:#|//|at )|.*\b(?:level|lvl|msg|severity)="
"""Comments, a stack's frames, and what a program logs with names of its own."""
_BEFORE_KEY: Final = r"(?:^[\s>|*-]*|[{,(]\s*)[\"'`:\[$]*$"
"""What stands before a key with a colon: in a sentence such a word is none."""


def _harmless(role: str, value: str) -> str:
    """Return a value that is of the kind that its role has, and can be no secret; else nothing."""
    lower = value.lower()
    if role == "port":
        return value if re.fullmatch(r"\d{2,5}", value) else ""
    if role == "security":
        word = re.sub(_BEFORE_WORD, "", lower)
        return value if word in _ON | _OFF | _AT_ONCE | _UPGRADE | {"tls", "smtp"} else ""
    return value if role == "host" and re.fullmatch(_A_HOST, lower) and lower not in _NOT_SET else ""


_BEFORE_WORD: Final = r"^(?::|(?:mailkit\.security\.)?securesocketoptions\.)"


def _block(found: list[tuple[int, Setting]], text: str) -> list[Setting]:
    """The settings around one with a mail port, whatever they are called. What an error tells of a port is none."""
    ports = [number for number, item in found if item.role == "port" and item.value in _PORTS]
    if not ports or re.search(r"errno|syscall", text):
        return []
    near = [item for number, item in found if abs(number - ports[0]) <= _NEAR]
    return near if len({item.role for item in near} & _TELLING) >= _TELLING_FEW else []


_PORTS: Final = frozenset({"25", "26", "465", "587", "588", "1025", "2465", "2500", "2525", "2587", "3025"})
_TELLING: Final = frozenset({"host", "port", "security", "user", "password"})
_TELLING_FEW: Final = 3
_NEAR: Final = 8
"""Lines between a port and another setting of the same block."""


def shown_by(event: Event) -> tuple[Setting, ...]:
    """Return the mail settings in the text that an event stands in; none in a log's, or where a mail server speaks."""
    return () if event.relayed or event.settings is not None or not event.around else settings_in(event.around)


def the_one(settings: Iterable[Setting], role: str) -> Setting | None:
    """The setting for a role; without its value where several differ, and none where their names do, too."""
    found = {item.name: item for item in settings if item.role == role}
    values = {item.value for item in settings if item.role == role}
    if len(found) != 1:
        return None
    item = next(iter(found.values()))
    return item if len(values) == 1 else item._replace(value="")


def _modes(settings: Iterable[Setting]) -> dict[str, Setting]:
    """How the settings have TLS begin: at-once, upgrade (STARTTLS) or tls (one of them), and each `no-`."""
    security = [item for item in settings if item.role == "security"]
    both = any(re.search(_NAMES_UPGRADE, item.name.lower()) for item in security)
    found: dict[str, Setting] = {}
    for item in security:
        found.setdefault(_mode(item, both=both), item)
    return found


_NAMES_UPGRADE: Final = r"start_?tls|require_?tls|enable_?ssl|^(?:e?mail)_use_tls"
"""Switches for STARTTLS; .NET's EnableSsl and Django's EMAIL_USE_TLS are such, too."""


def _mode(item: Setting, *, both: bool) -> str:
    name, value = item.name.lower(), item.bare
    if value in _UPGRADE or (value == "tls" and re.search(_TLS_IS_STARTTLS, name)):
        return "upgrade"
    if value in _AT_ONCE:
        return "at-once"
    if value not in _ON | _OFF:
        return value  # `tls`, or nothing that is known
    upgrade = re.search(_NAMES_UPGRADE, name)
    switch = "upgrade" if upgrade else "at-once" if both or re.search("ssl|secure", name) else "tls"
    off = (value in _OFF) != ("disable" in name)
    return f"no-{switch}" if off else switch


_BEGIN_CLEAR: Final = frozenset({"25", "26", "587", "588", "2525", "2587"})
_BEGIN_IN_TLS: Final = frozenset(str(port) for port in IMPLICIT_PORTS)
_OPPOSITE: Final = {
    "true": "false", "1": "0", "yes": "no", "on": "off", "ssl": "tls", "smtps": "smtp", "force_tls": "starttls",
    "implicit": "starttls", "ssl/tls": "starttls",
}  # fmt: skip


def places(event: Event) -> dict[str, str]:
    """Return the words for places in a sentence by the settings that the text shows; empty where it shows none.

    A place with ` (=)` behind it has the value, too, where one is asked to compare.
    """
    settings = shown_by(event)
    if not settings:
        return {}
    words: dict[str, str] = {}
    for place, role in _PLACES.items():
        item = the_one(settings, role)
        if item is not None:
            words |= {place: quoted(item.name), f"{place} (=)": item.shown}
            if item.value:
                words[f"{place}_set"] = item.with_value()
    modes = _modes(settings)
    security = [item for mode, item in modes.items() if mode]
    if security:
        words["security"] = " and ".join(quoted(item.name) for item in security[:2])
        words["security (=)"] = " and ".join(item.shown for item in security[:2])
    for mode, place in (("at-once", "implicit"), ("upgrade", "starttls"), ("tls", "tls")):
        on, off = modes.get(mode), modes.get(f"no-{mode}")
        if on is not None:
            words[place] = words[f"{place}_set"] = on.with_value()
        elif off is not None and off.bare in _TURNED:
            words[place] = off.with_value(_as(off.value, _TURNED[off.bare]))
        if on is not None and on.bare in _OPPOSITE:
            words[f"{place}_off"] = on.with_value(_as(on.value, _OPPOSITE[on.bare]))
        if mode == "upgrade" and on is not None and on.bare == "tls":
            words["implicit"] = on.with_value("ssl")
    return words


def _as(spelled: str, word: str) -> str:
    """Spell a word as another one is: `False` after `True`."""
    return word.capitalize() if spelled.istitle() else word


_PLACES: Final = {
    "host": "host", "port": "port", "username": "user", "password": "password", "sender": "sender",
}  # fmt: skip
_TURNED: Final = {"false": "true", "0": "1", "no": "yes", "off": "on"}


def modes_at(ports: frozenset[str], *, on: tuple[str, ...], but: tuple[str, ...] = ()) -> Callable[[Event], str]:
    """Return a function that says whether the settings have one of the modes, and none of others, with such a port.

    A server's reply says more than they do.
    """

    def shows(event: Event) -> str:
        settings = shown_by(event)
        port = the_one(settings, "port")
        if port is None or port.value not in ports or event.code is not None:
            return ""
        modes = _modes(settings)
        return "" if any(mode in modes for mode in but) else next((mode for mode in on if mode in modes), "")

    return shows


_NO_CONNECTION: Final = (
    r"(?i)connect etimedout|connection timeout|dial tcp|unable to connect|could ?n[o']t connect|refused|"
    r"connect(?:ion)? timed out|in create_connection|ECONNREFUSED|unreachable"
)

"""What tells that no connection came about: whatever TLS mode is set, it was not asked for yet."""


def _fits(event: Event) -> str:
    """The TLS mode of the settings, where it is on and fits their port."""
    clear = modes_at(_BEGIN_CLEAR, on=("upgrade", "tls"), but=("at-once",))
    return clear(event) or modes_at(_BEGIN_IN_TLS, on=("at-once", "tls"))(event)


def _two_families(event: Event) -> str:
    """Settings of two families of names that differ by a prefix: `MAIL_HOST` beside `APP_MAIL_SECURE`."""
    names = {item.name: item.role for item in shown_by(event) if re.fullmatch(r"[A-Z0-9_]+", item.name)}
    for long in names:
        for short in names:
            family = re.match(r"(?:SMTP|MAIL|EMAIL)_", short)
            if family and names[long] != names[short] and re.fullmatch(rf"[A-Z0-9_]+_{family[0]}\w+", long):
                return f"{short} beside {long}"
    return ""


_LOOPBACK: Final = (
    r"(?i:(?<![\w.])(localhost|127\.0\.0\.1|\[?::1\]?)"
    r"[\s:,\[\]\d.()]{0,24}?:? ?(?:port )?(25|465|587|1025|2500|2525))\b"
)
_CONNECTING: Final = r"(?i:connect|ECONNREFUSED|\bdial)[^\n]{0,40}?"


def _not_itself(event: Event) -> str:
    """The machine's own address that a program calls, although the settings name another server."""
    found = re.search(_LOOPBACK, event.raw) or re.search(_CONNECTING + _LOOPBACK, event.around)
    host = the_one(shown_by(event), "host")
    other = host is not None and host.value and not re.fullmatch(r"localhost|127\.[\d.]+|::1|0\.0\.0\.0", host.value)
    return f"{found[1]}:{found[2]}" if found and other else ""


def _default_in_production(event: Event) -> str:
    """The machine's own address that a program calls in production, with a port that is nobody's but a catcher's."""
    found = re.search(_LOOPBACK, event.raw)
    text = event.around or event.raw
    served = (
        found and found[2] in ("1025", "2500") and re.search(r"(?i)\bproduction\b|docker|container|kubernetes", text)
    )
    return f"{found[1]}:{found[2]}" if found and served else ""


def _two_hosts(event: Event) -> str:
    """Two settings for the mail server's name whose values differ, each with its value."""
    if event.relayed or "address" not in event.around.lower():
        return ""
    lines = enumerate(event.around.splitlines())
    items = [item for number, line in lines for _, item in _assigned(number, line) if item.role == "host"]
    named = {item.bare: item for item in items if "." in item.value and "smtp" in f"{item.name}{item.value}".lower()}
    loose = {item.bare: item for item in items if "." in item.value and item.name.lower() == "address"}
    found = list((named | loose).values())
    return f"{found[0].shown} and {found[1].shown}" if named and loose and len(found) == FEWEST else ""


def _without_code(shows: Callable[[Event], str]) -> Callable[[Event], str]:
    """Ask the settings, too, where a server has replied: they are what the reply is about."""
    return lambda event: shows(event._replace(code=None))


SHOWS: Final[Mapping[str, Callable[[Event], str | bool]]] = {
    # Settings that the program does not read
    "default-in-production": _default_in_production,
    "not-itself": _not_itself,
    "two-families": _two_families,
    "host-shown": lambda event: any(item.role == "host" for item in shown_by(event)),
    "two-hosts": _two_hosts,
    # Port and TLS mode
    "at-once-can-be-off": lambda event: "implicit_off" in places(event),
    "at-once-on-clear-port": modes_at(_BEGIN_CLEAR, on=("at-once",)),
    "at-once-on-tls-port": modes_at(_BEGIN_IN_TLS, on=("at-once",)),
    "modes-fit": _without_code(_fits),
    "no-connection": lambda event: re.search(_NO_CONNECTION, event.raw) is not None,
    "tls-can-be-off": lambda event: "tls_off" in places(event),
    "tls-off-on-tls-port": modes_at(_BEGIN_IN_TLS, on=("no-at-once", "no-tls"), but=("at-once", "tls", "upgrade")),
    "tls-on-clear-port": modes_at(_BEGIN_CLEAR, on=("tls",)),
    "tls-on-port-25": _without_code(modes_at(frozenset({"25"}), on=("upgrade", "tls", "at-once"))),
    "upgrade-alone-on-clear-port": modes_at(_BEGIN_CLEAR, on=("no-at-once", "upgrade"), but=("at-once", "tls")),
    "upgrade-alone-on-tls-port": modes_at(_BEGIN_IN_TLS, on=("upgrade",), but=("at-once",)),
    "upgrade-on-clear-port": modes_at(_BEGIN_CLEAR, on=("upgrade",)),
}
"""Name in a situation's `when` → whether the text shows it, or what it shows."""


def server_shown(event: Event) -> tuple[str, int | None]:
    """Return name and port of the mail server by the settings in the text: ("", None) where they do not tell."""
    settings = shown_by(event)
    host, port = the_one(settings, "host"), the_one(settings, "port")
    return host.bare if host else "", int(port.value) if port and port.value else None
