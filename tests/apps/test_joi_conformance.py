"""What starts the app and what it hands on, compared with the real joi 18.1 running the app's schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpwizard.apps.parse import boolean, number
from smtpwizard.clients.transport import Origin, refusals, transport
from smtpwizard.settings import Settings
from support.apps import ABC
from support.node import node_json
from support.values import examples

pytestmark = pytest.mark.node

SCHEMA = """
const Joi = require('joi');
const schema = Joi.object({
  ADMIN_WEB_URL: Joi.string().default('http://localhost:3000'),
  SMTP_HOST: Joi.string().required(),
  SMTP_PORT: Joi.number().required(),
  SMTP_USERNAME: Joi.string().optional().allow(''),
  SMTP_PASSWORD: Joi.string().optional().allow(''),
  SMTP_SENDER: Joi.string().required(),
  SMTP_TLS: Joi.boolean().optional().default(false),
  SMTP_CIPHER_SPEC: Joi.string().when('SMTP_TLS', {
    is: true, then: Joi.optional().default('TLSv1.2'), otherwise: Joi.optional() }),
  SMTP_OPPORTUNISTIC_TLS: Joi.boolean().when('SMTP_TLS', {
    is: true, then: Joi.optional().default(true), otherwise: Joi.optional() }),
});
output(input.map((given) => {
  const { error, value } = schema.validate(given, { abortEarly: false, allowUnknown: true });
  if (error) return { refused: [...new Set(error.details.map((detail) => detail.path[0]))].sort() };
  const run = (env) => ({
    port: Number(parseInt(env.SMTP_PORT || '25')) || null,
    secure: env.SMTP_TLS === 'true',
    ciphers: env.SMTP_CIPHER_SPEC || '',
    login: Boolean(env.SMTP_USERNAME && env.SMTP_PASSWORD),
  });
  const text = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, `${item}`]));
  return { environ: run({ ...text, ...given }), file: run(text) };
}));
"""

COMPLETE = {"SMTP_HOST": "mail.acme.example", "SMTP_PORT": "587", "SMTP_SENDER": "app@acme.example"}

# fmt: off
BOOLEANS = ["true", "TRUE", "True", "false", "FALSE", " true", "true\u00a0", "true\n", "\ufefftrue", "\u200btrue",
            "", "yes", "1", "0", "on", "off", '"true"', "null", "trüe",
            "ＴＲＵＥ", "T\u0130rue", "true\x1c", "true\x85"]

PORTS = ["587", " 587 ", "587abc", "5.87e2", "0x24B", "587.5", "0587", "+587", "-587", "", "  ", "0", "-0", "-00",
         "1e3", "587.", ".587", ".0", "-.0", "0.0", "00.5", "587.00", "5,87", "Infinity", "NaN", "99999", "65536",
         "1e-7", "1e-3", "0.00001", "0.0000001", "9007199254740991", "9007199254740993", "1e400", "587\n", "\u00a0587",
         "\ufeff587", "\u3000587", "587\u2028", "587\u200b", "٥٨٧", "５８７", "0b101", "58 7", "5e02", "12.50e1",
         "1e21", "'587'", "587;", "0.1234567890123456789", "123456789012345678901234567890",
         "1.7976931348623157e308", "587\x1c", "587\x85"]
# fmt: on


def the_app_says(cases: list[dict[str, str]]) -> list[Any]:
    answers: list[Any] = node_json(SCHEMA, cases)
    assert len(answers) == len(cases)
    return answers


def we_say(case: dict[str, str]) -> dict[str, Any]:
    given = Settings.from_variables(ABC, case)
    refused = refusals(given)
    if refused:
        assert transport(given, origin=Origin.ENVIRON) is None
        return {"refused": sorted({given.app.variable(item.role) for item in refused})}
    return {"environ": outcome(given, Origin.ENVIRON), "file": outcome(given, Origin.ENV_FILE)}


def outcome(given: Settings, origin: Origin) -> dict[str, Any]:
    found = transport(given, origin=origin)
    assert found is not None
    return {"port": found.port, "secure": found.secure, "ciphers": found.ciphers, "login": found.logs_in}


def compare(cases: list[dict[str, str]]) -> None:
    for case, theirs in zip(cases, the_app_says(cases), strict=True):
        for run in ("environ", "file"):
            if run in theirs and theirs[run]["port"] is None:  # nodemailer's own default for NaN and 0
                theirs[run]["port"] = 465 if theirs[run]["secure"] else 587
        assert we_say(case) == theirs, case


def test_booleans_are_accepted_and_refused_as_by_joi() -> None:
    compare([COMPLETE | {name: text} for text in BOOLEANS for name in ("SMTP_TLS", "SMTP_OPPORTUNISTIC_TLS")])


def test_ports_are_accepted_and_refused_as_by_joi() -> None:
    compare([COMPLETE | {"SMTP_PORT": text, "SMTP_TLS": tls} for text in PORTS for tls in ("true", "false")])


def test_missing_and_empty_variables_are_refused_as_by_joi() -> None:
    names = [*COMPLETE, "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_TLS", "SMTP_CIPHER_SPEC", "ADMIN_WEB_URL"]
    compare(
        [{key: value for key, value in COMPLETE.items() if key != name} for name in COMPLETE]
        + [COMPLETE | {name: text} for name in names for text in ("", " ", "\u00a0")]
        + [{}]
    )


def test_the_default_cipher_follows_what_joi_reads_as_tls() -> None:
    compare([COMPLETE | {"SMTP_TLS": text} for text in ("true", "True", "false", " true")])


def test_a_login_needs_both_variables() -> None:
    values = ("", "x", " ")
    compare([COMPLETE | {"SMTP_USERNAME": user, "SMTP_PASSWORD": word} for user in values for word in values])


numberish = st.text(alphabet="0123456789.eE+-x ", max_size=12) | st.floats().map(repr) | st.integers().map(str)
padded = st.builds(
    lambda left, text, right: left + text + right, st.sampled_from(["", " ", "\u00a0", "\ufeff", "\x1f"]), numberish,
    st.sampled_from(["", "\n", "\u3000", "\u200b"]),
)  # fmt: skip


@settings(max_examples=examples(6), deadline=None)
@given(st.lists(padded | st.text(st.characters(codec="utf-8"), max_size=6), min_size=20, max_size=60))
def test_any_text_as_port_fares_as_with_joi(texts: list[str]) -> None:
    compare([COMPLETE | {"SMTP_PORT": text} for text in texts])


@settings(max_examples=examples(4), deadline=None)
@given(st.lists(st.text(alphabet="trueTRUEfalsFAL \t\u00a0\u200b", max_size=7), min_size=20, max_size=60))
def test_any_text_as_boolean_fares_as_with_joi(texts: list[str]) -> None:
    compare([COMPLETE | {"SMTP_TLS": text} for text in texts])


def test_the_model_tells_the_two_booleans_and_a_number() -> None:
    assert boolean("TRUE") is True
    assert boolean("False") is False
    assert number("587.50") == 587.5
