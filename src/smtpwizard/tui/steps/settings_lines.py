"""What the settings step says: the outlook, findings with their repairs, the advanced values in one line. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from smtpwizard.app import Origin, is_private_host, masked_settings, transport
from smtpwizard.findings import Finding, has_errors
from smtpwizard.secret import MASK, redact
from smtpwizard.settings import Settings
from smtpwizard.text import safe
from smtpwizard.tui.content import MARKS, clickable, hanging, lines, styled

DEFAULT_ADMIN_URL = "http://localhost:3000"
"""What the app takes without ADMIN_WEB_URL."""


def outlook(settings: Settings, found: Sequence[Finding], width: int) -> Content:
    """Return in one line what the app will do with these settings: log in where, over what, as whom."""
    plan = transport(settings, origin=Origin.ANSWERS)
    if plan is None:
        return hanging("✗", "the app refuses to start with these settings", width, mark_style="$error")
    if has_errors(found):
        return hanging("✗", "no mail will leave with these settings", width, mark_style="$error")
    where = f"{plan.host}:{plan.port}"
    login = bool(plan.username and plan.password)
    hidden = masked_settings(settings).get("SMTP_USERNAME") == MASK
    user = MASK if hidden else redact(plan.username or "", settings.secrets())
    who = f" as {user}" if login and user else ""
    does = "logs in" if login else "sends without a login"
    if plan.secure:
        return hanging("✓", f"{does} over TLS to {where}{who}", width, mark_style="$success")
    if is_private_host(plan.host):
        return hanging(
            "✓", f"{does} to {where}{who}, on this machine or a private network", width, mark_style="$success"
        )
    return hanging("✓", f"{does} to {where}{who}, over TLS if the server offers STARTTLS", width, mark_style="$success")


def advanced_line(settings: Settings) -> str:
    """Return the advanced values in one line: `smtp.gmail.com : 587  STARTTLS  links → http://localhost:3000`."""
    tls = "TLS" if (settings.tls or "").lower() == "true" else "STARTTLS"
    if tls == "STARTTLS" and settings.port_number in (465, 2465):
        tls = "no TLS"  # those ports have no STARTTLS
    links = settings.admin_web_url or DEFAULT_ADMIN_URL
    return safe(f"{settings.host or 'no host'} : {settings.port or 'no port'}  {tls}  links → {links}", limit=200)


def finding_line(finding: Finding, width: int, *, key: str = "") -> Content:
    """Return a finding with its mark, and its repair as something to click; `key` is the key that does it now."""
    mark, style = MARKS[finding.severity]
    text = hanging(mark, finding.message, width, mark_style=style)
    if not finding.changes:
        return text
    words = safe(finding.label or "Repair", limit=60)
    repair = Content.assemble((f"{key} ", "bold $accent") if key else "", (words, "underline"))
    return lines(text, Content.assemble("  ", clickable(repair, "app.repair", finding.id)))


def next_repair(findings: Sequence[Finding], variable: str | None) -> Finding | None:
    """Return the finding that the repair key acts on: one of the focused field, else the first with a repair."""
    able = [finding for finding in findings if finding.changes]
    return next((item for item in able if variable and item.variable == variable), able[0] if able else None)


def still_needed(labels: Sequence[str]) -> Content:
    """Return what is not filled in yet, in one line."""
    return Content.assemble(("·", "$text-muted"), " ", styled(f"still needed: {', '.join(labels)}", "$text-muted"))
