"""Which model plays an app's mail client. Each is imported only where it is asked for."""

from __future__ import annotations

from smtpwizard.apps.profile import AppProfile
from smtpwizard.clients.model import ClientModel, TlsPolicy


def model_of(app: AppProfile) -> ClientModel | None:
    """Return the model of the app's mail client, or None where it is not modelled."""
    match app.client.model:
        case "nodemailer":
            from smtpwizard.clients.nodemailer.dialogue import nodemailer

            return nodemailer(app.client.version)
        case "smtplib":
            from smtpwizard.clients.python_smtplib import SMTPLIB

            return SMTPLIB
        case "django-smtp":
            from smtpwizard.clients.python_smtplib import DJANGO

            return DJANGO
        case "lettre":
            from smtpwizard.clients.lettre import LETTRE

            return LETTRE
        case "mua":
            from smtpwizard.clients.mua import MUA

            return MUA
        case "go-net-smtp" | "gomail":
            from smtpwizard.clients.go_smtp import GoSmtp

            return GoSmtp.of({"use": app.client.model, **app.client.options})
        case "go-mail":
            from smtpwizard.clients.go_mail import GoMail

            return GoMail.of(app.client.options)
        case "symfony-mailer":
            from smtpwizard.clients.symfony import SymfonyMailer

            return SymfonyMailer.of(app.client.version)
        case "net-smtp":
            from smtpwizard.clients.net_smtp import NetSmtp

            return NetSmtp.of(app.client.version)
        case "jakarta-mail":
            from smtpwizard.clients.jakarta import JakartaMail

            return JakartaMail(version=app.client.version or JakartaMail.version)
        case "angus-mail":
            from smtpwizard.clients.jakarta import AngusMail

            return AngusMail(version=app.client.version or AngusMail.version)
    return None


def dialogue_of(app: AppProfile) -> ClientModel:
    """Return the client that talks to the server: the app's, or one by the standards where that is not modelled."""
    model = model_of(app)
    if model is None:
        from smtpwizard.clients.common.model import STANDARD

        return STANDARD
    return model


def tls_of(app: AppProfile) -> TlsPolicy:
    """Return the TLS rules of `dialogue_of`, before the rest of the client is imported."""
    if app.client.model == "nodemailer":
        from smtpwizard.clients.nodemailer import tls

        return tls
    return dialogue_of(app).tls


def label(app: AppProfile) -> str:
    """Return name and version of the app's mail client: `nodemailer 8.0.5`."""
    return f"{app.client.model} {app.client.version}".strip()
