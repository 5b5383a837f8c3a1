"""Every profile goes through questions, check and report: on a real server, without a crash, with a verdict or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.apps.loading import AppFiles
from smtpwizard.apps.profile import AppProfile, Role, Security
from smtpwizard.clients.registry import model_of
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root
from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import Script, ScriptedServer
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Verdict
from smtpwizard.wizard.questions import answer, begin, missing, questions, tls_words
from smtpwizard.wizard.session import Services, Session, WizardState
from smtpwizard.wizard.settings import SettingsStep
from support.tui import quiet_services, screen_text, settled, wizard

APPS = AppFiles((presets_root(),)).all()
PRESETS = Presets.open()
ANSWERS = {
    Role.HOST: "mail.acme.dev",
    Role.PORT: "587",
    Role.SENDER: "me@gmail.com",
    Role.USERNAME: "me@gmail.com",
    Role.PASSWORD: "abcdefghijklmnop",
    Role.URL: "https://app.acme.dev",
    Role.SENDER_NAME: "Acme",
}


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.id)
def test_its_questions_are_answered_and_nothing_is_missing(app: AppProfile) -> None:
    for id_ in ("gmail", "custom", "mailpit"):
        provider = PRESETS.provider(id_)
        settings = begin(provider, Settings(app))
        for question in questions(provider, app):
            text = ANSWERS.get(question.role) if question.role else None
            if text:
                settings = answer(settings, question, text, provider)
        assert missing(settings, questions(provider, app)) == ()
        for question in questions(provider, app):
            if question.role is Role.SECURITY:
                assert {choice.value for choice in question.choices} == {*tls_words(app).values()}
                for choice in question.choices:
                    answer(settings, question, choice.value, provider)


def test_every_app_is_checked_on_a_real_server() -> None:
    with ScriptedServer(Script(starttls=False, clear_login=True)) as server:
        for app in APPS:
            wanted = next(
                mode
                for mode in (Security.OPPORTUNISTIC, Security.NONE, Security.STARTTLS)
                if app.mode(mode) is not None
            )
            settings = server.settings(app, username="me", password="s3cret").with_changes(app.mode_changes(wanted))
            if app.client.login == "switch":
                settings = settings.with_changes({Role.USERNAME: "me"})
            report = Probe(settings).run_blocking()
            verdict = report.app.verdict
            assert report.app.sentence, app.id
            if model_of(app) is None:
                assert verdict is None, app.id
            else:
                assert verdict in set(Verdict), app.id
                assert wanted is not Security.STARTTLS or verdict is Verdict.FAILS, app.id


@pytest.mark.parametrize("id_", ["symfony", "grafana", "keycloak", "healthchecks", "nextcloud"])
async def test_the_screens_show_it(id_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    services = quiet_services(app_id=id_)
    settings = begin(PRESETS.provider("gmail"), Settings(services.app)).with_changes(
        {role: text for role, text in ANSWERS.items() if services.app.spec(role) and role is not Role.PORT}
    )
    state = WizardState(settings, provider=PRESETS.provider("gmail"))
    async with wizard(state, start="settings", services=services, size=(100, 30)) as (app, pilot):
        assert "Mail address" in screen_text(app)
        app.go("save")
        await settled(pilot)
        text = screen_text(app)
        assert "587" in text or "MAILER_DSN=********" in text
        assert "abcdefghijklmnop" not in text
        if services.app.place is not None:
            assert "Lines for the values to enter" in text
            assert "Host: mail.acme.dev" in text


def test_what_the_app_will_make_of_it_is_told_by_the_mode_that_it_is_in() -> None:
    said = {}
    for id_ in ("vaultwarden", "n8n"):
        app = next(item for item in APPS if item.id == id_)
        settings = begin(PRESETS.provider("gmail"), Settings(app)).with_changes(
            {role: text for role, text in ANSWERS.items() if app.spec(role) and role not in (Role.PORT, Role.HOST)}
        )
        state = WizardState(settings, provider=PRESETS.provider("gmail"))
        said[id_] = SettingsStep(Session(Services(app_id=id_), state)).outlook().text
    assert said["vaultwarden"].endswith("with STARTTLS, and not without it")
    assert said["n8n"].endswith("over TLS if the server offers STARTTLS")
