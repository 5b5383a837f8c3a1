"""Forms: how several roles stand in one variable, or one role in several. Named, pure, both ways; a profile names one.

`read` takes the variables' texts, None for an absent one, and returns the texts by role. It is total: what it cannot
take apart becomes the host, or whatever the form is about, as it stands. `write` is its inverse: what it has written is
read back as the same texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from smtpwizard.records import NamedTuple

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
