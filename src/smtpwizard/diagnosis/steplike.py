"""What a diagnosis needs to know of a probe's results, as shapes: the room beside this one is not imported."""

from __future__ import annotations

from typing import Protocol


class ReplyLike(Protocol):
    """The parts of a probe's Reply that a diagnosis needs. The rooms beside this one are not imported."""

    @property
    def code(self) -> int | None: ...
    @property
    def enhanced(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def lines(self) -> tuple[str, ...]: ...


class TlsLike(Protocol):
    """The parts of a probe's TlsFacts that a diagnosis needs."""

    @property
    def names(self) -> tuple[str, ...]: ...


class StepLike(Protocol):
    """The parts of a probe's StepResult that a diagnosis needs."""

    @property
    def step(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def reply(self) -> ReplyLike | None: ...
    @property
    def tls(self) -> TlsLike | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def detail(self) -> tuple[str, ...]: ...
