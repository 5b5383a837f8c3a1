"""The clients of PHP, Ruby and Java: for every behaviour of a server, the verdict is the real client's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from conformance.clients import debian
from conformance.clients.behaviours import Case
from conformance.clients.suite import Comparison, Row, Usage, check_document, sample

CLIENTS: Final[dict[str, tuple[Callable[[], Usage], Callable[[], Iterator[Case]]]]] = {
    "symfony": (debian.symfony, debian.symfony_cases),
    "net-smtp": (debian.net_smtp, debian.net_smtp_cases),
    "jakarta": (debian.jakarta, debian.jakarta_cases),
}


@pytest.fixture(scope="module", params=CLIENTS)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Usage, list[Row]]]:
    make, cases = CLIENTS[request.param]
    usage = make()
    with Comparison(usage, tmp_path_factory.mktemp(request.param)) as comparison:
        yield usage, comparison.rows(sample(cases()))


def test_every_verdict_is_the_clients_own(played: tuple[Usage, list[Row]], capsys: pytest.CaptureFixture[str]) -> None:
    usage, rows = played
    differences = [list(row.differences(usage)) for row in rows]
    with capsys.disabled():
        print(f"\n{usage.title}: agreement {sum(not found for found in differences)}/{len(rows)}")
    assert not any(differences), "\n".join(line for found in differences for line in found)


def test_the_document_is_up_to_date(played: tuple[Usage, list[Row]]) -> None:
    check_document(*played)


@pytest.mark.parametrize("name", CLIENTS)
def test_at_least_forty_behaviours_are_played_in_every_mode(name: str) -> None:
    played = list(CLIENTS[name][1]())
    for mode in {case.mode for case in played}:
        assert len({case.behaviour for case in played if case.mode is mode}) >= 40
