"""A record is what typing.NamedTuple would have made of it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import typing
from typing import Any

import pytest

from smtpwizard import records


class Ours(records.NamedTuple):
    host: str
    port: int | None
    tls: bool = False
    names: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.place


class Theirs(typing.NamedTuple):
    host: str
    port: int | None
    tls: bool = False
    names: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.place


BOTH = pytest.mark.parametrize("cls", [Ours, Theirs])


def test_the_type_is_made_here_and_not_by_typing() -> None:
    assert type(Ours) is type
    assert Ours.__mro__ == (Ours, tuple, object)
    assert Ours.__new__.__module__ == records.__name__
    assert not hasattr(Ours("a", 1), "__dict__")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (("a", 1), {}),
        (("a", 1, True), {}),
        (("a", 1, True, ("b",)), {}),
        (("a",), {"port": 2}),
        ((), {"names": ("x",), "port": None, "host": "b"}),
        (("a", 1), {"names": ("x",)}),
    ],
)
def test_values_are_taken_by_place_by_name_and_by_default(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    assert tuple(Ours(*values, **named)) == tuple(Theirs(*values, **named))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        (("a",), {}),
        (("a",), {"tls": True}),
        (("a", 1, True, (), 5), {}),
        (("a", 1), {"host": "b"}),
        (("a", 1), {"nothing": 1}),
        ((), {"host": "a", "port": 1, "cls": 3}),
    ],
)
@BOTH
def test_a_wrong_call_is_a_type_error(cls: Any, values: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        cls(*values, **named)


@BOTH
def test_a_record_is_a_tuple_with_names(cls: Any) -> None:
    item = cls("a", 1)
    host, port, *_ = item
    assert (host, port, item.host, item[1], len(item)) == ("a", 1, "a", 1, 4)
    assert item == ("a", 1, False, ())
    assert hash(item) == hash(("a", 1, False, ()))
    assert (item.place, str(item), repr(item)) == (
        "a:1",
        "a:1",
        f"{cls.__name__}(host='a', port=1, tls=False, names=())",
    )
    assert item._asdict() == {"host": "a", "port": 1, "tls": False, "names": ()}
    assert (cls._fields, cls._field_defaults) == (("host", "port", "tls", "names"), {"tls": False, "names": ()})
    with pytest.raises(AttributeError):
        item.host = "b"


@BOTH
def test_a_record_is_changed_into_another_one(cls: Any) -> None:
    item = cls("a", 1)
    changed = item._replace(port=2, tls=True)
    assert (type(changed), changed) == (cls, cls("a", 2, True))
    with pytest.raises((ValueError, TypeError)):
        item._replace(nothing=1)
    assert cls._make(["a", 1, True, ()]) == cls("a", 1, True)
    with pytest.raises(TypeError):
        cls._make(["a"])


@BOTH
def test_a_record_is_copied_pickled_and_matched(cls: Any) -> None:
    item = cls("a", 1, names=("x",))
    for again in (copy.copy(item), copy.deepcopy(item), pickle.loads(pickle.dumps(item))):
        assert (type(again), again) == (cls, item)
    match item:
        case cls(host, port, names=names):
            assert (host, port, names) == ("a", 1, ("x",))
        case _:
            raise AssertionError("not matched")


@BOTH
def test_the_types_of_the_fields_can_be_asked_for(cls: Any) -> None:
    hints = typing.get_type_hints(cls)
    assert hints == {"host": str, "port": int | None, "tls": bool, "names": tuple[str, ...]}


def test_every_record_of_the_program_is_made_here() -> None:
    """One that is not costs 60 µs at each start of each command that loads it."""
    program = (
        "import typing\n"
        "made = typing.NamedTupleMeta.__new__\n"
        "def refused(meta, name, bases, namespace):\n"
        "    assert not namespace['__module__'].startswith('smtpwizard'), name\n"
        "    return made(meta, name, bases, namespace)\n"
        "typing.NamedTupleMeta.__new__ = refused\n"
        "import smtpwizard.cli.commands.check, smtpwizard.cli.probing, smtpwizard.probe.engine\n"
        "import smtpwizard.clients.nodemailer.dialogue, smtpwizard.wizard.session, smtpwizard.tui.app\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
