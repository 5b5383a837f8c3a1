"""Sends mails with Python's smtplib as Superset and Mealie do, and with Django's backend. See support.real_client."""

import json
import smtplib
import sys
import threading

import django
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

settings.configure(DEFAULT_CHARSET="utf-8")
django.setup()
_printing = threading.Lock()


def by_django(job):
    """django.core.mail with one backend, as Django makes it from its settings."""
    backend = EmailBackend(
        host=job["host"],
        port=job["port"],
        username=job["user"],
        password=job["password"],
        use_tls=job["mode"] == "starttls",
        use_ssl=job["mode"] == "implicit",
        timeout=job["timeout"],
    )
    EmailMessage("Conformance", ".one line\r\n", job["sender"], [job["to"]], connection=backend).send()


def by_smtplib(job):
    """Superset's send_mime_email() without SMTP_SSL_SERVER_AUTH; Mealie differs in its time limit."""
    kind = smtplib.SMTP_SSL if job["mode"] == "implicit" else smtplib.SMTP
    limit = {} if job["timeout"] is None else {"timeout": job["timeout"]}
    client = kind(job["host"], job["port"], **limit)
    if job["mode"] == "starttls":
        client.starttls()
    if job["user"] and job["password"]:
        client.login(job["user"], job["password"])
    client.sendmail(job["sender"], [job["to"]], "Subject: Conformance\n\n.one line\n")
    client.quit()


def run(job):
    """Return what came of one mail."""
    try:
        {"django": by_django, "smtplib": by_smtplib}[job["way"]](job)
    except Exception as error:  # whatever the client raises is what is asked for
        kind = type(error)
        name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        code = getattr(error, "smtp_code", None)
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code = next(iter(error.recipients.values()))[0]
        if code is not None and code <= 0:
            code = None
        return {"ok": False, "error": kind.__name__, "code": code, "message": f"{name}: {error}"}
    return {"ok": True}


def answer(job):
    """Run one job in a thread of its own, which may never end."""
    found = []
    thread = threading.Thread(target=lambda: found.append(run(job)), daemon=True)
    thread.start()
    thread.join(job["patience"])
    told = found[0] if found else {"hangs": True}
    with _printing:
        print(json.dumps({"id": job["id"], **told}), flush=True)


print("ready", flush=True)
for line in sys.stdin:
    threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
