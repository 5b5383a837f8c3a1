"""What an entry of the failure catalogue is, typed. Must not read files or judge replies: `catalogue` and `match` do.

An entry says what is known of a failure (stage, reply code, enhanced code, words, provider, condition) and, in `by`,
which of these facts must hold together before it may be named as the cause. Codes are reused: 535 has a dozen causes,
550 more, so hardly any entry is named by its code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Final

from smtpwizard.apps.profile import Role
from smtpwizard.presets.values import Bounds, Day, EnhancedCode, Faults, OneOf, Shape, rule, verbatim
from smtpwizard.records import NamedTuple

STAGES: Final = (
    "lint", "resolve", "connect", "tls", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "after",
)  # fmt: skip
"""The steps of the dialogue, and `after`: the server took the message, yet it did not arrive."""

FAMILY: Final = frozenset({"mail", "rcpt", "data"})
"""Stages between which servers move a reply: Postfix delays a refused sender to RCPT (smtpd_delay_reject), others check
sender and recipient only when the message is there."""


class Phrase(str):
    """Words to be found in normalised text, `relay * denied`: parts in order, at most GAP characters apart.

    Where it begins with a letter, a word of the text must begin there: `eset` is not in `reset`. Not a regular
    expression: a search takes time linear in the text, whoever wrote the catalogue.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Phrase:
        """Read lower case words, `*` for a gap. ValueError for anything else."""
        parts = [part for part in (" ".join(piece.split()) for piece in text.split("*")) if part]
        if not parts or text != text.lower():
            raise ValueError(f"{text!r} must be lower case words; * is a gap")
        return cls(ANYTHING.join(parts))

    @property
    def parts(self) -> list[str]:
        """What stands between the gaps."""
        return self.split(ANYTHING)

    @property
    def length(self) -> int:
        """Characters of all parts: of two phrases that match, the longer one says more."""
        return len(self) - self.count(ANYTHING) * len(ANYTHING)

    def found_in(self, text: str) -> bool:
        """Say whether the parts follow each other in `text`."""
        first, *rest = self.parts
        for start in _places(first, text):
            inside = start > 0 and _of_a_word(text[start - 1]) and _of_a_word(first[0])
            if not inside and _follow(rest, text, start + len(first)):
                return True
        return not rest and self._cut_off(text)

    def _cut_off(self, text: str) -> bool:
        """Say whether `text` breaks off inside the last word of this phrase: what was pasted lost its last letters."""
        start = text.rfind(self[:START])
        tail = text[start:] if start >= 0 and (start == 0 or not _of_a_word(text[start - 1])) else ""
        missing = len(self) - len(tail)
        if not 0 < missing <= CUT or len(tail) < CUT_FROM or not self.startswith(tail):
            return False
        return _of_a_word(tail[-1]) and _of_a_word(self[len(tail)])

    def near(self, others: Iterable[Phrase], text: str) -> bool:
        """Say whether one of `others` begins at most NEAR characters from a place where this phrase begins."""
        own = tuple(_places(self.parts[0], text))
        return any(abs(one - other) <= NEAR for item in others for other in _places(item.parts[0], text) for one in own)


ANYTHING: Final = " * "
"""How a gap is written."""

GAP: Final = 200
"""Characters that a `*` may stand for: addresses, host names and ids, not half a log."""

NEAR: Final = 60
"""Characters between two phrases that are said of one thing: a sentence, not the next one but two."""

CUT: Final = 3
"""Letters at the end of a text that whoever copied it may have missed."""

CUT_FROM: Final = 18
"""Characters of a phrase that must stand there, so that nothing else can be meant."""

START: Final = 5
"""Letters by which a phrase is looked for: with them a text of 3,000 characters has some hundred candidates."""

LONGEST_CUT: Final = 80
"""Characters at the end of a text in which a phrase that is cut off begins."""

_WITHOUT_BLANKS: Final = "\u2e80"
"""From here on stand the scripts that put no blanks between words: Chinese, Japanese, Korean."""

_TRIES: Final = 20
"""Places at which a phrase with gaps is tried: hostile text may repeat the first part thousands of times."""


def _of_a_word(letter: str) -> bool:
    return letter.isalpha() and letter < _WITHOUT_BLANKS


def _follow(parts: Iterable[str], text: str, position: int) -> bool:
    for part in parts:
        found = text.find(part, position, position + GAP + len(part))
        if found < 0:
            return False
        position = found + len(part)
    return True


def _places(words: str, text: str) -> Iterator[int]:
    start = text.find(words)
    for _ in range(_TRIES):
        if start < 0:
            return
        yield start
        start = text.find(words, start + 1)


class Fact(StrEnum):
    """What can be known of an event; `by` combines them."""

    STAGE = "stage"
    """The stage is known, and is one of the entry's."""
    CODE = "code"
    ENHANCED = "enhanced"
    TEXT = "text"
    """One of the entry's phrases is in the reply or message."""
    EVENT = "event"
    """What happened, in whatever client's words, is one of the entry's `events`."""
    PROVIDER = "provider"
    """The provider is known, and is one of the entry's."""
    ANYWHERE = "anywhere"
    """No provider is known: for words that several providers use, one of them by far the most."""
    PORT = "port"
    WHEN = "when"
    """The entry's named condition holds (see `conditions`)."""


EVENTS: Final = (
    "unknown-host", "resolver-down", "refused", "unreachable", "timeout", "bad-port", "close", "reset", "silence",
    "http", "plain-on-tls", "tls-on-plain", "no-starttls", "garbage-tls", "self-signed", "unknown-ca",
    "wrong-name", "expired", "not-yet-valid", "old-protocol", "weak-crypto", "bad-cipher-spec",
    "no-common-cipher", "only-xoauth2", "no-auth", "accepted",
)  # fmt: skip
"""Behaviours that a scripted server, or a closed port, can play."""

HAPPENINGS: Final = (
    "unknown-host", "resolver-down", "refused", "unreachable", "forbidden", "timeout", "connect-failed", "bad-port",
    "silence", "read-timeout", "closed", "reset", "http", "plain-on-tls", "tls-broken", "tls-failed", "self-signed",
    "unknown-ca", "unverified", "wrong-name", "expired", "not-yet-valid", "old-protocol", "weak-crypto",
    "bad-cipher-spec", "no-common-cipher", "no-starttls", "no-auth", "no-common-mechanism", "login-empty",
    "login-in-clear", "login-not-ascii", "login-refused", "wrong-login-host", "sender-refused", "recipient-refused",
    "message-refused", "out-of-step", "not-smtp", "bad-address", "bad-recipient", "no-recipient", "bad-host",
    "no-smtputf8", "no-sendmail", "two-tls-modes", "client-fault", "no-ca-file", "revocation-unchecked",
    "no-own-address",
)  # fmt: skip
"""What can happen to a client: the same whatever the client, which says it in words of its own."""


Stage = Annotated[str, OneOf(STAGES)]
Verbatim = Annotated[str, verbatim]


class Example(NamedTuple):
    """One way in which the failure shows: a reply or event to be played at `stage`, or what an operator would paste."""

    stage: Stage
    reply: Verbatim = ""
    """A full reply of a server, LF between lines, codes included."""
    event: Annotated[str, OneOf(EVENTS)] = ""
    """What the network or server does instead of replying: `close`, `silence`, `refused`, `expired`… (see EVENTS)."""
    error: str = ""
    """The word that a client's library gives for `event`."""
    message: Verbatim = ""
    """The client's or library's message for it."""
    paste: Verbatim = ""
    """What an operator has at hand where no server says anything: a line of a file, a header, a log line."""
    provider: str = ""
    alone: bool = True
    """Whether it is recognised without its provider too."""
    port: int | None = None
    settings: Mapping[Role, Verbatim] = {}
    """Role → text under which it happens, for entries with a condition."""
    recipient: str = ""


@rule(Example)
def _an_example_shows_one_thing(example: Example) -> Faults:
    if [example.reply, example.event, example.paste].count("") != 2:
        yield ("reply",), "exactly one of reply, event, paste must be given"


class Failure(NamedTuple):
    """One entry of the catalogue."""

    ref: Annotated[str, Shape(r"[A-Z]\d{1,3}", "a letter and a number")]
    """Its stable reference: `A1`. Port blocks by cloud are P1 to P13, in the order of the reference's table."""
    id: Annotated[str, Shape("[a-z0-9]+(-[a-z0-9]+)*", "kebab-case")]
    """Its name in kebab-case, for scripts."""
    stages: tuple[Stage, ...]
    by: tuple[frozenset[Fact], ...]
    """Sets of facts, each of which is enough to name this failure."""
    title: str
    """A noun phrase."""
    cause: str
    remedy: str
    """What to do, in the imperative."""
    source: str
    checked: Day
    """When the entry was last compared with its source."""
    evidence: Annotated[str, Shape("[SDILM]+", "letters of S, D, I, L, M")]
    """S read in source, D a vendor's document, I an issue or user thread, L reproduced, M memory."""
    examples: tuple[Example, ...]
    kind: Annotated[str, Shape("([a-z0-9]+(-[a-z0-9]+)*)?", "kebab-case")] = ""
    """What kind of cause it is, in the words of tests/corpus/kinds.toml: by it answers to the corpus are judged."""
    codes: tuple[Annotated[int, Bounds(200, 599)], ...] = ()
    enhanced: tuple[EnhancedCode, ...] = ()
    text: tuple[Phrase, ...] = ()
    provider_text: tuple[Phrase, ...] = ()
    """Phrases that say something only where the provider is one of the entry's: others use them too."""
    but: tuple[Phrase, ...] = ()
    """Phrases beside which the entry does not hold: what is said there has another cause."""
    events: tuple[Annotated[str, OneOf(HAPPENINGS)], ...] = ()
    """What happened where no server says so: `clients.toml` has every client's words for it."""
    providers: tuple[str, ...] = ()
    """Where it happens; empty: anywhere."""
    ports: tuple[int, ...] = ()
    when: str = ""
    rank: Annotated[str, OneOf(("first", "last", "least"))] = ""
    """`first` where its condition or words alone are proof; `last` for what is possible rather than likely; `least` for
    a client's word that something failed, without a reason."""
    roles: tuple[Role, ...] = ()
    changes: Mapping[Role, str] = {}
    """Variable → value that repairs it, whatever the settings."""
    remove: tuple[Role, ...] = ()
    """Variables whose line the repair leaves out."""
    repair: str = ""
    """A repair that depends on the settings (see `repairs`)."""
    open_ports: tuple[int, ...] = ()
    """For a port block: mail ports that stay open."""

    @property
    def own_words(self) -> bool:
        """Whether its words alone prove the provider."""
        return bool(self.providers) and frozenset({Fact.TEXT}) in self.by


@rule(Failure)
def _facts_are_given(failure: Failure) -> Faults:
    for index, combination in enumerate(failure.by):
        for fact in sorted(combination):
            keys = _GIVEN_IN.get(fact, ())
            if keys and not any(getattr(failure, key) for key in keys):
                yield ("by", index), f"{fact.value!r} needs the key {keys[0]!r}"


_GIVEN_IN: Final = {
    Fact.CODE: ("codes",), Fact.ENHANCED: ("enhanced",), Fact.TEXT: ("text", "provider_text"), Fact.EVENT: ("events",),
    Fact.PROVIDER: ("providers",), Fact.PORT: ("ports",), Fact.WHEN: ("when",),
}  # fmt: skip
"""Fact → the keys of an entry, one of which must say what the fact is compared with."""


class General(NamedTuple):
    """What can be said of a failure whose cause no entry knows: from its code, stage and words, and no more.

    Every key that is given must hold; of those that hold the first in the file speaks.
    """

    id: Annotated[str, Shape("[a-z0-9]+(-[a-z0-9]+)*", "kebab-case")]
    title: str
    """A noun phrase; the reply's code is put behind it."""
    cause: str
    remedy: str
    kind: Annotated[str, Shape("([a-z0-9]+(-[a-z0-9]+)*)?", "kebab-case")] = ""
    stages: tuple[Annotated[str, OneOf((*STAGES, "unknown"))], ...] = ()
    """Where it speaks; `unknown`: where the stage is not known, too. Empty: everywhere."""
    codes: tuple[Annotated[int, Bounds(200, 599)], ...] = ()
    classes: tuple[Annotated[int, Bounds(0, 5)], ...] = ()
    """First numbers of the code: 4 for later, 5 for never; 0 where there is none."""
    enhanced: tuple[EnhancedCode, ...] = ()
    subjects: tuple[Annotated[int, Bounds(0, 7)], ...] = ()
    """Second numbers of enhanced codes (RFC 3463): 1 address, 2 mailbox, 3 server, 4 network, 5 protocol, 7 policy."""
    text: tuple[Phrase, ...] = ()
    words: tuple[Phrase, ...] = ()
    """Further words, one of which must be there beside one of `text`."""
    but: tuple[Phrase, ...] = ()
    """Words that speak against it."""
    events: tuple[Annotated[str, OneOf(HAPPENINGS)], ...] = ()
    relayed: bool = False
    """Only where a mail server speaks of handing the mail on."""
    when: str = ""
    vague: bool = False
    """Its words say little: what an entry holds for possible says more."""
    timeless: bool = False
    """It says itself whether another try helps."""
    roles: tuple[Role, ...] = ()
    examples: tuple[Verbatim, ...] = ()
    """Replies and messages that it must answer."""


def _expression(text: str) -> str:
    """Check a regular expression of ours. That none takes long is for the tests."""
    try:
        re.compile(text)
    except re.error as error:
        return f"is not a regular expression: {error.msg}"
    return ""


class Situation(NamedTuple):
    """What a text shows about who sends, from where and to whom, and what a cause then asks for.

    A cause has one kind whoever meets it, and its remedy is not the same for all: a refused connection means one thing
    for a server on the Internet and another for a bridge on one's own machine. The sentences here replace those of any
    entry or general answer of that kind. Every key that is given must hold; of those that hold the first speaks.
    """

    kinds: tuple[Annotated[str, Shape("[a-z0-9]+(-[a-z0-9]+)*", "kebab-case")], ...]
    told: Annotated[str, _expression] = ""
    """A pattern that is found in the event's own words. What it finds stands in the place {shown}: the first group that
    holds something, else all."""
    near: Annotated[str, _expression] = ""
    """One that is found there or in the text around them; likewise."""
    signs: tuple[str, ...] = ()
    """Lower-case letters, one of which is wherever the pattern is found: without them it is not even compiled."""
    when: tuple[str, ...] = ()
    """Names of functions (see `wording.functions`). What the last one shows stands in {shown} where no pattern is."""
    unless: tuple[str, ...] = ()
    """The same, none of which may hold."""
    title: str = ""
    """Empty: the answer's own; so with the others."""
    cause: str = ""
    remedy: str = ""
    hint: str = ""
    """What stands behind the remedy."""


@rule(Situation)
def _a_situation_asks_for_something(situation: Situation) -> Faults:
    if not (situation.told or situation.near or situation.when):
        yield ("told",), "is missing, and so are near and when: one of them must be given"


class Words(NamedTuple):
    """Words that prove whose server is speaking."""

    providers: tuple[str, ...]
    text: tuple[Phrase, ...]


class Client(NamedTuple):
    """What one family of mail clients says when something happens that no server puts into words."""

    id: Annotated[str, Shape("[a-z0-9]+(-[a-z0-9]+)*", "kebab-case")]
    name: str
    words: Mapping[Annotated[str, OneOf(HAPPENINGS)], tuple[Phrase, ...]]
    """What happened → phrases, any of which says so."""


class FailureFile(NamedTuple):
    """A file of the catalogue."""

    failure: tuple[Failure, ...] = ()
    words: tuple[Words, ...] = ()
    client: tuple[Client, ...] = ()
    general: tuple[General, ...] = ()
    situation: tuple[Situation, ...] = ()
