"""A `${…}` in place keeps the secret out of the compose file, on every path; who else takes it is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.secret import Secret
from smtpwizard.targets.apply import apply_all
from smtpwizard.targets.change import Change, Consent, ConsentRequired, Values
from smtpwizard.targets.compose.plan import SecretMode, plan_compose
from smtpwizard.targets.compose.services import choose, read_compose_file
from support.compose_program import compose_config

PASSWORD = "Sup3r$S3cret"
VALUES: Values = {"SMTP_HOST": "smtp.example.com", "SMTP_PASSWORD": Secret(PASSWORD)}
NEW = {"SMTP_HOST": "smtp.example.com", "SMTP_PASSWORD": PASSWORD}
HEAD = "services:\n  web:\n    image: a\n"


def plan(path: Path, service: str = "web", secret: SecretMode = "", *, override: bool = False) -> tuple[Change, ...]:
    file = read_compose_file(path)
    return plan_compose(file, choose(file, service), VALUES, secret=secret, override=override)


def write(path: Path, changes: tuple[Change, ...], *, shared: bool = False) -> None:
    agreed = [Consent.SHARED] if shared else []
    apply_all(changes, lambda _, consent: consent in agreed, backup_dir=path.parent.parent / "backups")


def handed_over(folder: Path, service: str = "web") -> dict[str, str]:
    found = compose_config(folder)
    assert found is not None
    environment: dict[str, str] = found["services"][service]["environment"]
    return {name: environment[name] for name in NEW}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project" / "compose.yaml"


@pytest.mark.parametrize(
    "body",
    [
        "      SMTP_HOST: ${SMTP_HOST}\n      SMTP_PASSWORD: ${SMTP_PASSWORD}\n",
        "      SMTP_HOST: $H\n      SMTP_PASSWORD: ${MAIL_PW:?set it}\n",
        "      - SMTP_HOST=${SMTP_HOST:-localhost}\n      - SMTP_PASSWORD=${SMTP_PASSWORD-}\n",
        "      - SMTP_HOST\n      - SMTP_PASSWORD\n",
        "      SMTP_HOST:\n      SMTP_PASSWORD:\n",
    ],
)
@pytest.mark.parametrize("secret", ["", "reference"])
def test_a_reference_in_place_stays_and_the_env_file_is_filled(path: Path, body: str, secret: SecretMode) -> None:
    path.write_text(f"{HEAD}    environment:\n{body}")
    write(path, plan(path, secret=secret))
    assert path.read_text() == f"{HEAD}    environment:\n{body}"
    assert PASSWORD in (path.parent / ".env").read_text()
    assert handed_over(path.parent) == NEW
    assert not any(change.changed for change in plan(path, secret=secret))


def test_it_is_said(path: Path) -> None:
    path.write_text(f"{HEAD}    environment: ['SMTP_HOST=${{SMTP_HOST}}', 'SMTP_PASSWORD=${{SMTP_PASSWORD}}']\n")
    assert "SMTP_HOST and SMTP_PASSWORD go into .env, to which compose.yaml refers." in plan(path)[-1].notes


def test_a_text_that_could_not_give_the_value_is_replaced(path: Path) -> None:
    path.write_text(f"{HEAD}    environment:\n      SMTP_HOST: mail.${{DOMAIN}}\n      SMTP_PASSWORD: ${{PW:+x}}\n")
    (change,) = plan(path)
    write(path, (change,))
    assert handed_over(path.parent) == NEW


def test_inline_is_inline_when_it_is_asked_for(path: Path) -> None:
    path.write_text(f"{HEAD}    environment: ['SMTP_PASSWORD=${{SMTP_PASSWORD}}']\n")
    (change,) = plan(path, secret="inline")
    write(path, (change,))
    assert handed_over(path.parent) == NEW
    assert not (path.parent / ".env").exists()


@pytest.mark.parametrize("secret", ["reference", ""])
def test_an_override_file_keeps_the_secret_out_as_well(path: Path, secret: SecretMode) -> None:
    own = "      SMTP_PASSWORD: ${SMTP_PASSWORD}\n" if not secret else "      A: 1\n"
    path.write_text(f"x-env: &env\n{own}{HEAD}    environment: *env\n  other:\n    image: b\n    environment: *env\n")
    text = path.read_text()
    write(path, plan(path, secret=secret, override=True))
    assert path.read_text() == text
    assert "S3cret" not in (path.parent / "compose.override.yaml").read_text()
    assert handed_over(path.parent) == NEW


def test_an_override_that_has_nothing_to_say_is_not_made(path: Path) -> None:
    path.write_text(f"{HEAD}    environment: ['SMTP_HOST=${{H}}', SMTP_PASSWORD]\n")
    write(path, plan(path, override=True))
    assert not (path.parent / "compose.override.yaml").exists()
    assert handed_over(path.parent) == NEW


TAKERS = {
    "filled in": "environment: {SMTP_PASSWORD: '${SMTP_PASSWORD}'}",
    "under another name": "environment: ['PW=x${SMTP_PASSWORD:-}']",
    "by its name": "environment: [SMTP_PASSWORD]",
    "in its command": "command: send --password $SMTP_PASSWORD",
    "by env_file": "env_file: .env",
}


@pytest.mark.parametrize("body", TAKERS.values(), ids=TAKERS)
def test_a_value_that_others_take_is_asked_about_and_changed_only_with_a_yes(path: Path, body: str) -> None:
    path.write_text(f"{HEAD}    {body}\n  worker:\n    image: b\n  db:\n    image: c\n")
    env = path.parent / ".env"
    env.write_text("SMTP_PASSWORD=old\n")
    before = path.read_bytes()
    changes = plan(path, "worker", "reference")
    assert [item.id for item in changes[0].findings if item.id == "reference-shared"] == ["reference-shared"]
    with pytest.raises(ConsentRequired, match=r"web takes SMTP_PASSWORD from \.env too") as caught:
        write(path, changes)
    assert caught.value.consent is Consent.SHARED
    assert (path.read_bytes(), env.read_text()) == (before, "SMTP_PASSWORD=old\n")
    write(path, changes, shared=True)
    assert handed_over(path.parent, "worker") == NEW


def test_nobody_is_asked_where_nobody_loses_anything(path: Path) -> None:
    path.write_text(
        f"{HEAD}    environment: [SMTP_PASSWORD]\n  worker:\n    image: b\n    environment: [SMTP_PASSWORD]\n"
    )
    assert plan(path)[0].asks is None  # not set before
    (path.parent / ".env").write_text(f"SMTP_PASSWORD='{PASSWORD}'\n")
    assert plan(path)[0].asks is None  # the same as before
    (path.parent / ".env").write_text("SMTP_PASSWORD=old\n")
    assert plan(path, secret="inline")[0].asks is None
