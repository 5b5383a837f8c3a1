"""The app's own client, nodemailer, logs in to the practice server and sends: with the settings that it hands out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smtpwizard.sandbox.server import PracticeServer
from smtpwizard.settings import Settings
from support.node import node

pytestmark = pytest.mark.node

SEND = """
const settings = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const transport = require('nodemailer').createTransport({
  host: settings.SMTP_HOST, port: Number(settings.SMTP_PORT), secure: settings.SMTP_TLS === 'true',
  auth: {user: settings.SMTP_USERNAME, pass: settings.SMTP_PASSWORD},
});
const mail = {from: settings.SMTP_SENDER, to: 'reader@example.net', subject: 'Hello', text: 'Your code is 418205.'};
const tell = (outcome) => { console.log(JSON.stringify(outcome)); transport.close(); };
transport.verify()
  .then(() => transport.sendMail(mail))
  .then((info) => tell({response: info.response}), (error) => tell({code: error.code, reply: error.responseCode}));
"""


def send(settings: Settings, env: dict[str, str]) -> Any:
    variables = {
        name: value if isinstance(value, str) else value.reveal() for name, value in settings.to_variables().items()
    }
    return json.loads(node(SEND, stdin=json.dumps(variables), env=env))


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nodemailer_verifies_and_sends(implicit: bool, host: str) -> None:
    with PracticeServer() as server:
        settings = server.settings(implicit=implicit).with_changes({"SMTP_HOST": host})
        outcome = send(settings, {"NODE_EXTRA_CA_CERTS": str(server.ca_file)})
        (message,) = server.messages
    assert outcome == {"response": f"250 2.0.0 Ok: queued as {message.queue_id}"}
    assert (message.subject, message.code) == ("Hello", "418205")


def test_nodemailer_is_refused_with_a_wrong_password() -> None:
    with PracticeServer() as server:
        settings = server.settings().with_changes({"SMTP_PASSWORD": "not the password"})
        assert send(settings, {"NODE_EXTRA_CA_CERTS": str(server.ca_file)}) == {"code": "EAUTH", "reply": 535}


def test_nodemailer_refuses_the_server_where_its_ca_is_not_given() -> None:
    with PracticeServer() as server:
        assert send(server.settings(), {})["code"] == "ESOCKET"
        assert server.messages == []
