"""`presets check`: what is wrong across the files of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.apps.loading import check_folder
from smtpwizard.errors import InputError
from smtpwizard.presets.files import presets_root
from support.preset_files import GOOD, changed, named, put

APP = (presets_root() / "apps" / "abc-user-feedback.toml").read_text("utf-8")


def test_a_good_folder_has_no_problems(tmp_path: Path) -> None:
    put(tmp_path, "acme", GOOD)
    put(tmp_path, "other", named("other"))
    assert check_folder(tmp_path) == ()


def test_every_broken_file_is_told(tmp_path: Path) -> None:
    put(tmp_path, "acme", changed(("tier = 2", "tier = 9")))
    put(tmp_path, "other", "broken =")
    (tmp_path / "pipe.toml").symlink_to(tmp_path / "nothing")
    assert [problem.file.name for problem in check_folder(tmp_path)] == ["acme.toml", "other.toml", "pipe.toml"]


def test_a_mail_domain_of_two_providers_is_told_where_it_comes_again(tmp_path: Path) -> None:
    put(tmp_path, "acme", GOOD)
    again = '["other.test", "acme.test"]'
    put(tmp_path, "other", changed(('["other.test"]', again), text=named("other")))
    (problem,) = check_folder(tmp_path)
    assert str(problem) == f"{tmp_path / 'other.toml'}:17: mail_domains[1]: acme.test is also in acme.toml"


def test_a_name_in_other_letter_case_is_not_the_id(tmp_path: Path) -> None:
    put(tmp_path, "Acme", GOOD)
    (problem,) = check_folder(tmp_path)
    assert (problem.key, problem.line) == ("id", 2)


def test_apps_and_gateways_are_checked_with_the_providers(tmp_path: Path) -> None:
    put(tmp_path / "providers", "acme", GOOD)
    put(tmp_path, "gateways", 'suffixes = ["x"]')
    put(tmp_path / "apps", "abc-user-feedback", APP)
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "verification.hbs").write_text("{{code}}")
    found = check_folder(tmp_path)
    assert {(problem.file.name, problem.key) for problem in found} == {
        ("gateways.toml", "suffixes[0]"),
        ("gateways.toml", "checked"),
        ("gateways.toml", "sources"),
        ("abc-user-feedback.toml", "mails[1].template"),
        ("abc-user-feedback.toml", "mails[2].template"),
    }
    template = next(problem for problem in found if problem.key == "mails[1].template")
    assert APP.split("\n")[template.line - 1] == 'template = "reset-password.hbs"'


def test_an_empty_folder_is_a_problem_and_no_folder_an_input_error(tmp_path: Path) -> None:
    (problem,) = check_folder(tmp_path)
    assert (problem.file, problem.line) == (tmp_path, 0)
    with pytest.raises(InputError):
        check_folder(tmp_path / "none")
    with pytest.raises(InputError):
        check_folder(put(tmp_path, "file", GOOD))
