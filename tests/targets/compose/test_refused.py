"""What compose refuses is refused in reading, by its line; what compose reads is read. Compose itself is the judge."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from smtpwizard.errors import FileError
from smtpwizard.targets.compose.services import parse_compose
from support.compose_program import compose_config

HEAD = "x-map: &map {Z: 1}\nx-list: &list [Z=1]\nservices:\n  web:\n    image: x\n    environment:\n"
REFUSED = {
    "- A: 1\n- SMTP_HOST: old": "is a mapping (KEY: value)",
    "- [a]": "no text of the form KEY=value",
    "- true": "no text of the form KEY=value",
    "- 1.5": "no text of the form KEY=value",
    "-": "no text of the form KEY=value",
    "- *list": "no text of the form KEY=value",
    "- *nope": "has no anchor &nope above it",
    "A=1\nB=2": "environment is a text",
    "A: 1\nB: 2\nA: 3": "the key A stands here twice",
    "A: [1]": "is a mapping or a list",
    "A: {b: 1}": "is a mapping or a list",
    "A: 2026-11-26": "is a date to YAML",
    "true: 1": "is no text to YAML",
    "1.5: 1": "is no text to YAML",
    "<<: *list\nB: 1": "<< takes in",
    "<<: [*map, *list]": "<< takes in",
    "<<:\nA: 1": "<< takes in",
}
READ = (
    "- ''", "- '1'", "- !!str 1", "- A=1\n- A=2", "- A=1 # no: map", "- |\n  A=1", "{}", "[]", "*list",
    "'1': 1", "yes: 1", "A: '2026-11-26'", "A: 2026-11-26x", "A: 12:30", "A: &a 1\nB: *a", "<<: [*map, {A: 2}]",
)  # fmt: skip


def text_of(body: str) -> str:
    return HEAD + "".join(f"      {line}\n" for line in body.split("\n"))


def test_compose_refuses_exactly_what_is_refused_here(tmp_path: Path) -> None:
    bodies = [*REFUSED, *READ]
    for number, body in enumerate(bodies):
        (tmp_path / f"{number}.yaml").write_text(text_of(body))
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda number: compose_config(tmp_path, f"{number}.yaml"), range(len(bodies)))
    assert {body for body, answer in zip(bodies, answers, strict=True) if answer is None} == set(REFUSED)


@pytest.mark.parametrize("body", REFUSED)
def test_the_line_and_the_reason_are_named(body: str) -> None:
    with pytest.raises(FileError, match=r"compose.yaml, line [0-9]+: .* docker compose refuses the file") as caught:
        parse_compose(text_of(body).encode(), "compose.yaml")
    assert REFUSED[body] in str(caught.value)


@pytest.mark.parametrize("body", READ)
def test_the_rest_is_read(body: str) -> None:
    assert parse_compose(text_of(body).encode(), "compose.yaml") is not None


def test_a_second_document_is_refused_for_what_it_is(tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: x\n    environment: {A: 1}\n---\nservices:\n  web:\n    environment: {A: 2}\n"
    (tmp_path / "compose.yaml").write_text(text)
    found = compose_config(tmp_path, "compose.yaml")
    assert found is not None
    assert found["services"]["web"]["environment"] == {"A": "2"}  # merged: not "compose reads one"
    with pytest.raises(FileError, match="line 6: a second YAML document"):
        parse_compose(text.encode(), "compose.yaml")


def test_a_character_that_is_not_allowed_is_named_by_its_line() -> None:
    for bad in (b"\0", b"\xff", b"\x1b"):
        with pytest.raises(FileError, match="line 2, holds"):
            parse_compose(b"services:\n  web: {image: " + bad + b"}\n", "compose.yaml")
