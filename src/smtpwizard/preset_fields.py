"""Checks of single values of a preset: each returns what is wrong, or an empty text. Pure functions."""

from __future__ import annotations

import re
from typing import Final

REGION_KINDS: Final = ("region", "stream", "domain", "country", "product", "host")
"""What a choice of hosts is about."""

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_ID: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_HOST: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_DOMAIN: Final = re.compile(rf"{_LABEL}(\.{_LABEL})+")
_SPF: Final = re.compile(rf"_?{_LABEL}(\._?{_LABEL})+")
_URL: Final = re.compile(r"https?://[^\s/$.?#][^\s]*")
_SOURCE: Final = re.compile(r"(https?://[^\s/$.?#][^\s]*|[\w.-]+(/[\w.-]+)?:[^\s:]+)( \([^()]+\))?")
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_CODE: Final = re.compile(r"\d{3}|E[A-Z]+")
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*")


def identifier(text: str) -> str:
    """Lower-case letters and digits, parts joined by a hyphen or a dot."""
    return "" if _ID.fullmatch(text) else f"must be lower-case letters, digits and hyphens, not {text!r}"


def host(text: str) -> str:
    """A host name or IPv4 address, without scheme and port."""
    return "" if _HOST.fullmatch(text) else f"must be a lower-case host name without scheme and port, not {text!r}"


def host_template(text: str) -> str:
    """A host name with {region} in it."""
    if text.count("{region}") != 1:
        return "must hold {region} once"
    return host(text.replace("{region}", "region"))


def domain(text: str) -> str:
    """A domain name with at least one dot."""
    return "" if _DOMAIN.fullmatch(text) else f"must be a lower-case domain name, not {text!r}"


def spf_domain(text: str) -> str:
    """A domain name whose labels may begin with an underscore."""
    return "" if _SPF.fullmatch(text) else f"must be a domain name as in an SPF include, not {text!r}"


def selector(text: str) -> str:
    """A DKIM selector: one label or several (RFC 6376 section 3.1)."""
    return "" if _HOST.fullmatch(text.lower()) else f"must be a DKIM selector such as s1, not {text!r}"


def dkim_type(text: str) -> str:
    """The type of a record that publishes a DKIM key."""
    return "" if text in ("CNAME", "TXT") else f"must be CNAME or TXT, not {text!r}"


def dkim_target(text: str) -> str:
    """A domain name, with {domain} or {dashed} in it where it depends on the sender's domain."""
    plain = text.replace("{domain}", "a.example").replace("{dashed}", "a-example")
    return "" if _SPF.fullmatch(plain.lower()) else f"must be a domain name, {{domain}} and {{dashed}}, not {text!r}"


def url(text: str) -> str:
    """A web address."""
    return "" if _URL.fullmatch(text) else f"must be a web address (https://…), not {text!r}"


def source(text: str) -> str:
    """Where a fact can be looked up: a web address or `owner/repository:path`, and a remark in brackets if need be."""
    if _SOURCE.fullmatch(text):
        return ""
    return f"must be a web address or owner/repository:path, with a remark in brackets if need be, not {text!r}"


def iso_date(text: str) -> str:
    """A day of the calendar as YYYY-MM-DD."""
    match = _DATE.fullmatch(text)
    if match:
        year, month, day = (int(part) for part in match.groups())
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        if year >= 1970 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]:
            return ""
    return f"must be a date as YYYY-MM-DD, not {text!r}"


def regex(text: str) -> str:
    """A regular expression that Python can compile."""
    try:
        re.compile(text)
    except re.error as error:
        return f"is not a regular expression: {error.msg}"
    return ""


def reply_code(text: str) -> str:
    """An SMTP reply code of three digits, or an error name of the app's client."""
    return "" if _CODE.fullmatch(text) else f"must be three digits or an error name such as ESOCKET, not {text!r}"


def enhanced_code(text: str) -> str:
    """An enhanced status code (RFC 3463)."""
    return "" if _ENHANCED.fullmatch(text) else f"must be an enhanced status code such as 5.7.8, not {text!r}"


def true_or_false(text: str) -> str:
    """The words that the app understands."""
    return "" if text in ("true", "false") else f'must be "true" or "false", not {text!r}'


def variable(text: str) -> str:
    """The name of an environment variable."""
    return "" if _VARIABLE.fullmatch(text) else f"must be the name of a variable, not {text!r}"


def folder(text: str) -> str:
    """A folder below another, parts joined by slashes."""
    parts = text.split("/")
    right = all(re.fullmatch(r"[\w.-]+", part) and part.strip(".") for part in parts)
    return (
        "" if right else f"must be a folder such as src/templates, without .. and a slash at either end, not {text!r}"
    )


def template(text: str) -> str:
    """A file name under presets/mails."""
    return (
        "" if re.fullmatch(r"[a-z0-9-]+\.hbs", text) else f"must be a file name such as verification.hbs, not {text!r}"
    )


def region_kind(text: str) -> str:
    """What a choice of hosts is about."""
    return "" if text in REGION_KINDS else f"must be one of {', '.join(REGION_KINDS)}, not {text!r}"


def link_path(text: str) -> str:
    """A path below ADMIN_WEB_URL."""
    return "" if text.startswith("/") else f"must begin with a slash, not {text!r}"


def carried(text: str) -> str:
    """What the reader of a mail must act on."""
    return "" if text in ("code", "link") else f'must be "code" or "link", not {text!r}'
