"""Which model plays an app's mail client, what it may load, and what it says of itself."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.clients.common.model import StandardClient
from smtpwizard.clients.python_smtplib import Django
from smtpwizard.clients.registry import model_of
from smtpwizard.clients.transport import Transport
from smtpwizard.smtp.results import Step
from support.node import ROOT

MODELS = {
    "nodemailer": "nodemailer.dialogue",
    "smtplib": "python_smtplib",
    "django-smtp": "python_smtplib",
    "symfony-mailer": "symfony",
    "net-smtp": "net_smtp",
    "jakarta-mail": "jakarta",
    "angus-mail": "jakarta",
}
"""A profile's word for a client → the module of its model."""
COMPARED = {"nodemailer": "", "smtplib": "", "django-smtp": "", "symfony-mailer": "5.4", "net-smtp": "0.3"}
"""Those of which a version is held against the real one → that version, where the model differs by it."""


def app_with(model: str, **options: str) -> AppProfile:
    ghost = shipped("ghost")
    return ghost._replace(client=ghost.client._replace(model=model, options=options))


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_found_by_the_profiles_word(model: str) -> None:
    found = model_of(app_with(model))
    assert found is not None
    assert found.name == model


@pytest.mark.parametrize("model", COMPARED)
def test_a_model_says_whether_it_is_held_against_the_real_client(model: str) -> None:
    ghost = shipped("ghost")
    found = model_of(ghost._replace(client=ghost.client._replace(model=model, version=COMPARED[model])))
    assert found is not None
    assert found.compared


def test_an_apps_time_limit_reaches_the_model() -> None:
    transport = Transport("mail.example.com", 25, secure=False)
    assert Django().limit(Step.GREETING, transport) == math.inf
    assert Django().limit(Step.GREETING, transport._replace(options={"timeout": "30"})) == 30.0
    assert Django().limit(Step.GREETING, transport._replace(options={"timeout": "soon"})) == math.inf


def test_a_way_of_use_that_is_not_known_is_not_modelled() -> None:
    assert model_of(app_with("go-net-smtp", use="somebody")) is None
    known = model_of(app_with("go-net-smtp", use="mattermost"))
    assert known is not None
    assert (known.timeouts[Step.GREETING], known.compared) == (10.0, True)


def test_what_was_made_after_a_source_alone_says_so() -> None:
    grafana = model_of(app_with("gomail", use="grafana"))
    assert grafana is not None
    assert not grafana.compared


def test_a_client_has_no_difference_that_nobody_reads() -> None:
    with pytest.raises(TypeError, match="no client differs in timeoutz"):
        StandardClient(timeoutz=1)


@pytest.mark.parametrize("model", MODELS)
def test_finding_a_model_loads_no_other_one_and_nothing_costly(model: str) -> None:
    code = (
        "import sys; from smtpwizard.apps.loading import shipped; from smtpwizard.clients.registry import model_of\n"
        "ghost = shipped('ghost')\n"
        f"model_of(ghost._replace(client=ghost.client._replace(model={model!r}))); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"ssl", "asyncio", "email", "dataclasses", "textual", "rich", "hmac"}
    ours = {name for name in MODELS.values() if f"smtpwizard.clients.{name}" in loaded}
    assert ours == {MODELS[model]}


def test_the_page_for_contributors_names_the_models_that_there_are() -> None:
    page = (ROOT / "docs" / "apps-adding.md").read_text("utf-8")
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("  | `")]
    named = {word for cell in cells for word in re.findall(r"`([a-z-]+)`", cell)} - {"model"}
    assert named >= set(MODELS)
    assert all(model_of(app_with(word)) for word in named - {"go-net-smtp", "go-mail"})
