"""docs/failures.md, made from the catalogue. `PYTHONPATH=tests python -m support.failures_page` writes it anew."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from smtpwizard.diagnosis.catalogue import Catalogue, by_ref
from smtpwizard.diagnosis.event import Event
from smtpwizard.diagnosis.schema import STAGES, Failure
from smtpwizard.diagnosis.wording import Wording

WORDS: Final = Wording(Event())
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "failures.md"

_HEAD: Final = """\
# Failures that smtpwizard recognises

Generated from `presets/failures/*.toml` by tests/support/failures_page.py; do not edit. {count} entries, by stage.
`smtpwizard explain` names them by their reference; `smtpwizard sandbox --play REF` plays those that a server can show.

## How an entry is written

One `[[failure]]` in the file of its stage (`auth.toml`, or `auth-<group>.toml`):

| key | holds |
|---|---|
| `ref`, `id` | stable reference, and a name in kebab-case |
| `stages` | the stages at which it shows; the first is the file's |
| `kind` | the kind of cause, one of tests/corpus/kinds.toml: the corpus is judged by it |
| `codes`, `enhanced` | reply codes, enhanced status codes |
| `events` | what happened where no server says so; `clients.toml` has the words of every client for it |
| `text` | phrases of the reply, lower case, `*` for a gap of up to 200 characters; not regular expressions |
| `provider_text` | phrases that count only at `providers`, since others use them too |
| `but` | phrases beside which the entry does not hold |
| `providers`, `ports`, `when` | where it happens; a named condition on settings, EHLO or a pasted line |
| `by` | sets of facts, each enough to name the failure: `[["text"], ["provider", "code"]]` |
| `rank` | `first` where the condition alone is proof, `last` where it is merely possible |
| `title`, `cause`, `remedy` | fact, cause, action; `{host}`: the app's name for it, `{implicit}`: a mode's setting |
| `roles`, `changes`, `remove`, `repair`, `open_ports` | what it is about, and what a machine can change |
| `source`, `checked` | where it is from, and when that was last compared |
| `evidence` | S source code, D document, I issue, L reproduced, M memory |
| `examples` | replies, events or pastes; every one must come back as this entry |

The facts of `by`: `stage`, `code`, `enhanced`, `text`, `event`, `provider`, `port`, `when`, and `anywhere` (no provider
is known). Ranked by what holds: provider, enhanced code and words; provider and code; words; enhanced code; code.
"""

_STAGE_TITLES: Final = {
    "lint": "Settings and files",
    "resolve": "Name",
    "connect": "Connection",
    "tls": "TLS",
    "greeting": "Greeting",
    "ehlo": "EHLO",
    "starttls": "STARTTLS",
    "auth": "Login",
    "mail": "Sender (MAIL FROM)",
    "rcpt": "Recipient (RCPT TO)",
    "data": "Message",
    "after": "Accepted, yet not arrived",
}

_TABLE: Final = "| ref | failure | shows as | what to do |\n|---|---|---|---|\n"


def page() -> str:
    """Return the whole page."""
    failures = Catalogue.open().rules
    parts = [_HEAD.replace("{count}", str(len(failures)))]
    for stage in STAGES:
        rows = [_row(failure) for failure in by_ref(failures) if failure.stages[0] == stage]
        parts.append(f"## {_STAGE_TITLES[stage]}\n\n{_TABLE}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _row(failure: Failure) -> str:
    signs = [*map(str, failure.codes), *failure.enhanced, *failure.events]
    words = " … ".join(failure.text[0].parts) if failure.text else ""
    shown = ", ".join([*signs, *([f"“{words}”"] if words else [])]) or failure.when
    where = f" ({', '.join(failure.providers[:2])})" if failure.providers else ""
    cells = (failure.ref, WORDS.fill(failure.title), shown + where, WORDS.fill(failure.remedy))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
