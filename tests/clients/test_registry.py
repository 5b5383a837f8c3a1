"""Which model plays an app's mail client, what it may load, and what it says of itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from smtpwizard.apps.loading import shipped
from smtpwizard.apps.profile import AppProfile
from smtpwizard.clients.common.model import StandardClient
from smtpwizard.clients.registry import model_of
from smtpwizard.smtp.results import Step

MODELS = ("nodemailer", "smtplib", "django-smtp")


def app_with(model: str, **options: str) -> AppProfile:
    ghost = shipped("ghost")
    return ghost._replace(client=ghost.client._replace(model=model, options=options))


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_found_by_the_profiles_word(model: str) -> None:
    found = model_of(app_with(model))
    assert found is not None
    assert (found.name, found.compared) == (model, True)


def test_an_apps_time_limit_reaches_the_model() -> None:
    limited = model_of(app_with("django-smtp", timeout="30"))
    assert limited is not None
    assert limited.timeouts[Step.GREETING] == 30.0


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
    assert ("smtpwizard.clients.python_smtplib" in loaded) == (model != "nodemailer")
    assert ("smtpwizard.clients.nodemailer.dialogue" in loaded) == (model == "nodemailer")
