"""Waiting for the mails to arrive: the worker that looks into an inbox, and the proof that it brings. Draws nothing."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.worker import Worker, WorkerState

from smtpwizard.errors import SmtpWizardError
from smtpwizard.preset_schema import Kind
from smtpwizard.reach import AT_ONCE, NEARBY, may_catch
from smtpwizard.tui import arrivals
from smtpwizard.tui.state import Proof
from smtpwizard.tui.steps.send_delivery import SendDelivery
from smtpwizard.tui.steps.test_verdict import bug_place

if TYPE_CHECKING:
    from smtpwizard.inbox.model import Arrival, Inbox

_GROUP: Final = "arrival"


class SendWatching(SendDelivery):
    """The part of the step that reads inboxes. What was found goes into the state; the rest is kept here."""

    def __init__(self) -> None:
        super().__init__()
        self._mailbox: Inbox | None = None
        """The mailbox that the operator opened, with its password: until the step is left."""
        self._watched = ""
        """The inbox that is being watched, by name."""
        self._within = 0.0
        """For how many seconds."""
        self._unseen = ""
        """Why nothing was seen, once watching has ended."""

    async def leaving(self) -> None:
        self._stop_watching()
        await self._forget_mailbox()
        await super().leaving()

    def _watch(self) -> None:
        """Look for the mails that are accepted and not known to have arrived, where an inbox can be read."""
        if arrivals.awaited(self.state.sent, self.state.arrived):
            self._unseen = ""
            self._run_watch()

    def _stop_watching(self) -> None:
        self.workers.cancel_group(self, _GROUP)
        self._watched = self._unseen = ""

    async def _forget_mailbox(self) -> None:
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            await mailbox.close()

    def _take_mailbox(self, mailbox: Inbox, seen: tuple[Arrival, ...]) -> None:
        """Watch a mailbox into which a first look has been taken."""
        self._mailbox = mailbox
        for arrival in seen:
            self._saw(arrival, Proof.MAILBOX, mailbox.name)
        self._watch()
        self._draw()

    @work(exclusive=True, group=_GROUP, exit_on_error=False, description="waiting for the mails to arrive")
    async def _run_watch(self) -> None:
        services = self.wizard.services
        try:
            inbox, by = await self._inbox_to_watch()
            if inbox is None:
                return
            from smtpwizard.inbox import watch

            wanted = arrivals.wanted(arrivals.awaited(self.state.sent, self.state.arrived))
            self._within = services.arrival_seconds if by is Proof.MAILBOX else min(services.arrival_seconds, AT_ONCE)
            self._watched = inbox.name
            self._draw()
            found = watch(inbox, wanted, within=self._within, pause=services.arrival_pause)
            async with aclosing(found) as stream:
                async for arrival in stream:
                    self._saw(arrival, by, inbox.name)
                    self._draw()
            if arrivals.awaited(self.state.sent, self.state.arrived):
                elsewhere = " The mail may go elsewhere." if by is Proof.CATCHER else ""
                self._unseen = f"Not seen in {inbox.name} within {self._within:.0f} s.{elsewhere}"
        except SmtpWizardError as error:
            self._unseen = error.message
            await self._forget_mailbox()  # a login that was refused is not tried again without the operator's word
        finally:
            self._watched = ""
        self._draw()

    async def _inbox_to_watch(self) -> tuple[Inbox | None, Proof]:
        """Return what can be read without asking: the mailbox opened before, the practice server, a local catcher."""
        state, services = self.state, self.wizard.services
        if self._mailbox is not None:
            return self._mailbox, Proof.MAILBOX
        provider, host = state.provider, state.settings.host or ""
        if provider is not None and provider.kind is Kind.PRACTICE:
            server = state.practice if state.rehearsed is None else None
            return (services.practice_inbox(server) if server is not None else None), Proof.PRACTICE
        if may_catch(provider, host):
            return await services.find_catcher(host, provider=provider, timeout=NEARBY), Proof.CATCHER
        return None, Proof.MAILBOX

    def _saw(self, arrival: Arrival, by: Proof, inbox: str) -> None:
        state = self.state
        self.wizard.update(arrived=arrivals.with_seen(state.arrived, arrival, state.sent, by, inbox))

    @on(Worker.StateChanged)
    def _watch_broke_off(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.group == _GROUP:
            self._unseen = f"Looking into the inbox broke off: {bug_place(event.worker.error)}. A bug in smtpwizard."
            self._draw()
