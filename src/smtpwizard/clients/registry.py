"""The mail clients that are modelled."""

from __future__ import annotations

from typing import Final

from smtpwizard.clients.model import ClientModel
from smtpwizard.clients.nodemailer.model import Nodemailer

DEFAULT: Final[ClientModel] = Nodemailer()
