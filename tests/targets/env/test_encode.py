"""Every promise of the reader models is kept by the real programs; everyday passwords have a form that all read."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence

import pytest

from smtpwizard.errors import InputError
from smtpwizard.targets.env.encode import encode
from smtpwizard.targets.env.readers import DEFAULT_READERS, MODELS, Reader, parse_readers
from support import env_readers
from support.values import NASTY, nasty_values, passwords

COUNT = int(os.environ.get("SMTPWIZARD_FUZZ", "1000"))
TARGETS = (
    DEFAULT_READERS,
    (Reader.NPM,),
    (Reader.COMPOSE,),
    (Reader.SHELL, Reader.SYSTEMD),
    (Reader.DOCKER_RUN, Reader.COMPOSE, Reader.NPM),
    (Reader.EXPAND, Reader.PYTHON),
)

PROGRAMS: dict[str, tuple[Reader, Callable[[Sequence[str]], Sequence[dict[str, str] | None]]]] = {
    "dotenv 16": (Reader.NPM, lambda texts: env_readers.npm_dotenv(texts, "dotenv16")),
    "dotenv 17": (Reader.NPM, env_readers.npm_dotenv),
    "dotenv newest": (Reader.NPM, lambda texts: env_readers.npm_dotenv(texts, "dotenv-latest")),
    "node --env-file": (Reader.NODE, env_readers.node_env_file),
    "dotenv-expand 12": (Reader.EXPAND, lambda texts: env_readers.dotenv_expand(texts, "dotenv-expand12")),
    "dotenv-expand 13": (Reader.EXPAND, env_readers.dotenv_expand),
    "python-dotenv": (Reader.PYTHON, env_readers.python_dotenv),
    "python-dotenv plain": (Reader.PYTHON_PLAIN, lambda texts: env_readers.python_dotenv(texts, interpolate=False)),
    "bash": (Reader.SHELL, lambda texts: env_readers.shell(texts, "bash")),
    "dash": (Reader.SHELL, lambda texts: env_readers.shell(texts, "dash")),
    "systemd": (Reader.SYSTEMD, env_readers.systemd),
    "docker compose": (Reader.COMPOSE, env_readers.compose_env_file),
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
    readings = ((text, MODELS[reader](text)) for text in texts())
    promised = [(text, value) for text, value in readings if value is not None]
    assert len(promised) > COUNT // 4
    seen = read([f"A=before\nK={text}\nZ=after\n" for text, _ in promised])
    for (text, value), variables in zip(promised, seen, strict=True):
        assert variables is not None, text
        assert {key: variables.get(key) for key in "AKZ"} == {"A": "before", "K": value, "Z": "after"}, text


def test_a_dotenv_beside_the_compose_file_is_substituted_exactly() -> None:
    promised = [(text, value) for text in written_texts() if (value := MODELS[Reader.COMPOSE](text)) is not None]
    seen = env_readers.compose_substituted([text for text, _ in promised])
    assert seen is not None
    for (text, value), read in zip(promised, seen, strict=True):
        assert read == value, text


def test_one_form_serves_all_default_readers_for_usual_passwords() -> None:
    made = passwords(5000)
    served = sum(not encode(value).misread_by for value in made)
    assert served / len(made) >= 0.999


def test_letters_digits_and_common_signs_always_have_a_form_that_all_read() -> None:
    assert all(not encode(value).misread_by for value in passwords(2000, "!@#$%^&*"))


def test_a_google_app_password_is_read_by_docker_run_too() -> None:
    assert encode("abcdefghijklmnop").read_by == tuple(MODELS)


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
