"""The questions of one second look: which there are, and when enough is known. Judges nothing."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from smtpwizard.app.client import Transport
from smtpwizard.preset_schema import Provider, TlsMode
from smtpwizard.probe.look.certificates import CertificateLook
from smtpwizard.probe.look.facts import PortFacts, Reach
from smtpwizard.probe.look.limits import GRACE_SECONDS
from smtpwizard.probe.look.network_rules import sister
from smtpwizard.probe.look.port import PortLook
from smtpwizard.probe.look.ports import expected_modes
from smtpwizard.probe.look.scan import OnPort, told
from smtpwizard.probe.look.way import Way
from smtpwizard.probe.results import Step, StepResult


class Asking:
    """All ports, the settings' own over IPv4 and IPv6 apart; the web port and the certificate where they matter."""

    def __init__(
        self,
        way: Way,
        handed: Transport,
        failed: StepResult | None,
        ports: tuple[int, ...],
        *,
        provider: Provider | None,
        web_port: int,
    ) -> None:
        self._way = way
        self._handed = handed
        self._failed = failed
        self._web_port = web_port
        self.web: Reach | None = None
        modes = expected_modes(provider)
        own, apart = handed.port, self._apart() if handed.port in ports else ()
        self._families = [PortLook(way, own, expected=modes.get(own), addresses=(address,)) for address in apart]
        rest = (port for port in ports if port != own or not apart)
        self._ports = [PortLook(way, port, expected=modes.get(port)) for port in rest]
        self.certificate = self._certificate()

    def jobs(self, on_port: OnPort | None) -> list[Coroutine[Any, Any, None]]:
        """Return everything that is to be run at once."""
        jobs = [told(look, on_port) for look in (*self._families, *self._ports)]
        if self._unreached:
            jobs.append(self._ask_web())
        if self.certificate is not None:
            jobs.append(self.certificate.run())
        return jobs

    def enough(self) -> float | None:
        """Return a short grace for the rest once the settings' own port was found to speak the other mode."""
        own = next((item for item in self.port_facts() if item.port == self._handed.port), None)
        if own is None or not own.usable or self._failed is None or self._failed.step not in (Step.GREETING, Step.TLS):
            return None
        return GRACE_SECONDS if (own.tls is TlsMode.IMPLICIT) != self._handed.secure else None

    def port_facts(self) -> tuple[PortFacts, ...]:
        """Return what is known of each port, the settings' own first; of two families the one that answers."""
        rest = tuple(look.facts() for look in self._ports)
        ours = [item for item in self.family_facts() if item.address in self._way.addresses]
        return (min(ours, key=lambda item: (not item.usable, not item.open)), *rest) if ours else rest

    def family_facts(self) -> tuple[PortFacts, ...]:
        """Return what the settings' own port said over IPv4 and IPv6."""
        return tuple(look.facts() for look in self._families)

    def _certificate(self) -> CertificateLook | None:
        failed = self._failed
        if failed is None or failed.error is None or failed.step not in (Step.TLS, Step.STARTTLS):
            return None
        names = failed.tls.names if failed.tls else ()
        implicit = failed.step is Step.TLS
        return CertificateLook(self._way, self._handed.port, implicit=implicit, error=failed.error, names=names)

    def _apart(self) -> tuple[str, ...]:
        """Return an address of each family where the host has both; of a closed loopback address the sister, too."""
        four = [address for address in self._way.addresses if ":" not in address]
        six = [address for address in self._way.addresses if ":" in address]
        if four and six:
            return four[0], six[0]
        other = sister(self._way.host) if self._unreached else None
        return (self._way.host, other) if other else ()

    @property
    def _unreached(self) -> bool:
        return self._failed is not None and self._failed.step is Step.CONNECT

    async def _ask_web(self) -> None:
        try:
            await self._way.connect(self._web_port)
        except ConnectionRefusedError:
            self.web = Reach.REFUSES
        except OSError:
            self.web = Reach.SILENT
        else:
            self.web = Reach.ANSWERS
