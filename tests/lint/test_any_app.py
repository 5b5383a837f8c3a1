"""What lint tells of any app, from its profile: refused, ignored, misread, contradicted, nearly named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smtpwizard.apps.loading import AppFiles, shipped
from smtpwizard.apps.profile import AppProfile, Role, Security
from smtpwizard.apps.schema import STANDARD_PORTS
from smtpwizard.cli.main import run
from smtpwizard.lint.check import findings
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root
from smtpwizard.presets.values import TlsMode
from smtpwizard.problems import Problem, Severity
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.targets.change import changes_for

APPS = AppFiles((presets_root(),)).all()
BASE = {Role.HOST: "mail.acme.dev", Role.PORT: "587", Role.SENDER: "app@acme.dev", Role.USERNAME: "app@acme.dev",
        Role.PASSWORD: "correct horse", Role.URL: "https://app.acme.dev"}  # fmt: skip


def told(app: str, changes: dict[str, str | None]) -> dict[str, Problem]:
    profile = shipped(app)
    base = {role: text for role, text in BASE.items() if profile.spec(role)}
    settings = Settings(profile).with_changes(base)
    mode = profile.mode_for(Presets.open().provider("custom").port_choice(587).tls)
    variables = {name: value.reveal() if isinstance(value, Secret) else value for name, value in
                 settings.with_changes(profile.mode_changes(mode)).to_variables().items()}  # fmt: skip
    after = {name: text for name, text in {**variables, **changes}.items() if text is not None}
    return {item.id: item for item in findings(Settings.from_variables(profile, after))}


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.id)
def test_complete_settings_have_no_error_and_any_text_gives_findings_without_a_crash(app: AppProfile) -> None:
    for mode in Security:
        if app.mode(mode) is None:
            continue
        port = str(STANDARD_PORTS[mode])
        base = {role: text for role, text in {**BASE, Role.PORT: port}.items() if app.spec(role)}
        settings = Settings(app).with_changes(base).with_changes(app.mode_changes(mode))
        errors = [item.message for item in findings(settings) if item.severity is Severity.ERROR]
        assert errors == [] or mode is Security.NONE  # some log in with TLS alone
        assert not {item.id for item in findings(settings)} & {"switch-misread", "tls-unknown-word", "tls-misread"}
        if mode is not app.mode_for(TlsMode.STARTTLS):
            continue
        for name in settings.to_variables():
            for text in ("", " ", "True", "nonsense", "0", None):
                for item in findings(settings.with_changes({name: text})):
                    settings.with_changes(item.changes)


@pytest.mark.parametrize(
    ("app", "changes", "id_", "said"),
    [
        ("vaultwarden", {"SMTP_SECURITY": "tls"}, "tls-not-a-choice",
         "the app refuses to start. It takes `starttls`, `force_tls` or `off`, and nothing else."),
        ("vaultwarden", {"SMTP_PASSWORD": None}, "app-trap", "SMTP_USERNAME is set without SMTP_PASSWORD"),
        ("vaultwarden", {"SMTP_FROM": "Acme <app@acme.dev>"}, "sender-display-name", "Vaultwarden takes that alone"),
        ("healthchecks", {"EMAIL_USE_SSL": "True"}, "tls-refused", "exclude each other"),
        ("healthchecks", {"EMAIL_USE_TLS": "true"}, "starttls-not-boolean", "the app refuses to start"),
        ("healthchecks", {"EMAIL_PORT": "587a"}, "port-not-number", "the app refuses to start"),
        ("mattermost", {"MM_EMAILSETTINGS_CONNECTIONSECURITY": "starttls"}, "tls-unknown-word", "it uses no TLS"),
        ("infisical", {"SMTP_REQUIRE_TLS": "True"}, "switch-misread", "which the app treats as off. Write `true`."),
        ("infisical", {"SMTP_TLS_REJECT_UNAUTHORIZED": "TRUE"}, "switch-misread", "treats as off"),
        ("grafana", {"GF_SMTP_ENABLED": None}, "switch-missing", "GF_SMTP_ENABLED is not true"),
        ("n8n", {"N8N_SMTP_PASS": None, "N8N_SMTP_PASSWORD": "x"}, "legacy-name", "it reads N8N_SMTP_PASS"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_the_apps_own_names(app: str, changes: dict[str, str | None], id_: str, said: str) -> None:
    found = told(app, changes)
    assert id_ in found, sorted(found)
    assert said in found[id_].message


@pytest.mark.parametrize("app", [app for app in APPS if app.old_names], ids=lambda app: app.id)
def test_what_is_told_of_an_old_name_is_a_sentence_that_leads_to_the_right_one(app: AppProfile) -> None:
    for old in app.old_names:
        right = app.variable(old.role)
        found = told(app.id, {right: None, old.name: str(BASE.get(old.role, "x"))})["legacy-name"]
        begin = rf"({re.escape(old.name)} [a-z].*|The app does not read {re.escape(old.name)}; it reads)"
        end = r"(and that one is not set\.|which is set and counts\.|which is not set either\.) [A-Z]"
        assert re.match(f"{begin} {re.escape(right)}, {end}", found.message), found.message
        assert re.fullmatch(r"[\w .-]*", old.of), "the name of an app or framework alone"


def test_a_line_that_is_no_longer_read_is_dropped_and_its_value_moves_nowhere() -> None:
    assert told("plausible", {"SMTP_RETRIES": "2"})["app-trap"].changes == {"SMTP_RETRIES": None}
    assert told("snipe-it", {"MAIL_ENCRYPTION": "tls"})["app-trap"].changes == {"MAIL_ENCRYPTION": None}


def test_a_password_in_a_file_is_a_password() -> None:
    found = told("vaultwarden", {"SMTP_PASSWORD": None, "SMTP_PASSWORD_FILE": "/run/secrets/smtp"})
    assert not {"password-missing", "app-trap"} & set(found)
    both = told("vaultwarden", {"SMTP_PASSWORD_FILE": "/run/secrets/smtp"})
    assert both["app-trap"].severity is Severity.ERROR


def test_a_new_password_takes_the_place_of_the_file() -> None:
    settings = Settings.from_variables(shipped("vaultwarden"), {"SMTP_HOST": "a", "SMTP_PASSWORD_FILE": "/run/x"})
    assert settings.in_file(Role.PASSWORD)
    after = settings.with_changes({Role.PASSWORD: "new"})
    assert not after.in_file(Role.PASSWORD)
    assert changes_for(after, settings, {"SMTP_PASSWORD_FILE": 1})["SMTP_PASSWORD_FILE"] is None


def test_what_wins_and_what_is_nearly_named_is_told_of_the_files_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vw-data").mkdir()
    (tmp_path / "vw-data" / "config.json").write_text("{}")
    (tmp_path / "compose.yaml").write_text(
        "services:\n  v:\n    image: vaultwarden/server\n    environment:\n      SMTP_HOST: mail.acme.dev\n"
        "      SMTP_FROM: a@acme.dev\n      SMTP_USERNAM: x\n"
    )
    run(["lint", "--compose", "compose.yaml"])
    said = capsys.readouterr().out
    assert "vw-data/config.json is there. What has been saved on the admin page" in said
    assert "Vaultwarden does not read SMTP_USERNAM; it reads SMTP_USERNAME, which is not set. Rename it." in said
