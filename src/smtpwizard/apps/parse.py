"""How apps read a text: parse kinds and forms, pure functions with names. A profile names one; nothing else knows it.

A check is what an app holds a variable against at its start: it refuses the text with a Reason, or converts it. A parse
is how the text becomes what the mail client is given. tests/apps compare Joi's with the real joi 18.1, zod's with the
real zod 3 and 4, django-environ's with the real one.

A form is how several roles stand in one variable, or one role in several. `read` takes the variables' texts, None for
an absent one, and returns the texts by role. It is total: what it cannot take apart becomes the host, or whatever the
form is about, as it stands. `write` is its inverse: what it has written is read back as the same texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from smtpwizard.records import NamedTuple

JS_SPACE: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""The characters that JavaScript's trim(), `\\s` and parseInt() take as blanks; Python's own set is another one."""

SAFE_INTEGER: Final = 2**53 - 1
"""Number.MAX_SAFE_INTEGER: Joi refuses numbers beyond it."""

_NUMBER: Final = r"(?i)[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?"
_PARSE_INT: Final = r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))"
_JSON_NUMBER: Final = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
_DIGITS: Final = 20
"""Digits looked at: no port has more, and Python refuses to convert texts of more than 4300."""
_FEW: Final = 10
_NO_PORT: Final = 65536
_EMAIL: Final = r"(?!\.)(?!.*\.\.)[\w'+.-]*[\w+-]@(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}"
_SPECIAL: Final = ("http", "https", "ws", "wss", "ftp")
"""The schemes of which the URL standard wants a host."""


class Reason(StrEnum):
    """Why the app does not start."""

    MISSING = "missing"
    EMPTY = "empty"
    NOT_A_BOOLEAN = "not-a-boolean"
    NOT_A_NUMBER = "not-a-number"
    UNSAFE_NUMBER = "unsafe-number"
    NOT_A_CHOICE = "not-a-choice"
    NOT_VALID = "not-valid"
    """No address, or no URL, by the app's own check."""


def trim(text: str) -> str:
    """Return `text` as JavaScript's trim() does."""
    return text.strip(JS_SPACE)


def boolean(text: str) -> bool | None:
    """Return what Joi.boolean() makes of `text`, or None where it refuses it."""
    return {"true": True, "false": False}.get(trim(text).lower())


def number(text: str) -> float | Reason:
    """Return what Joi.number() makes of `text`, or the reason why it refuses it."""
    digits = trim(text)
    if _is_plain(digits):
        return float(digits)
    if not re.fullmatch(_NUMBER, digits):
        return Reason.NOT_A_NUMBER
    value = float(digits)
    if not -SAFE_INTEGER <= value <= SAFE_INTEGER or not _kept(digits, value):
        return Reason.UNSAFE_NUMBER
    return value


def _is_plain(digits: str) -> bool:
    """Say whether a number is one that all read alike, as most ports are: then nothing has to be compiled for it."""
    return len(digits) < _FEW and digits.isascii() and digits.isdigit() and digits[0] != "0"


def _kept(digits: str, value: float) -> bool:
    """Say whether the number is still the one that was written: Joi refuses what a double cannot hold.

    Joi compares texts in two ways, with and without an exponent; the second refuses `.0` as well: its slip, kept here.
    """
    if "e" in digits.lower():
        return _significant(digits) == _significant(repr(value))
    shown = js_text(value)
    return "e" in shown or shown == _normal_decimal(digits)


def _significant(digits: str) -> str:
    mantissa = digits.lower().partition("e")[0].replace(".", "")
    return mantissa.rstrip("0").lstrip("+-").lstrip("0")


def _normal_decimal(digits: str) -> str:
    text = re.sub(r"\.0*$", "", digits.removeprefix("+"))
    text = re.sub(r"^(-?)\.", r"\g<1>0.", text)
    text = re.sub(r"^(-?)0+([0-9])", r"\1\2", text)
    if "." in text:
        text = text.rstrip("0")
    return "0" if text == "-0" else text


def js_text(value: float) -> str:
    """Return JavaScript's String(value) for |value| up to SAFE_INTEGER; with an `e` below 1e-6, as there."""
    if value.is_integer():
        return str(int(value))
    mantissa, _, exponent = repr(value).partition("e-")  # Python uses exponents from 1e-5 down, JavaScript from 1e-7
    if not exponent or abs(value) < 1e-6:
        return repr(value)
    sign = "-" if value < 0 else ""
    return f"{sign}0.{'0' * (int(exponent) - 1)}{mantissa.lstrip('-').replace('.', '')}"


def parse_int(text: str) -> int | None:
    """Return what JavaScript's parseInt() makes of `text`, or None for NaN."""
    digits = trim(text)
    if _is_plain(digits):
        return int(digits)
    found = re.match(_PARSE_INT, digits)
    if not found:
        return None
    sign, hexadecimal, decimal = found.groups()
    value = int(hexadecimal, 16) if hexadecimal else int(decimal.lstrip("0")[:_DIGITS] or "0")
    return -value if sign == "-" else value


def js_float(text: str) -> float | None:
    """Return what JavaScript's Number() makes of `text`; None for NaN."""
    digits = trim(text)
    if re.fullmatch(r"(?i)0(?:x[0-9a-f]{1,200}|o[0-7]{1,300}|b[01]{1,900})", digits):
        return float(int(digits, 0))
    if re.fullmatch(r"[+-]?Infinity", digits) or re.fullmatch(_NUMBER, digits):
        return float(digits)
    return None if digits else 0.0


def js_number(text: str) -> int | None:
    """Return the port that JavaScript's Number() makes of `text`; None for NaN and 0, as `||` takes them.

    What is no port, be it a fraction or Infinity, comes out as one that is out of range: the client fails on it.
    """
    value = js_float(text)
    if not value:
        return None
    return int(value) if value.is_integer() and abs(value) <= SAFE_INTEGER else _NO_PORT


def json_truthy(text: str) -> bool:
    """Return whether what JSON.parse() makes of `text`, or the text where it makes nothing, is true to JavaScript."""
    word = trim(text)
    if word in ("false", "null", '""'):
        return False
    return bool(float(word)) if re.fullmatch(_JSON_NUMBER, word) else text != ""


def _joi_text(text: str) -> str | Reason:
    return text or Reason.EMPTY


def _joi_boolean(text: str) -> str | Reason:
    value = boolean(text)
    if value is None:
        return Reason.NOT_A_BOOLEAN if text else Reason.EMPTY
    return str(value).lower()


def _joi_number(text: str) -> str | Reason:
    value = number(text)
    if isinstance(value, Reason):
        return value if text else Reason.EMPTY
    return js_text(value)


def _json(text: str) -> object:
    """Return what JSON.parse() makes of `text`. ValueError where it throws; Python takes NaN and Infinity as well."""
    import json

    def refused(word: str) -> object:
        raise ValueError(word)

    return json.loads(text.strip(" \t\r\n"), parse_constant=refused)


def _json_check(text: str) -> str | Reason:
    try:
        _json(text)
    except (ValueError, RecursionError):
        return Reason.NOT_A_BOOLEAN if text else Reason.EMPTY
    return text


def _json_number(text: str) -> str | Reason:
    try:
        value = _json(text)
    except (ValueError, RecursionError):
        value = None
    return text if isinstance(value, int | float) and not isinstance(value, bool) else Reason.NOT_A_NUMBER


def _js_number(text: str) -> str | Reason:
    value = js_float(text)
    return Reason.NOT_A_NUMBER if value is None or value in (float("inf"), float("-inf")) else text


def _zod_email(text: str) -> str | Reason:
    return text if re.fullmatch(_EMAIL, text, re.ASCII) else Reason.NOT_VALID if text else Reason.EMPTY


def _zod_url(text: str) -> str | Reason:
    """Refuse what new URL() throws on for want of a scheme, a host or a port; rarer faults of a host are let pass."""
    found = re.fullmatch(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.sub(r"[\t\r\n]", "", trim(text)), re.DOTALL)
    if not found:
        return Reason.NOT_VALID if text else Reason.EMPTY
    if found[1].lower() not in _SPECIAL:
        return text
    server = re.split(r"[/\\?#]", found[2].lstrip("/\\"), maxsplit=1)[0].rpartition("@")[2]
    parts = re.fullmatch(r"(\[[^]]*\]|[^:]+)(?::([0-9]*))?", server)
    right = parts and not re.search(r"[ <>^|]", parts[1]) and int((parts[2] or "0")[:_DIGITS]) < _NO_PORT
    return text if right else Reason.NOT_VALID


def _one_of(*words: str, reason: Reason = Reason.NOT_A_BOOLEAN) -> Callable[[str], str | Reason]:
    return lambda text: text if text in words else reason if text else Reason.EMPTY


def python_int(text: str) -> int | None:
    """Return what Python's int() makes of `text`; None where it raises, and for what is no port by far."""
    digits = text.strip()
    return int(digits) if len(digits) <= _DIGITS and re.fullmatch(r"[+-]?[0-9]+(_[0-9]+)*", digits, re.ASCII) else None


def _integer(text: str) -> str | Reason:
    return Reason.EMPTY if not text else text if python_int(text) is not None else Reason.NOT_A_NUMBER


def _words_check(on: frozenset[str], off: frozenset[str]) -> Callable[[str], str | Reason]:
    return lambda text: text if text.lower() in on | off else Reason.NOT_A_BOOLEAN if text else Reason.EMPTY


_WIDE_ON: Final = frozenset({"true", "t", "yes", "y", "1"})
_WIDE_OFF: Final = frozenset({"false", "f", "no", "n", "0"})
_ELIXIR_ON: Final = frozenset({"1", "t", "true", "y", "yes", "on"})
_ELIXIR_OFF: Final = frozenset({"0", "f", "false", "n", "no", "off"})

CHECKS: Final[Mapping[str, Callable[[str], str | Reason]]] = {
    "joi-string": _joi_text,
    "joi-boolean": _joi_boolean,
    "joi-number": _joi_number,
    "non-empty": _joi_text,
    "json": _json_check,
    "json-number": _json_number,
    "true-false": _one_of("true", "false"),
    "one-zero": _one_of("1", "0"),
    "true-false-one-zero": _one_of("true", "1", "false", "0"),
    "python-bool": _one_of("True", "False", ""),
    "wide-boolean": _words_check(_WIDE_ON, _WIDE_OFF),
    "wide-boolean-on-off": _words_check(_ELIXIR_ON, _ELIXIR_OFF),
    "integer": _integer,
    "js-number": _js_number,
    "parse-int": lambda text: text if parse_int(text) is not None else Reason.NOT_A_NUMBER,
    "zod-email": _zod_email,
    "zod-url": _zod_url,
}
"""What an app holds a text against at its start.

`joi-*`: Joi.string() without allow(''), Joi.boolean(), Joi.number(); what each converts to is what @nestjs/config
writes. `non-empty`: z.string().min(1). `json`, `json-number`: JSON.parse(), and a number of it. `true-false`,
`one-zero`: zod's enum of the two. `python-bool`: exactly True, False or nothing. `wide-boolean`: true, t, yes, y, 1 and
their opposites in any case; `-on-off`: these too. `integer`: Python's int(). `js-number`: Number(), and neither NaN nor
Infinity: z.coerce.number(). `parse-int`: parseInt(), and not NaN. `zod-email`, `zod-url`: z.email() and z.url(), or
z.string().email() and .url(). A list of words is `choices`.
"""


def _two(on: frozenset[str], off: frozenset[str]) -> Callable[[str], bool | None]:
    """Return a reading of words in any case; None, so that what absent means counts, for all others."""
    return lambda text: True if text.lower() in on else False if text.lower() in off else None


def _environ(text: str) -> bool:
    try:
        return int(text) != 0
    except ValueError:
        return text.lower().strip() in ("true", "on", "ok", "y", "yes", "1")


_GO_ON: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_GO_OFF: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_RAILS_OFF: Final = frozenset({"0", "f", "F", "false", "FALSE", "off", "OFF"})

BOOLEANS: Final[Mapping[str, Callable[[str], bool | None]]] = {
    "exact-true": lambda text: text == "true",
    "true-or-one": lambda text: text in ("true", "1"),
    "one": lambda text: text == "1",
    "not-false": lambda text: text != "false",
    "not-zero": lambda text: text != "0",
    "not-false-not-zero": lambda text: text not in ("false", "0"),
    "non-empty": lambda text: text != "",
    "not-false-not-empty": lambda text: text not in ("", "false"),
    "lower-true": lambda text: text.lower() == "true",
    "lower-true-or-one": lambda text: text == "1" or text.lower() == "true",
    "lower-not-false": lambda text: text.lower() != "false",
    "trim-lower-true": lambda text: trim(text).lower() == "true",
    "json": json_truthy,
    "json-not-false": lambda text: trim(text) != "false",
    "python-true": lambda text: text == "True",
    "wide": _two(_WIDE_ON, _WIDE_OFF),
    "wide-on-off": _two(_ELIXIR_ON, _ELIXIR_OFF),
    "true-one": _two(frozenset({"true", "1"}), frozenset({"false", "0"})),
    "true-words": lambda text: text.lower() in ("true", "on", "yes", "1"),
    "environ": _environ,
    "go": lambda text: True if text in _GO_ON else False if text in _GO_OFF else None,
    "rails": lambda text: None if text == "" else text not in _RAILS_OFF,
    "exact-else-true": lambda text: None if text == "" else text != "false",
    "php": lambda text: text.lower() in ("true", "1", "on", "yes"),
}
"""How a text becomes on or off; None: as if the variable were absent.

`exact-true`: === 'true'. `not-false`: !== 'false'. `lower-*`: in any case. `json`: the truth of JSON.parse(), or of the
text where that fails; `json-not-false`: what is compared with `=== false`, as with Node's rejectUnauthorized. `wide`:
true, t, yes, y, 1 and their opposites, anything else ignored; `wide-on-off`: on and off too. `true-one`: true, 1,
false, 0, anything else ignored. `environ`: django-environ's bool(), to which 2 is true. `go`: strconv.ParseBool,
anything else ignored. `rails`: ActiveModel's Boolean. `exact-else-true`: Discourse, where every text but `false` is
true. `php`: filter_var.
"""

PORTS: Final[Mapping[str, Callable[[str], int | None]]] = {
    "parse-int": parse_int,
    "js-number": js_number,
    "integer": python_int,
}

WORDS: Final[Mapping[str, Callable[[str], str]]] = {
    "exact": lambda text: text,
    "lower": str.lower,
    "trim-lower": lambda text: trim(text).lower(),
}
"""How a word is compared: as it stands, in any case, in any case without blanks around it."""


Texts = Sequence[str | None]
Parts = Mapping[str, str]
"""Role → text."""


class Form(NamedTuple):
    """One form."""

    roles: tuple[str, ...]
    variables: int
    """How many variables it is written in."""
    read: Callable[[Texts], dict[str, str]]
    write: Callable[[Parts], tuple[str | None, ...]]


_HOST_PORT: Final = r"(\[[^\[\]]*\]|[^:\[\]]*):([^:\[\]]*)"


def _split_port(text: str) -> tuple[str, str | None]:
    """Return host and port of `host:port`, without the brackets of an IPv6 address; the whole text where it is none."""
    found = re.fullmatch(_HOST_PORT, text)
    if not found:
        return text, None
    host = found[1][1:-1] if found[1].startswith("[") else found[1]
    return (host, found[2]) if ":" in host or not found[1].startswith("[") else (text, None)


def _join_port(host: str, port: str | None) -> str:
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _read_host_port(texts: Texts) -> dict[str, str]:
    host, port = _split_port(texts[0] or "")
    return {"host": host} | ({} if port is None else {"port": port})


def _write_host_port(parts: Parts) -> tuple[str | None, ...]:
    if "host" not in parts and "port" not in parts:
        return (None,)
    return (_join_port(parts.get("host", ""), parts.get("port")),)


def _read_address_url(texts: Texts) -> dict[str, str]:
    """`submissions://host:465`: the scheme tells the TLS mode."""
    scheme, found, rest = (texts[0] or "").partition("://")
    if not found or not scheme:
        return {"host": texts[0] or ""}
    return {"security": scheme, **_read_host_port((rest,))}


def _write_address_url(parts: Parts) -> tuple[str | None, ...]:
    (address,) = _write_host_port(parts)
    if address is None:
        return (None,)
    return (f"{parts['security']}://{address}" if parts.get("security") else address,)


def _url_form(options: Mapping[str, str]) -> Form:
    """Return the form of `scheme://user:password@host:port?options`; `options`: role → its name in the query."""
    names = {name: role for role, name in options.items()}
    roles = ("security", "username", "password", "host", "port", *options, "options")

    def read(texts: Texts) -> dict[str, str]:
        from urllib.parse import unquote  # few apps have such a form, and it costs 3 ms

        text = texts[0] or ""
        scheme, found, rest = text.partition("://")
        if not found or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
            return {"host": text} if text else {}
        address, asked, query = rest.partition("?")
        login, has_login, server = address.rpartition("@")
        parts = {"security": scheme}
        if has_login:
            user, has_password, password = login.partition(":")
            parts["username"] = unquote(user)
            if has_password:
                parts["password"] = unquote(password)
        host, port = _split_port(server.rstrip("/") if not asked or server.endswith("/") else server)
        parts |= {"host": unquote(host)} | ({} if port is None else {"port": port})
        rest_of_query = []
        for item in query.split("&") if query else ():
            name, _, value = item.partition("=")
            role = names.get(unquote(name))
            if role and role not in parts:
                parts[role] = unquote(value.replace("+", "%20"))
            else:
                rest_of_query.append(item)
        return parts | ({"options": "&".join(rest_of_query)} if rest_of_query else {})

    def write(parts: Parts) -> tuple[str | None, ...]:
        from urllib.parse import quote

        if not parts:
            return (None,)
        if "security" not in parts and set(parts) == {"host"}:
            return (parts["host"],)
        login = ""
        if "username" in parts or "password" in parts:
            login = quote(parts.get("username", ""), safe="")
            login += f":{quote(parts['password'], safe='')}" if "password" in parts else ""
            login += "@"
        host = parts.get("host", "")
        host = host if ":" in host else quote(host, safe="[]")
        query = [f"{name}={quote(parts[role], safe='/,')}" for role, name in options.items() if role in parts]
        query += [parts["options"]] if parts.get("options") else []
        address = _join_port(host, parts.get("port"))
        return (f"{parts.get('security', 'smtp')}://{login}{address}{'?' * bool(query)}{'&'.join(query)}",)

    return Form(roles, 1, read, write)


def _read_local_domain(texts: Texts) -> dict[str, str]:
    local, domain = texts
    return {"sender": (local or "") + (f"@{domain}" if domain is not None else "")}


def _write_local_domain(parts: Parts) -> tuple[str | None, ...]:
    if "sender" not in parts:
        return None, None
    local, at, domain = parts["sender"].rpartition("@")
    return (local, domain) if at else (domain, None)


def _read_bare_host(texts: Texts) -> dict[str, str]:
    """The host of the app's address; that it is reached with https goes without saying there."""
    text = texts[0] or ""
    return {"url": f"https://{text}" if text else ""}


def _write_bare_host(parts: Parts) -> tuple[str | None, ...]:
    return (re.sub(r"\A[a-z]+://", "", parts["url"]).rstrip("/") if "url" in parts else None,)


def _read_host_port_https(texts: Texts) -> dict[str, str]:
    host, port, https = texts
    scheme = "http" if (https or "").lower() == "false" else "https"
    return {"url": f"{scheme}://{host or ''}{f':{port}' if port is not None else ''}"}


def _write_host_port_https(parts: Parts) -> tuple[str | None, ...]:
    if "url" not in parts:
        return None, None, None
    scheme, _, rest = parts["url"].rpartition("://")
    host, port = _split_port(rest.rstrip("/"))
    secure = scheme != "http"
    return host, port, "true" if secure else "false"


FORMS: Final[Mapping[str, Form]] = {
    "host-port": Form(("host", "port"), 1, _read_host_port, _write_host_port),
    "address-url": Form(("security", "host", "port"), 1, _read_address_url, _write_address_url),
    "nodemailer-url": _url_form(
        {
            "require_tls": "requireTLS",
            "ignore_tls": "ignoreTLS",
            "verify": "tls.rejectUnauthorized",
            "client_name": "name",
        }
    ),
    "symfony-dsn": _url_form(
        {"require_tls": "require_tls", "starttls": "auto_tls", "verify": "verify_peer", "client_name": "local_domain"}
    ),
    "local-domain": Form(("sender",), 2, _read_local_domain, _write_local_domain),
    "bare-host": Form(("url",), 1, _read_bare_host, _write_bare_host),
    "host-port-https": Form(("url",), 3, _read_host_port_https, _write_host_port_https),
}
"""`host-port`: mail.acme.dev:587. `address-url`: submission://mail.acme.dev:587. `nodemailer-url`, `symfony-dsn`:
smtp://user:password@host:587?option=value. `local-domain`: noreply and acme.dev in two variables. `bare-host`: the
app's address without a scheme; `host-port-https`: the same in three variables."""
