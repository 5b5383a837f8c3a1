"""What an entry of the failure catalogue is, typed. Must not read files or judge replies: `catalogue` and `match` do.

An entry says what is known of a failure (stage, reply code, enhanced code, words, provider, condition) and, in `by`,
which of these facts must hold together before it may be named as the cause. Codes are reused: 535 has a dozen causes,
550 more, so hardly any entry is named by its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from smtpwizard.secret import Secret

STAGES: Final = (
    "lint", "resolve", "connect", "tls", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "after",
)  # fmt: skip
"""The steps of the dialogue, and `after`: the server took the message, yet it did not arrive."""

FAMILY: Final = frozenset({"mail", "rcpt", "data"})
"""Stages between which servers move a reply: Postfix delays a refused sender to RCPT (smtpd_delay_reject), others check
sender and recipient only when the message is there."""


class Fact(StrEnum):
    """What can be known of an event; `by` combines them."""

    STAGE = "stage"
    """The stage is known, and is one of the entry's."""
    CODE = "code"
    ENHANCED = "enhanced"
    TEXT = "text"
    """One of the entry's phrases is in the reply or message."""
    ERROR = "error"
    """The system's, Node's or TLS library's word is one of the entry's."""
    PROVIDER = "provider"
    """The provider is known, and is one of the entry's."""
    ANYWHERE = "anywhere"
    """No provider is known: for words that several providers use, one of them by far the most."""
    PORT = "port"
    WHEN = "when"
    """The entry's named condition holds (see `conditions`)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One way in which the failure shows: a reply or event to be played at `stage`, or what an operator would paste."""

    stage: str
    reply: str = ""
    """A full reply of a server, LF between lines, codes included."""
    event: str = ""
    """What the network or server does instead of replying: `close`, `silence`, `refused`, `expired`… (see EVENTS)."""
    error: str = ""
    """The word that a client's library gives for `event`."""
    message: str = ""
    """The client's or library's message for it."""
    paste: str = ""
    """What an operator has at hand where no server says anything: a line of a file, a header, a log line."""
    provider: str = ""
    alone: bool = True
    """Whether it is recognised without its provider too."""
    port: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variables under which it happens, for entries with a condition."""
    recipient: str = ""


EVENTS: Final = frozenset(
    {
        "unknown-host", "resolver-down", "refused", "unreachable", "timeout", "bad-port", "close", "reset", "silence",
        "http", "plain-on-tls", "tls-on-plain", "no-starttls", "garbage-tls", "self-signed", "unknown-ca",
        "wrong-name", "expired", "not-yet-valid", "old-protocol", "weak-crypto", "bad-cipher-spec",
        "no-common-cipher", "only-xoauth2", "no-auth", "accepted",
    }
)  # fmt: skip
"""Behaviours that a scripted server, or a closed port, can play."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to be found in normalised text: parts in order, at most GAP characters apart.

    Not a regular expression: a search takes time linear in the text, whoever wrote the catalogue.
    """

    parts: tuple[str, ...]
    length: int
    """Characters of all parts: of two phrases that match, the longer one says more."""

    @classmethod
    def parse(cls, text: str) -> Phrase:
        """Read `relay * denied`: lower case, `*` for a gap. An empty phrase has no parts."""
        parts = tuple(part for part in (" ".join(piece.split()) for piece in text.split("*")) if part)
        return cls(parts, sum(map(len, parts)))

    def found_in(self, text: str) -> bool:
        """Say whether the parts follow each other in `text`."""
        start = text.find(self.parts[0])
        if start < 0 or len(self.parts) == 1:
            return start >= 0
        for _ in range(_TRIES):
            if self._rest_from(text, start + len(self.parts[0])):
                return True
            start = text.find(self.parts[0], start + 1)
            if start < 0:
                return False
        return False

    def _rest_from(self, text: str, position: int) -> bool:
        for part in self.parts[1:]:
            found = text.find(part, position, position + GAP + len(part))
            if found < 0:
                return False
            position = found + len(part)
        return True


GAP: Final = 200
"""Characters that a `*` may stand for: addresses, host names and ids, not half a log."""

_TRIES: Final = 20
"""Places at which a phrase with gaps is tried: hostile text may repeat the first part thousands of times."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One entry of the catalogue."""

    ref: str
    """Its stable reference: `A1`. Port blocks by cloud are P1 to P13, in the order of the reference's table."""
    id: str
    """Its name in kebab-case, for scripts."""
    stages: tuple[str, ...]
    by: tuple[frozenset[Fact], ...]
    """Sets of facts, each of which is enough to name this failure."""
    title: str
    """A noun phrase."""
    cause: str
    remedy: str
    """What to do, in the imperative."""
    source: str
    checked: str
    """ISO date on which the entry was last compared with its source."""
    evidence: str
    """S read in source, D a vendor's document, I an issue or user thread, L reproduced, M memory."""
    examples: tuple[Example, ...]
    codes: tuple[int, ...] = ()
    enhanced: tuple[str, ...] = ()
    text: tuple[Phrase, ...] = ()
    provider_text: tuple[Phrase, ...] = ()
    """Phrases that say something only where the provider is one of the entry's: others use them too."""
    errors: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    """Where it happens; empty: anywhere."""
    ports: tuple[int, ...] = ()
    when: str = ""
    rank: str = ""
    """`first` where its condition or words alone are proof; `last` for what is possible rather than likely."""
    variables: tuple[str, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    """Variable → value that repairs it, whatever the settings."""
    remove: tuple[str, ...] = ()
    """Variables whose line the repair leaves out."""
    repair: str = ""
    """A repair that depends on the settings (see `repairs`)."""
    open_ports: tuple[int, ...] = ()
    """For a port block: mail ports that stay open."""
    unread: str = field(default="", repr=False)
    """The entry's own text, where only what the matcher needs has been read of it (see `reading.complete`)."""

    @property
    def own_words(self) -> bool:
        """Whether its words alone prove the provider."""
        return bool(self.providers) and frozenset({Fact.TEXT}) in self.by


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What went wrong, as fact, cause and action. Holds nothing of the reply itself."""

    ref: str | None
    """The catalogue's reference, or None for a generic answer."""
    id: str
    title: str
    cause: str
    remedy: str
    variables: tuple[str, ...] = ()
    """The variables that it is about."""
    changes: Mapping[str, str | Secret | None] = field(default_factory=dict)
    """Variable → value that repairs it; None leaves the line out. Empty where a person must act."""
    source: str = ""
    checked: str = ""
    generic: bool = False
    """True where only the stage and the kind of reply are known, not the cause."""
    confidence: int = 0
    """How much of the event the entry accounts for, 0 (generic) to 100: to compare diagnoses of one event."""
    providers: tuple[str, ...] = ()
    """Ids of the providers at which it happens; empty: anywhere."""

    def to_json(self) -> dict[str, Any]:
        """Return the contract's JSON object; secrets in `changes` masked; no `ref` for a generic answer."""
        result: dict[str, Any] = {} if self.ref is None else {"ref": self.ref}
        result |= {
            "id": self.id,
            "title": self.title,
            "cause": self.cause,
            "remedy": self.remedy,
            "variables": list(self.variables),
            "changes": {name: None if value is None else str(value) for name, value in self.changes.items()},
            "source": self.source,
            "checked": self.checked,
        }
        if self.generic:
            result["generic"] = True
        return result
