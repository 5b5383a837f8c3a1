"""From a mail address, from MX hosts and from an SMTP host to the provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root, provider_files
from support.preset_files import changed, put

PRESETS = Presets.open()


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("you@gmail.com", "gmail"),
        ("YOU@GoogleMail.com", "gmail"),
        ("gmail.com", "gmail"),
        ("x@outlook.com", "outlook-com"),
        ("x@gmx.de", "gmx"),
        ("x@proton.me", "proton"),
        ("x@qq.com", "qq"),
    ],
)
def test_a_known_mail_domain_leads_to_its_provider(text: str, provider: str) -> None:
    match = PRESETS.match_address(text)
    assert match is not None
    assert (match.provider.id, match.how, match.evidence) == (provider, "domain", text.rpartition("@")[2].lower())


@pytest.mark.parametrize(
    "text", ["x@notgmail.com", "x@gmail.com.evil.example", "x@sub.gmail.com", "gmail", "", "@", "x@"]
)
def test_an_unknown_domain_leads_nowhere(text: str) -> None:
    assert PRESETS.match_address(text) is None


@pytest.mark.parametrize(
    ("hosts", "provider", "evidence"),
    [
        (["aspmx.l.google.com"], "google-workspace", "aspmx.l.google.com"),
        (["ALT1.ASPMX.L.GOOGLE.COM."], "google-workspace", "alt1.aspmx.l.google.com"),
        (["smtp.google.com"], "google-workspace", "smtp.google.com"),
        (["gmail-smtp-in.l.google.com"], "gmail", "gmail-smtp-in.l.google.com"),
        (["acme-example.mail.protection.outlook.com"], "microsoft365", "acme-example.mail.protection.outlook.com"),
        (["outlook-com.olc.protection.outlook.com"], "outlook-com", "outlook-com.olc.protection.outlook.com"),
        (["mx.backup.example", "in1-smtp.messagingengine.com"], "fastmail", "in1-smtp.messagingengine.com"),
        (["mta5.am0.yahoodns.net"], "yahoo", "mta5.am0.yahoodns.net"),
        (["mxbiz1.qq.com"], "qq-exmail", "mxbiz1.qq.com"),
        (["mx3.qq.com"], "qq", "mx3.qq.com"),
        (["mx2.zoho.eu"], "zoho", "mx2.zoho.eu"),
    ],
)
def test_mx_hosts_lead_to_the_provider_of_the_longest_suffix(hosts: list[str], provider: str, evidence: str) -> None:
    match = PRESETS.match_mx(hosts)
    assert match is not None
    assert (match.provider.id, match.how, match.evidence) == (provider, "mx", evidence)


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["."],
        ["mx.acme.example"],
        ["notaspmx.l.google.com.example"],
        ["evilaspmx.l.google.com"],
        ["mx1-us1.ppe-hosted.com"],
        ["eu-smtp-inbound-1.mimecast.com", "aspmx.l.google.com"],
        ["route1.mx.cloudflare.net"],
        ["inbound-smtp.us-east-1.amazonaws.com"],
        ["mx.sendgrid.net"],
    ],
)
def test_gateways_relays_and_strangers_prove_nothing(hosts: list[str]) -> None:
    assert PRESETS.match_mx(hosts) is None


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("smtp.gmail.com", "gmail"),
        (" SMTP.Gmail.com. ", "gmail"),
        ("smtp-relay.gmail.com", "google-workspace-relay"),
        ("smtp.eu.mailgun.org", "mailgun"),
        ("email-smtp.eu-west-1.amazonaws.com", "amazon-ses"),
        ("email-smtp.me-central-1.amazonaws.com", "amazon-ses"),
        ("smtp.email.eu-madrid-1.oci.oraclecloud.com", "oracle-email-delivery"),
        ("smtp-relay.sendinblue.com", "brevo"),
        ("in.mailjet.com", "mailjet"),
        ("smtp.1und1.de", "ionos"),
        ("smtp.mailtrap.io", "mailtrap-sandbox"),
        ("mailpit", "mailpit"),
        ("host.docker.internal", "host-postfix"),
        ("172.17.0.1", "host-postfix"),
    ],
)
def test_an_smtp_host_leads_to_its_provider(host: str, provider: str) -> None:
    found = PRESETS.for_host(host)
    assert found is not None
    assert found.id == provider


@pytest.mark.parametrize(
    "host",
    ["", " ", "localhost", "127.0.0.1", "mail.acme.example", "gmail.com", "xsmtp.gmail.com", "smtp.gmail.com.example",
     "email-smtp.amazonaws.com", "email-smtp.a.b.amazonaws.com", "smtp-gmail-com", "☂", "\x00", "a" * 100_000],
)  # fmt: skip
def test_a_host_that_tells_nothing_is_not_guessed(host: str) -> None:
    assert PRESETS.for_host(host) is None


def test_every_host_of_every_preset_leads_to_a_provider_that_has_it() -> None:
    for path in provider_files(presets_root()):
        provider = PRESETS.provider(path.stem)
        for host in [provider.host, *(region.host for region in provider.regions), *provider.old_hosts]:
            found = PRESETS.for_host(host)
            if provider.id == "practice":
                assert found is None
            else:
                assert found is not None
                names = {found.host, *(region.host for region in found.regions), *found.old_hosts}
                assert host in names, (provider.id, host)


def test_an_operators_own_preset_wins_for_the_same_host_and_mx(tmp_path: Path) -> None:
    text = changed(("smtp.acme.example", "smtp.gmail.com"), ('"mx.acme.example"', '"aspmx.l.google.com"'))
    put(tmp_path, "acme", changed(("tier = 2", "tier = 3"), text=text))
    presets = Presets.open(tmp_path)
    host = presets.for_host("smtp.gmail.com")
    match = presets.match_mx(["aspmx.l.google.com"])
    assert host is not None
    assert match is not None
    assert host.id == match.provider.id == "acme"
