"""Plans for compose files: masked, proved, stopped where it must, and what the container gets is read back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from smtpwizard.errors import FileError, InputError
from smtpwizard.secret import MASK, Secret
from smtpwizard.targets.apply import apply
from smtpwizard.targets.change import Change, Undecided, Values
from smtpwizard.targets.compose import plan
from smtpwizard.targets.compose.plan import SecretMode
from smtpwizard.targets.compose.read import read_service
from smtpwizard.targets.compose.services import Service, chosen, list_services, read_compose_file
from support.compose_program import compose_config

IMAGES = ("line/abc-user-feedback-api",)
SHAPES = Path(__file__).parent / "shapes"
VALUES: dict[str, str | Secret | None] = {"SMTP_HOST": "smtp.example.com", "SMTP_PASSWORD": Secret("hunter2$x")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def compose_file(folder: Path, shape: str, name: str = "compose.yaml") -> Path:
    path = folder / name
    path.write_bytes((SHAPES / shape).read_bytes())
    return path


def service_of(path: Path, name: str | None) -> Service:
    return chosen(list_services(path, images=IMAGES, app_service="api"), name)


def plan_compose(path: Path, name: str | None, values: Values, secret: SecretMode = "inline") -> tuple[Change, ...]:
    file = read_compose_file(path)
    service = chosen(file.services(images=IMAGES, app_service="api"), name)
    return plan.plan_compose(file, service, values, secret=secret)


def plan_override(path: Path, name: str, values: Values) -> Change:
    return plan.plan_compose(read_compose_file(path), service_of(path, name), values, override=True)[-1]


def apply_all(changes: tuple[Change, ...], folder: Path) -> None:
    for change in changes:
        apply(change, backup_dir=folder.parent / "backups")


def ids(change: Change) -> list[str]:
    return [finding.id for finding in change.findings]


def test_the_diff_is_masked_and_the_file_is_not_touched(project: Path) -> None:
    path = compose_file(project, "list.yaml")
    (change,) = plan_compose(path, "api", VALUES)
    assert f"SMTP_PASSWORD={MASK}" in change.diff
    assert "hunter2" not in change.diff + repr(change)
    assert "jwtsecret" not in change.diff
    assert path.read_bytes() == (SHAPES / "list.yaml").read_bytes()


def test_a_password_in_a_block_scalar_does_not_show(project: Path) -> None:
    path = project / "compose.yaml"
    body = "        SMTP_HOST: a\n        DB: |\n          hunter2 old\n"
    path.write_text(f"services:\n    api:\n      image: busybox\n      environment:\n{body}")
    (change,) = plan_compose(path, "api", {"SMTP_HOST": "b"})
    assert "hunter2" not in change.diff


def test_what_is_applied_is_what_compose_hands_to_the_container(project: Path) -> None:
    path = compose_file(project, "mapping.yaml")
    apply_all(plan_compose(path, "api", VALUES), project)
    found = compose_config(project, "compose.yaml")
    assert found is not None
    assert found["services"]["api"]["environment"]["SMTP_PASSWORD"] == "hunter2$x"
    (again,) = plan_compose(path, "api", VALUES)
    assert not again.changed


def test_a_byte_order_mark_and_windows_line_ends_stay(project: Path) -> None:
    path = project / "compose.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (SHAPES / "four.yaml").read_bytes().replace(b"\n", b"\r\n"))
    apply_all(plan_compose(path, "api", VALUES), project)
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfservices:\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert compose_config(project, "compose.yaml") is not None


def test_a_reference_puts_the_secret_into_the_env_file_beside(project: Path) -> None:
    path = compose_file(project, "list.yaml")
    changes = plan_compose(path, "api", VALUES, secret="reference")
    assert [change.path.name for change in changes] == [".env", "compose.yaml"]
    apply_all(changes, project)
    assert "hunter2" not in path.read_text()
    assert "hunter2$x" in (project / ".env").read_text()
    found = compose_config(project, "compose.yaml")
    assert found is not None
    assert found["services"]["api"]["environment"]["SMTP_PASSWORD"] == "hunter2$x"
    assert read_service(path, "api", {}).variables["SMTP_PASSWORD"] == "hunter2$x"


def test_a_tracked_file_asks_for_a_reference(project: Path) -> None:
    path = compose_file(project, "list.yaml")
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "add", "compose.yaml"], cwd=project, check=True)
    (inline,) = plan_compose(path, "api", VALUES)
    assert "git-tracks-file" in ids(inline)
    assert "--secret reference" in next(item.message for item in inline.findings if item.id == "git-tracks-file")
    assert "git-tracks-file" not in ids(plan_compose(path, "api", VALUES, secret="reference")[1])


def test_a_variable_of_the_shell_that_beats_the_env_file_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = compose_file(project, "list.yaml")
    monkeypatch.delenv("SMTP_PASSWORD", raising=False)
    assert "shell-overrides-env" not in ids(plan_compose(path, "api", VALUES, secret="reference")[1])
    monkeypatch.setenv("SMTP_PASSWORD", "other")
    assert "shell-overrides-env" in ids(plan_compose(path, "api", VALUES, secret="reference")[1])


def test_lines_of_an_env_file_that_count_no_more_are_told(project: Path) -> None:
    path = compose_file(project, "envfile.yaml")
    assert "environment-beats-env-file" not in ids(plan_compose(path, "api", VALUES)[0])
    (project / ".env").write_text("SMTP_HOST=x\n")
    assert "environment-beats-env-file" in ids(plan_compose(path, "api", VALUES)[0])


def test_an_override_file_does_what_the_file_itself_cannot(project: Path) -> None:
    path = compose_file(project, "anchors.yaml")
    with pytest.raises(Undecided, match=r"compose\.override\.yaml"):
        plan_compose(path, "merged", VALUES)
    change = plan_override(path, "merged", VALUES)
    assert change.path.name == "compose.override.yaml"
    assert change.mode == 0o600
    apply_all((change,), project)
    found = compose_config(project)
    assert found is not None
    assert found["services"]["merged"]["environment"] == {
        "A": "1", "B": "2", "SMTP_HOST": "smtp.example.com", "SMTP_PASSWORD": "hunter2$x",
    }  # fmt: skip
    assert path.read_bytes() == (SHAPES / "anchors.yaml").read_bytes()
    assert not plan_override(path, "merged", VALUES).changed


def test_an_override_file_that_exists_gets_the_service_that_it_lacks(project: Path) -> None:
    path = compose_file(project, "anchors.yaml")
    over = project / "compose.override.yaml"
    over.write_text("# mine\nservices:\n    plain:\n        ports: []\n# end\n")
    apply_all((plan_override(path, "alias", {"SMTP_HOST": "a.b"}),), project)
    text = over.read_text()
    assert text.startswith("# mine\nservices:\n    plain:\n        ports: []\n")
    found = compose_config(project)
    assert found is not None
    assert found["services"]["alias"]["environment"] == {"A": "1", "B": "2", "SMTP_HOST": "a.b"}


def test_without_a_name_the_apps_service_is_taken_or_asked_for(project: Path) -> None:
    path = compose_file(project, "list.yaml")
    (change,) = plan_compose(path, None, VALUES)
    assert "SMTP_HOST=smtp.example.com" in change.diff
    with pytest.raises(InputError, match="--service"):
        plan_compose(compose_file(project, "envfile.yaml"), None, VALUES)
    with pytest.raises(InputError, match="no service"):
        plan_compose(path, "nope", VALUES)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"services:\n  api: [\n", "line"),
        (b"a: 1\n---\nb: 2\n", "second YAML document"),
        (b"", "empty"),
        (b"services:\n  api: {x: \xff}\n", "not allow"),
        (b"- a\n- b\n", "no compose file"),
        (b"services:\n\tapi: x\n", "line 2"),
    ],
)
def test_what_is_no_compose_file_is_refused_in_words(project: Path, data: bytes, said: str) -> None:
    path = project / "compose.yaml"
    path.write_bytes(data)
    with pytest.raises((FileError, InputError), match=said):
        plan_compose(path, "api", VALUES)


def test_a_line_break_in_a_value_is_refused(project: Path) -> None:
    with pytest.raises(InputError):
        plan_compose(compose_file(project, "list.yaml"), "api", {"SMTP_PASSWORD": Secret("a\nb: c")})


@pytest.mark.parametrize(
    ("shape", "service"),
    [
        ("dollars.yaml", "api"),
        ("dollars.yaml", "list"),
        ("envfile.yaml", "worker"),
        ("anchors.yaml", "merged"),
        ("mapping.yaml", "api"),
        ("list.yaml", "api"),
    ],
)
def test_the_variables_of_a_service_are_read_as_compose_reads_them(project: Path, shape: str, service: str) -> None:
    path = compose_file(project, shape)
    (project / ".env").write_text("SMTP_PASSWORD='from env'\nHOST=h\nSMTP_TLS=true # c\n")
    (project / "more.env").write_text("SMTP_TLS=false\nX=a$$b\n")
    found = compose_config(project, "compose.yaml")
    assert found is not None
    expected: dict[str, str | None] = found["services"][service]["environment"]
    read = read_service(path, service, {})
    assert dict(read.variables) == {name: value for name, value in expected.items() if value is not None}
    assert set(read.unresolved) == {name for name, value in expected.items() if value is None}


def test_services_are_listed_with_where_their_variables_come_from(project: Path) -> None:
    listed = list_services(compose_file(project, "envfile.yaml"))
    assert (listed[0].name, listed[0].env_files) == ("api", (".env",))


def test_a_token_that_is_user_name_and_password_stands_in_neither_place(project: Path) -> None:
    path = compose_file(project, "list.yaml")
    token = Secret("hunter2-hunter2")
    env, compose = plan_compose(path, "api", {"SMTP_USERNAME": token, "SMTP_PASSWORD": token}, secret="reference")
    assert b"hunter2" not in compose.after
    assert env.after.count(b"hunter2-hunter2") == 2
