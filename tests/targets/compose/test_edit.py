"""Editing compose files changes the lines of our variables and nothing else, or stops and says why."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtpwizard.targets.change import Undecided
from smtpwizard.targets.compose.edit import set_environment
from smtpwizard.targets.compose.plan import environment_texts, wrong_variables
from smtpwizard.targets.compose.services import ComposeFile, read_compose_file
from smtpwizard.targets.compose.tree import doubled, parse_tree
from support.compose_program import compose_config
from support.values import nasty_values

FILES = sorted((Path(__file__).parent / "shapes").glob("*.yaml"))
CHANGES: dict[str, str | None] = {"SMTP_HOST": "smtp.example.com", "SMTP_PORT": "587", "SMTP_PASSWORD": "it's $5 #x"}

STOPS = {
    ("anchors.yaml", "merged"): "<<",
    ("anchors.yaml", "both"): "<<",
    ("anchors.yaml", "alias"): r"\*env",
    ("flow.yaml", "commented"): "comments inside",
    ("extends.yaml", "base"): "extended by child",
    ("extends.yaml", "child"): "extends another",
    ("shared.yaml", "one"): "&one",
    ("shared.yaml", "two"): r"\*shared",
    ("shared.yaml", "three"): "alias",
    ("shared.yaml", "four"): "&host",
}
ALL = [(path.name, item.name) for path in FILES for item in read_compose_file(path).services()]


def variants(text: str) -> Iterator[str]:
    yield text
    yield text.replace("\n", "\r\n")
    yield text.rstrip("\n")
    yield text.replace("\n", "\r\n").rstrip("\r\n")


def compose_file(name: str) -> ComposeFile:
    return read_compose_file(next(path for path in FILES if path.name == name))


def load(name: str) -> str:
    return compose_file(name).raw.decode()


def edit(text: str, service: str, changes: dict[str, str | None] | None = None) -> str:
    return set_environment(text, parse_tree(text, "f"), service, texts(CHANGES if changes is None else changes))


def texts(changes: dict[str, str | None]) -> dict[str, str | None]:
    """Return what YAML is to read."""
    return {name: None if value is None else doubled(value) for name, value in changes.items()}


def test_there_are_enough_shapes() -> None:
    assert len(FILES) >= 12
    assert set(STOPS) <= set(ALL)


@pytest.mark.parametrize(("name", "service"), [case for case in ALL if case not in STOPS])
def test_only_lines_of_our_variables_change_and_nothing_changes_twice(name: str, service: str) -> None:
    for text in variants(load(name)):
        result = edit(text, service)
        assert wrong_variables(parse_tree(text, name), parse_tree(result, name), service, texts(CHANGES)) == ()
        assert edit(result, service) == result
        old, new = text.splitlines(keepends=True), result.splitlines(keepends=True)
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
            if tag != "equal":
                _assert_ours(old[i1:i2], new[j1:j2])
        assert text.endswith("\n") == result.endswith("\n")


def _assert_ours(old: list[str], new: list[str]) -> None:
    bodies = [line.strip() for line in (*old, *new)]
    for line in (*old, *new):
        stripped = line.strip()
        of_a_folded_value = stripped in ("old", "folded", "host")
        grew_or_gained_a_line_end = sum(body.startswith(stripped.rstrip("}")) for body in bodies) > 1
        assert "SMTP_" in line or stripped.startswith("environment:") or of_a_folded_value or grew_or_gained_a_line_end


@pytest.mark.parametrize(("name", "service"), sorted(STOPS))
def test_where_a_person_must_choose_it_stops_and_says_why(name: str, service: str) -> None:
    for text in variants(load(name)):
        with pytest.raises(Undecided, match=STOPS[name, service]):
            edit(text, service)


def test_an_environment_that_compose_refuses_for_being_empty_is_filled(tmp_path: Path) -> None:
    for null in ("", " ~", " null # nothing"):
        text = f"services:\n  api:\n    image: busybox\n    environment:{null}\n"
        (tmp_path / "compose.yaml").write_text(text)
        assert compose_config(tmp_path, "compose.yaml") is None
        (tmp_path / "compose.yaml").write_text(edit(text, "api"))
        found = compose_config(tmp_path, "compose.yaml")
        assert found is not None
        assert found["services"]["api"]["environment"] == CHANGES


@pytest.mark.parametrize("name", [path.name for path in FILES if path.name != "null.yaml"])
def test_compose_reads_the_new_values_and_everything_else_as_before(name: str, tmp_path: Path) -> None:
    edited = load(name).replace("\n", "\r\n")
    ours = [service for file, service in ALL if file == name and (file, service) not in STOPS]
    for service in ours:
        edited = edit(edited, service)
    (tmp_path / ".env").write_text("SMTP_PASSWORD=x\n")
    (tmp_path / "before.yaml").write_text(load(name))
    (tmp_path / "after.yaml").write_bytes(edited.encode())
    environment = {"SMTP_PASSWORD": "shell", "COMPOSE_PROJECT_NAME": "p"}
    old = compose_config(tmp_path, "before.yaml", env=environment)
    new = compose_config(tmp_path, "after.yaml", env=environment)
    assert old is not None
    for service in ours:
        old["services"][service]["environment"] = {**(old["services"][service].get("environment") or {}), **CHANGES}
    assert new == old


def test_one_added_variable_is_one_added_line() -> None:
    text = load("list.yaml")
    result = edit(text, "api", {"SMTP_USERNAME": "me"})
    assert result.replace("      - SMTP_USERNAME=me\n", "", 1) == text
    assert result.index("SMTP_USERNAME=me") > result.index("SMTP_SENDER")


def test_taking_a_variable_out_takes_its_line() -> None:
    text = load("list.yaml")
    assert edit(text, "api", {"SMTP_PORT": None}) == text.replace("      - SMTP_PORT=1025 # the port\n", "")
    mapping = load("mapping.yaml")
    assert edit(mapping, "api", {"SMTP_PORT": None}) == mapping.replace("      SMTP_PORT: 25\n", "")


def test_an_inline_comment_stays_behind_the_new_value() -> None:
    assert "      - SMTP_PORT=587 # the port\n" in edit(load("list.yaml"), "api")


def test_a_value_that_is_there_already_is_left_as_it_is_written() -> None:
    text = load("mapping.yaml")
    assert edit(text, "api", {"SMTP_PORT": "25", "SMTP_SENDER": "old@example.com"}) == text


def test_a_reference_keeps_its_dollar() -> None:
    value = "${SMTP_PASSWORD:?set SMTP_PASSWORD in .env}"
    text = load("list.yaml")
    result = set_environment(text, parse_tree(text, "f"), "api", {"SMTP_PASSWORD": value})
    assert environment_texts(parse_tree(result, "f"), "api")["SMTP_PASSWORD"] == value


@pytest.mark.parametrize("shape", ["list.yaml", "mapping.yaml"])
def test_every_nasty_value_is_read_back_exactly_by_compose(shape: str, tmp_path: Path) -> None:
    values = nasty_values(int(os.environ.get("SMTPWIZARD_FUZZ", "500")), seed=11)
    changes: dict[str, str | None] = {f"V{number}": value for number, value in enumerate(values)}
    (tmp_path / "compose.yaml").write_text(edit(load(shape), "api", changes))
    found = compose_config(tmp_path, "compose.yaml")
    assert found is not None
    read = found["services"]["api"]["environment"]
    assert {name: read[name] for name in changes} == changes


def test_the_apps_service_is_listed_first() -> None:
    found = compose_file("list.yaml").services(images=("line/abc-user-feedback-api",), app_service="api")
    assert found[0].name == "api"
    assert found[0].likely
    assert "SMTP_HOST" in found[0].variables
    digest = compose_file("mapping.yaml").services(images=("line/abc-user-feedback-api",))
    assert digest[0].name == "api"


def test_env_files_of_a_service_are_known() -> None:
    found = {item.name: item.env_files for item in compose_file("envfile.yaml").services()}
    assert found == {"api": (".env",), "worker": (".env", "./more.env"), "last": (".env",)}
