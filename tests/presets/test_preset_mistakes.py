"""Each kind of mistake in a preset is told with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtpwizard.apps.loading import load_profile
from smtpwizard.presets.files import PresetFileError, PresetProblem, presets_root
from smtpwizard.presets.toml import load_gateways, load_provider
from support.preset_files import GOOD, changed, line, put

APP = (presets_root() / "apps" / "abc-user-feedback.toml").read_text("utf-8")


def problems(folder: Path, text: str, name: str = "acme") -> tuple[PresetProblem, ...]:
    with pytest.raises(PresetFileError) as caught:
        load_provider(put(folder, name, text))
    return caught.value.problems


def test_the_good_preset_of_these_tests_is_good(tmp_path: Path) -> None:
    provider = load_provider(put(tmp_path, "acme", GOOD))
    assert provider.aliases == ("acme post",)
    assert provider.password.mistakes[0].message == "This is an API key."


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("tier = 2", "teir = 2", "teir", "did you mean tier?"),
        ("tier = 2", "tier = 4", "tier", "between 1 and 3, not 4"),
        ("tier = 2", "tier = true", "tier", "a whole number, not true or false"),
        ("tier = 2", 'tier = "2"', "tier", "a whole number, not text"),
        ('kind = "hosting"', 'kind = "hostnig"', "kind", "did you mean hosting?"),
        ('kind = "hosting"', "kind = 3", "kind", "one of relay, mailbox"),
        ('status = "ok"', 'status = "fine"', "status", "one of ok, warn, blocked"),
        ('status = "ok"', 'status = "warn"', "status_note", "wanted there"),
        ('name = "Acme Mail"', 'name = ""', "name", "must not be empty"),
        ('name = "Acme Mail"', 'name = "A\\u001b[31m"', "name", "control character"),
        ('name = "Acme Mail"', 'name = "A\\u202e"', "name", "control character"),
        ('name = "Acme Mail"', "name = 7", "name", "text in quotes, not a number"),
        ("smtp.acme.example", "smtp://acme.example", "host", "without scheme and port"),
        ("smtp.acme.example", "SMTP.acme.example", "host", "lower-case"),
        ("recommended_port = 465", "recommended_port = 2525", "recommended_port", "not among the ports"),
        ("port = 587", "port = 70000", "ports[1].port", "between 1 and 65535"),
        ("port = 587", "port = 465", "ports[1].port", "listed twice"),
        ('tls = "starttls"', 'tls = "startls"', "ports[1].tls", "did you mean starttls?"),
        ('tls = "starttls"', 'tsl = "starttls"', "ports[1].tsl", "did you mean tls?"),
        ("https://acme.example/smtp", "acme.example/smtp", "docs_url", "web address"),
        ('"acme.test"', '"acme"', "mail_domains[1]", "domain name"),
        ('"acme.test"', '"acme.example"', "mail_domains[1]", "listed twice"),
        ('"acme.test"', "7", "mail_domains[1]", "text in quotes"),
        ('["acme post"]', '"acme post"', "aliases", "list of texts"),
        ('"2026-11-22"', '"2026-02-29"', "checked", "YYYY-MM-DD"),
        ('"2026-11-22"', "2026-11-22", "checked", "in quotes, not a date"),
        ("acme/docs:smtp.md (of 2026)", "a page I once read", "sources[1]", "owner/repository:path"),
        ('rule = "email"', 'rule = "literal"', "username.value", "wanted there"),
        ("'key-\\d+'", "'key-('", "password.mistakes[0].pattern", "regular expression"),
        ('hint = "The mailbox\'s address."', "", "sender.hint", "is missing"),
        ('code = "535"', 'code = "5.3.5"', "errors[0].code", "three digits"),
        ('code = "535"', 'code = "535"\nenhanced = "578"', "errors[0].enhanced", "enhanced status code"),
        ("verified = false", 'verified = "no"', "errors[0].verified", "true or false"),
        ('status = "ok"', 'status = "ok"\nhost_template = "smtp.x"', "host_template", "{region}"),
        ('status = "ok"', 'status = "ok"\nregion_kind = "planet"', "region_kind", "one of region"),
        ('status = "ok"', 'status = "ok"\nspf_envelope = "ours"', "spf_envelope", "one of sender, subdomain, provider"),
        ("[sender]", '[dkim]\nselectors = "s1"\n[sender]', "dkim.selectors", "list of tables"),
        ("[sender]", "[dkim]\n[sender]", "dkim.where", "wanted where there are no selectors"),
        ("[sender]", '[dkim]\nwher = "There."\n[sender]', "dkim.wher", "did you mean where?"),
        (
            "[sender]",
            '[dkim]\nselectors = [{ selector = "s_1", type = "TXT" }]\n[sender]',
            "dkim.selectors[0].selector",
            "DKIM selector",
        ),
        (
            "[sender]",
            '[dkim]\nselectors = [{ selector = "s1", type = "MX" }]\n[sender]',
            "dkim.selectors[0].type",
            "one of CNAME, TXT",
        ),
        (
            "[sender]",
            '[dkim]\nselectors = [{ selector = "s1", type = "CNAME", target = "{tenant}.x" }]\n[sender]',
            "dkim.selectors[0].target",
            "{domain} and {dashed}",
        ),
        (
            "[sender]",
            '[dkim]\nselectors = [{ selector = "s1", type = "TXT", target = "k.acme.example" }]\n[sender]',
            "dkim.selectors[0].target",
            "for the type CNAME",
        ),
        (
            "[sender]",
            '[dkim]\nselectors = [{ selector = "s1", type = "TXT", alternative = true }]\n[sender]',
            "dkim.selectors",
            "one that is no alternative",
        ),
    ],
)
def test_a_mistake_is_told_with_its_file_and_key(tmp_path: Path, old: str, new: str, key: str, words: str) -> None:
    text = changed((old, new))
    found = problems(tmp_path, text)
    messages = [problem.message for problem in found if problem.key == key]
    assert any(words in message for message in messages), found
    assert {problem.file for problem in found} == {tmp_path / "acme.toml"}


@pytest.mark.parametrize(
    ("old", "new", "key", "number"),
    [
        ("tier = 2", "tier = 4", "tier", 5),
        ("port = 587", "port = 465", "ports[1].port", 13),
        ('tls = "starttls"', 'tsl = "starttls"', "ports[1].tsl", 13),
        ('tls = "starttls"', 'tsl = "starttls"', "ports[1].tls", 13),
        ('["acme.example", "acme.test"]', '[\n  "acme.example",\n  "acme"]', "mail_domains[1]", 19),
        ('rule = "email"', 'rule = "literal"', "username.value", 24),
        ("'key-\\d+'", "'key-('", "password.mistakes[0].pattern", 33),
        ('hint = "The mailbox\'s address."', "", "sender.hint", 36),
        ('code = "535"', 'code = "5.3.5"', "errors[0].code", 41),
        ('status = "ok"', 'status = "warn"', "status_note", 1),
    ],
)
def test_the_line_is_that_of_the_key_or_of_the_table_that_lacks_it(
    tmp_path: Path, old: str, new: str, key: str, number: int
) -> None:
    found = {problem.key: problem.line for problem in problems(tmp_path, changed((old, new)))}
    assert found[key] == number


@pytest.mark.parametrize("key", ["id", "name", "kind", "tier", "status", "host", "docs_url", "checked", "sources"])
def test_a_missing_key_is_told_by_name(tmp_path: Path, key: str) -> None:
    text = "\n".join(part for part in GOOD.split("\n") if not part.startswith(f"{key} = "))
    found = {problem.key: problem for problem in problems(tmp_path, text)}
    assert found[key].message == "is missing"
    assert found[key].line == 1


def test_a_missing_table_is_told_once(tmp_path: Path) -> None:
    text = changed(('[username]\nrule = "email"\nhint = "Your full address."\n', ""))
    assert [str(problem) for problem in problems(tmp_path, text)] == [
        f"{tmp_path / 'acme.toml'}:1: username: is missing"
    ]


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = changed(
        ("tier = 2", "tier = 9"), ('hint = "Your full address."', "hint = 1"), ('status = "ok"', "status = 1")
    )
    found = problems(tmp_path, text)
    assert [problem.key for problem in found] == ["tier", "status", "username.hint"]
    assert [problem.line for problem in found] == [line(text, part) for part in ("tier", "status", "hint = 1")]


def test_the_id_must_be_the_files_name(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD, "other")
    assert [(problem.key, problem.line) for problem in found] == [("id", 2)]
    assert "must be the file's name, other" in found[0].message


def test_the_custom_server_cannot_be_replaced(tmp_path: Path) -> None:
    found = problems(tmp_path, changed(('id = "acme"', 'id = "custom"')), "custom")
    assert "built in" in found[0].message


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (GOOD.replace("tier = 2", "tier = "), 5),
        (GOOD.replace("tier = 2", "tier = 2\ntier = 3"), 6),
        (GOOD + '\nopen = "never closed', GOOD.count("\n") + 2),
        (GOOD + "\nlist = [1, 2", GOOD.count("\n") + 2),
    ],
)
def test_a_syntax_error_has_its_line(tmp_path: Path, text: str, at: int) -> None:
    found = problems(tmp_path, text)
    assert [problem.line for problem in found] == [at]
    assert found[0].message.startswith("is not TOML: ")
    assert "line" not in found[0].message.partition("TOML")[2]


def test_an_endless_nesting_is_told_and_not_a_crash(tmp_path: Path) -> None:
    found = problems(tmp_path, "a = " + "[" * 20_000)
    assert "nested too deep" in found[0].message or "not TOML" in found[0].message


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('carries = "code"', 'carries = "a code"', "mails[0].carries"),
        ('link_path = "/link/reset', 'link_path = "link/reset', "mails[1].link_path"),
        ('template = "invitation.hbs"', 'template = "../x.hbs"', "mails[2].template"),
        ('templates_path = "apps/api', 'templates_path = "../api', "templates_path"),
        ('templates_path = "apps/api', 'templates_path = "/apps/api', "templates_path"),
        ('name = "SMTP_PORT"', 'name = "smtp port"', "variables[1].name"),
        ("required = true", "requierd = true", "variables[0].requierd"),
        ('services = ["api"]', "", "services"),
    ],
)
def test_an_app_file_is_checked_alike(tmp_path: Path, old: str, new: str, key: str) -> None:
    with pytest.raises(PresetFileError) as caught:
        load_profile(put(tmp_path, "abc-user-feedback", changed((old, new), text=APP)))
    assert key in {problem.key for problem in caught.value.problems}


def test_the_list_of_gateways_is_checked_alike(tmp_path: Path) -> None:
    text = (presets_root() / "gateways.toml").read_text("utf-8")
    assert "pphosted.com" in load_gateways(put(tmp_path, "gateways", text))
    with pytest.raises(PresetFileError) as caught:
        load_gateways(put(tmp_path, "gateways", changed(('"pphosted.com"', '"Not A Domain"'), text=text)))
    assert [problem.line for problem in caught.value.problems] == [line(text, '  "pphosted')]
