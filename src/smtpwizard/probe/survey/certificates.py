"""More about a certificate that the app refuses: would this machine's own store take it, would another name do?"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from smtpwizard.clients.nodemailer import errors as nodewords
from smtpwizard.clients.nodemailer.errors import Ended
from smtpwizard.hosts import is_address
from smtpwizard.lint.context import is_host_name
from smtpwizard.probe.survey.dialer import Way, together
from smtpwizard.probe.survey.facts import CertificateFacts
from smtpwizard.probe.survey.limits import CONNECT_SECONDS, MOST_NAMES
from smtpwizard.probe.survey.port import Visit
from smtpwizard.smtp import net as resolve

UNTRUSTED: Final = frozenset(nodewords.CERTIFICATE[code][0] for code in (2, 18, 19, 20, 21, 27))
"""Node's words for a certificate that leads to no authority it knows."""

_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


class CertificateLook:
    """The questions about one refused certificate. `run` once; `facts` at any time."""

    def __init__(self, way: Way, port: int, *, implicit: bool, error: str, names: Iterable[str] = ()) -> None:
        """`error` is Node's word; `names` those in the certificate."""
        self._way = way
        self._port = port
        self._implicit = implicit
        self._error = error
        self._candidates = tuple(dict.fromkeys(name.lower() for name in names if _could_be_host(name)))[:MOST_NAMES]
        self._system: bool | None = None
        self._bundle = ""
        self._chain: int | None = None
        self._names: list[str] = []

    async def run(self) -> None:
        """Ask; whatever goes wrong only leaves facts out."""
        if self._error in UNTRUSTED:
            await together([self._ask_system(), self._count()], time.monotonic() + CONNECT_SECONDS)
        elif self._error == nodewords.ALTNAME:
            jobs = [self._try_name(name) for name in self._candidates if name != self._way.host.lower()]
            await together(jobs, time.monotonic() + CONNECT_SECONDS)

    def facts(self) -> CertificateFacts:
        """Return what is known by now; names in the certificate's order."""
        names = tuple(name for name in self._candidates if name in self._names)
        return CertificateFacts(self._system, self._bundle, self._chain, names)

    async def _ask_system(self) -> None:
        with suppress(Ended, OSError):
            deadline = time.monotonic() + CONNECT_SECONDS
            context = await self._way.net.start(system_context, brief=True).result(deadline)
            try:
                visit = await self._session(self._way.host, context)
            except ssl.SSLCertVerificationError:
                self._system = False
                return
            self._system = visit.mismatch() is None
            self._bundle = system_bundle()

    async def _count(self) -> None:
        with suppress(Ended, OSError):
            lenient = await self._way.context(implicit=self._implicit, verify=False)
            self._chain = (await self._session(self._way.host, lenient)).chain()

    async def _try_name(self, name: str) -> None:
        """Note `name` where it leads to the same server, and the app would trust the server by that name."""
        with suppress(Ended, OSError):
            found = await resolve.addresses(self._way.net, name, time.monotonic() + CONNECT_SECONDS)
            same = tuple(address for address in self._way.addresses if address in found)
            if not same:
                return
            strict = await self._way.context(implicit=self._implicit, verify=True)
            visit = await self._session(name, strict, same)
            if visit.mismatch() is None:
                self._names.append(name)

    async def _session(self, host: str, context: ssl.SSLContext, addresses: tuple[str, ...] = ()) -> Visit:
        _, stream = await self._way.connect(self._port, addresses)
        visit = Visit(self._way, stream, self._port, implicit=self._implicit, host=host)
        await visit.to_tls(context)
        return visit


def system_context() -> ssl.SSLContext:
    """Return a client context that trusts this machine's own store, as other programs on it do; 30 ms."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False  # by Node's rules instead, afterwards
    made.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    made.load_default_certs()
    return made


def system_bundle() -> str:
    """Return the file that holds this machine's store, empty where it is not a single file."""
    known = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return next((name for name in known if name and Path(name).is_file()), "")


def _could_be_host(name: str) -> bool:
    return "." in name and "*" not in name and is_host_name(name) and not is_address(name)
