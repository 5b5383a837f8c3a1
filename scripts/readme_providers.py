"""Write the table of providers in README.md from presets/. `--check` only says whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.schema import Kind, Provider, ProviderStatus

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- providers:begin -->\n", "<!-- providers:end -->\n"
TITLES = {
    Kind.RELAY: "Sending services",
    Kind.MAILBOX: "Mailboxes",
    Kind.HOSTING: "Company and hosting",
    Kind.TEST: "Test services",
    Kind.LOCAL: "Local servers",
    Kind.PRACTICE: "Practice",
}


def table(providers: tuple[Provider, ...]) -> str:
    """Return the Markdown table, a row a group."""
    rows = ["| group | providers (`--preset`) |", "|---|---|"]
    for kind, title in TITLES.items():
        names = [f"{_plain(item.name)} (`{item.id}`{_mark(item)})" for item in providers if item.kind is kind]
        if names:
            rows.append(f"| {title} | {', '.join(names)} |")
    return "\n".join(rows) + "\n"


def _mark(provider: Provider) -> str:
    return ", blocked" if provider.status is ProviderStatus.BLOCKED else ""


def _plain(name: str) -> str:
    return name.split(" (")[0].replace("|", "/")


def main() -> int:
    """Return 0 when README.md is (now) up to date, 1 when `--check` finds that it is not."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = before + BEGIN + table(Presets.open().all()) + END + after
    if fresh == text:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write("README.md: the providers' table is out of date; run scripts/readme_providers.py\n")
        return 1
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
