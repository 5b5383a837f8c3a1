"""What the app does for any step: copy, open a page, read the log, run the practice server. Knows no step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import App
from textual.notifications import SeverityLevel

from smtpwizard.background import in_daemon_thread
from smtpwizard.errors import SmtpWizardError
from smtpwizard.secret import redact
from smtpwizard.text import safe
from smtpwizard.tui import playing
from smtpwizard.tui.widgets.inputs import SecretInput

if TYPE_CHECKING:
    from smtpwizard.tui.services import Services
    from smtpwizard.tui.state import WizardState


class Errands(App[Any]):
    """A part of the app."""

    services: Services
    state: Any

    def copy(self, text: str, *, what: str = "Text", secret: bool = False) -> None:
        """Hand `text` to the terminal's clipboard, secrets cleared unless `secret`, and claim no more than that.

        It is one OSC 52 sequence without an answer; tmux drops it by default, and macOS Terminal always.
        """
        settings = self.state.settings
        self.copy_to_clipboard(text if secret else redact(text, settings.secrets(), username=settings.username or ""))
        self.notify(
            f"{what}: sent to the terminal's clipboard. If pasting gives nothing, the terminal did not take it "
            "(in tmux: set-clipboard on). Then select it with Shift and the mouse.",
            title="Copy",
            markup=False,
        )

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast: text as it is, whoever asks for it. Markup is never read."""
        words = safe(message, newlines=True)
        super().notify(words, title=safe(title, limit=80), severity=severity, timeout=timeout, markup=False)

    @work(exclusive=True, group="page", exit_on_error=False, description="open a web page")
    async def action_open_page(self, url: str) -> None:
        """Have the desktop open a page; where it cannot, show the address."""
        try:
            opened = await in_daemon_thread(lambda: self.services.open_url(url), timeout=5.0, name="browser")
        except Exception:  # a browser launcher fails in ways of its own; the address helps in all of them
            opened = False
        if opened:
            self.notify(safe(url, limit=200), title="Opening in the browser", markup=False)
        else:
            text = f"{safe(url, limit=300)}\nNo browser could be asked to open it."
            self.notify(text, title="Page", markup=False, timeout=20)

    def action_app_log(self) -> None:
        """Read what the app itself says of its mail, in its container's log."""
        from smtpwizard.tui.screens.app_log import AppLogScreen

        self.push_screen(AppLogScreen.of(self.state.target, self.services.app.service))

    def action_picture(self) -> None:
        """Hide every secret that is shown, then save the screen as an SVG."""
        for screen in self.screen_stack:
            for secret in screen.query(SecretInput):
                secret.hide()
        self.call_after_refresh(self._picture)  # the palette has closed and the bullets are drawn by then

    def _picture(self) -> None:
        self.deliver_screenshot()

    async def practise(self) -> str:
        """Start the practice server unless it runs, and take its settings. Returns what went wrong, or ''."""
        from smtpwizard.questions import begin  # 3 ms that the first frame does without

        state: WizardState = self.state
        server = state.practice
        if server is None:
            server = self.services.make_practice_server()
            try:
                await in_daemon_thread(server.start, timeout=12.0, name="practice server start")
            except SmtpWizardError as error:
                return error.message
            except TimeoutError:
                return "The practice server did not start within 12 s."
        provider = self.services.presets.provider("practice")
        kept = begin(provider, before=state.settings, previous=state.provider)
        settings = server.settings().with_changes({"ADMIN_WEB_URL": kept.admin_web_url})
        other = state.provider is None or state.provider.id != provider.id
        if other or state.practice is None or state.rehearsed is not None:
            changes = {"practice": server, "provider": provider, "region": None, "settings": settings}
            self.state = self.state.changed(**changes)
        return ""

    async def stop_practice(self) -> None:
        """Stop the practice server, if it runs, and the one that plays a failure."""
        await playing.stop(self.state.rehearsal)
        server = self.state.practice
        if server is not None:
            try:
                await in_daemon_thread(server.stop, timeout=1.0, name="practice server stop")
            except (TimeoutError, OSError):
                return  # its thread is a daemon: it ends with the process
