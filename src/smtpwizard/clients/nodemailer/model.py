"""nodemailer 8.0.5 as a client model: the one by which the rooms above know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from smtpwizard.clients import transport as options
from smtpwizard.clients.model import ClientErrors, ClientFailure, ClientModel, TlsPolicy
from smtpwizard.clients.nodemailer import dialogue as dialogues
from smtpwizard.clients.nodemailer import ehlo
from smtpwizard.clients.nodemailer import errors as node_errors
from smtpwizard.clients.nodemailer import tls as node_tls
from smtpwizard.smtp.results import Step


class Nodemailer:
    """The client of every app that sends with nodemailer."""

    name = "nodemailer"
    version = "8.0.5"
    compared = True
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
    dialogue = dialogues.NodemailerDialogue


NODEMAILER: Final[ClientModel] = Nodemailer()
