"""`smtpwizard presets`: data on stdout, remarks on stderr, exit codes that a script can use."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from smtpwizard.cli.commands.presets import run
from smtpwizard.errors import ExitCode, InputError
from smtpwizard.presets.files import presets_root, provider_files
from support.name_server import NameServer
from support.preset_files import GOOD, changed, put


def args(action: str, name: str | None = None, *, as_json: bool = False, presets: Path | None = None) -> Any:
    return argparse.Namespace(action=action, name=name, json=as_json, presets=presets, timeout=2.0)


def test_the_list_is_grouped_and_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args("list")) is ExitCode.OK
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "Sending services"
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "Sending services", "Mailboxes", "Company and hosting", "Test inboxes", "Local servers", "Practice"
    ]  # fmt: skip
    assert any(line.split()[:3] == ["gmail", "Gmail", "smtp.gmail.com:587"] for line in lines)
    outlook = next(line for line in lines if line.startswith("  outlook-com "))
    assert outlook.endswith("blocked: takes no password since 2024-09-16")
    assert f"{len(provider_files(presets_root())) - 1} providers" in err, "the practice server is none"


def test_the_list_as_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args("list", as_json=True)) is ExitCode.OK
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert answer["schema"] == 1
    assert len(answer["presets"]) == len(provider_files(presets_root()))
    gmail = next(preset for preset in answer["presets"] if preset["id"] == "gmail")
    assert (gmail["host"], gmail["port"], gmail["tls"], gmail["guide"]) == ("smtp.gmail.com", 587, "starttls", True)
    assert err == ""


def test_a_preset_is_shown_with_all_that_one_must_know(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    assert run(args("show", "gmail")) is ExitCode.OK
    out = capsys.readouterr().out
    flat = " ".join(out.split())
    for part in (
        "Gmail (gmail)",
        "Port 587 STARTTLS (the app's guide)",
        "Port 465 TLS (cannot fall back to clear text)",
        "Your full Gmail address.",
        "(16 letters)",
        "https://myaccount.google.com/apppasswords",
        "Gmail replaces another sender.",
        "534 5.7.9",
        "Checked 2026-11-22",
        "nodemailer/nodemailer:lib/well-known/services.json",
    ):
        assert part in flat, part
    assert max(len(line) for line in out.splitlines() if "http" not in line and "/" not in line) <= 90


def test_a_relay_is_shown_with_what_it_publishes_for_a_senders_domain(capsys: pytest.CaptureFixture[str]) -> None:
    run(args("show", "sendgrid"))
    flat = " ".join(capsys.readouterr().out.split())
    assert "SPF include:sendgrid.net" in flat
    assert "DKIM s1._domainkey (CNAME), s2._domainkey (CNAME), m1._domainkey (TXT, not confirmed)" in flat


def test_a_blocked_preset_says_so_first(capsys: pytest.CaptureFixture[str]) -> None:
    run(args("show", "outlook-com"))
    assert capsys.readouterr().out.splitlines()[1] == "! Blocked: takes no password since 2024-09-16."


def test_a_preset_as_json_has_every_field_and_the_variables(capsys: pytest.CaptureFixture[str]) -> None:
    run(args("show", "sendgrid", as_json=True))
    preset = json.loads(capsys.readouterr().out)["preset"]
    assert preset["username"] == {"rule": "literal", "hint": preset["username"]["hint"], "value": "apikey"}
    assert preset["variables"] == {
        "SMTP_HOST": "smtp.sendgrid.net",
        "SMTP_PORT": "587",
        "SMTP_USERNAME": "apikey",
        "SMTP_TLS": "false",
        "SMTP_OPPORTUNISTIC_TLS": "true",
    }
    assert preset["sources"]


@pytest.mark.parametrize("preset", ["custom", "practice", "amazon-ses", "smtp4dev"])
def test_every_kind_of_preset_can_be_shown(capsys: pytest.CaptureFixture[str], preset: str) -> None:
    assert run(args("show", preset)) is ExitCode.OK
    assert f"({preset})" in capsys.readouterr().out


def test_an_unknown_preset_is_a_usage_error() -> None:
    with pytest.raises(InputError, match="Did you mean gmail"):
        run(args("show", "gmial"))


@pytest.mark.parametrize("action", ["show", "match"])
def test_an_action_without_its_name_is_a_usage_error(action: str) -> None:
    with pytest.raises(InputError, match="wants"):
        run(args(action))


def test_a_match_by_domain_says_how_it_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args("match", "you@gmail.com")) is ExitCode.OK
    assert capsys.readouterr().out == "gmail  Gmail  (mail domain gmail.com)\n"
    run(args("match", "you@gmail.com", as_json=True))
    assert json.loads(capsys.readouterr().out) == {
        "schema": 1,
        "match": {"id": "gmail", "name": "Gmail", "how": "domain", "evidence": "gmail.com"},
    }


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A name server that the command asks in place of the system's."""
    import smtpwizard.dns.domain as mx

    with NameServer() as server:
        real = mx.look_up

        def asked(domain: str, **given: Any) -> tuple[str, ...]:
            return real(domain, **{**given, "nameservers": [server.host], "port": server.port})

        monkeypatch.setattr(mx, "look_up", asked)
        yield server


def test_a_match_by_mx_says_how_it_was_found(capsys: pytest.CaptureFixture[str], dns: NameServer) -> None:
    dns.mx("acme.example", (10, "alt1.aspmx.l.google.com."), (1, "aspmx.l.google.com."))
    assert run(args("match", "ops@acme.example")) is ExitCode.OK
    assert capsys.readouterr().out == "google-workspace  Google Workspace  (MX aspmx.l.google.com)\n"


def test_no_match_is_null_and_a_failure_with_what_was_seen(capsys: pytest.CaptureFixture[str], dns: NameServer) -> None:
    dns.mx("acme.example", (10, "mx.acme.example."))
    assert run(args("match", "acme.example", as_json=True)) is ExitCode.FAILED
    out, err = capsys.readouterr()
    assert json.loads(out) == {"schema": 1, "match": None}
    assert "acme.example receives mail at mx.acme.example, which no preset knows" in err
    assert run(args("match", "nobody.example")) is ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert "DNS named no host" in err


def test_what_is_no_address_is_a_usage_error() -> None:
    with pytest.raises(InputError, match="neither a mail address nor a domain"):
        run(args("match", "not an address"))


def test_check_names_file_line_key_and_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path, "acme", GOOD)
    assert run(args("check", str(tmp_path))) is ExitCode.OK
    assert capsys.readouterr().out == ""
    path = put(tmp_path, "acme", changed(("tier = 2", "tier = 9")))
    assert run(args("check", str(tmp_path))) is ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == f"{path}:5: tier: must lie between 1 and 3, not 9\n"
    assert "1 problem." in err
    run(args("check", presets=tmp_path, as_json=True))
    assert json.loads(capsys.readouterr().out)["problems"] == [
        {"file": str(path), "line": 5, "key": "tier", "message": "must lie between 1 and 3, not 9"}
    ]


def test_check_without_a_folder_looks_at_the_shipped_and_the_operators_own(
    capsys: pytest.CaptureFixture[str], own_folder: Path
) -> None:
    path = put(own_folder, "acme", changed(("tier = 2", "tier = 9")))
    assert run(args("check")) is ExitCode.FAILED
    assert f"{path}:5: tier" in capsys.readouterr().out


def test_a_broken_preset_of_ones_own_is_left_out_and_told(capsys: pytest.CaptureFixture[str], own_folder: Path) -> None:
    path = put(own_folder, "acme", changed(("tier = 2", "tier = 9")))
    assert run(args("list")) is ExitCode.OK
    out, err = capsys.readouterr()
    assert "acme" not in out
    assert f"left out: {path}:5: tier" in err


def test_a_folder_name_with_an_escape_is_shown_harmlessly(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[31mb"
    put(folder, "acme", changed(("tier = 2", "tier = 9")))
    run(args("check", str(folder)))
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
