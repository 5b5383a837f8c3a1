"""docs/cli.md, made from the argument tree and the tables below: `PYTHONPATH=tests python -m support.cli_page`.

A test compares every JSON object that the commands print with these tables, in both directions.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from smtpwizard.cli.parser import build_parser

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "cli.md"

_HEAD: Final = """\
# The command line

Generated from the argument tree by tests/support/cli_page.py; do not edit. What a script may rely on: the names of
commands, flags, exit statuses and JSON members on this page. New ones may come; none of these changes its meaning.

stdout is data and nothing else; everything said to a person goes to stderr. `NO_COLOR` is honoured. A password is never
an argument: `--password-stdin`, the app's password variable in the environment, or a prompt.

| exit status | means |
|---|---|
| 0 | done; for `check` and `send`: the app will work |
| 1 | the test ran and the app will not work: it fails, leaks, crashes or hangs |
| 2 | bad flag, no terminal, unknown preset |
| 3 | settings missing, or such that the app would refuse to start |
| 4 | a file cannot be read, parsed or written; nothing was changed |
| 130 | interrupted |

With `--json` a command prints one object, also where it ends early: then with the members `error.title` (in a few
words), `error.message` (what is wrong and what to do) and `error.exit_code`. Only a command that was called wrongly
(exit status 2) prints none.
"""

ANY: Final = "*"
"""Stands for a member's name that is data: a variable, for example."""

_REPLY: Final = {
    "reply": "the server's reply, where it gave one",
    "reply.code": "reply code (RFC 5321)",
    "reply.enhanced": "enhanced status code (RFC 3463), or null",
    "reply.text": "the words, all lines of them",
}
_OUTCOME: Final = {
    "ok": "true, false, or null where only a sent message could tell",
    "code": "the client's error code (`EAUTH`, `ESOCKET`, …), or null",
    "response_code": "the reply code that the client gives, or null",
    "command": "the command that failed, as the client names it, or null",
}
_FINDING: Final = {
    "id": "stable name in kebab-case",
    "severity": "`error`, `warning` or `info`; only an error keeps the app from sending",
    "variable": "the variable it is about, or null",
    "role": "what that variable is for, whatever the app calls it: `host`, `security`; null where nobody said so",
    "message": "fact, then what to do",
    "changes": "variable, or `NAME[role]` for a part of one, → value that repairs it, null to leave it out; empty "
    "where a person must decide",
    f"changes.{ANY}": "a secret is masked",
}
_DIAGNOSIS: Final = {
    "ref": "the entry of docs/failures.md; absent from general advice",
    "id": "stable name in kebab-case",
    "title": "the fact",
    "cause": "the likely cause",
    "remedy": "what to do",
    "variables": "the variables concerned, the likeliest first",
    "changes": "variable → value that repairs it; empty where a person must act",
    f"changes.{ANY}": "a secret is masked",
    "source": "where the entry comes from",
    "checked": "ISO date on which it was last compared with its source",
    "generic": "true for an answer that only restates the stage",
}
_MESSAGE: Final = {
    "to": "the recipient",
    "mail": "which of the app's mails",
    "id": "Message-ID",
    "queued_as": "the queue id in the reply, or null",
    "response": "the reply to the message, or null",
    "accepted": "whether the server took it",
    "ms": "milliseconds",
}
_AUTHENTICATION: Final = "what the receiving server says of SPF, DKIM and DMARC, or null"


def _below(prefix: str, members: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}.{name}": text for name, text in members.items()}


_ENDED: Final = dict.fromkeys(("schema", "error", "error.title", "error.message", "error.exit_code"), "")
"""An object of any command, described at the page's head."""

_CHECK: Final = {
    "schema": "1",
    "settings": "the app's variables; secrets masked",
    f"settings.{ANY}": "the value, word for word",
    "provider": "the preset's id, or null",
    "steps[]": "the stages in order",
    "steps[].step": "`lint resolve connect tls greeting ehlo starttls auth mail rcpt data`",
    "steps[].status": "`passed`, `warned`, `failed` or `skipped`",
    "steps[].ms": "milliseconds",
    "steps[].summary": "one line for a person",
    "steps[].error": "the client's or system's error, where there was one",
    "steps[].message": "number of the message, where several are sent",
    **_below("steps[]", _REPLY),
    "steps[].tls": "what was agreed on, in the stage that upgraded",
    "steps[].tls.protocol": "`TLSv1.3`",
    "steps[].tls.cipher": "the cipher suite's name",
    "steps[].tls.names[]": "names in the certificate",
    "steps[].tls.issuer": "who issued it",
    "steps[].tls.not_before": "ISO date and time",
    "steps[].tls.not_after": "ISO date and time",
    "steps[].tls.days_left": "days until it ends",
    "steps[].tls.verified": "whether the app's client trusts it",
    "server": "the server for itself",
    "server.ok": "whether it went through every stage",
    "app": "what the app's client would make of it",
    "app.id": "the app's id",
    "app.client": "its mail client and version, or null where that is not known",
    "app.modelled": "whether its client's behaviour is predicted; if not, `verdict` is null, and `server.ok` counts",
    "app.compared": "whether that prediction was compared with the real client",
    "app.verdict": "`works`, `fails`, `leaks`, `crashes` or `hangs`",
    "app.sentence": "the verdict as a sentence",
    "app.verify": "the client's connection test",
    **_below("app.verify", _OUTCOME),
    "app.send": "the client's sending of a mail",
    **_below("app.send", _OUTCOME),
    "findings[]": "what the settings alone tell",
    **_below("findings[]", _FINDING),
    "proposals[]": "what the survey of the server's other ports has seen to work",
    **_below("proposals[]", {
        "id": "stable name in kebab-case", "title": "the fact", "cause": "what was seen", "remedy": "what to do",
        "changes": "variable → value with which the server answers", f"changes.{ANY}": "a secret is masked",
        "facts[]": "evidence, or lines for a compose file",
    }),
    "diagnoses[]": "what the failure means, the likeliest first",
    **_below("diagnoses[]", _DIAGNOSIS),
    "transcript[]": "the dialogue, secrets redacted",
    "transcript[].from": "`client` or `server`",
    "transcript[].line": "the line",
    "not_proved[]": "what a good result does not prove",
    "elapsed_ms": "milliseconds for the whole",
}  # fmt: skip

JSON: Final[dict[str, dict[str, str]]] = {
    "check": _CHECK
    | {
        "file": "with several `--env-file`: the file, an object a line",
        "error": "with several: why the file was not checked",
        "error.title": "in a few words",
        "error.message": "what is wrong and what to do",
        "error.exit_code": "as the exit status for this file alone",
        "inside": "with `--inside`: what the check from within the container saw",
        "inside.service": "the compose service",
        "inside.verdict": "as `app.verdict`",
        "inside.sentence": "both sides compared, as a sentence",
        "inside.verify": "what the image's own client did, or null",
        **_below("inside.verify", _OUTCOME | {"message": "the client's error message, or null"}),
        "inside.login": "whether it logged in",
        "inside.same_settings": "whether the container has the settings that were checked here",
        "inside.same_verdict": "whether both sides come to the same verdict",
        "inside.differences": "variable → what differs",
        f"inside.differences.{ANY}": "in words; a secret never shows",
        "inside.settings": "the container's variables; secrets masked",
        f"inside.settings.{ANY}": "the value",
        "inside.hostname": "the container's name for itself",
        "inside.ehlo": "the name that its client says in EHLO",
        "inside.node": "the image's node version",
        "inside.nodemailer": "the image's nodemailer version",
        "inside.extra_ca": "whether NODE_EXTRA_CA_CERTS is set there",
    },
    "send": _CHECK
    | {
        "message": "the first mail that was sent",
        **_below("message", _MESSAGE),
        "messages[]": "every mail, where there are several",
        **_below("messages[]", _MESSAGE),
        "arrival[]": "what an inbox shows, a row a mail; where an inbox was looked into",
        "arrival[].id": "Message-ID",
        "arrival[].status": "`inbox`, `junk`, `other`, `missing` or `unknown`",
        "arrival[].folder": "the folder it was found in, or null",
        "arrival[].seconds": "seconds from acceptance to arrival, or null",
        "arrival[].where": "the inbox",
        "arrival[].authentication": _AUTHENTICATION,
        f"arrival[].authentication.{ANY}": "`pass`, `fail`, … as in RFC 8601",
    },
    "lint": {
        "schema": "1",
        "settings": "the app's variables; secrets masked",
        f"settings.{ANY}": "the value, word for word",
        "findings[]": "errors first",
        **_below("findings[]", _FINDING),
    },
    "explain": {"schema": "1", "diagnoses[]": "best first", **_below("diagnoses[]", _DIAGNOSIS)},
    "scan": {
        "schema": "1",
        "host": "the host that was asked",
        "ports[]": "a row a port",
        "ports[].port": "its number",
        "ports[].open": "whether it answers",
        "ports[].tls": "`starttls`, `implicit`, `none`, or null",
        "ports[].auth[]": "login mechanisms that it offers",
        "ports[].ms": "milliseconds, or null",
        "ports[].error": "why it does not answer, or null",
    },
    "write": {
        "schema": "1",
        "target": "the file, or `print`",
        "changed": "whether anything differs",
        "diff": "unified diff, secrets masked",
        "written": "false where nothing was written",
        "backup": "where the file as it was before is kept, or null",
        "findings[]": "about the settings, and about the file",
        **_below("findings[]", _FINDING),
        "notes[]": "what to know or do now that it is written",
        "notes[].id": "stable name in kebab-case",
        "notes[].message": "fact, then what to do",
        "notes[].command": "the command to run, or empty",
    },
    "apps": {
        "schema": "1",
        "folder": "of `match`: the folder looked at",
        "matches[]": "of `match`: the apps found, best first",
        "matches[].app": "the app's id",
        "matches[].file": "the file",
        "matches[].service": "the compose service, empty for a file of variables",
        "matches[].by": "`image`, `variables`, or `name` where the image is built there",
        "service": "of `map`: the compose service",
        "mapping": "of `map`: role → the variable that holds it by its name",
        f"mapping.{ANY}": "a variable",
        "apps[]": "of `list`: id, name, client, modelled, evidence and config of each",
        "app": "of `show`: identity, `roles` (role → variable, required, default, form, parse), `modes` (mode → "
        "variables or null), `client`, `traps`",
    },
    "restore": {
        "schema": "1",
        "backups[]": "without NAME: the backups, the latest first",
        "backups[].name": "what to give to `restore`",
        "backups[].original": "the file that was changed",
        "backups[].at": "ISO date and time",
        "backups[].size": "bytes",
        "backups[].run": "the same for all files that were changed in one run",
        "backups[].here": "whether the file is in the current folder",
        "backups[].gone": "whether the file is not there any more",
        "undescribed[]": "copies whose description is missing or broken, which cannot be brought back by name",
        "target": "with NAME: the file",
        "targets[]": "with latest: all files that were changed in that run, the latest first",
        "changed": "whether anything differs",
        "diff": "unified diff, secrets masked",
        "backup": "where the file as it was before is kept, or null",
        "written": "whether anything was",
        "findings[]": "with NAME: empty, for scripts that read `write`'s object",
        "backups": "with NAME: where the files as they were before are kept",
    },
    "sender": {
        "schema": "1",
        "address": "as given",
        "domain": "in ASCII",
        "provider": "the preset's id, or null",
        "answered": "whether DNS answered",
        "trusted": "whether mail from this address can be trusted",
        "checks[]": "MX, SPF, DKIM, DMARC",
        "checks[].id": "stable name",
        "checks[].status": "`ok`, `warning`, `failed`, `unknown`, …",
        "checks[].summary": "one line",
        "checks[].detail[]": "more lines",
        "checks[].remedy": "what to do, or empty",
        "checks[].record": "the record to publish, or null",
        f"checks[].record.{ANY}": "`name type value`",
        "checks[].also[]": "more records to publish",
        f"checks[].also[].{ANY}": "`name type value`",
    },
    "logs": {
        "schema": "1",
        "source": "where the log came from",
        "lines": "lines that were read",
        "first": "time stamp of the first, or null",
        "last": "time stamp of the last, or null; of a trouble: of its last line",
        "note": "what else is to be known",
        "event": "with `--follow`: `trouble`, one object a line",
        "troubles[]": "each kind once",
        **{
            prefix + name: text
            for prefix in ("troubles[].", "")
            for name, text in {
                "said": "the words of the log",
                "times": "how often",
                "first_line": "number of the line where it came first",
                "last_line": "number of the line where it came last",
                "last": "time stamp of the last line, or null",
                "diagnoses[]": "best first",
                **_below("diagnoses[]", _DIAGNOSIS),
            }.items()
            if prefix or name != "last"
        },
    },
}  # fmt: skip


def members(value: Any, prefix: str = "") -> Iterator[str]:
    """Yield the path of every member of a JSON value: `steps[].reply.code`."""
    if isinstance(value, dict):
        for name, item in value.items():
            path = f"{prefix}.{name}" if prefix else name
            if not isinstance(item, list):
                yield path
            yield from members(item, path)
    elif isinstance(value, list):
        yield f"{prefix}[]"
        for item in value:
            yield from members(item, f"{prefix}[]")


def undescribed(command: str, value: Any) -> set[str]:
    """Return the members of a command's object that its table does not name; an empty list counts as named."""
    known = JSON[command] | _ENDED
    free = [re.escape(path).replace(r"\*", r"[^.\[]+(\[[a-z_]+\])?") for path in known if path.endswith(ANY)]
    plain = {path.removesuffix("[]") for path in known} | set(known)
    found = (path for path in members(value) if path not in plain and path.removesuffix("[]") not in plain)
    return {path for path in found if not any(re.fullmatch(pattern, path) for pattern in free)}


def page() -> str:
    """Return the text of docs/cli.md."""
    parser = build_parser()
    parts = [_HEAD, _section("smtpwizard", "The wizard: five steps from provider to sent mail.", parser)]
    (verbs,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name, command in verbs.choices.items():
        parts.append(_section(f"smtpwizard {name}", command.description or "", command, common=False))
        if name in JSON:
            rows = (f"| `{path}` | {text} |" for path, text in JSON[name].items())
            parts.append("\n".join(("`--json`: one object on stdout.\n", "| member | holds |", "|---|---|", *rows, "")))
    return "\n".join(parts)


def _section(title: str, sentence: str, parser: argparse.ArgumentParser, *, common: bool = True) -> str:
    rows = []
    for group in parser._action_groups:
        if group.title == "common" and not common:
            continue
        for action in group._group_actions:
            if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
                continue
            rows.append(f"| {_name(action)} | {(action.help or '').replace('|', chr(92) + '|')} |")
    table = "\n".join(("| argument | meaning |", "|---|---|", *rows, "")) if rows else ""
    end = "" if common else "The common flags of `smtpwizard` hold here too.\n"
    return "\n".join(filter(None, (f"## {title}\n", f"{sentence}\n", table, end)))


def _name(action: argparse.Action) -> str:
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    values = "|".join(map(str, action.choices)) if action.choices else metavar
    if action.nargs == 0:
        values = ""
    shown = (values or action.dest.upper()).replace("|", r"\|")
    if not action.option_strings:
        return f"`{shown}`" if action.nargs != "?" else f"`[{shown}]`"
    flags = ", ".join(action.option_strings)
    return f"`{flags} {shown}`" if values else f"`{flags}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
