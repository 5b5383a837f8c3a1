"""Apps ship nodemailer 6 to 9: where these do something else than 8.0.5, the model of that version does the same."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from conformance.behaviour import Behaviour
from conformance.behaviours import ALL
from conformance.comparison import Comparison
from conformance.pace import played
from support.node import node_modules

pytestmark = [pytest.mark.node]

LIBRARIES = ("nodemailer-6", "nodemailer-9")
ABOUT = ("closed", "empty line", "injected", "one segment", "half a", "all is well", "checked", "XOAUTH2")
"""What is in the name of a behaviour at which versions differ, or would if they differed at all. Once in a while all
behaviours were played: 6.10.1 and 7.0.13 do in every one what 8.0.5 does."""


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    with Comparison(tmp_path_factory.mktemp("versions"), LIBRARIES) as made:
        yield made


def chosen() -> Iterator[tuple[Behaviour, str]]:
    for item in ALL:
        if any(words in item.name for words in ABOUT):
            yield from ((item, name) for name in item.settings)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_version_that_apps_ship_is_played_as_it_is(
    comparison: Comparison, library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    version = json.loads((node_modules() / library / "package.json").read_text())["version"]
    met = list(chosen())
    for item, _ in met:
        comparison.context(item.certificate)

    def compared(item: Behaviour, name: str) -> str:
        real, fate, ours, said = comparison.of_version(library, version, item, item.settings[name])
        return "" if (real, fate) == (ours, said) else f"{item.name} / {name}: {real} {fate}, ours {ours} {said}"

    found = played(lambda pair: compared(*pair), met, lambda pair: pair[0].script)
    again = [pair for line, pair in zip(found, met, strict=True) if line]  # once more, alone: a deadline may be missed
    differences = [line for pair in again if (line := compared(*pair))]
    with capsys.disabled():
        print(f"\nnodemailer {version}: agreement {len(met) - len(differences)}/{len(met)}")
    assert not differences, "\n".join(differences)
