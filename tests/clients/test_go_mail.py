"""go-mail's model does what its source and that of three apps say; there is no running one here to compare it with."""

from __future__ import annotations

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.clients.go_mail import Scram
from smtpwizard.probe.engine import Probe
from smtpwizard.sandbox.scripted import SILENCE, Script, Stage, reply
from smtpwizard.smtp.results import Report, Step, Verdict
from support.probing import MESSAGE, PASSWORD, USERNAME, options, serving

GHOST = shipped("ghost")
PLAIN, LOGIN, CRAM = (Script(mechanisms=(name,)) for name in ("PLAIN", "LOGIN", "CRAM-MD5"))
CLEAR = {"host": "LOCALHOST"}  # Go compares with the small letters
DIAL = "notifier: smtp: failed to dial connection: "


def sent(use: str, script: Script, **fields: str) -> Report:
    """Send a mail as an app would that insists on STARTTLS where `require_tls` says so, and takes it else."""
    client = GHOST.client._replace(model="go-mail", version="0.8.1", options={"use": use})
    with serving(script, "trusted") as server:
        given = {"host": "localhost", "username": USERNAME, "password": PASSWORD, **fields}
        made = options(app_name=use.capitalize(), timeout=0.8)
        settings = server.settings(GHOST._replace(client=client), **given)
        return Probe(settings, made, message=MESSAGE).run_blocking()


@pytest.mark.parametrize("use", ["authelia", "vikunja", "gitea"])
@pytest.mark.parametrize(
    "script",
    [PLAIN, Script(starttls=True), Script(implicit=True), PLAIN.but(Stage.EHLO, reply("250-a\r\n250 AUTH PLAIN"))],
)
def test_what_all_three_take_works(use: str, script: Script) -> None:
    report = sent(use, script, security="true" if script.implicit else "false")
    assert report.app.verdict is Verdict.WORKS
    named = f"{use.capitalize()} (go-mail 0.8.1, as its source says) will log in and send"
    assert report.app.sentence.startswith(named)


@pytest.mark.parametrize(
    ("use", "script", "fields", "step", "log"),
    [
        ("authelia", Script(mechanisms=()), {}, Step.AUTH, f"{DIAL}SMTP AUTH failed: unsupported SMTP AUTH types: "),
        ("authelia", Script(), {"require_tls": "true"}, Step.STARTTLS, f'{DIAL}STARTTLS mode set to: "TLSMandatory", '),
        ("authelia", PLAIN.but(Stage.PASSWORD, reply("535 5.7.8 no")), {}, Step.AUTH,
         f"{DIAL}SMTP AUTH failed: 535 5.7.8 no"),
        ("authelia", Script().but(Stage.MAIL, reply("550 5.7.1 no")), {}, Step.MAIL,
         "notifier: smtp: failed to send message: sending SMTP MAIL FROM command: 550 5.7.1 no"),
        ("vikunja", CRAM, {}, Step.AUTH,
         "Error during connect to smtp server: server does not support SMTP AUTH type: PLAIN"),
        ("vikunja", PLAIN, CLEAR, Step.AUTH,
         "Error during connect to smtp server: SMTP AUTH failed: unencrypted connection"),
        ("vikunja", Script().but(Stage.NOOP, reply("502 5.5.1 no")), {}, Step.MAIL, "502 5.5.1 no"),
        ("gitea", Script(mechanisms=()), {}, Step.AUTH, "SMTP server does not support AUTH, but credentials provided"),
        ("gitea", LOGIN.but(Stage.AUTH, reply("334 VXNlcg==")), {}, Step.AUTH,
         "failed to authenticate SMTP: unknown fromServer: User"),
    ],
)  # fmt: skip
def test_what_its_source_refuses_fails_at_that_stage(
    use: str, script: Script, fields: dict[str, str], step: Step, log: str
) -> None:
    report = sent(use, script, security="false", **fields)
    assert report.app.verdict is Verdict.FAILS
    failed = next(item for item in report.steps if item.status.value == "failed")
    assert failed.step is step
    assert log in report.app.sentence


def test_each_logs_in_in_its_own_way() -> None:
    odd = LOGIN.but(Stage.AUTH, reply("334 VXNlcg==")).but(Stage.USERNAME, reply("334 UGFzcw=="))
    assert sent("authelia", odd, security="false").app.verdict is Verdict.WORKS  # any two prompts
    assert sent("gitea", PLAIN, security="false", **CLEAR).app.verdict is Verdict.WORKS  # in clear text, to anybody
    unknown = Script(mechanisms=("NTLM",))
    assert sent("gitea", unknown, security="false").app.verdict is Verdict.WORKS  # AUTH, none it knows: without a login
    assert sent("authelia", unknown, security="false").app.verdict is Verdict.FAILS


def test_a_server_that_says_nothing_holds_gitea_up_for_ever_and_the_others_for_a_time() -> None:
    silent = Script().but(Stage.GREETING, SILENCE)
    assert sent("gitea", silent, security="false").app.verdict is Verdict.HANGS
    assert sent("authelia", silent, security="false").app.verdict is Verdict.FAILS


def test_scram_is_the_example_of_its_rfc() -> None:
    """RFC 7677 section 3."""
    scram = Scram("sha256", b"user", b"pencil")
    assert scram.first(b"rOprNGfwEbeRWgbNEkqO") == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    nonce = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    challenge = nonce + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    assert scram.final(challenge) == b"c=biws," + nonce + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    assert scram.is_proved(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert not scram.is_proved(b"v=")
    for wrong in (b"", b"r=x,s=eA==,i=1", nonce + b",s=eA==,i=999999999", nonce + b",s=!,i=1", nonce + b",s=eA==,i=x"):
        with pytest.raises(ValueError):  # noqa: PT011
            scram.final(wrong)
