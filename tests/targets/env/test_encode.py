"""Every promise of the reader models is kept by the real programs; everyday passwords have a form that all read."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable

import pytest

from smtpwizard.errors import InputError
from smtpwizard.targets.env.edit import encode
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader, parse_readers
from support import env_readers
from support.values import NASTY, nasty_values, passwords

COUNT = int(os.environ.get("SMTPWIZARD_FUZZ", "500"))
TARGETS = (
    DEFAULT_READERS,
    (Reader.NPM,),
    (Reader.COMPOSE,),
    (Reader.SHELL, Reader.SYSTEMD),
    (Reader.DOCKER_RUN, Reader.COMPOSE, Reader.NPM),
    (Reader.EXPAND, Reader.PYTHON),
)

Read = Callable[[str, list[str]], dict[str, str] | None]

PROGRAMS: dict[str, tuple[Reader, Read]] = {
    "dotenv 16": (Reader.NPM, lambda text, _: env_readers.npm_dotenv([text], "dotenv16")[0]),
    "dotenv 17": (Reader.NPM, lambda text, _: env_readers.npm_dotenv([text])[0]),
    "dotenv newest": (Reader.NPM, lambda text, _: env_readers.npm_dotenv([text], "dotenv-latest")[0]),
    "node --env-file": (Reader.NODE, lambda text, _: env_readers.node_env_file([text])[0]),
    "dotenv-expand 12": (Reader.EXPAND, lambda text, _: env_readers.dotenv_expand([text], "dotenv-expand12")[0]),
    "dotenv-expand 13": (Reader.EXPAND, lambda text, _: env_readers.dotenv_expand([text])[0]),
    "python-dotenv": (Reader.PYTHON, lambda text, _: env_readers.python_dotenv([text])[0]),
    "python-dotenv plain": (
        Reader.PYTHON_PLAIN,
        lambda text, _: env_readers.python_dotenv([text], interpolate=False)[0],
    ),
    "bash": (Reader.SHELL, lambda text, keys: env_readers.shell([text], "bash", keys)[0]),
    "dash": (Reader.SHELL, lambda text, keys: env_readers.shell([text], "dash", keys)[0]),
    "systemd": (Reader.SYSTEMD, lambda text, _: env_readers.systemd([text])[0]),
    "docker compose": (Reader.COMPOSE, lambda text, _: env_readers.compose_env_file([text])[0]),
}


@functools.cache
def written_texts() -> tuple[str, ...]:
    """What `encode` writes for nasty values and all target sets."""
    return tuple(sorted({encode(value, readers).text for value in nasty_values(COUNT) for readers in TARGETS}))


@functools.cache
def found_texts() -> tuple[str, ...]:
    """What may stand in people's files: any mixture, quoted or not, with a comment or not."""
    wraps = ("{}", "'{}'", '"{}"', "`{}`", "'{}' # note", '"{}" #note', "{} # note", " {}", "{}#note")
    values = nasty_values(COUNT, seed=2)
    return tuple(sorted({wraps[n % len(wraps)].format(value) for n, value in enumerate(values)}))


@pytest.mark.parametrize("texts", [written_texts, found_texts])
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_model_promises_the_real_program_reads(program: str, texts: Callable[[], tuple[str, ...]]) -> None:
    reader, read = PROGRAMS[program]
    readings = ((text, reader.read(text)) for text in texts())
    promised = {f"K{n}": reading for n, reading in enumerate(readings) if reading[1] is not None}
    assert len(promised) > COUNT // 4
    # In one file: a value that ran over its line would show in its neighbours.
    variables = read("".join(f"{key}={text}\n" for key, (text, _) in promised.items()), list(promised))
    assert variables is not None
    for key, (text, value) in promised.items():
        assert variables.get(key) == value, text


def test_a_dotenv_beside_the_compose_file_is_substituted_exactly() -> None:
    promised = [(text, value) for text in written_texts() if (value := Reader.COMPOSE.read(text)) is not None]
    seen = env_readers.compose_substituted([text for text, _ in promised])
    assert seen is not None
    for (text, value), read in zip(promised, seen, strict=True):
        assert read == value, text


def test_one_form_serves_all_default_readers_for_usual_passwords() -> None:
    made = passwords(3000)
    served = sum(not encode(value).misread_by for value in made)
    assert served / len(made) >= 0.999


def test_letters_digits_and_common_signs_always_have_a_form_that_all_read() -> None:
    assert all(not encode(value).misread_by for value in passwords(1000, "!@#$%^&*"))


def test_a_google_app_password_is_read_by_docker_run_too() -> None:
    assert encode("abcdefghijklmnop").read_by == tuple(Reader)


def test_a_dollar_is_kept_literal_in_single_quotes() -> None:
    assert encode("pa$HOME").text == "'pa$HOME'"


def test_an_apostrophe_is_never_escaped_with_a_backslash_by_default() -> None:
    assert encode("it's").text == '"it\'s"'


def test_readers_that_would_misread_are_named_and_no_others() -> None:
    encoded = encode("pa${HOME}x")
    assert encoded.misread_by == (Reader.PYTHON,)
    assert Reader.COMPOSE in encoded.read_by


def test_a_command_substitution_is_said_to_run_where_it_runs() -> None:
    assert encode("pa$(id)x").runs_command_in == (Reader.EXPAND_1000,)
    assert (
        Reader.SHELL in encode("it's `id`", (Reader.NPM,)).runs_command_in
        or Reader.SHELL in encode("it's `id`", (Reader.COMPOSE,)).runs_command_in
    )


@pytest.mark.parametrize("char", ["\n", "\r", "\0", "\x1b", "\x7f", "\x85", "\u2028"])
def test_control_characters_and_line_breaks_are_refused_without_showing_the_value(char: str) -> None:
    with pytest.raises(InputError) as refused:
        encode(f"hunter2{char}SMTP_TLS=false")
    assert "hunter2" not in refused.value.message


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(InputError):
        encode("caf\udce9")


def test_ten_kilobytes_are_written_exactly() -> None:
    value = "a'b" * 3400
    assert Reader.NPM in encode(value).read_by


def test_the_encoded_text_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(encode("hunter2"))


def test_the_order_of_readers_is_their_weight() -> None:
    value = "it's $HOME"
    assert Reader.NPM in encode(value, (Reader.NPM, Reader.COMPOSE)).read_by
    assert Reader.COMPOSE in encode(value, (Reader.COMPOSE, Reader.NPM)).read_by


def test_every_nasty_value_has_an_exact_form_for_each_main_reader() -> None:
    for value in NASTY:
        for reader in (Reader.COMPOSE, Reader.SHELL, Reader.SYSTEMD, Reader.DOCKER_RUN):
            assert reader in encode(value, (reader,)).read_by, (value, reader)


def test_an_unknown_reader_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="compose"):
        parse_readers("compose,ruby")
    assert parse_readers("npm, compose,npm") == (Reader.NPM, Reader.COMPOSE)


@pytest.mark.parametrize("package", ["dotenv16", "dotenv", "dotenv-latest"])
def test_npm_reads_a_value_that_ends_in_a_backslash_whatever_follows_in_the_file(package: str) -> None:
    values = ["abcd\\", "ab cd\\", "it's\\", 'a"b`c\\', "\\", "a\\\\", "x \\", "$HOME\\"]
    found = [encode(value, (Reader.NPM,)) for value in values]
    assert [item.misread_by for item in found] == [()] * len(values)
    texts = [f"A='1'\nK={item.text}\nB='2'\nC=\"3\"\nD=`4`\n" for item in found]
    read = env_readers.npm_dotenv(texts, package)
    assert read == [{"A": "1", "K": value, "B": "2", "C": "3", "D": "4"} for value in values]
    # Not so where no form is read whatever follows: the end of the word has to be quoted.
    assert encode("a#b\\", (Reader.NPM,)).misread_by == (Reader.NPM,)
