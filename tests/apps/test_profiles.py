"""Every profile works both ways: what is written for a mode is read back as the same settings, and means that mode."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from smtpwizard.apps.loading import load_profile, profile, shipped, shown_in
from smtpwizard.apps.profile import AppProfile, Role, Security
from smtpwizard.apps.schema import STANDARD_PORTS
from smtpwizard.cli.main import run
from smtpwizard.clients.transport import Origin, transport, unusable
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.lint.check import findings
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import PresetFileError, presets_root
from smtpwizard.presets.schema import TlsMode
from smtpwizard.sandbox.scripted import Script, ScriptedServer, Stage, reply
from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from smtpwizard.smtp.results import Verdict
from smtpwizard.wizard.questions import answer, begin, questions
from support.values import examples

PROFILES = tuple(shipped(path.stem) for path in sorted((presets_root() / "apps").glob("*.toml")))
GHOST = shipped("ghost")
PRESETS = Presets.open()
KINDS = ("gmail", "sendgrid", "postmark", "amazon-ses", "naver", "mailpit", "google-workspace-relay", "migadu")
"""A provider of each kind: ports, login, sender."""


MODELS = {
    "nodemailer", "smtplib", "django-smtp", "symfony-mailer", "net-smtp", "go-net-smtp", "go-mail", "gomail",
    "jakarta-mail", "angus-mail", "lettre", "mua",
}  # fmt: skip
"""The clients that profiles may name, whether they are modelled or not."""


def complete(app: AppProfile, mode: Security = Security.OPPORTUNISTIC) -> Settings:
    return Settings(app).with_changes({
        role: text
        for role, text in {
            Role.HOST: "mail.acme.dev", Role.PORT: str(STANDARD_PORTS[mode]), Role.SENDER: "app@acme.dev",
            Role.USERNAME: "app@acme.dev", Role.PASSWORD: "correct horse/ä:?", Role.URL: "https://www.acme.dev",
        }.items()
        if app.spec(role)
    })  # fmt: skip


def opened(settings: Settings) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value
            for name, value in settings.to_variables().items()}  # fmt: skip


@pytest.mark.parametrize("app", PROFILES, ids=lambda app: app.id)
def test_what_is_taken_unchecked_is_what_a_check_would_read(app: AppProfile) -> None:
    assert app == load_profile(presets_root() / "apps" / f"{app.id}.toml")
    assert app.client.model in MODELS


@pytest.mark.parametrize("app", PROFILES, ids=lambda app: app.id)
def test_the_modes_of_an_app_mean_what_they_say(app: AppProfile) -> None:
    for mode in Security:
        is_read_back_and_means_that_mode(app, mode)
        has_the_port_that_the_app_takes_by_itself(app, mode)
        leaves_nothing_when_another_follows(app, mode)


def is_read_back_and_means_that_mode(app: AppProfile, mode: Security) -> None:
    if app.mode(mode) is None:
        with pytest.raises(KeyError):
            app.mode_changes(mode)
        assert app.mode(app.nearest(mode)) is not None
        return
    settings = complete(app, mode).with_changes(app.mode_changes(mode))
    assert Settings.from_variables(app, opened(settings)) == settings
    handed = transport(settings, origin=Origin.COMPOSE)
    assert handed is not None, unusable(settings)
    assert handed.security is mode
    assert (handed.host, handed.port, handed.username, handed.password) == (
        "mail.acme.dev", STANDARD_PORTS[mode], "app@acme.dev", Secret("correct horse/ä:?")
    )  # fmt: skip


def has_the_port_that_the_app_takes_by_itself(app: AppProfile, mode: Security) -> None:
    port = getattr(app.modes, mode.value).port
    if port is not None and app.mode(mode) is not None:
        settings = complete(app, mode).with_changes({**app.mode_changes(mode), Role.PORT: None})
        handed = transport(settings, origin=Origin.COMPOSE)
        default = app.default(Role.PORT)
        assert handed is None or default or (handed.port, handed.security) == (port, mode)


def leaves_nothing_when_another_follows(app: AppProfile, before: Security) -> None:
    if app.mode(before) is not None:
        settings = complete(app).with_changes(app.mode_changes(before))
        for mode in Security:
            if app.mode(mode) is not None:
                direct = complete(app).with_changes(app.mode_changes(mode))
                assert settings.with_changes(app.mode_changes(mode)) == direct


@pytest.mark.parametrize("app", PROFILES, ids=lambda app: app.id)
@hypothesis_settings(max_examples=examples(6), deadline=None)
@given(st.data())
def test_any_texts_are_kept_word_for_word(app: AppProfile, data: st.DataObject) -> None:
    constants, extras = ([item.name for item in row] for row in (app.constants, app.extras))
    names = st.sampled_from([*app.names, *app.old, *constants, *extras])
    given_texts = data.draw(st.dictionaries(names, st.text(max_size=8)))
    settings = Settings.from_variables(app, given_texts)
    held = opened(settings)
    again = Settings.from_variables(app, held)
    assert opened(again) == held
    formed = {name for form in app.forms for name in form.names}
    expected = {name: text for name, text in given_texts.items() if name not in app.old and name not in formed}
    if any(name in app.names and name not in formed for name in given_texts):
        assert {name: text for name, text in held.items() if name not in formed} == expected
    assert dict(settings.old_names) == {name: Secret(text) for name, text in given_texts.items() if name in app.old}


@pytest.mark.parametrize("app", PROFILES, ids=lambda app: app.id)
def test_the_presets_settings_have_no_error_in_any_app(app: AppProfile) -> None:
    for provider in map(PRESETS.provider, KINDS):
        if provider.password_auth and not provider.status_note:
            settings = complete(app).with_changes(app.defaults(provider))
            worse = [item for item in findings(settings, provider=provider) if item.severity.value == "error"]
            assert [item.id for item in worse if item.id.startswith(("tls", "port", "switch"))] == []


CARELESS = {"affine", "authelia", "nocodb", "outline", "superset", "typebot"}
"""Apps of which every setting is warned: a name in EHLO that servers refuse, a certificate unchecked, a sender lost."""


@pytest.mark.parametrize("app", PROFILES, ids=lambda app: app.id)
def test_what_is_written_for_a_mode_with_tls_is_told_of_no_trap(app: AppProfile) -> None:
    for mode in (Security.IMPLICIT, Security.STARTTLS, Security.OPPORTUNISTIC):
        if app.mode(mode) is not None:
            found = findings(complete(app, mode).with_changes({**app.mode_changes(mode), **app.wanted}))
            told = [item for item in found if item.id == "app-trap" and item.severity.value != "info"]
            assert {item.severity.value for item in told} <= {"warning"}
            assert not told or app.id in CARELESS, told


def test_questions_sentences_and_repairs_name_the_apps_own_variables() -> None:
    provider = Presets.open().provider("gmail")
    asked = questions(provider, GHOST)
    assert [item.id for item in asked] == [
        "mail__options__auth__user", "mail__options__auth__pass", "mail__from", "url", "mail__options__host",
        "mail__options__port", "mail__options__secure", "ca-file",
    ]  # fmt: skip
    assert not [item for item in asked if "SMTP_" in item.help]
    settings = begin(provider, Settings(GHOST), address="me@gmail.com")
    assert (settings.security, settings.require_tls) == ("false", "true")
    tls = next(item for item in asked if item.role is Role.SECURITY)
    assert answer(settings, tls, "true", provider).require_tls is None
    wrong = complete(GHOST).with_changes({Role.SECURITY: "False"})
    found = {item.id: item for item in findings(wrong)}
    assert found["tls-misread"].message.startswith("mail__options__secure is `False`, which the app treats as on.")
    repaired = wrong.with_changes(found["tls-on-starttls-port"].changes)
    assert (repaired.security, repaired.require_tls) == ("false", "true")


def test_settings_that_the_app_does_not_use_are_an_error() -> None:
    variables = {"mail__options__host": "mail.acme.dev", "mail__from": "a@acme.dev", "url": "https://a.dev"}
    settings = Settings.from_variables(GHOST, variables)
    (found,) = [item for item in findings(settings) if item.id == "switch-missing"]
    assert (found.variable, found.changes) == ("mail__transport", {"mail__transport": "SMTP"})
    assert transport(settings) is None
    assert transport(settings.with_changes(found.changes)) is not None


def test_an_app_with_required_starttls_sends_nothing_in_clear(tmp_path: Path) -> None:
    from smtpwizard.probe.engine import Probe

    script = Script(starttls=False).but(Stage.STARTTLS, reply("502 5.5.1 not implemented"))
    with ScriptedServer(script) as server:
        settings = server.settings(GHOST, username="me", password="s3cret").in_mode(TlsMode.STARTTLS)
        report = Probe(settings).run_blocking()
    assert report.app.verdict is Verdict.FAILS
    assert report.app.verify.code == "ETLS"
    assert not any(line.startswith("AUTH") for line in server.received)


def test_half_a_login_ends_as_nodemailer_ends_it() -> None:
    from smtpwizard.probe.engine import Probe

    with ScriptedServer(Script(clear_login=True)) as server:
        settings = server.settings(GHOST, username="me").with_changes(GHOST.mode_changes(Security.OPPORTUNISTIC))
        report = Probe(settings).run_blocking()
    assert (report.app.verify.code, report.app.verify.command) == ("EAUTH", "API")


def test_the_app_is_chosen_by_id_for_every_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / ".env"
    wanted = ("--set", "username=a@gmail.com", "--set", "mail__from=a@gmail.com", "--set", "url=https://b.acme.dev")
    file = ("--env-file", str(target), "--app", "ghost", "--json")
    assert run(["write", *file, "--preset", "gmail", *wanted]) == ExitCode.CONFIG  # no password
    target.write_text("mail__options__auth__pass=abcdefghijklmnop\n")
    assert run(["write", *file, "--preset", "gmail", *wanted]) == ExitCode.OK
    capsys.readouterr()
    assert run(["lint", *file]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["mail__transport"] == "SMTP"
    assert told["settings"]["mail__options__auth__pass"] == "********"
    with pytest.raises(InputError, match="The mails of Ghost are not known"):
        run(["preview", "--mail", "test", "--app", "ghost"])
    with pytest.raises(InputError, match="There is no app 'nope'"):
        run(["lint", "--env-file", str(target), "--app", "nope"])


def test_an_unknown_app_is_told_with_the_one_that_is_likely_meant() -> None:
    with pytest.raises(InputError) as caught:
        profile(Presets.open(), "ghosd")
    assert caught.value.message.startswith("There is no app 'ghosd'. Did you mean ghost?")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('services = ["ghost"]', 'services = ["--privileged"]'),
        ('services = ["ghost"]', 'services = ["a b"]'),
        ('name = "Ghost"', f'name = "{"x" * 81}"'),
        ('name = "Ghost"', 'name = " "'),
        ('name = "mail__transport"', 'name = "A\\nB"'),
        ('text = "SMTP"', 'text = "a\\nB=1"'),
        ('docs_url = "https://ghost.org/docs/config/#mail"', 'docs_url = "file:///etc/passwd"'),
        ('version = "6.6.3"', 'version = "6.6.3\\u001b[2J"'),
    ],
)
def test_a_profile_that_means_harm_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = (presets_root() / "apps" / "ghost.toml").read_text("utf-8")
    path = tmp_path / "ghost.toml"
    path.write_text(text)
    load_profile(path)
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(PresetFileError):
        load_profile(path)


def test_a_mark_of_a_log_is_one_apps_alone_and_no_common_word() -> None:
    owners = [(mark, app.id) for app in PROFILES for mark in app.marks]
    assert len({mark for mark, _ in owners}) == len(owners) > 0
    for mark, name in owners:
        found = shown_in(f"x {mark} y")
        assert found is not None, mark
        assert found.id == name, mark
        assert len(mark) >= len("GITEA__"), mark
