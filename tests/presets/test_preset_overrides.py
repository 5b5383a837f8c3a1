"""The operator's own presets: found, stronger than the shipped ones, and weaker than those of --presets."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from smtpwizard.apps.loading import profile
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root, provider_files, user_root
from support.preset_files import GOOD, changed, named, put


def test_an_own_preset_is_in_the_list_the_search_and_the_matching(own_folder: Path) -> None:
    put(own_folder, "acme", GOOD)
    presets = Presets.open()
    assert user_root() == own_folder
    assert presets.provider("acme") in presets.all()
    assert presets.search("acme")[0].id == "acme"
    match = presets.match_address("ops@acme.test")
    assert match is not None
    assert match.provider.id == "acme"
    assert presets.problems == ()


def test_a_later_folder_overrides_an_earlier_one_by_id(own_folder: Path, tmp_path: Path) -> None:
    put(own_folder, "gmail", changed(('id = "acme"', 'id = "gmail"'), ("Acme Mail", "Mine")))
    given = tmp_path / "given"
    put(given, "gmail", changed(('id = "acme"', 'id = "gmail"'), ("Acme Mail", "Given")))
    assert Presets.open().provider("gmail").name == "Mine"
    assert Presets.open(given).provider("gmail").name == "Given"
    assert len(Presets.open(given).all()) == len(provider_files(presets_root())), "an override adds nothing to the list"


def test_an_override_takes_the_old_hosts_away(own_folder: Path) -> None:
    put(own_folder, "fastmail", named("fastmail"))
    presets = Presets.open()
    assert presets.for_host("smtp.fastmail.com") is None
    assert presets.match_address("x@fastmail.com") is None


def test_a_folder_may_be_laid_out_like_the_shipped_one(tmp_path: Path) -> None:
    put(tmp_path / "providers", "acme", GOOD)
    put(tmp_path, "ignored", "not a preset")
    app = (presets_root() / "apps" / "abc-user-feedback.toml").read_text("utf-8")
    put(tmp_path / "apps", "abc-user-feedback", changed(('services = ["api"]', 'services = ["backend"]'), text=app))
    presets = Presets.open(tmp_path)
    assert presets.provider("acme").id == "acme"
    assert profile(presets).service == "backend"
    assert presets.problems == ()


def test_a_given_folder_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none", put(tmp_path, "file", GOOD)):
        with pytest.raises(InputError) as caught:
            Presets.open(path)
        assert caught.value.exit_code is ExitCode.USAGE
        assert str(path) in caught.value.message


def test_no_folder_of_ones_own_is_no_problem(own_folder: Path) -> None:
    assert not own_folder.exists()
    assert Presets.open().problems == ()


def test_an_own_folder_that_is_a_file_is_told(own_folder: Path) -> None:
    own_folder.parent.mkdir(parents=True)
    own_folder.write_text("")
    presets = Presets.open()
    assert presets.provider("gmail").id == "gmail"
    assert [problem.file for problem in presets.problems] == [own_folder]


@pytest.mark.parametrize(
    ("id", "near"),
    [("gmial", "gmail"), ("office365", "microsoft365"), ("Brevo2", "brevo"), ("hotmail", "outlook-com")],
)
def test_an_unknown_id_names_near_ones(id: str, near: str) -> None:  # noqa: A002
    with pytest.raises(InputError) as caught:
        Presets.open().provider(id)
    assert near in caught.value.message
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("id", ["", "../gmail", "/etc/passwd", "gmail.toml", "x" * 10_000, "a\x00b"])
def test_an_id_is_never_a_path(id: str) -> None:  # noqa: A002
    for look_up in (Presets.open().provider, partial(profile, Presets.open())):
        with pytest.raises(InputError) as caught:
            look_up(id)
        assert len(caught.value.message) < 300


def test_the_app_has_what_its_settings_need(shipped: Presets) -> None:
    app = profile(shipped)
    assert (app.id, app.service, app.from_name) == ("abc-user-feedback", "api", "User feedback")
    assert app.images == ("line/abc-user-feedback-api",)
    assert [variable.name for variable in app.variables if variable.required] == [
        "SMTP_HOST", "SMTP_PORT", "SMTP_SENDER"
    ]  # fmt: skip
    assert [variable.name for variable in app.variables if variable.secret] == ["SMTP_PASSWORD"]
    assert {mail.name: (mail.template, mail.carries, mail.subject) for mail in app.mails} == {
        "verification": ("verification.hbs", "code", "User feedback Email Verification"),
        "reset-password": ("reset-password.hbs", "link", "User feedback Reset Password"),
        "invitation": ("invitation.hbs", "link", "User Feedback Invitation"),
    }
    assert app.mails[1].link_path == "/link/reset-password?code={code}&email={email}"
    assert app.mails[2].link_path == "/link/user-invitation?code={code}&email={email}"
