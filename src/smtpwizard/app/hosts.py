"""Host names and addresses by their looks: private or public. Never resolves anything."""

from __future__ import annotations

from typing import Final

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
_SHARED: Final = "100.64.0.0/10"
"""RFC 6598: carriers and overlay networks such as Tailscale; never routed on the public internet."""


def is_private_host(host: str) -> bool:
    """Say whether what is sent to `host` stays on this machine or a private network, judged by the name alone.

    Loopback, RFC 1918, link-local and unique local addresses, names without a dot (compose services), and the suffixes
    that no public DNS serves. An empty name counts as private: there is nobody to send to.
    """
    name = _bare(host)
    if _is_numeric(name):
        import ipaddress  # costs 2 ms; most hosts are names

        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        shared = address.version == 4 and address in ipaddress.ip_network(_SHARED)
        return address.is_private or address.is_loopback or address.is_link_local or address.is_unspecified or shared
    return "." not in name or name.endswith(_PRIVATE_SUFFIXES)


def is_loopback(host: str) -> bool:
    """Say whether `host` is the machine, or the container, on which the client runs."""
    name = _bare(host)
    return name == "localhost" or name.endswith(".localhost") or name.startswith("127.") or name in ("::1", "0.0.0.0")  # noqa: S104


def is_address(host: str) -> bool:
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


def _bare(host: str) -> str:
    return host.strip().lower().removeprefix("[").removesuffix("]").rstrip(".")


def _is_numeric(name: str) -> bool:
    return ":" in name or (name != "" and name.replace(".", "").isdigit())
