"""Servers that mean harm, by name, and what makes text unsafe to show."""

from __future__ import annotations

import unicodedata
from typing import Final

from smtpwizard.sandbox.scripted import SILENCE, Play, Script, Stage, drip, endless, raw, reply

TIMEOUT: Final = 1.0
"""Seconds for each stage, as `--timeout`."""
MEGABYTE: Final = 1_000_000

SPICE: Final = (
    "\x1b[2J\x1b[31mred\x1b]0;owned\x07\x1b]8;;http://evil.example\x07link\x1b]8;;\x07\x1b]52;c;ZXZpbA==\x07"
    "\x9b31m\x07\x08\x7f\x00 [/] [/foo] [@click=app.quit]quit[/] [b]x[/b] [220] {markup} "
    "\u202egnp.exe\u202c \u2066x\u2069 \u200b\ufeff\u2028 <script> %s $(id) `id`"
)
"""Everything that terminals, markup and eyes fall for."""

_MANY: Final = "".join(f"250-X-KEYWORD-{number} {'v' * 40}\r\n" for number in range(16_000))

GREETINGS: Final[dict[str, Play]] = {
    "a line of 1 MB without end": (*raw(b"220 " + b"A" * MEGABYTE), *SILENCE),
    "a line of 1 MB": raw(b"220 " + b"A" * MEGABYTE + b"\r\n"),
    "octets without end": endless("A" * 65536),
    "continuation without end": endless("220-more and more\r\n" * 500),
    "empty lines without end": endless("\r\n" * 4096),
    "NUL octets without end": endless(b"\0" * 65536),
    "one octet a second": drip("220 " + "x" * 60 + "\r\n", pause=1.0),
    "octets that are no UTF-8": raw(b"220 \xff\xfe\x80 \xc3\x28 \xed\xa0\x80 \xf0\x28\x8c\x28 greeting\r\n"),
    "escapes and markup": raw("220-" + SPICE + "\r\n220 " + SPICE + "\r\n"),
    "refused with escapes and markup": raw("554-" + SPICE + "\r\n554 5.7.1 " + SPICE + "\r\n"),
    "a code of four digits": raw("2200 welcome\r\n"),
    "a code of 5000 digits": raw("2" * 5000 + " welcome\r\n"),
    "code 000": raw("000 nothing\r\n"),
    "digits of another script": raw("٢٢٠ welcome\r\n"),
    "other codes in one reply": raw("220-one\r\n550-two\r\n250 three\r\n"),
    "three greetings at once": raw("220 one\r\n220 two\r\n220 three\r\n"),
    "a hyphen and nothing": raw("-\r\n"),
}
LATER: Final[dict[str, tuple[Stage, Play]]] = {
    "16,000 keywords": (Stage.EHLO, raw("250-host\r\n" + _MANY + "250 AUTH PLAIN\r\n")),
    "a keyword of 1 MB": (Stage.EHLO, raw("250-host\r\n250-" + "K" * MEGABYTE + "\r\n250 AUTH PLAIN\r\n")),
    "mechanisms of 1 MB": (Stage.EHLO, raw("250-host\r\n250 AUTH " + "PLAI " * 200_000 + "\r\n")),
    "keywords without end": (Stage.EHLO, endless("250-AUTH PLAIN\r\n" * 500)),
    "keywords with escapes and markup": (Stage.EHLO, raw(f"250-{SPICE}\r\n250 AUTH PLAIN {SPICE}\r\n")),
    "a login refused with escapes": (Stage.PASSWORD, raw(f"535-5.7.8 {SPICE}\r\n535 5.7.8 {SPICE}\r\n")),
    "a login refused in 1 MB": (Stage.PASSWORD, raw(b"535 5.7.8 " + b"A" * MEGABYTE + b"\r\n")),
    "a login answered without end": (Stage.PASSWORD, endless("235-yes\r\n" * 500)),
    "a challenge that is no base64": (Stage.AUTH, raw("334 " + "=\x1b[2J" * 50 + "\r\n535 5.7.8 no\r\n")),
    "a sender refused with escapes": (Stage.MAIL, reply("first " + SPICE.replace("\x00", ""), f"550 5.7.1 {SPICE}")),
    "a recipient answered octet by octet": (Stage.RCPT, drip("250 " + "x" * 100 + "\r\n", pause=0.3)),
    "a farewell without end": (Stage.QUIT, endless("221-bye\r\n" * 500)),
}

SERVERS: Final[dict[str, Script]] = {
    **{f"greeting: {name}": Script().but(Stage.GREETING, play) for name, play in GREETINGS.items()},
    **{f"{stage.value}: {name}": Script().but(stage, play) for name, (stage, play) in LATER.items()},
}
FLOODS: Final = tuple(name for name in SERVERS if name.endswith(("1 MB", "without end", "keywords")))
SPICY: Final = tuple(name for name in SERVERS if "escapes" in name)


def unsafe(text: str, *, allowed: str = "\n") -> set[str]:
    """Return the characters of `text` that could move a cursor, turn text around, or hide."""
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return {char for char in text if unicodedata.category(char) in bad and char not in allowed}
