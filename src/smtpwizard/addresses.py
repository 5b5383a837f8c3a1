"""Mail addresses, host names and domains by their looks: what counts as one, and what is private. Resolves nothing."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from smtpwizard.text import INVISIBLE

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

_NEVER: Final = r"\s@<>()\[\],;:\\\""
"""No part of an address that people use has these: an app's mail library reads several addresses, or a name, there."""
_PATTERN: Final = rf"(?<![^{_NEVER}])[^{_NEVER}]++@(?:[^{_NEVER}'/]++|\[[0-9A-Za-z.:]++\])"
"""Begins where a word begins and never goes back, so that a long text costs no more than its length."""
_QUOTES: Final = "\"'`“”„‘’‚«»"


def bare_address(text: str) -> str:
    """Return the one mail address in `text`, or nothing where there is none or more than one."""
    visible = text
    if not (text.isascii() and text.isprintable()):
        visible = "".join(char for char in text if char >= " " and char != "\x7f" and char not in INVISIBLE)
    found = re.findall(_PATTERN, visible.replace("mailto:", " "))
    return found[0].strip(_QUOTES).rstrip(".") if len(found) == 1 else ""


def is_address(text: str) -> bool:
    """Say whether `text` as a whole is a bare mail address."""
    return text != "" and bare_address(text) == text


def domain_of(address: str) -> str:
    """Return the part behind the `@` in lower case, or nothing."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def without_addresses(text: str) -> str:
    """Return `text` with a blank for each address in it. `node_modules/@sendgrid/client` is a path."""
    return re.sub(_PATTERN, lambda found: found[0] if "/@" in found[0] else " ", text)


_PRIVATE_SUFFIXES: Final = (
    ".localhost",  # RFC 6761
    ".local",  # RFC 6762, and Kubernetes' cluster.local
    ".internal",  # reserved by ICANN in 2024; host.docker.internal
    ".home.arpa",  # RFC 8375
    ".lan",
    ".home",
    ".corp",
    ".intranet",
    ".private",
)
_PRIVATE_NETWORKS: Final = (
    *("127.0.0.0/8", "::1/128"),
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
    "fc00::/7",  # RFC 4193
    *("169.254.0.0/16", "fe80::/10"),  # link-local
    "100.64.0.0/10",  # RFC 6598: carriers and overlay networks such as Tailscale
    *("0.0.0.0/32", "::/128"),  # a socket connects to this machine
)
"""Not what `ipaddress.is_private` calls so: that counts the nets for documentation, and others that are routed."""


def is_private_address(address: str) -> bool:
    """Say whether what is sent to an IP address stays on this machine or a private network. False for a name."""
    import ipaddress

    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found.version == network.version and found in network for network in _networks(_PRIVATE_NETWORKS))


@cache
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    import ipaddress  # for a host that is an address: most are names

    return tuple(map(ipaddress.ip_network, texts))


def is_private_host(host: str) -> bool:
    """Say whether what is sent to `host` stays on this machine or a private network, judged by the name alone.

    Loopback, RFC 1918, link-local and unique local addresses, names without a dot (compose services), and the suffixes
    that no public DNS serves. An empty name counts as private: there is nobody to send to.
    """
    name = _bare(host)
    if _is_numeric(name):
        return is_private_address(name)
    return "." not in name or name.endswith(_PRIVATE_SUFFIXES)


def is_loopback(host: str) -> bool:
    """Say whether `host` is the machine, or the container, on which the client runs."""
    name = _bare(host)
    return name == "localhost" or name.endswith(".localhost") or name.startswith("127.") or name in ("::1", "0.0.0.0")  # noqa: S104


def is_ip_address(host: str) -> bool:
    """Say whether `host` is an IPv4 or IPv6 address rather than a name."""
    name = _bare(host)
    if not _is_numeric(name):
        return False
    import ipaddress

    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def to_ascii(name: str) -> str:
    """Return a domain in lower case with its letters beyond ASCII as A-labels; empty where it has no such form.

    By IDNA 2008 with the mappings of UTS 46, as Node and mail software do (RFC 5891).
    """
    name = name.rstrip(".").lower()
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except UnicodeError:
        return ""


def _bare(host: str) -> str:
    return host.strip().lower().removeprefix("[").removesuffix("]").rstrip(".")


def _is_numeric(name: str) -> bool:
    return ":" in name or (name != "" and name.replace(".", "").isdigit())


_FREEMAIL: Final = """
gmail.com googlemail.com yahoo.com yahoo.co.jp yahoo.co.uk yahoo.de yahoo.fr ymail.com rocketmail.com aol.com
outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com msn.com windowslive.com icloud.com me.com mac.com
gmx.com gmx.net gmx.de gmx.at gmx.ch web.de t-online.de freenet.de orange.fr free.fr laposte.net libero.it
proton.me protonmail.com pm.me mail.ru inbox.ru list.ru bk.ru yandex.ru yandex.com ya.ru
qq.com foxmail.com 163.com 126.com yeah.net sina.com naver.com daum.net hanmail.net kakao.com nate.com
docomo.ne.jp ezweb.ne.jp softbank.ne.jp comcast.net zohomail.com
"""
FREEMAIL: Final = frozenset(_FREEMAIL.split())
"""Domains in which anybody has a mailbox, so that no relay may sign for them."""

_LARGE: Final = (
    *("gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "yahoo.com"),
    *("icloud.com", "naver.com", "proton.me", "protonmail.com"),
)
"""Where so many have their mailbox that a domain one slip away is one."""

_EXAMPLES: Final = frozenset({"yourdomain.com", "your-domain.com", "mydomain.com", "domain.com", "company.com"})
_RESERVED: Final = ("example", "invalid", "test", "localhost", "example.com", "example.net", "example.org")
"""RFC 2606 and RFC 6761: nobody can own these, nor what is below them."""
_BELOW: Final = tuple(f".{domain}" for domain in _RESERVED)


def is_freemail(domain: str) -> bool:
    """Say whether `domain` belongs to a public mailbox provider."""
    return domain.lower() in FREEMAIL


def meant_mailbox(domain: str) -> str:
    """Return the large mailbox provider's domain that `domain` is a slip of the finger away from; '' where none is.

    A slip is a letter too many, one missing, another one, or two that have changed places; never the first letter.
    """
    name = domain.lower()
    if is_freemail(name):
        return ""
    return next((large for large in _LARGE if large[:1] == name[:1] and _is_slip(name, large)), "")


def _is_slip(name: str, meant: str) -> bool:
    if abs(len(name) - len(meant)) > 1:
        return False
    start = next((at for at, pair in enumerate(zip(name, meant, strict=False)) if pair[0] != pair[1]), len(meant))
    rest, wanted = name[start:], meant[start:]
    swapped = rest[1::-1] == wanted[:2] and rest[2:] == wanted[2:]
    return swapped or rest[1:] == wanted or rest == wanted[1:] or rest[1:] == wanted[1:]


def is_placeholder(domain: str) -> bool:
    """Say whether `domain` comes from a guide or is reserved for examples."""
    name = domain.lower()
    return name in _EXAMPLES or name in _RESERVED or name.endswith(_BELOW)


_PLACE: Final = r"[$#]?\{{1,2}[^{}]{0,60}\}{1,2}|%\(?\w{1,40}(?:\)s|%)|\[\[?\w{1,40}\]?\]|<%.{0,60}%>"
"""A variable or a template's place that was to be replaced."""
_WORDS_FOR_NOTHING: Final = frozenset({"undefined", "null", "none", "nil", "false", "nan", "[object object]"})
_BLOTTED: Final = r"(?i)x{3}|\*{2}|\.{3}|…|#{3}|_{3}|redact|censor|hidden|removed|masked|\[?private\]?$"
"""What people put over an address before they show it."""


_SEVERAL: Final = r"@[^<>@]{1,253}[,;] ?[^<>@]{1,64}@"


def fault_of(address: str) -> str:
    """Say what is wrong by sight with an envelope address: a predicate for it (`has no @`); '' where nothing is.

    Of what its owner has made unreadable nothing is said. RFC 5321 section 4.1.2 has the form, RFC 1035 section 2.3.1
    that of names.
    """
    text = address.replace("\\'", "'")
    if not text.strip():
        return "is empty"
    named = re.fullmatch(r"([^<>]{1,190})<[^<>\s]{1,254}@[^<>\s]{1,253}>", text)
    if named and (fault := fault_of_name(named[1])):
        return fault
    if re.search(_BLOTTED, text):
        return ""
    if text.strip(_QUOTES).lower() in _WORDS_FOR_NOTHING:
        return "is a program's word for nothing"
    if re.search(_SEVERAL, text):
        return "is more than one address"
    if re.search(_PLACE, text):
        return "is a place that nothing was put into"
    if re.search(r"@\$\w", text):
        return "has a variable for its domain that nothing was put into"
    if text.startswith("=?"):
        return "was encoded together with its name" if "@" in text else "is an encoded name"
    return _fault_around(text) or _fault_in_parts(text)


def _fault_around(text: str) -> str:
    """Say what stands around or between addresses."""
    if re.search(r"[<>]", text):
        return "has a name or angle brackets in it"
    if re.match(r"(?i)mailto:|smtp:|https?:", text):
        return "has a scheme in front"
    if text[0] in _QUOTES and "@" in text.rstrip(_QUOTES) and text[-1] in _QUOTES:
        return "has quotes around it"
    if text != text.strip():
        return "has a blank at one end"
    if text[-1] in ",;:":
        return f"ends in a {'comma' if text[-1] == ',' else 'semicolon' if text[-1] == ';' else 'colon'}"
    return "has a full stop at its end" if text[-1] == "." and "@" in text else ""


def fault_of_name(name: str) -> str:
    """Say what is wrong by sight with the name that stands before `<address>`: a predicate; '' where nothing is.

    Without quotes a name is of atoms and blanks (RFC 5322 section 3.4).
    """
    text = name.strip()
    if len(text) > 1 and text[0] == '"' and text[-1] == '"':
        return ""
    if "@" in text:
        return "has an address in the place of its name"
    return "has a sign in its name that may only stand in quotes" if re.search(r"[,;:()\[\]]", text) else ""


def _fault_in_parts(text: str) -> str:
    """Say what is wrong on one side of the @, or with the @ itself."""
    local, at, domain = text.rpartition("@")
    quoted = local.startswith('"') and local.endswith('"')
    if not at:
        return "has blanks and no @" if re.search(r"\s", text) else "has no @ and no domain"
    if "@" in local and not quoted:
        return "has two @"
    if not local:
        return "has nothing before the @"
    if not domain:
        return "has no domain behind the @"
    if re.search(r"\s", text) and not quoted:
        return "has a blank in it"
    if domain.startswith("["):
        return "has an IP address for its domain"
    if not quoted and (local.startswith(".") or local.endswith(".") or ".." in text or domain.startswith((".", "-"))):
        return "has a dot or hyphen where none may stand"
    if not text.isascii():
        return "has letters beyond ASCII"
    if quoted:
        return "has a quoted part before the @, which many servers do not take"
    if re.search(r"[^A-Za-z0-9._-]", domain):
        return "has a sign in its domain that no name may have"
    if "." not in domain:
        return "has a domain without a dot"
    if is_ip_address(domain):
        return "has an IP address for its domain"
    if domain.rpartition(".")[2].isdecimal():
        return "has a domain that ends in a number"
    return "has an underscore in its domain" if "_" in domain else ""


def fault_of_host(name: str) -> str:
    """Say what is wrong by sight with a mail server's name: a predicate for it; '' where nothing is."""
    text = name.strip()
    if re.search(_BLOTTED, text) or not text:
        return ""
    if "://" in text or re.match(r"(?i)(?:smtps?|mailto|ssl|tls|https?):", text):
        return "has a scheme in front (smtp://)"
    if "@" in text:
        return "has an @ in it, as an address has, or a URL whose special characters are not encoded"
    if text[0] in _QUOTES or text[-1] in _QUOTES:
        return "has quotes around it"
    if re.fullmatch(r"[\w.-]+:\d{1,5}", text):
        return "has a port behind it"
    if text[-1] in ",;":
        return f"ends in a {'comma' if text[-1] == ',' else 'semicolon'}"
    if re.search(r"[,;]", text):
        return "is more than one name"
    if name != text or re.search(r"\s", text):
        return "has a blank in it or at its end"
    if "/" in text:
        return "has a slash in it"
    if re.fullmatch(r"\d{1,5}", text):
        return "is a bare number"
    return "has an empty part: two dots, or one in front" if ".." in text or text.startswith(".") else ""


_OF_NAMES: Final = frozenset({"com", "net", "org", "io", "de", "email", "cloud", "dev", "info"})
_MIDDLE: Final = 2
"""Labels that a whole host name has before its top-level domain, and a whole domain at least."""


def appended(name: str) -> tuple[str, str]:
    """Return the host name and the domain that `name` was put together from, as where a record lacks its final dot.

    `mxa.mailgun.org.example.com` gives `mxa.mailgun.org` and `example.com`; two empty texts where it is not so.
    """
    labels = name.rstrip(".").lower().split(".")
    for at in range(_MIDDLE, len(labels) - _MIDDLE):
        if labels[at] in _OF_NAMES:
            return ".".join(labels[: at + 1]), ".".join(labels[at + 1 :])
    return "", ""
