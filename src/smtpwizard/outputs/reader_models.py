"""One small model per program that reads `.env` files: the text after `KEY=` → the value it would hand on.

A model answers None where it cannot promise an exact reading: the program would misread, refuse the file, run a
command, or depend on its version. Erring to None is right, a wrong promise is a bug: tests/outputs compares every
promise with the real program. Pure text; must not know files.
"""

from __future__ import annotations

import re
from typing import Final

from smtpwizard.outputs import npm_dotenv

_COMMENT: Final = re.compile(r"[ \t]*(?:#.*)?\Z", re.DOTALL)  # ASCII blanks: a shell takes U+00A0 for part of a word


def compose(text: str) -> str | None:
    """Docker compose v2 and later, for `.env` and `env_file:` alike (compose-go's dotenv)."""
    text = text.lstrip("\t\v\f\r \x85\xa0")
    if text[:1] not in ("'", '"'):
        return _compose_dollars(text.split(" #", 1)[0].rstrip())
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
    return _compose_dollars(re.sub(r'\\([\\"$])', lambda m: "$$" if m[1] == "$" else m[1], value))


def _compose_dollars(text: str) -> str | None:
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
    found = npm_dotenv.parse(f"K={text}")
    return found["K"] if len(found) == 1 else None


def node(text: str) -> str | None:
    """`node --env-file` and `util.parseEnv()`: npm dotenv's forms, as far as both agree."""
    bare = text.strip(" ")
    if bare[:1] in ("'", '"', "`"):
        return npm(bare)
    value = bare.split("#", 1)[0].rstrip(" ")
    return value if value == value.strip() and "\n" not in value else None  # tabs: it trims blanks only


def _wrapped(text: str) -> str | None:
    """Return what stands between a first quote and the next one of its kind, if only a comment follows."""
    end = text.find(text[0], 1)
    if end < 0 or not _COMMENT.match(text, end + 1) or text[0] in text[end + 1 :]:
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
