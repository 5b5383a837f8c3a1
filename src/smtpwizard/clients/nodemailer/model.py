"""nodemailer as a client model: the one by which the rooms above know it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Final

from smtpwizard.clients import transport as options
from smtpwizard.clients.model import ClientErrors, ClientFailure, ClientModel, TlsPolicy
from smtpwizard.clients.nodemailer import dialogue as dialogues
from smtpwizard.clients.nodemailer import ehlo
from smtpwizard.clients.nodemailer import errors as node_errors
from smtpwizard.clients.nodemailer import tls as node_tls
from smtpwizard.clients.nodemailer.channel import traits
from smtpwizard.smtp.results import Step


class Nodemailer:
    """The client of every app that sends with nodemailer, in one version."""

    name = "nodemailer"
    compared_as = ""
    mechanisms: tuple[str, ...] = ehlo.MECHANISMS
    timeouts: Mapping[Step, float] = node_errors.TIMEOUTS
    reports_quit = False
    without_auth = "the app goes on without its user and password"
    crash = "its mail client stops with a TypeError where only XOAUTH2 is offered"
    hang = "its mail client neither sends nor reports an error"

    tls: TlsPolicy = node_tls

    @staticmethod
    def errors(transport: options.Transport | None = None) -> ClientErrors:
        """Return its words, which are the same for every transport."""
        return node_errors

    @staticmethod
    def objection(transport: options.Transport) -> ClientFailure | None:
        """Return None: it takes any options, and fails later."""

    transport = staticmethod(options.transport)
    security = staticmethod(dialogues.security)
    sender_address = staticmethod(ehlo.from_header)
    recipient_address = staticmethod(ehlo.normalise)
    doubts = staticmethod(ehlo.doubts)

    def __init__(self, version: str) -> None:
        self.version = version
        self.compared = not version[:2].isdigit()
        """Whether the suite compares it: up to version 9. No app uses 10, which does several things otherwise."""
        self.dialogue = partial(dialogues.NodemailerDialogue, version=traits(version))


NODEMAILER: Final[ClientModel] = Nodemailer("8.0.5")


@cache
def nodemailer(version: str) -> ClientModel:
    """Return the model of a version; of an empty text, that of 8.0.5."""
    return Nodemailer(version) if version else NODEMAILER
