"""What DNS says about a sender's domain. The one room that asks name servers anything but addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpwizard.lazy import lazy

if TYPE_CHECKING:
    from smtpwizard.sender.check import check_sender as check_sender
    from smtpwizard.sender.check import check_sender_blocking as check_sender_blocking
    from smtpwizard.sender.results import DnsRecord as DnsRecord
    from smtpwizard.sender.results import SenderCheck as SenderCheck
    from smtpwizard.sender.results import SenderReport as SenderReport
    from smtpwizard.sender.results import Standing as Standing

_HOMES = {
    "check_sender": "check",
    "check_sender_blocking": "check",
    "DnsRecord": "results",
    "SenderCheck": "results",
    "SenderReport": "results",
    "Standing": "results",
}

__getattr__ = lazy(__name__, _HOMES)
