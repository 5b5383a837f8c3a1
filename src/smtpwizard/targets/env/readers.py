"""One small model per program that reads `.env` files: the text after `KEY=` → the value it would hand on.

A model answers None where it cannot promise an exact reading: the program would misread, refuse the file, run a
command, or depend on its version. Erring to None is right, a wrong promise is a bug: tests/targets/env compares every
promise with the real program. Pure text; must not know files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Final

from smtpwizard.errors import InputError
from smtpwizard.text import listed

# White space and line terminators of ECMAScript. Python's \s is another set: it has U+001C–U+001F and U+0085 and lacks
# U+FEFF, which is why this reader drops a BOM without knowing what one is.
_WHITE: Final = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_WHITE_CHARS: Final = (
    "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_BREAK: Final = r"\n\r\u2028\u2029"

_QUOTED: Final = "|".join(rf"[{_WHITE}]*{quote}(?:\\{quote}|[^{quote}])*{quote}" for quote in ("'", '"', "`"))
_ASSIGNMENT: Final = re.compile(
    rf"(?:export[{_WHITE}]+)?(?P<key>[A-Za-z0-9_.-]+)"
    rf"(?:[{_WHITE}]*=[{_WHITE}]*?|:[{_WHITE}]+?)"
    rf"(?P<value>{_QUOTED}|[^#\r\n]+)?"
    rf"[{_WHITE}]*(?:#[^{_BREAK}]*)?(?=[{_BREAK}]|\Z)"
)
_NEXT_LINE: Final = re.compile(rf"[{_BREAK}]")
_INK: Final = re.compile(rf"[^{_WHITE}]")
_SIMPLE: Final = re.compile(r"[^'\"`\r]*")
"""Nothing that quoting or line ends could change: most values of most files."""
_QUOTE_FIRST: Final = re.compile(rf"(?:\A|[{_BREAK}])['\"`]")
_WRAPPED: Final = re.compile(rf"(?:\A|(?<=[{_BREAK}]))(['\"`])(.*)\1(?=[{_BREAK}]|\Z)", re.DOTALL)


EASY_LINE: Final = re.compile(
    r"(?:#[^\\\r\n\u2028\u2029]*|(export )?([A-Za-z_][A-Za-z0-9_]*)="
    r"(?:(['\"])([ !#%&()*+,\-./0-9:;<=>?@A-Z\[\]^_a-z{|}~]*)\3([ \t]+#[^\\\r\n\u2028\u2029'\"]*)?"
    r"|([%+,\-./0-9:=?@A-Z^_a-z]+|(?=\n(?:[#A-Za-z_]|\Z)))))?\n"
)
"""A line of which a model need not look at every character: most lines of most files, 20 times as fast.

Empty, a comment, or a variable: `export`, name, quote, what is in quotes, what follows them, what is bare. npm dotenv
looks for the value of `A=` on the next line, too, if a quote is there. A test compares each model with what it makes of
a file without this.
"""


def take_easy_lines(text: str, at: int, variables: dict[str, Any], *, bare: bool = False) -> int:
    """Put the variables of the easy lines that begin at `at` into `variables`, and return where these lines end.

    `bare`: up to a line with `export`, or with a comment behind quotes.
    """
    while (easy := EASY_LINE.match(text, at)) and not (bare and (easy[1] or easy[5])):
        at = easy.end()
        if easy[2]:
            variables[easy[2]] = easy[4] if easy[3] else easy[6]
    return at


def parse(text: str) -> dict[str, str]:
    """Return the variables that `dotenv.parse()` returns for `text`; a later one of a name wins. Never raises."""
    variables: dict[str, str] = {}
    position = 0
    while ink := _INK.search(text, take_easy_lines(text, position, variables)):
        found = _ASSIGNMENT.match(text, ink.start())
        end = ink.start()
        if found:
            variables[found["key"]] = value_of(found["value"] or "")
            end = found.end()
            if end and text[end - 1] in "\n\r\u2028\u2029":
                position = end
                continue
        line_break = _NEXT_LINE.search(text, end)
        if not line_break:
            break
        position = line_break.end()
    return variables


def value_of(raw: str) -> str:
    """Return the value that stands in `raw`, the text between the sign and the comment."""
    if _SIMPLE.fullmatch(raw):
        return raw.strip(_WHITE_CHARS)
    value = raw.replace("\r\n", "\n").replace("\r", "\n").strip(_WHITE_CHARS)
    double = value.startswith('"')
    if _QUOTE_FIRST.search(value):
        value = _WRAPPED.sub(lambda found: found[2], value)
    if double:
        value = value.replace("\\n", "\n").replace("\\r", "\r")
    return value


_COMMENT: Final = re.compile(r"[ \t]*(?:#.*)?\Z", re.DOTALL)  # ASCII blanks: a shell takes U+00A0 for part of a word


def compose(text: str) -> str | None:
    """Docker compose v2 and later, for `.env` and `env_file:` alike (compose-go's dotenv)."""
    text = text.lstrip("\t\v\f\r \x85\xa0")
    if text[:1] not in ("'", '"'):
        return compose_dollars(text.split(" #", 1)[0].rstrip())
    quote, content, i = text[0], [], 1
    while i < len(text) and text[i] != quote:
        if text[i] == "\\" and i + 1 < len(text):
            content.append(quote if text[i + 1] == quote else text[i : i + 2])
            i += 2
        else:
            content.append(text[i])
            i += 1
    if i >= len(text) or not _COMMENT.match(text, i + 1):
        return None  # an unterminated quote makes compose refuse the whole file
    value = "".join(content)
    if quote == "'":
        return value
    if re.search(r"\\[abcfnrtv0]", re.sub(r'\\[\\"$]', "", value)):
        return None  # \n, \t, \0ooo … are decoded
    return compose_dollars(re.sub(r'\\([\\"$])', lambda m: "$$" if m[1] == "$" else m[1], value))


def compose_dollars(text: str) -> str | None:
    """Apply `$$` → `$`. None where a `$` could start a variable, for its value is not known here."""
    if re.search(r"(?<!\$)(?:\$\$)*\$(?:[{_A-Za-z]|[\u017f\u212a])", text):
        return None  # U+017F and U+212A fold to s and k in Go's case-insensitive pattern
    return text.replace("$$", "$")


def line(text: str) -> str | None:
    """`docker run --env-file`, podman and compose's `format: raw`: everything up to the line's end is the value."""
    return None if "\n" in text or "\r" in text else text


def npm(text: str) -> str | None:
    """Npm dotenv 16–18."""
    bare = text.strip(" \t")
    if bare[:1] in ("'", '"', "`"):
        content = _wrapped(bare)
        return None if content is None or (bare[0] == '"' and re.search(r"\\[nr]", content)) else content
    found = parse(f"K={text}")
    return found["K"] if len(found) == 1 else None


def node(text: str) -> str | None:
    """`node --env-file` and `util.parseEnv()`: npm dotenv's forms, as far as both agree."""
    bare = text.strip(" ")
    if bare[:1] in ("'", '"', "`"):
        return npm(bare)
    value = bare.split("#", 1)[0].rstrip(" ")
    return value if value == value.strip() and "\n" not in value else None  # tabs: it trims blanks only


def _wrapped(text: str) -> str | None:
    """Return what stands between a first quote and the next one of its kind, if only a comment follows.

    None also where a backslash stands before the second: dotenv then takes it for a part of the value if any quote of
    its kind follows further down in the file.
    """
    end = text.find(text[0], 1)
    if end < 0 or text[end - 1] == "\\" or not _COMMENT.match(text, end + 1) or text[0] in text[end + 1 :]:
        return None
    return text[1:end]


def dotenv_expand(text: str) -> str | None:
    """Dotenv-expand up to 13 on top of npm dotenv: @nestjs/config with `expandVariables`, Next.js, Vite."""
    value = npm(text)
    if value is None or re.search(r"(?<!\\)\$[A-Za-z_0-9{]", value) or "\\\\$" in value:
        return None
    return value.replace("\\$", "$")


def dotenv_expand_1000(text: str) -> str | None:
    """Dotenv-expand 1000: also runs `$(command)`, which no quote or escape prevents, and decrypts `encrypted:…`."""
    value = npm(text)
    if value is None or "$(" in value or value.startswith("encrypted:"):
        return None
    return dotenv_expand(text)


def python_dotenv(text: str) -> str | None:
    """Python-dotenv from 1.2.3 on, which interpolates `${NAME}` even inside single quotes."""
    value = python_dotenv_plain(text)
    return None if value is not None and re.search(r"\$\{[^}:]*(?::-[^}]*)?\}", value) else value


def python_dotenv_plain(text: str) -> str | None:
    """Python-dotenv from 1.2.3 on with `interpolate=False`."""
    bare = re.sub(r"\A[^\S\r\n]+", "", text)
    if bare[:1] not in ("'", '"'):
        if bare != text.lstrip(" \t"):
            return None  # it also strips U+00A0 and its like, which may be meant
        return "" if bare != text and bare.startswith("#") else re.sub(r"\s+#.*", "", bare).rstrip()
    quote = bare[0]
    found = re.match(rf"{quote}((?:\\.|[^{quote}\\])*){quote}", bare, re.DOTALL)
    if not found or not _COMMENT.match(bare, found.end()):
        return None
    if quote == '"' and re.search(r"\\[abfnrtv]", re.sub(r"\\[\\'\"]", "", found[1])):
        return None
    return re.sub(r"\\([\\'])" if quote == "'" else r"\\([\\'\"])", r"\1", found[1])


_SHELL_PLAIN: Final = re.compile(r"[A-Za-z0-9_!%*+,\-./:=?@\[\]^{}]")
_SHELL_EXPANDS: Final = re.compile(r"[A-Za-z0-9_{(\[*@#?$!-]")


def shell(text: str) -> str | None:
    """POSIX shells, `set -a; . file`: bash and dash."""
    out: list[str] = []
    i = 0
    while i < len(text):
        char = text[i]
        if char == "'":
            end = text.find("'", i + 1)
            if end < 0:
                return None
            out.append(text[i + 1 : end])
            i = end + 1
        elif char == '"':
            inner = _shell_double(text, i + 1)
            if inner is None:
                return None
            out.append(inner[0])
            i = inner[1]
        elif char == "\\" and i + 1 < len(text):
            out.append(text[i + 1])
            i += 2
        elif _SHELL_PLAIN.match(char) or ord(char) > 0x7F or (char == "$" and i + 1 == len(text)):
            out.append(char)
            i += 1
        elif char in " \t\r\n" and _COMMENT.match(text, i):
            break
        else:
            return None
    return "".join(out)


def _shell_double(text: str, i: int) -> tuple[str, int] | None:
    out: list[str] = []
    while i < len(text) and text[i] != '"':
        following = text[i + 1 : i + 2]
        if text[i] == "\\" and following and following in '\\"$`':
            out.append(following)
            i += 2
        elif text[i] == "`" or (text[i] == "$" and _SHELL_EXPANDS.match(following)):
            return None
        else:
            out.append(text[i])
            i += 1
    return ("".join(out), i + 1) if i < len(text) else None


def systemd(text: str) -> str | None:
    """Systemd's `EnvironmentFile=`: a `#` after the value belongs to it, also after a closing quote."""
    out: list[str] = []
    kept = i = 0
    leading = True
    while i < len(text):
        char = text[i]
        if leading and char in "'\"":
            inner = _systemd_quoted(text, i)
            if inner is None:
                return None
            out.extend(inner[0])
            kept, i = len(out), inner[1]
            continue
        if leading and char in " \t\r\n":
            i += 1
            continue
        leading = False
        if char == "\\":
            if i + 1 >= len(text):
                return None  # joins the next line
            out.append(text[i + 1])
            kept, i = len(out), i + 2
            continue
        out.append(char)
        kept = kept if char in " \t\r\n" else len(out)
        i += 1
    return "".join(out[:kept])


def _systemd_quoted(text: str, i: int) -> tuple[str, int] | None:
    quote = text[i]
    out: list[str] = []
    i += 1
    while i < len(text) and text[i] != quote:
        if text[i] == "\\" and quote == '"':
            if i + 1 >= len(text):
                return None
            out.append(text[i + 1] if text[i + 1] in '"\\`$' else text[i : i + 2])
            i += 2
        else:
            out.append(text[i])
            i += 1
    return ("".join(out), i + 1) if i < len(text) else None


class Reader(StrEnum):
    """A program, or several that read alike: its name in `--readers`, its name in a sentence, and its model."""

    label: str
    model: Callable[[str], str | None]

    def __new__(cls, name: str, label: str = "", model: Callable[[str], str | None] = line) -> Reader:
        """Make a member, whose value is the name: by that alone it is looked up."""
        member = str.__new__(cls, name)
        member._value_, member.label, member.model = name, label, model
        return member

    COMPOSE = "compose", "docker compose", compose
    """Docker compose v2 and later: `.env` beside the compose file, and `env_file:`."""
    NPM = "npm", "npm dotenv", npm
    """Npm dotenv 16–18: what the app itself uses for its own `.env`."""
    PYTHON = "python-dotenv", "python-dotenv", python_dotenv
    SHELL = "shell", "shells", shell
    """POSIX shells that source the file: bash, dash."""
    SYSTEMD = "systemd", "systemd", systemd
    """`EnvironmentFile=` of a unit."""
    NODE = "node", "node --env-file", node
    DOCKER_RUN = "docker-run", "docker run", line
    """`docker run --env-file`, podman, and compose's `format: raw`: no quoting at all."""
    EXPAND = "dotenv-expand", "dotenv-expand", dotenv_expand
    """Dotenv-expand up to 13 on top of npm dotenv."""
    EXPAND_1000 = "dotenv-expand-1000", "dotenv-expand 1000", dotenv_expand_1000
    """Dotenv-expand 1000, which runs commands found in values."""
    PYTHON_PLAIN = "python-dotenv-plain", "python-dotenv without interpolation", python_dotenv_plain

    def read(self, text: str) -> str | None:
        """Return what it makes of `text`, the part of a line after `KEY=`; None where that cannot be promised."""
        return self.model(text)


DEFAULT_READERS: Final = (Reader.COMPOSE, Reader.NPM, Reader.PYTHON, Reader.SHELL, Reader.SYSTEMD)
"""Who is assumed to read a `.env`, weightiest first."""


def reading_alike(text: str, value: str) -> tuple[Reader, ...]:
    """Return the readers that read exactly `value` in `text`."""
    return tuple(reader for reader in Reader if reader.read(text) == value)


def running_commands(text: str) -> tuple[Reader, ...]:
    """Return the readers in which part of `text` would run as a command."""
    found = []
    if _runs_in_shell(text):
        found.append(Reader.SHELL)
    if "$(" in text:
        found.append(Reader.EXPAND_1000)
    return tuple(found)


def parse_readers(text: str) -> tuple[Reader, ...]:
    """Read a list such as `compose,npm`: the order is the weight. InputError for an unknown name or an empty list."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = {reader.value for reader in Reader}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        wrong = f"{unknown[0]!r} is no reader that is known here. " if unknown else ""
        raise InputError(f"{wrong}Give one or more of: {', '.join(sorted(known))}.", "Unknown reader")
    return tuple(dict.fromkeys(Reader(name) for name in names))


def name_list(readers: Iterable[Reader]) -> str:
    """Return `docker compose, npm dotenv and shells`."""
    return listed(reader.label for reader in readers) or "none"


def _runs_in_shell(text: str) -> bool:
    """Say whether a sourcing shell would run something: a substitution, or words after an unquoted value."""
    outside = re.sub(r"'[^']*'", "", re.sub(r"\\.", "", text)) if text[:1] != '"' else re.sub(r"\\.", "", text)
    if "`" in outside or "$(" in outside:
        return True
    bare = re.sub(r'"[^"]*"', '""', outside)
    return bool(re.search(r"[;&|]|<\(|>\(|\s+[^\s#]", bare.strip()))
