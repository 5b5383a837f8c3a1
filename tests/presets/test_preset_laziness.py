"""Opening costs nothing, a file is parsed once, and looking up a host does not read the whole catalogue."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import smtpwizard.presets.toml as module
from smtpwizard.presets.catalogue import Presets
from smtpwizard.presets.files import presets_root, provider_files
from support.preset_files import changed, put

SHIPPED = provider_files(presets_root())


@pytest.fixture
def parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was parsed, without an index at first."""
    count: Counter[str] = Counter()
    real = module.parse

    def counting(path: Path, text: str) -> dict[str, Any]:
        count[path.stem] += 1
        return real(path, text)

    monkeypatch.setattr(module, "parse", counting)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return count


def test_opening_parses_nothing(parsed: Counter[str]) -> None:
    presets = Presets.open()
    assert len(presets.ids()) == len(SHIPPED) + 1, "and `custom`"
    assert not parsed


def test_one_provider_parses_one_file_once(parsed: Counter[str]) -> None:
    presets = Presets.open()
    assert presets.provider("gmail") is presets.provider("gmail")
    assert parsed == {"gmail": 1}


def test_the_list_and_the_search_parse_each_file_once(parsed: Counter[str]) -> None:
    presets = Presets.open()
    presets.for_host("smtp.gmail.com")
    presets.match_address("x@gmail.com")
    presets.all()
    presets.search("gm")
    presets.all()
    presets.match_mx(["aspmx.l.google.com"])
    assert parsed == Counter([*(path.stem for path in SHIPPED), "gateways"])


def test_what_one_run_has_parsed_the_next_reads_from_the_index(parsed: Counter[str]) -> None:
    first = Presets.open().all()
    parsed.clear()
    again = Presets.open()
    assert again.all() == first
    assert again.for_host("smtp.fastmail.com") in first
    assert not parsed


def test_a_host_is_found_without_parsing_the_rest(parsed: Counter[str]) -> None:
    presets = Presets.open()
    provider = presets.for_host("smtp.fastmail.com")
    assert provider is not None
    assert provider.id == "fastmail"
    assert set(parsed) <= {"fastmail", "amazon-ses", "oracle-email-delivery"}
    assert presets.match_address("x@fastmail.com") is not None
    assert len(parsed) <= 4


def test_the_catalogue_imports_no_user_interface_and_no_dns() -> None:
    code = (
        "import sys, smtpwizard.presets.catalogue as p; p.Presets.open().for_host('smtp.gmail.com');"
        "print(*sorted({name.split('.')[0] for name in sys.modules}"
        " & {'textual', 'rich', 'pybars', 'dns', 'asyncio', 'dotenv', 'importlib_resources', 'yaml'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_a_host_of_no_preset_is_told_without_parsing_any(parsed: Counter[str]) -> None:
    assert Presets.open().for_host("127.0.0.1") is None
    assert Presets.open().for_host("mail.acme.example") is None
    assert not parsed


def test_a_region_is_looked_for_only_where_the_name_ends_like_it(parsed: Counter[str]) -> None:
    found = Presets.open().for_host("email-smtp.eu-west-9.amazonaws.com")
    assert found is not None
    assert (found.id, set(parsed)) == ("amazon-ses", {"amazon-ses"})


@pytest.mark.parametrize("quoted", ['"smtp.acme.test"', "'smtp.acme.test'", '"""smtp.acme.test"""'])
def test_a_host_is_found_in_every_kind_of_quotes(tmp_path: Path, quoted: str) -> None:
    put(tmp_path, "acme", changed(('"smtp.acme.example"', quoted)))
    found = Presets.open(tmp_path).for_host("smtp.acme.test")
    assert found is not None
    assert found.id == "acme"


def test_a_look_up_imports_no_parser_where_there_is_nothing_to_parse() -> None:
    code = (
        "import sys, smtpwizard.presets.catalogue as p; p.Presets.open().for_host('127.0.0.1');"
        "print(*sorted({'tomllib', 'dataclasses', 'inspect'} & set(sys.modules)))"
    )
    environment = {"HOME": "/nobody", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    assert done.stdout.split() == []
