"""Where a service's variables are written, whatever the shape of the file: compose judges what it hands over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.secret import Secret
from smtpwizard.targets.apply import apply_all
from smtpwizard.targets.backups import list_backups, plan_restore
from smtpwizard.targets.change import Undecided, Values
from smtpwizard.targets.compose.plan import SecretMode, plan_compose
from smtpwizard.targets.compose.read import read_service
from smtpwizard.targets.compose.services import choose, read_compose_file
from support.compose_program import compose_config

PASSWORD = "Sup3r$S3cret"
VALUES: Values = {"SMTP_HOST": "smtp.example.com", "SMTP_PASSWORD": Secret(PASSWORD)}
NEW = {"SMTP_HOST": "smtp.example.com", "SMTP_PASSWORD": PASSWORD}


def write(path: Path, service: str = "web", values: Values = VALUES, secret: SecretMode = "", **more: bool) -> None:
    file = read_compose_file(path)
    changes = plan_compose(file, choose(file, service), values, secret=secret, **more)
    apply_all(changes, lambda *_: False, backup_dir=path.parent.parent / "backups")


def environments(folder: Path, *files: str) -> dict[str, Any]:
    """Return service → its variables as compose hands them over, of the files that it finds or of `files`."""
    found = compose_config(folder, *files)
    assert found is not None
    return {name: body.get("environment", {}) for name, body in found["services"].items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    return place


def make(folder: Path, text: str, name: str = "compose.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


ALIAS = 'x-env: &env\n  A: "1"\nservices:\n  web:\n    image: x\n    environment: *env\n'
MERGE = 'x-base: &base\n  environment:\n    A: "1"\nservices:\n  web:\n    <<: *base\n    image: x\n'
LIST = "x-env: &env\n  - A=1\nservices:\n  web:\n    image: x\n    environment: *env\n"
SECOND = "  worker:\n    image: x\n    environment: *env\n"
INSIDE = "x-base: &base\n  environment: &env\n    A: 1\nservices:\n  web:\n    environment: *env\n    image: x\n"


@pytest.mark.parametrize("text", [ALIAS, MERGE, LIST, INSIDE])
def test_an_anchor_that_one_service_uses_alone_is_edited(folder: Path, text: str) -> None:
    path = make(folder, text + "  other:\n    image: y\n")
    write(path)
    assert environments(folder) == {"web": {"A": "1", **NEW}, "other": {}}


SHARED = {
    "alias": ALIAS + SECOND,
    "merge": MERGE + "  worker:\n    <<: *base\n    image: y\n",
    "anchor of the environment": "services:\n  web:\n    image: x\n    environment: &env\n      A: 1\n" + SECOND,
    "alias of another's": "services:\n  a:\n    image: x\n    environment: &env {A: 1}\n"
    + SECOND.replace("worker", "web"),
    "anchor of the service": "services:\n  web: &web\n    image: x\n    environment: {A: 1}\n  cron:\n    <<: *web\n",
    "within a shared base": INSIDE + "  worker:\n    <<: *base\n    image: y\n",
}  # fmt: skip


@pytest.mark.parametrize("text", SHARED.values(), ids=SHARED)
def test_a_stop_names_what_works_and_it_works(folder: Path, text: str) -> None:
    path = make(folder, text, "docker-compose.yml")
    before = environments(folder)
    with pytest.raises(Undecided) as caught:
        write(path)
    assert "--override, which writes the same into docker-compose.override.yml" in str(caught.value)
    assert "env_file" not in str(caught.value)  # the service reads none: a .env would reach nobody
    write(path, override=True)
    assert path.read_text() == text
    assert environments(folder) == {**before, "web": {**before["web"], **NEW}}


CHAINED = (
    "x-env: &env\n  A: 1\nx-base: &base\n  environment: *env\n  image: x\nservices:\n  web:\n    <<: *base\n"
    "  worker:\n    <<: *base\n"
)
LISTED = LIST + SECOND
OWN = (
    "services:\n  worker:\n    image: x\n    environment: &env\n      A: 1\n"
    "  web:\n    image: x\n    environment:\n      <<: *env\n      B: 2\n"
)


@pytest.mark.parametrize("text", [*SHARED.values(), CHAINED, LISTED, OWN], ids=[*SHARED, "chained", "list", "own"])
def test_what_only_the_apps_own_services_share_is_edited_once_in_place(folder: Path, text: str) -> None:
    path = make(folder, text + "  db:\n    image: postgres\n")
    before = environments(folder)
    file = read_compose_file(path)
    app = [choose(file, name) for name in before if name != "db"]
    assert len(app) == 2
    for service, other in (app, app[::-1]):  # whichever comes first
        (change,) = plan_compose(file, service, VALUES, also=[other])
        assert change.after.count(b"SMTP_HOST") == 1
    apply_all([change], lambda *_: False, backup_dir=folder.parent / "backups")
    assert environments(folder) == {name: {**held, **(NEW if name != "db" else {})} for name, held in before.items()}
    gone = read_compose_file(path)
    both = [choose(gone, item.name) for item in app]
    apply_all(
        plan_compose(gone, both[0], dict.fromkeys(VALUES), also=both[1:]),
        lambda *_: False,
        backup_dir=folder.parent / "backups",
    )
    assert environments(folder) == before


@pytest.mark.parametrize(
    "third",
    ["  mailer:\n    image: y\n    environment: *env\n", "x-more: &more\n  environment: *env\n", "x-unused: *env\n"],
    ids=["a third service", "an extension field that nobody takes", "an extension field"],
)
def test_and_not_where_a_third_service_takes_it_too(folder: Path, third: str) -> None:
    path = make(folder, ALIAS + SECOND + third)
    file = read_compose_file(path)
    changes = {"also": [choose(file, "worker")]}
    if "mailer" in third:
        with pytest.raises(Undecided, match="others share"):
            plan_compose(file, choose(file, "web"), VALUES, **changes)
    else:
        assert plan_compose(file, choose(file, "web"), VALUES, **changes)[0].changed


def test_and_where_a_worker_of_the_same_app_takes_it_which_needs_none_that_is_told(folder: Path) -> None:
    path = make(folder, MERGE + "  worker:\n    <<: *base\n    image: x\n")
    file = read_compose_file(path)
    (change,) = plan_compose(file, choose(file, "web"), VALUES, kin=["web", "worker"])
    assert "worker, of the same image, takes the lines too." in change.notes
    apply_all([change], lambda *_: False, backup_dir=folder.parent / "backups")
    assert environments(folder) == {name: {"A": "1", **NEW} for name in ("web", "worker")}


def test_a_service_that_has_its_own_value_over_the_shared_one_gets_the_new_one_too(folder: Path) -> None:
    path = make(folder, OWN + "      SMTP_HOST: old\n")
    file = read_compose_file(path)
    changes = plan_compose(file, choose(file, "web"), VALUES, also=[choose(file, "worker")])
    apply_all(changes, lambda *_: False, backup_dir=folder.parent / "backups")
    assert environments(folder) == {"worker": {"A": "1", **NEW}, "web": {"A": "1", "B": "2", **NEW}}


def test_the_env_file_is_a_way_out_where_the_service_reads_one(folder: Path) -> None:
    path = make(folder, ALIAS.replace("image: x", "image: x\n    env_file: mail.env") + SECOND)
    (folder / "mail.env").touch()
    with pytest.raises(Undecided, match=r"--env-file .*mail\.env") as caught:
        write(path)
    assert caught.value.env_files == (folder / "mail.env",)


BRACES = {
    "json": json.dumps({"services": {"web": {"image": "x", "environment": {"A": "1"}}}}, indent=2),
    "json without": json.dumps({"services": {"web": {"image": "x"}}}, indent="\t"),
    "list": "services: {web: {image: x, environment: [A=1]}}\n",
    "lines": "services:\n  web: {\n    image: x,\n    environment: {\n      A: 1,\n    },\n  }\n",
    "empty": "services:\n  web: {image: x, environment: {}}\n",
    "null": "services:\n  web: {image: x, environment: }\n",
}


@pytest.mark.parametrize("text", BRACES.values(), ids=BRACES)
def test_braces_and_brackets_are_edited_and_emptied_again(folder: Path, text: str) -> None:
    path = make(folder, text)
    write(path)
    own = {"A": "1"} if "A" in text else {}
    assert environments(folder) == {"web": {**own, **NEW}}
    assert text != BRACES["json"] or json.loads(path.read_text())
    write(path, values={"SMTP_HOST": None, "SMTP_PASSWORD": None})
    assert environments(folder) == {"web": own}


def test_what_is_taken_out_leaves_no_empty_environment(folder: Path) -> None:
    for body in ("\n      SMTP_HOST: a\n", "\n      - SMTP_HOST=a\n      - SMTP_HOST=b\n", " [SMTP_HOST=a]\n"):
        path = make(folder, f"services:\n  web:\n    image: x\n    environment:{body}    restart: always\n")
        write(path, values={"SMTP_HOST": None})
        assert environments(folder) == {"web": {}}


def test_a_reset_stays_a_reset(folder: Path) -> None:
    make(folder, "services:\n  web:\n    image: x\n    environment: {DEBUG: 1, KEEP: a}\n")
    for tagged in ("!reset null", "!reset {A: 1}"):
        above = make(folder, f"services:\n  web:\n    environment: {tagged}\n", "compose.override.yaml")
        assert environments(folder) == {"web": {}}
        for path, override in ((above, False), (folder / "compose.yaml", True)):
            with pytest.raises(Undecided, match="!reset"):
                write(path, override=override)
        assert read_service(folder / "compose.yaml", "web", {}).variables == {}


def test_a_tag_of_compose_stays_and_counts(folder: Path) -> None:
    path = make(folder, "services:\n  web:\n    image: x\n    environment: {DEBUG: 1, SMTP_HOST: a}\n")
    for body in ("!override\n      A: 1\n", "!override [A=1]\n", "\n      DEBUG: !reset x\n      A: 1\n"):
        make(folder, f"services:\n  web:\n    environment: {body}", "compose.override.yaml")
        before = environments(folder)
        assert read_service(path, "web", {}).variables == before["web"]
        write(path, override=True)
        assert environments(folder) == {"web": {**before["web"], **NEW}}


def test_a_value_that_is_there_but_reset_is_written(folder: Path) -> None:
    path = make(folder, "services:\n  web:\n    image: x\n    environment: {SMTP_HOST: a}\n")
    make(
        folder,
        "services:\n  web:\n    environment:\n      SMTP_HOST: !reset smtp.example.com\n",
        "compose.override.yaml",
    )
    assert environments(folder) == {"web": {}}
    write(path, override=True)
    assert environments(folder) == {"web": NEW}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_every_encoding_that_compose_reads_is_kept(folder: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    text = f"{mark}services:\r\n  web:\r\n    image: x\r\n    environment:\r\n      A: é\r\n"
    (folder / "compose.yaml").write_bytes(text.encode(encoding))
    write(folder / "compose.yaml")
    assert environments(folder) == {"web": {"A": "é", **NEW}}
    after = (folder / "compose.yaml").read_bytes().decode(encoding)
    assert after.startswith(text)
    assert after.count("\n") == after.count("\r\n")


def test_lines_that_end_in_cr_alone_stay_so(folder: Path) -> None:
    text = "services:\r  web:\r    image: x\r    environment:\r      A: 1\r  other:\r    image: y\r"
    (folder / "compose.yaml").write_bytes(text.encode())
    write(folder / "compose.yaml")
    assert environments(folder) == {"web": {"A": "1", **NEW}, "other": {}}
    assert b"\n" not in (folder / "compose.yaml").read_bytes()


def test_a_name_that_a_list_has_twice_is_told(folder: Path) -> None:
    path = make(folder, "services:\n  web:\n    image: x\n    environment: [SMTP_HOST=a, B=1, SMTP_HOST=b]\n")
    file = read_compose_file(path)
    (change,) = plan_compose(file, choose(file, "web"), VALUES)
    assert [item.variable for item in change.findings if item.id == "duplicate-variable"] == ["SMTP_HOST"]
    write(path)
    assert environments(folder) == {"web": {"B": "1", **NEW}}


def test_a_file_in_utf_16_is_restored_without_a_word_of_its_password(folder: Path) -> None:
    path = folder / "compose.yaml"
    path.write_bytes("services:\n  web:\n    image: x\n".encode("utf-16"))
    before = path.read_bytes()
    write(path)
    change = plan_restore(list_backups(folder.parent / "backups")[0])
    assert "SMTP_PASSWORD: ********" in change.diff
    assert "S3cret" not in change.diff.replace("\0", "")
    assert change.after == before
