"""What is asked about: the sender, the provider, and whose domain it is. Pure."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from smtpwizard.app.domains import is_freemail
from smtpwizard.preset_schema import Kind, Provider, SpfEnvelope
from smtpwizard.sender.names import Sender

_LOCAL = frozenset({Kind.LOCAL, Kind.TEST, Kind.PRACTICE})


class Owner(Enum):
    """Whose domain the sender's is."""

    OPERATOR = auto()
    """Presumably the operator's own: records can be published there."""
    PROVIDER = auto()
    """One in which this provider gives everybody a mailbox: its records are the provider's."""
    OTHERS = auto()
    """One in which another provider gives everybody a mailbox: nobody else can sign for it."""


class Case(NamedTuple):
    """One run's subject."""

    sender: Sender
    provider: Provider | None
    owner: Owner

    @property
    def domain(self) -> str:
        """The sender's domain in ASCII."""
        return self.sender.domain

    @property
    def by(self) -> str:
        """The provider's name for a sentence."""
        return self.provider.name if self.provider else "the provider"

    @property
    def envelope(self) -> SpfEnvelope | None:
        """Whose SPF record counts; None without a provider."""
        return self.provider.spf_envelope if self.provider else None

    @property
    def includes(self) -> tuple[str, ...]:
        """What the sender's SPF record should include one of; empty where that is not known."""
        return self.provider.spf_include if self.provider else ()


def case_of(sender: Sender, provider: Provider | None, home: Provider | None) -> Case:
    """Return the case of a sender and its provider; `home` is the one whose mailboxes have the sender's domain.

    A catcher, which delivers nothing, and the machine's own mail server count as none: nothing in DNS names them.
    """
    judged = None if provider is not None and provider.kind in _LOCAL else provider
    return Case(sender, judged, _owner(sender.domain, judged, home))


def _owner(domain: str, provider: Provider | None, home: Provider | None) -> Owner:
    if provider is not None and (domain in provider.mail_domains or (home is not None and home.host == provider.host)):
        return Owner.PROVIDER
    return Owner.OTHERS if home is not None or is_freemail(domain) else Owner.OPERATOR
