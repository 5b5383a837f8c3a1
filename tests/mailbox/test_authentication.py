"""`Authentication-Results` as servers write it: read, and believed only of the receiving server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpwizard.mailbox.authentication import Result, authentication_of, parse, received_headers, related, words
from smtpwizard.mailbox.model import Authentication, Place, read_headers

OWN = "Received: from relay.acme.example by mx.receiver.example with ESMTPS; Wed, 25 Nov 2026 18:00:00 +0000"
FOREIGN = "Received: from app by relay.acme.example with ESMTPSA; Wed, 25 Nov 2026 17:59:59 +0000"
MAIL = "From: noreply@acme.example\nSubject: code\n"


def judged(*lines: str) -> Authentication | None:
    return authentication_of(read_headers(("\n".join(lines) + "\n" + MAIL + "\n").encode()))


def results(*lines: str) -> tuple[str, str, str, str]:
    found = judged(*lines)
    assert found is not None
    return found[:4]


def says(server: str, *, spf: str = "pass", dkim: str = "pass", dmarc: str = "pass") -> str:
    return f"Authentication-Results: {server}; spf={spf}; dkim={dkim} header.d=acme.example; dmarc={dmarc}"


@pytest.mark.parametrize(
    ("value", "server", "expected"),
    [  # the examples of RFC 8601 appendix B, shortened
        ("example.org 1; none", "example.org", ()),
        ("example.com; spf=pass smtp.mailfrom=example.net", "example.com", (("spf", "pass", ""),)),
        ("example.com; auth=pass (cleartext) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
         "example.com", (("auth", "pass", ""), ("spf", "pass", ""))),
        ("example.com; dkim=pass (good signature) header.d=example.com", "example.com",
         (("dkim", "pass", "example.com"),)),
        ("foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy "
         "(A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462",
         "foo.example.net", (("dkim", "fail", ""),)),
        ('"mx; one" 1; spf=fail reason="a; dkim=pass"; dkim=none', "mx; one",
         (("spf", "fail", ""), ("dkim", "none", ""))),
        ("a.example; spf=pass (it said (nested \\) ;) dmarc=fail); dmarc=none", "a.example",
         (("spf", "pass", ""), ("dmarc", "none", ""))),
        ("spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=acme.example; dkim=pass (signature was verified) "
         "header.d=acme.example;dmarc=pass action=none header.from=acme.example;compauth=pass reason=100", "",
         (("spf", "pass", ""), ("dkim", "pass", "acme.example"), ("dmarc", "pass", ""), ("compauth", "pass", ""))),
        ("mx.google.com; dkim=pass header.i=@acme.example header.s=s1 header.b=abc; spf=softfail (google.com: domain)",
         "mx.google.com", (("dkim", "pass", "acme.example"), ("spf", "softfail", ""))),
        ("mx.example; (unclosed spf=pass; dkim=pass", "mx.example", ()),
        ("", "", ()),
    ],
)  # fmt: skip
def test_a_field_is_read_as_the_rfc_has_it(value: str, server: str, expected: tuple[tuple[str, str, str], ...]) -> None:
    found = parse(value)
    assert found.server == server
    assert found.results == tuple(Result(*row) for row in expected)


def test_the_receivers_field_is_believed_above_and_below_its_received() -> None:
    assert results(says("mx.receiver.example"), OWN) == ("mx.receiver.example", "pass", "pass", "pass")
    assert results(OWN, says("mx.receiver.example", spf="fail")) == ("mx.receiver.example", "fail", "pass", "pass")
    assert results(OWN, says("receiver.example", dmarc="fail"), FOREIGN)[3] == "fail"


def test_a_field_that_came_with_the_mail_is_not_believed() -> None:
    assert judged(OWN, FOREIGN, says("mx.receiver.example")) is None, "below the hop of another"
    assert judged(OWN, says("mx.google.com")) is None, "names another server"
    assert judged(OWN, says("relay.acme.example"), FOREIGN) is None
    assert judged(OWN, says("receiver.example.evil.example")) is None
    assert judged(OWN, "Authentication-Results: spf=pass; dmarc=pass") is None, "names nobody"
    assert judged(says("mx.receiver.example")) is None, "no Received says who the receiver is"
    real = says("mx.receiver.example", spf="fail", dkim="fail", dmarc="fail")
    for forged in (says("mx.receiver.example"), says("evil.example")):
        assert results(real, OWN, forged)[1:] == ("fail", "fail", "fail"), "a real one is above"
        assert results(OWN, real, forged)[1:] == ("fail", "fail", "fail")
        assert results(OWN, real, FOREIGN, forged)[1:] == ("fail", "fail", "fail")


def test_the_arc_form_is_not_believed() -> None:
    assert judged("ARC-Authentication-Results: i=1; mx.receiver.example; spf=pass; dmarc=pass", OWN) is None


def test_gmail_is_read_although_its_last_hop_names_an_address() -> None:
    found = judged(
        "Delivered-To: you@gmail.com",
        "Received: by 2002:a05:6a06:1234:b0:5d3:8f1a:b2c4 with SMTP id abc; Wed, 25 Nov 2026 10:00:01 -0800 (PST)",
        "ARC-Authentication-Results: i=1; mx.google.com; spf=fail",
        "Return-Path: <noreply@acme.example>",
        "Received: from relay.acme.example (relay.acme.example. [192.0.2.1])",
        "        by mx.google.com with ESMTPS id xyz",
        "        for <you@gmail.com>; Wed, 25 Nov 2026 10:00:00 -0800 (PST)",
        "Received-SPF: pass (google.com: domain of noreply@acme.example designates 192.0.2.1 as permitted sender)",
        "Authentication-Results: mx.google.com;",
        "       dkim=pass header.i=@acme.example header.s=s1 header.b=AbCd;",
        "       dkim=pass header.i=@amazonses.com header.s=x header.b=EfGh;",
        "       spf=pass (google.com: domain of x designates 192.0.2.1 as permitted) smtp.mailfrom=x@acme.example;",
        "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=acme.example",
        "DKIM-Signature: v=1; a=rsa-sha256; d=acme.example",
        FOREIGN,
    )
    assert found == Authentication("mx.google.com", "pass", "pass", "pass", "acme.example", 2)


def test_microsoft_is_read_although_it_does_not_name_itself() -> None:
    found = judged(
        "Received: from BN1.prod.outlook.com (2603:10b6::1) by DM2.prod.outlook.com with HTTPS; Wed, 25 Nov 2026",
        "Received: from BN8FT.eop.prod.protection.outlook.com by BN1.outlook.office365.com with Microsoft SMTP Server;",
        "Authentication-Results: spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=acme.example; dkim=none (message not",
        " signed) header.d=none;dmarc=fail action=quarantine header.from=acme.example;compauth=fail reason=000",
        "Received: from relay.acme.example (192.0.2.1) by BN8FT.mail.protection.outlook.com with SMTP Server",
    )
    assert found == Authentication("DM2.prod.outlook.com".lower(), "fail", "none", "fail", "", 0)


def test_several_fields_of_the_receiver_make_one_answer() -> None:
    found = results(
        "Received: from localhost by localhost with LMTP",
        "Authentication-Results: mx.receiver.example; dmarc=pass header.from=acme.example",
        "Authentication-Results: mx.receiver.example; dkim=fail header.d=a.example; dkim=pass header.d=acme.example",
        "Authentication-Results: mx.receiver.example; spf=softfail smtp.mailfrom=acme.example",
        OWN,
    )
    assert found == ("mx.receiver.example", "softfail", "pass", "pass")


def test_received_spf_helps_out_where_the_receiver_has_written_it() -> None:
    line = "Received-SPF: SoftFail (mx.receiver.example: domain of acme.example) receiver=mx.receiver.example;"
    assert results(line, OWN) == ("mx.receiver.example", "softfail", "", "")
    assert results(OWN, line)[1] == "softfail"
    assert judged(OWN, "Received-SPF: pass (evil.example: domain of x) receiver=evil.example") is None
    assert judged(OWN, FOREIGN, line) is None
    assert results(OWN, line, says("mx.receiver.example"))[1] == "pass", "the newer field counts first"


def test_organisations_are_told_apart() -> None:
    assert related("a.acme.co.kr", ["b.acme.co.kr"])
    assert not related("a.acme.co.kr", ["b.other.co.kr"])
    assert not related("com", ["b.com"])
    assert not related("", ["b.com"])
    assert related("mail", ["mail"])
    assert not related("127.0.0.1", ["127.0.0.2"])
    assert received_headers([("subject", "x")]).hosts == ()


FIELD = st.tuples(
    st.sampled_from(["authentication-results", "received", "received-spf", "from", "arc-authentication-results"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
    | st.text('abcdefgby.;=()"\\ /1', max_size=80)
    | st.sampled_from(["from a by b.example", "mx.b.example; spf=pass; dkim=fail", "spf=pass", "by [::1]", "pass (b:"]),
)


@given(st.lists(FIELD, max_size=8))
def test_any_fields_are_judged_without_an_error(fields: list[tuple[str, str]]) -> None:
    found = authentication_of(fields)
    for place in Place:
        assert all(line and line.isprintable() for line in words(found, place))
    if found is not None:
        assert found.server.isprintable()


@given(st.lists(FIELD, max_size=5))
def test_nothing_below_a_foreign_hop_changes_the_answer(fields: list[tuple[str, str]]) -> None:
    top = [("received", "from x by mx.receiver.example"), ("received", "from y by relay.acme.example")]
    assert authentication_of([*top, *fields]) is None


@given(st.binary(max_size=300))
def test_any_octets_have_header_fields(data: bytes) -> None:
    for name, value in read_headers(data):
        assert name == name.lower()
        assert "\n" not in value


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Authentication("mx", "pass", "pass", "pass", "acme.example", 1), "nothing is to be done"),
        (Authentication("mx", "fail", "none", "fail"), "not in the SPF record"),
        (Authentication("mx", "softfail", "pass", "pass"), "which is enough for DMARC"),
        (Authentication("mx", "none", "none", "none"), "Publish an SPF record"),
        (Authentication("mx", "permerror", "", ""), "more than 10 look-ups"),
        (Authentication("mx", "pass", "fail", "pass"), "signature does not fit"),
        (Authentication("mx", "pass", "none", "none"), "Switch DKIM on"),
        (Authentication("mx", "pass", "pass", "fail"), "SPF and DKIM passes, but for another domain"),
        (Authentication("mx", "fail", "fail", "fail"), "neither SPF nor DKIM"),
        (Authentication("mx", "temperror", "temperror", "temperror"), "Send another mail later"),
        (Authentication("mx", "", "", "permerror"), "DMARC permerror"),
        (None, "does not say"),
    ],
)
def test_each_answer_says_what_to_do(found: Authentication | None, expected: str) -> None:
    assert expected in " ".join(words(found))


def test_the_best_of_several_signatures_is_said_to_be_that() -> None:
    said = " ".join(words(Authentication("mx", "pass", "pass", "pass", "acme.example", 2)))
    assert "DKIM pass (the best of 2 signatures) by acme.example" in said


def test_junk_and_other_folders_come_first_with_what_to_do() -> None:
    assert words(None, Place.JUNK)[0].startswith("It lies in junk")
    assert "mark it as no junk" in words(Authentication("mx", "pass", "pass", "pass"), Place.JUNK)[0]
    assert "filters" in words(None, Place.OTHER)[0]
