"""The Save step without a screen: what is shown before, what is written, what is never touched, what comes next."""

from __future__ import annotations

import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from smtpwizard.apps.profile import Role
from smtpwizard.errors import FileError
from smtpwizard.report.lines import Line
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import AppOutcome, ClientOutcome, Reply, Report, Status, Step, StepResult, Verdict
from smtpwizard.targets.change import Conflict, Consent, ConsentRequired, Undecided
from smtpwizard.targets.compose.read import read_service
from smtpwizard.targets.env.file import read_env_file
from smtpwizard.wizard.opening import begin_walk
from smtpwizard.wizard.save import SaveStep
from smtpwizard.wizard.session import Services, Session, Target, TargetKind, WizardState
from support.apps import ABC
from support.saving import COMPOSE, MERGED, PASSWORD, SETTINGS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


def step_for(target: Target, **changes: object) -> SaveStep:
    assert target.path is not None
    services = Services(backup_dir=target.path.parent.parent / "backups")
    return SaveStep(Session(services, replace(WizardState(settings=SETTINGS, target=target), **changes)))


def env_step(folder: Path, text: str | None = None, **changes: object) -> SaveStep:
    if text is not None:
        (folder / ".env").write_bytes(text.encode())
    return step_for(Target(path=folder / ".env"), **changes)


def compose_step(folder: Path, text: str = COMPOSE, **changes: object) -> SaveStep:
    (folder / "docker-compose.yml").write_text(text)
    return step_for(Target(TargetKind.COMPOSE, folder / "docker-compose.yml"), **changes)


def diff(step: SaveStep) -> str:
    return "".join(change.diff for change in step.open_changes)


def words(lines: list[Line]) -> str:
    return " ".join(line.text for line in lines)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)


async def test_a_new_file_is_written_for_its_owner_alone_and_read_back(folder: Path) -> None:
    step = env_step(folder)
    await step.plan()
    assert "+SMTP_HOST=smtp.acme.example" in diff(step)
    assert "A new file of 7 lines." in words(step.planned())
    assert PASSWORD not in diff(step) + words(step.planned())
    assert not (folder / ".env").exists()
    assert not step.is_saved
    await step.apply()
    assert step.is_saved
    assert words(step.written()).startswith(".env written, read back and compared.")
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert Settings.from_variables(ABC, read_env_file(folder / ".env").variables) == SETTINGS


async def test_other_lines_stay_and_the_file_as_it_was_is_kept(folder: Path) -> None:
    before = "# ours\r\nDB_URL=postgres://x\r\nSMTP_HOST=localhost # required\r\n"
    step = env_step(folder, before)
    await step.plan()
    assert "Backup: " in words(step.planned())
    await step.apply()
    assert (folder / ".env").read_bytes().startswith(b"# ours\r\nDB_URL=postgres://x\r\nSMTP_HOST=smtp.acme.example")
    (applied,) = step.state.applied
    assert applied.backup is not None
    assert applied.backup.read_bytes() == before.encode()
    assert f"The file as it was: {applied.backup}" in words(step.written())


async def test_a_file_that_changed_meanwhile_is_planned_again_before_it_is_written(folder: Path) -> None:
    step = env_step(folder, "A=1\n")
    await step.plan()
    (folder / ".env").write_text("A=1\nB=from another program\n")
    with pytest.raises(Conflict):
        await step.apply()
    assert (folder / ".env").read_text() == "A=1\nB=from another program\n"
    assert " B=********" in diff(step)
    await step.apply()
    assert (folder / ".env").read_text().startswith("A=1\nB=from another program\n")


async def test_a_conflict_in_one_file_writes_none_and_all_are_planned_again(folder: Path) -> None:
    step = compose_step(folder)
    step.choose(replace(step.state.target, secret="reference"))
    await step.plan()
    (folder / "docker-compose.yml").write_text(COMPOSE + "# another program\n")
    with pytest.raises(Conflict):
        await step.apply()
    assert not (folder / ".env").exists()
    assert [change.path.name for change in step.open_changes] == [".env", "docker-compose.yml"]
    await step.apply()
    assert [applied.path.name for _, applied in step.done if applied.changed] == [".env", "docker-compose.yml"]
    assert (folder / "docker-compose.yml").read_text().endswith("# another program\n")


async def test_what_cannot_be_read_is_told_and_can_be_tried_again(folder: Path) -> None:
    step = env_step(folder)
    (folder / ".env").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        await step.plan()
    assert step.changes is None
    (folder / ".env").rmdir()
    assert len(await step.plan()) == 1
    broken = compose_step(folder, "services: [\n")
    with pytest.raises(FileError, match="not valid YAML"):
        await broken.plan()


async def test_a_file_that_holds_the_values_already_is_not_written(folder: Path) -> None:
    first = env_step(folder)
    await first.plan()
    await first.apply()
    stamp = (folder / ".env").stat().st_mtime_ns
    step = env_step(folder)
    await step.plan()
    assert words(step.planned()) == "Nothing changes: .env holds these values already."
    await step.apply()
    assert step.is_saved
    assert step.state.applied == ()
    assert (folder / ".env").stat().st_mtime_ns == stamp


async def test_an_old_server_variable_is_taken_out_in_the_open(folder: Path) -> None:
    step = env_step(folder, "SMTP_CIPHER_SPEC=TLSv1.3\nADMIN_WEB_URL=https://a.example\n")
    await step.plan()
    assert "-SMTP_CIPHER_SPEC=TLSv1.3" in diff(step)
    assert "-ADMIN_WEB_URL" not in diff(step)


async def test_values_given_are_written_and_nothing_is_taken_out(folder: Path) -> None:
    step = env_step(folder, "SMTP_CIPHER_SPEC=TLSv1.3\n")
    await step.plan({"SMTP_HOST": "a.b"})
    await step.apply()
    assert dict(read_env_file(folder / ".env").variables) == {"SMTP_CIPHER_SPEC": "TLSv1.3", "SMTP_HOST": "a.b"}


async def test_a_link_out_of_the_project_is_followed_only_with_consent(folder: Path) -> None:
    real = folder.parent / "real.env"
    real.write_text("A=1\n")
    (folder / ".env").symlink_to(real)
    step = env_step(folder)
    await step.plan()
    with pytest.raises(ConsentRequired) as asked:
        await step.apply()
    assert asked.value.consent is Consent.FOLLOW_LINK
    assert "leads out of the project" in asked.value.question
    assert real.read_text() == "A=1\n"
    await step.apply([Consent.FOLLOW_LINK])
    assert real.read_text().startswith("A=1\n")
    assert (folder / ".env").is_symlink()


async def test_the_apps_service_is_offered_below_the_env_files(folder: Path) -> None:
    (folder / ".env.mail").write_text("A=1\n")
    compose_step(folder)
    step = env_step(folder)
    await step.discover()
    assert [item.label for item in step.targets] == [
        *(".env", ".env.mail", "docker-compose.yml service api", "a block to copy"),
    ]
    assert step.index == 0


async def test_a_service_gets_its_lines_and_the_next_command_is_told(folder: Path) -> None:
    step = compose_step(folder)
    await step.plan()
    assert step.state.target.service == "api"
    assert "-      - SMTP_HOST=localhost # ours\n+      - SMTP_HOST=smtp.acme.example # ours" in diff(step)
    assert PASSWORD not in diff(step)
    await step.apply()
    assert step.state.next_command.endswith("up -d api")
    assert f"Next: {step.state.next_command}" in words(step.written())
    found = read_service(folder / "docker-compose.yml", "api", {})
    assert found.variables["SMTP_PASSWORD"] == PASSWORD
    assert found.variables["BASE_URL"] == "http://localhost"


async def test_a_compose_file_that_git_keeps_gets_a_reference(folder: Path) -> None:
    step = compose_step(folder)
    git(folder, "init", "-q")
    git(folder, "add", "docker-compose.yml")
    await step.discover()
    step.pick(step.index)
    await step.plan()
    assert "The password goes into .env alone; docker-compose.yml refers to it." in words(step.planned())
    await step.apply()
    assert [item.path.name for item in step.state.applied] == [".env", "docker-compose.yml"]
    assert read_env_file(folder / ".env").variables == {"SMTP_PASSWORD": PASSWORD}
    assert PASSWORD not in (folder / "docker-compose.yml").read_text()
    assert read_service(folder / "docker-compose.yml", "api", {}).variables["SMTP_PASSWORD"] == PASSWORD


async def test_a_place_that_others_share_can_go_to_an_override_file(folder: Path) -> None:
    step = compose_step(folder, MERGED)
    with pytest.raises(Undecided):
        await step.plan()
    assert step.ways_out() == [
        "show the same as docker-compose.override.yml; the compose file stays as it is",
        "take mail.env instead, which the service reads through env_file",
    ]
    step.choose_override()
    await step.plan()
    await step.apply()
    assert (folder / "docker-compose.yml").read_text() == MERGED
    assert read_service(folder / "docker-compose.yml", "api", {}).variables["SMTP_HOST"] == "smtp.acme.example"


async def test_or_to_the_env_file_of_the_service_with_a_word_on_what_beats_it(folder: Path) -> None:
    step = compose_step(folder, MERGED)
    with pytest.raises(Undecided):
        await step.plan()
    step.choose_env_file()
    await step.plan()
    await step.apply()
    assert read_env_file(folder / "mail.env").variables["SMTP_PASSWORD"] == PASSWORD
    assert "and that beats the file" in words(step.written())


async def test_a_missing_ignore_rule_is_added_only_when_asked(folder: Path) -> None:
    git(folder, "init", "-q")
    step = env_step(folder)
    await step.plan()
    assert step.lacks_rules
    step.add_rules = True
    assert [change.path.name for change in await step.plan()] == [".gitignore", ".env"]
    assert not step.lacks_rules
    assert not (folder / ".gitignore").exists()
    await step.apply()
    assert (folder / ".gitignore").read_text() == ".env\n"


async def test_the_readers_that_are_chosen_decide_the_form(folder: Path) -> None:
    secret = SETTINGS.with_changes({"SMTP_PASSWORD": "it's `x` $HOME"})
    step = env_step(folder, settings=secret)
    await step.plan()
    assert "No way of writing SMTP_PASSWORD is read alike by all" in words(step.planned())
    step.choose_readers(["npm", "python-dotenv"])
    await step.plan()
    assert "Read alike by npm dotenv and python-dotenv." in words(step.planned())


async def test_a_block_that_was_taken_is_forgotten_once_a_file_is_chosen_instead(folder: Path) -> None:
    step = env_step(folder)
    await step.discover()
    step.pick(1, 2)
    step.take_block()
    assert step.is_saved
    assert f"SMTP_PASSWORD: {PASSWORD}" in step.block(masked=False)
    assert PASSWORD not in step.block(masked=True)
    step.pick(0)
    assert step.state.block is None
    assert not (folder / ".env").exists()


async def test_the_practice_servers_settings_are_never_said_to_reach_the_app(folder: Path) -> None:
    services = Services()
    step = env_step(folder, provider=services.presets.provider("practice"))
    await step.plan()
    await step.apply()
    assert "These are practice settings" in words(step.written())
    assert "Next:" not in words(step.written())


async def test_no_command_is_given_where_none_would_help(folder: Path) -> None:
    (folder / "docker-compose.yml").write_text("services:\n  api:\n    image: line/abc-user-feedback-api\n")
    step = env_step(folder)
    await step.plan()
    await step.apply()
    assert "The container of api does not get" in words(step.written())
    assert step.state.next_command == ""


async def test_what_keeps_the_written_file_from_the_app_is_said_before_it_is_written(folder: Path) -> None:
    (folder / "docker-compose.yml").write_text(COMPOSE)
    step = env_step(folder, "A=1\n")
    await step.plan()
    first, *_ = words(step.planned()).splitlines()
    assert "docker-compose.yml sets SMTP_HOST under environment: of api, and that beats the file" in first
    assert not step.is_saved
    await step.apply()
    assert "that beats the file" in words(step.written())


async def test_what_a_killed_run_left_behind_is_gone_before_anything_is_planned(folder: Path) -> None:
    left = folder / ".smtpwizard-0a1b2c3d.tmp"
    step = env_step(folder, "A=1\n")
    left.write_text("SMTP_PASSWORD=secret\n")
    await step.discover()
    assert not left.exists()
    left.write_text("SMTP_PASSWORD=secret\n")
    await step.read({})
    assert not left.exists()


async def test_a_reference_that_stands_there_is_what_is_offered_first(folder: Path) -> None:
    step = compose_step(folder, COMPOSE.rstrip("\n") + "\n      - SMTP_PASSWORD=${SMTP_PASSWORD}\n")
    await step.discover()
    assert [item.target.secret for item in step.targets if item.target.service == "api"] == ["reference"]


def after_a_test(settings: Settings, reply: str) -> dict[str, object]:
    """Return the state's fields after a test of `settings` that was refused with `reply` at the login."""
    failed = StepResult(Step.AUTH, Status.FAILED, reply, 1.0, reply=Reply(535, "5.7.8", reply))
    client = ClientOutcome(ok=False, code="EAUTH", response_code=535)
    report = Report((failed,), True, AppOutcome(Verdict.FAILS, client, client, "It fails."), (), (), 1.0)
    return {"report": report, "tested": settings}


async def test_a_failed_test_is_told_before_and_after_the_writing_and_a_changed_setting_is_not_tested(
    folder: Path,
) -> None:
    step = env_step(folder, **after_a_test(SETTINGS, "535 5.7.8 Not accepted. For more information, go to a page"))
    sentence = "The test failed at auth: 535 5.7.8 Not accepted. Mail will not leave with these settings."
    await step.plan()
    assert step.planned()[0].text == sentence
    await step.apply()
    assert sentence in words(step.written())
    changed = env_step(folder, **after_a_test(SETTINGS.with_changes({"SMTP_PORT": "465"}), "535 5.7.8 no"))
    await changed.plan()
    assert "Changed since the last test: not tested." in words(changed.planned())
    untested = env_step(folder)
    await untested.plan()
    assert "test" not in words(untested.planned())


async def test_a_password_that_is_read_from_a_file_stays_in_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    lines = "SMTP_HOST: a.dev\n      SMTP_FROM: a@a.dev\n      SMTP_PASSWORD_FILE: /run/secrets/old\n"
    text = f"services:\n  pw:\n    image: vaultwarden/server\n    environment:\n      {lines}    secrets: [old]\n"
    (folder / "compose.yaml").write_text(text.replace("[old]", "\n      - old") + "secrets:\n  old:\n    file: ./old\n")
    services = Services(backup_dir=folder.parent / "backups", app_id="vaultwarden")
    state, _ = begin_walk(services)
    step = SaveStep(Session(services, state))
    await step.discover()
    assert step.targets[step.index].target.secret == "file"
    changed = state.settings.with_changes({Role.PASSWORD: Secret(PASSWORD)})
    step = SaveStep(Session(services, state.changed(settings=changed)))
    await step.discover()
    step.pick(step.index)
    assert [change.path.name for change in await step.plan()] == ["vaultwarden_smtp_password.secret", "compose.yaml"]
    assert "/run/secrets/old" not in (step.changes or ())[-1].after.decode()
