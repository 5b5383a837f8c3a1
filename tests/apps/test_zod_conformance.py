"""What apps with zod take, refuse and hand to nodemailer, compared with the real zod 3 and 4 running their schemas."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from smtpwizard.apps.loading import shipped
from smtpwizard.clients.transport import Origin, refusals, transport
from smtpwizard.settings import Settings
from support.node import node_json

pytestmark = pytest.mark.node

SCHEMAS: Final = """
const three = require('zod/v3').z, four = require('zod/v4').z;
const word = (z, fallback) =>
  z.string().default(fallback).refine((s) => s === 'true' || s === 'false').transform((s) => s === 'true');
const isTrue = (z, fallback) => z.string().optional().transform((s) => s === 'true').default(fallback);
const filled = (z) => z.preprocess((s) => (typeof s === 'string' && s.trim()) || undefined, z.string().optional());
const some = (z) => z.string().min(1).optional();
const apps = {
  karakeep: [three.object({
    SMTP_PORT: three.coerce.number().optional().default(587), SMTP_SECURE: word(three, 'false'),
    NEXTAUTH_URL: three.string().url().default('http://localhost:3000'),
  }), (e) => ({ port: e.SMTP_PORT, secure: e.SMTP_SECURE, login: Boolean(e.SMTP_USER && e.SMTP_PASSWORD) })],
  infisical: [three.object({
    SMTP_PORT: three.coerce.number().default(587), SMTP_REQUIRE_TLS: isTrue(three, 'true'),
    SMTP_IGNORE_TLS: isTrue(three, 'false'), SMTP_TLS_REJECT_UNAUTHORIZED: isTrue(three, 'true'),
    SMTP_USERNAME: filled(three), SMTP_PASSWORD: filled(three),
  }), (e) => ({ port: e.SMTP_PORT, secure: e.SMTP_PORT === 465, requireTLS: e.SMTP_REQUIRE_TLS,
    ignoreTLS: e.SMTP_IGNORE_TLS, verify: e.SMTP_TLS_REJECT_UNAUTHORIZED,
    login: Boolean(e.SMTP_USERNAME && e.SMTP_PASSWORD) })],
  langfuse: [three.object({ NEXTAUTH_URL: three.string().url() }), () => ({})],
  formbricks: [four.object({
    SMTP_HOST: some(four), SMTP_PORT: some(four), SMTP_USER: some(four), SMTP_PASSWORD: some(four),
    SMTP_SECURE_ENABLED: four.enum(['1', '0']).optional(), SMTP_AUTHENTICATED: four.enum(['1', '0']).optional(),
    SMTP_REJECT_UNAUTHORIZED_TLS: four.enum(['1', '0']).optional(), MAIL_FROM: four.email().optional(),
    WEBAPP_URL: four.url().optional(),
  }), (e) => ({ port: Number(e.SMTP_PORT), secure: e.SMTP_SECURE_ENABLED === '1' || e.SMTP_PORT === '465',
    login: e.SMTP_AUTHENTICATED !== '0', verify: e.SMTP_REJECT_UNAUTHORIZED_TLS !== '0' })],
  rallly: [four.object({
    SMTP_SECURE: four.enum(['true', 'false']).optional(), SUPPORT_EMAIL: four.email(),
    SMTP_REJECT_UNAUTHORIZED: four.enum(['true', 'false']).optional(), NEXT_PUBLIC_BASE_URL: four.url(),
  }), (e) => ({ port: e.SMTP_PORT ? parseInt(e.SMTP_PORT) : undefined, secure: e.SMTP_SECURE === 'true',
    login: Boolean(e.SMTP_USER || e.SMTP_PWD), verify: e.SMTP_REJECT_UNAUTHORIZED !== 'false' })],
  typebot: [four.object({
    SMTP_HOST: some(four), SMTP_USERNAME: some(four), SMTP_PASSWORD: some(four), NEXT_PUBLIC_SMTP_FROM: some(four),
    SMTP_PORT: four.coerce.number().optional().default(25), NEXTAUTH_URL: four.string().url(),
    SMTP_SECURE: four.enum(['true', 'false']).optional(),
  }), (e) => ({ port: e.SMTP_PORT, secure: e.SMTP_PORT === 465, login: true })],
};
output(input.map(([app, given]) => {
  const [schema, run] = apps[app];
  const { error, data } = schema.safeParse(given);
  if (error) return { refused: [...new Set(error.issues.map((issue) => issue.path[0]))].sort() };
  const made = run({ ...given, ...data });
  // zod 3 lets Infinity through as a number, and nodemailer stops at it.
  if (Math.abs(made.port) === Infinity && app !== 'formbricks') return { refused: ['SMTP_PORT'] };
  const port = made.port || (made.secure ? 465 : 587);
  if ('port' in made) made.port = Number.isInteger(port) && port > 0 && port < 65536 ? port : -1;
  return made;
}));
"""
SERVER: Final = {"SMTP_HOST": "mail.acme.dev", "SMTP_PORT": "587"}
COMPLETE: Final[dict[str, dict[str, str]]] = {
    "karakeep": {**SERVER, "SMTP_FROM": "a@acme.dev", "SMTP_USER": "a", "SMTP_PASSWORD": "b"},
    "infisical": {**SERVER, "SMTP_FROM_ADDRESS": "a@acme.dev", "SMTP_USERNAME": "a", "SMTP_PASSWORD": "b"},
    "langfuse": {
        "SMTP_CONNECTION_URL": "smtp://a:b@mail.acme.dev:587",
        "EMAIL_FROM_ADDRESS": "a@acme.dev",
        "NEXTAUTH_URL": "https://acme.dev",
    },
    "formbricks": {**SERVER, "MAIL_FROM": "a@acme.dev", "SMTP_USER": "a", "SMTP_PASSWORD": "b"},
    "rallly": {
        **SERVER,
        "SUPPORT_EMAIL": "a@acme.dev",
        "SMTP_USER": "a",
        "SMTP_PWD": "b",
        "NEXT_PUBLIC_BASE_URL": "https://acme.dev",
    },
    "typebot": {
        **SERVER,
        "NEXT_PUBLIC_SMTP_FROM": "a@acme.dev",
        "SMTP_USERNAME": "a",
        "SMTP_PASSWORD": "b",
        "NEXTAUTH_URL": "https://acme.dev",
    },
}
# fmt: off
WORDS: Final = ["true", "TRUE", "True", " true", "true ", "false", "False", "", " ", "1", "0", "yes", "no", "on", "off",
                "'true'", '"1"', "null", "-1", "+0", "01"]
NUMBERS: Final = ["587", " 587\n", "587abc", "587.0", "587.5", "5.87e2", "0x24b", "0X24B", "0b11", "0o17", "+587",
                  "-587", "+0x1", "", "  ", "0", "-0", "08", "465", "0465", " 465", "4.65e2", "65535", "65536", "99999",
                  "1e400", "Infinity", "-Infinity", "NaN", "infinity", "1_0", "٥٨٧", "5 87", "'587'", "587,",
                  ".5", "5.", "1e-9", "123456789012345678901234567890", "\ufeff587", "587\x85", "587\u200b", "0x",
                  "0b2", "e5"]
ADDRESSES: Final = ["a@acme.dev", "A.B+c_d-e'f@sub.acme.dev", "Acme <a@acme.dev>", "a@acme", "a@acme.d", "a@acme.d1",
                    "", " a@acme.dev", "a@acme.dev\n", ".a@acme.dev", "a.@acme.dev", "a..b@acme.dev", "a@-acme.dev",
                    "a@acme-.dev", "a@acme_x.dev", "ä@acme.dev", "a@äcme.dev", "a@b@acme.dev", '"a b"@acme.dev',
                    "@acme.dev", "a@acme.dev.", "a@acme..dev", "a@[192.0.2.1]", "a!b@acme.dev", "a,b@acme.dev",
                    "_@acme.dev"]
URLS: Final = ["https://acme.dev", "acme.dev", "app.acme.dev:3000", "localhost:3000", "https://", "https:acme.dev", "",
               "https:/acme.dev", " https://acme.dev ", "HTTPS://ACME.DEV", "https://acme.dev:99999", "https://acme.dev:",
               "https://acme.dev:80a", "https://[::1]:3000", "https://acme dev", "//acme.dev", "/", "https://?a",
               "1x:a", "https://a@acme.dev", "https://:3000", "https://acme.dev/a b", "ftp://", "x:", "https://acme_x.dev",
               "'https://acme.dev'", "https://<acme>", "http:///acme.dev", "https:\\\\acme.dev", "${URL}"]
# fmt: on
KINDS: Final = {
    "port": NUMBERS,
    "url": URLS,
    "sender": ADDRESSES,
    "username": ["", "x"],
    "password": ["", "x"],
    "host": ["mail.acme.dev"],
    "sender_name": ["x", ""],
}
SLOTS: Final = [
    (id_, item.name, item.role.value) for id_ in COMPLETE for item in shipped(id_).variables if "[" not in item.name
]


def we_say(id_: str, case: dict[str, str], theirs: dict[str, Any]) -> dict[str, Any]:
    given_settings = Settings.from_variables(shipped(id_), case)
    refused = refusals(given_settings)
    if refused:
        return {"refused": sorted({given_settings.app.variable(item.role) for item in refused})}
    found = transport(given_settings, origin=Origin.COMPOSE)
    assert found is not None
    ours = {
        "port": found.port if 0 < found.port < 65536 else -1, "secure": found.secure, "login": found.logs_in,
        "requireTLS": found.require_tls, "ignoreTLS": found.ignore_tls, "verify": found.verify,
    }  # fmt: skip
    return {key: value for key, value in ours.items() if key in theirs}


def is_alike(id_: str, case: dict[str, str]) -> bool:
    """Say whether we claim to read a port as the app does: not a hexadecimal one (parseInt's radix is 10), nor none."""
    port = case.get("SMTP_PORT", "587")
    return not (id_ == "rallly" and "x" in port.lower()) and not (id_ == "typebot" and port == "")


def compare(cases: list[tuple[str, dict[str, str]]], *, lenient: bool = False) -> None:
    cases = [case for case in cases if is_alike(*case)]
    different = []
    for (id_, case), theirs in zip(cases, node_json(SCHEMAS, cases), strict=True):
        ours = we_say(id_, case, theirs)
        if lenient and "refused" not in ours and any("URL" in name for name in theirs.get("refused", ())):
            continue  # rarer faults of a host are let pass
        if "refused" in theirs or "refused" in ours:
            ours, theirs = ours.get("refused", []), theirs.get("refused", [])
        if ours != theirs:
            different.append((id_, case, ours, theirs))
    assert different == []


def test_every_text_fares_as_with_zod() -> None:
    cases = [(id_, COMPLETE[id_] | {name: text}) for id_, name, role in SLOTS for text in KINDS.get(role, WORDS)]
    cases += [(id_, {key: text for key, text in case.items() if key != name}) for id_, case in COMPLETE.items()
              for name in case if name != "SMTP_HOST" and not name.endswith("_URL")]  # fmt: skip
    compare(cases)


numberish = st.text("0123456789.eE+-x _bo\u00a0\ufeff", max_size=8) | st.floats().map(repr) | st.integers().map(str)
texts = {
    "port": numberish,
    "sender": st.builds("{}@{}".format, st.text("aZ0._'+-!é ", max_size=6), st.text("aZ0.-_é", max_size=9)),
    "url": st.builds("{}{}{}".format, st.sampled_from(["", "https", "HTTP", "x", "1"]),
                     st.sampled_from(["", ":", ":/", "://", ":\\"]), st.text("aZ0.:/?#@[]<>^|% \t-", max_size=8)),
}  # fmt: skip
words = st.text("trueTRUEfalsFAL01 \t", max_size=5)


@settings(max_examples=4, deadline=None, phases=[Phase.generate])  # to shrink would run node for hundreds of times
@given(st.data())
def test_any_text_fares_as_with_zod(data: st.DataObject) -> None:
    checked = [slot for slot in SLOTS if slot[2] in texts or slot[2] not in KINDS]
    compare(
        [
            (id_, COMPLETE[id_] | {name: data.draw(texts.get(role, words))})
            for id_, name, role in checked
            for _ in range(6)
        ],
        lenient=True,
    )
