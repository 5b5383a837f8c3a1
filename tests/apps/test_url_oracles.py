"""A URL that a form writes is taken apart by the real nodemailer and the real Symfony Mailer as it was meant."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from smtpwizard.apps.parse import FORMS
from support.debian_clients import symfony
from support.node import node_json

LOGINS = [
    ("me@acme.dev", "simple"),
    ("me", "p/w:?#[]@!$&'()*+,;=%"),
    ("ä ö", 'ü€ \\ " ` 100%'),
    ("a+b", "1e5"),
    ("apikey", "SG.x-y_z~"),
]
CASES = [
    {"security": scheme, "username": user, "password": word, "host": host, "port": port}
    for user, word in LOGINS
    for scheme, host, port in (("smtp", "mail.acme.dev", "587"), ("smtps", "192.0.2.1", "465"))
]


@pytest.mark.node
def test_nodemailer_reads_what_is_written() -> None:
    more = {"require_tls": "true", "verify": "false", "client_name": "app.acme.dev"}
    urls = [FORMS["nodemailer-url"].write({**case, **more})[0] for case in CASES]
    script = (
        "const shared = require('nodemailer/lib/shared'); output(input.map((url) => shared.parseConnectionUrl(url)))"
    )
    for case, read in zip(CASES, node_json(script, urls), strict=True):
        assert (read["host"], read["port"], read["secure"]) == (
            case["host"],
            int(case["port"]),
            case["security"] == "smtps",
        )
        assert read["auth"] == {"user": case["username"], "pass": case["password"]}
        assert (read["requireTLS"], read["tls"], read["name"]) == (True, {"rejectUnauthorized": False}, "app.acme.dev")


def test_symfony_reads_what_is_written() -> None:
    more = {"require_tls": "1", "starttls": "0", "verify": "0", "client_name": "app.acme.dev"}
    dsns = [FORMS["symfony-dsn"].write({**case, **more})[0] for case in CASES]
    _, (php, _) = symfony()
    script = """
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
foreach (json_decode(stream_get_contents(STDIN)) as $text) {
    $dsn = Symfony\\Component\\Mailer\\Transport\\Dsn::fromString($text);
    $out[] = ['scheme' => $dsn->getScheme(), 'host' => $dsn->getHost(), 'port' => $dsn->getPort(),
        'user' => $dsn->getUser(), 'password' => $dsn->getPassword(),
        'options' => [$dsn->getOption('require_tls'), $dsn->getOption('auto_tls'),
            $dsn->getOption('verify_peer'), $dsn->getOption('local_domain')]];
}
echo json_encode($out);
"""
    done = subprocess.run([php, "-r", script], input=json.dumps(dsns), text=True, capture_output=True, check=True)
    results: list[dict[str, Any]] = json.loads(done.stdout)
    for case, read in zip(CASES, results, strict=True):
        assert (read["scheme"], read["host"], read["port"]) == (case["security"], case["host"], int(case["port"]))
        assert (read["user"], read["password"]) == (case["username"], case["password"])
        assert read["options"] == ["1", "0", "0", "app.acme.dev"]
