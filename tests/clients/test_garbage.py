"""Whatever a server sends at whatever stage, every model ends with a report: nothing it says is an exception."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import CLOSE, Play, Script, Stage, raw
from smtpwizard.smtp.results import Step
from support.probing import MESSAGE, PASSWORD, USERNAME, options, serving

SEED = 20261126
ROUNDS = 40
WAYS = {
    "standard": ("unknown", {}),
    "mua": ("mua", {}),
    "smtplib": ("smtplib", {}),
    "django": ("django-smtp", {}),
    "alertmanager": ("go-net-smtp", {"use": "alertmanager"}),
    "mattermost": ("go-net-smtp", {"use": "mattermost"}),
    "listmonk": ("go-net-smtp", {"use": "listmonk"}),
    "grafana": ("gomail", {"use": "grafana"}),
    "authelia": ("go-mail", {"use": "authelia"}),
    "lettre": ("lettre", {}),
    "symfony": ("symfony-mailer", {}),
    "net-smtp": ("net-smtp", {}),
    "jakarta": ("jakarta-mail", {}),
    "angus": ("angus-mail", {}),
    "nodemailer 6": ("nodemailer", {}),
}
STAGES = (
    *(Stage.GREETING, Stage.EHLO, Stage.HELO, Stage.AUTH, Stage.USERNAME, Stage.PASSWORD),
    *(Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT, Stage.STARTTLS),
)
PIECES = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"-", b"=", b"334 ", b"334-", b"334", b"250-", b"250 ", b"235 ", b"220 "),
    *(
        b"535 5.7.8 no",
        b"99999",
        b"-1",
        b"+25",
        b" 25",
        b"\xff\xfe",
        "ü\u2028\x85".encode(),
        b"AUTH PLAIN LOGIN CRAM-MD5",
    ),
    *(
        b"AUTH=LOGIN",
        b"STARTTLS",
        b"SIZE 1e9",
        b"SIZE " + b"9" * 40,
        b"VXNlcm5hbWU6",
        b"UGFzc3dvcmQ6",
        b"!!*=",
        b"PDE+",
    ),
    *(
        b"A",
        b"x" * 9000,
        b"<1@x>",
        b"2",
        b"3",
        b"4",
        b"5",
        b"421 bye",
        b"1e3 ",
        b"25\xb2 ",
        b"\xef\xbc\x92\xef\xbc\x95 ",
    ),
)


def app(model: str, chosen: dict[str, str]) -> AppProfile:
    ghost = shipped("ghost")
    version = "6.6.3" if model == "nodemailer" else ""
    return ghost._replace(client=ghost.client._replace(model=model, version=version, options=chosen))


def garbage(chance: random.Random) -> Iterator[Play]:
    yield raw(
        b"".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 9))) + chance.choice((b"\r\n", b"\n", b""))
    )
    yield CLOSE


@pytest.mark.parametrize("size", [b"\xb2", b"1\xb2", "²".encode(), "٣".encode(), b"1e9", b"9" * 40, b""])
@pytest.mark.parametrize("way", WAYS)
def test_a_size_that_is_no_number_is_no_exception(way: str, size: bytes) -> None:
    script = Script().but(
        Stage.EHLO, raw(b"250-mail.example.com\r\n250-SIZE " + size + b"\r\n250 AUTH PLAIN LOGIN\r\n")
    )
    with serving(script) as server:
        settings = server.settings(app(*WAYS[way]), host="localhost")
        report = Probe(settings, options(timeout=1.0), message=MESSAGE).run_blocking()
    assert report.server_ok


@pytest.mark.parametrize("way", WAYS)
def test_garbage_ends_in_a_report(way: str) -> None:
    chance = random.Random(f"{SEED} {way}")
    profile = app(*WAYS[way])
    for _ in range(ROUNDS):
        stage = chance.choice(STAGES)
        mechanisms = tuple(chance.sample(["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"], k=chance.randrange(1, 4)))
        script = Script(starttls=stage is Stage.STARTTLS, mechanisms=mechanisms).but(stage, *garbage(chance))
        with serving(script) as server:
            settings = server.settings(profile, host="localhost", username=USERNAME, password=PASSWORD)
            report = Probe(settings, options(timeout=1.0), message=MESSAGE).run_blocking()
        where = f"{way}, {script.plays[stage]}"
        assert report.steps[0].step is Step.LINT, where
        assert PASSWORD not in report.app.sentence, where
        assert (report.app.send.log or "").isprintable(), where
