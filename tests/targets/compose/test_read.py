"""A service's variables are read as the real docker compose reads them, from all places where compose looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.errors import InputError
from smtpwizard.targets.compose.read import Gap, read_service
from smtpwizard.targets.compose.services import choose, list_services, read_compose_file
from support.compose_program import compose_config

SHAPES = sorted((Path(__file__).parent / "shapes").glob("*.yaml"))
SHELL = {"HOST": "shell.example", "COMPOSE_PROJECT_NAME": "p"}


def agree(folder: Path, *services: str, environ: dict[str, str]) -> None:
    """Compare our reading of `compose.yaml`, and of what compose takes with it, with compose's own."""
    found = compose_config(folder, env=environ)
    assert found is not None
    for service in services:
        expected: dict[str, str | None] = found["services"][service].get("environment") or {}
        read = read_service(folder / "compose.yaml", service, environ)
        assert dict(read.variables) == {name: value for name, value in expected.items() if value is not None}
        assert set(read.unresolved) == {name for name, value in expected.items() if value is None}


@pytest.mark.parametrize("shape", [path.name for path in SHAPES if path.name != "null.yaml"])
def test_every_service_of_every_shape_is_read_as_compose_reads_it(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_bytes(SHAPES[0].with_name(shape).read_bytes())
    (tmp_path / ".env").write_text("SMTP_PASSWORD='from env'\nHOST=h\nSMTP_TLS=true # c\n")
    (tmp_path / "more.env").write_text("SMTP_TLS=false\nX=a$$b\n")
    agree(tmp_path, *(item.name for item in list_services(path)), environ=SHELL)


BASE = "services:\n  api:\n    image: busybox\n"


@pytest.mark.parametrize(
    "text",
    [
        BASE + "    environment: [A, B, 'C=${A}', 'D=${NOT_SET}', 'E=${NOT_SET:-x}', 'F=${HOST:+y}', G=$$HOST$HOST]\n",
        BASE + "    env_file: [one.env, two.env]\n    environment:\n      C:\n",
        BASE + "    env_file:\n      - path: raw.env\n        format: raw\n      - {path: gone.env, required: false}\n",
        BASE + "    environment:\n      <<: [*one, *two]\n      K: own\n",
        BASE + "    extends: {service: base}\n    env_file: two.env\n    environment: [K=own]\n",
    ],
)
def test_the_places_of_a_value_rank_as_in_compose(text: str, tmp_path: Path) -> None:
    anchors = "x-one: &one\n  K: 1\n  L: 1\nx-two: &two\n  <<: *one\n  L: 2\n  M: 2\n"
    base = "  base:\n    image: busybox\n    env_file: one.env\n    environment:\n      K: base\n      N: base\n"
    (tmp_path / "compose.yaml").write_text(anchors + text + base)
    (tmp_path / ".env").write_text("A=dotenv\nHOST=dotenv\n")
    (tmp_path / "one.env").write_text("P=1\nQ=1\nC=1\n")
    (tmp_path / "two.env").write_text("Q='2' # two\n")
    (tmp_path / "raw.env").write_text("R='kept' # too\nS=$HOST\n")
    agree(tmp_path, "api", environ={})
    agree(tmp_path, "api", environ={"A": "shell", "B": "shell", "HOST": "shell"})


@pytest.mark.parametrize(
    "name",
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"],
)
def test_an_override_file_of_any_name_is_read_on_top(name: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BASE + "    env_file: one.env\n    environment: {A: 1, B: 1}\n")
    (tmp_path / "one.env").write_text("Q=1\n")
    (tmp_path / "two.env").write_text("Q=2\n")
    (tmp_path / name).write_text("services:\n  api:\n    env_file: two.env\n    environment: [B=2]\n")
    agree(tmp_path, "api", environ={})
    assert read_service(tmp_path / "compose.yaml", "api", {}).variables == {"A": "1", "B": "2", "Q": "2"}


def test_the_first_override_file_is_the_one_that_counts(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BASE)
    for number, name in enumerate(("docker-compose.override.yaml", "compose.override.yaml", "compose.override.yml")):
        (tmp_path / name).write_text(f"services:\n  api:\n    environment: [N={number}]\n")
        agree(tmp_path, "api", environ={})


def test_a_file_that_needs_f_is_read_without_an_override(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BASE)
    (tmp_path / "docker-compose.yml").write_text(BASE)
    (tmp_path / "compose.override.yaml").write_text("services:\n  api:\n    environment: [N=1]\n")
    assert read_service(tmp_path / "docker-compose.yml", "api", {}).variables == {}
    assert read_service(tmp_path / "compose.yaml", "api", {}).variables == {"N": "1"}


def test_why_a_value_is_open_is_known(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(BASE + "    environment: [A, 'B=${X}', 'C=${X:?no}', 'D=${X:-${Y}}', E=1]\n")
    found = read_service(tmp_path / "compose.yaml", None, {})
    assert found.gaps == {"A": Gap.PASSED, "B": Gap.BLANK, "C": Gap.REQUIRED, "D": Gap.UNCERTAIN}
    assert found.variables == {"B": "", "E": "1"}
    assert "B" not in found.unresolved


def test_the_image_and_variables_that_a_merge_brings_in_tell_the_app(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "x-app: &app\n  image: line/abc-user-feedback-api:1\n  environment: {SMTP_HOST: x}\n"
        "services:\n  db: {image: mysql}\n  feedback:\n    <<: *app\n"
    )
    found = list_services(tmp_path / "compose.yaml", images=("line/abc-user-feedback-api",))
    assert (found[0].name, found[0].by_image, found[0].variables) == ("feedback", True, ("SMTP_HOST",))


def test_a_service_that_an_included_file_has_is_told_with_that_file(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "compose.yaml").write_text("services:\n  web:\n    image: x\n")
    for include in ("[web/compose.yaml]", "[{path: web/compose.yaml}]", "[{path: [web/compose.yaml]}]"):
        (tmp_path / "compose.yaml").write_text(f"include: {include}\nservices:\n  db:\n    image: postgres\n")
        file = read_compose_file(tmp_path / "compose.yaml")
        for name in ("web", None):  # without a name, `db` is not the only one that could be the app
            with pytest.raises(InputError, match=r"web/compose\.yaml are not looked at: name that file with --compose"):
                choose(file, name)
        assert choose(file, "db").name == "db"


def test_the_file_that_a_service_extends_is_read_as_compose_reads_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.env").write_text("E=sub\n")
    (tmp_path / "sub" / "base.yml").write_text(
        "services:\n  b:\n    image: x\n    env_file: x.env\n    environment: {V: '${I}', H: b}\n    extends: c\n"
        "  c:\n    image: y\n    environment: {C: 1}\n"
    )
    (tmp_path / ".env").write_text("I=top\n")
    for own in ("{H: own}", "!override {H: own}", "!reset null"):
        text = f"services:\n  web:\n    extends: {{file: sub/base.yml, service: b}}\n    environment: {own}\n"
        (tmp_path / "compose.yaml").write_text(text)
        found = compose_config(tmp_path)
        assert found is not None
        read = read_service(tmp_path / "compose.yaml", "web", {})
        assert (dict(read.variables), read.elsewhere) == (found["services"]["web"].get("environment") or {}, False)


def test_numbers_and_booleans_are_read_as_compose_hands_them_over(tmp_path: Path) -> None:
    values = (
        "True", "TRUE", "false", "off", "yes", "1.50", "0x10", "010", "0o17", "0b11", "-010", "+5", "08", "1e3", ".5",
        "1.", "1.0", "0.00001", "1_000", "1234567.0", "123456789.25", "12345678901234567890", "1.2.3", "1:30", "12e03",
        "-0", "00", "587", "!!str 010", "!!int 010", "!foo 010", "!!str true", "'010'",
    )  # fmt: skip
    body = "".join(f"      V{number}: {value}\n" for number, value in enumerate(values))
    (tmp_path / "compose.yaml").write_text(f"services:\n  web:\n    image: x\n    environment:\n{body}")
    found = compose_config(tmp_path)
    assert found is not None
    assert read_service(tmp_path / "compose.yaml", "web", {}).variables == found["services"]["web"]["environment"]
