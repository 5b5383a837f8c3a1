"""The mail clients that are modelled, by the name that an app's profile gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from smtpwizard.clients.model import ClientModel
from smtpwizard.clients.nodemailer.model import Nodemailer

DEFAULT: Final[ClientModel] = Nodemailer()
CLIENTS: Final[Mapping[str, ClientModel]] = {DEFAULT.name: DEFAULT}
