"""What `explain` says to the texts of tests/corpus: how many are right, general, silent, misleading. `make corpus`.

An answer is right when its first cause is of a kind that the report accepts. It is misleading when the catalogue names
another one, when a general answer accuses login, sender or recipient without cause, or where nothing failed.
`-v` lists what is not right. How each file did when it was new stands in its head.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, Final

from smtpwizard.diagnosis.logs import explain_text
from smtpwizard.problems import Problem

CORPUS: Final = Path(__file__).resolve().parents[1] / "corpus"
FILES: Final = (
    "known", "seen", "unseen", "fresh", "blind", "last", "worked", "sealed", "late", "drawn", "github", "clients",
    "envelope", "apart", "final", "readers", "broad", "owners", "closing", "threads", "everyday", "replies", "mixed",
    "excerpts", "projects", "spread", "operators", "parting",
)  # fmt: skip
NO_FAILURE: Final = frozenset({"not-mail", "mail-fine"})
ACCUSING: Final = (
    "wrong-password",
    "app-password",
    "login-locked",
    "sender-",
    "recipient-",
    "mailbox-full",
    "account-",
)
"""Beginnings of kinds that blame what a person has typed, or an account."""


def reports(name: str) -> list[dict[str, Any]]:
    """Return the reports of one file of the corpus."""
    return list(tomllib.loads((CORPUS / f"reports-{name}.toml").read_text("utf-8"))["report"])


def verdict(report: dict[str, Any]) -> tuple[str, Problem | None]:
    """Judge the first answer to a report: right, general, silent or misleading."""
    found = explain_text(report["text"], provider=report.get("provider"))
    if not found:
        return ("right" if NO_FAILURE & set(report["kinds"]) else "silent"), None
    first = found[0]
    if first.kind in report["kinds"]:
        return "right", first
    blames = first.kind.startswith(ACCUSING) or NO_FAILURE & set(report["kinds"])
    return ("misleading" if blames or not first.generic else "general"), first


def figures(name: str) -> Counter[str]:
    """Return how many reports of a file got which verdict."""
    return Counter(verdict(report)[0] for report in reports(name))


def main() -> None:
    """Print the figures, and with `-v` what is not right of the halves that may be read."""
    for name in FILES:
        counts = figures(name)
        total = counts.total()
        rest = ", ".join(f"{word} {counts[word]}" for word in ("general", "silent", "misleading"))
        print(f"{name:<7}{total:>4} texts: right {counts['right']} ({counts['right'] / total:.1%}), {rest}")
        for report in reports(name) if "-v" in sys.argv else ():
            word, first = verdict(report)
            if word != "right":
                shown = f"{first.ref or first.id} {first.title} [{first.kind}]" if first else "nothing"
                print(f"   {report['id']} {word}: {shown}; accepted {', '.join(report['kinds'])}")


if __name__ == "__main__":
    main()
