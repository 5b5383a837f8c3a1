"""The reader of typed TOML: every kind of field, and every fault of a file at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest

from smtpwizard.presets.files import PresetFileError
from smtpwizard.presets.toml import load, read
from smtpwizard.presets.values import Bounds, Faults, OneOf, Shape, listed_twice, rule, verbatim


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Version:
    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def parse(cls, text: str) -> Version:
        if not text.startswith("v"):
            raise ValueError(f"must begin with v, not {text!r}")
        return cls(text)


class Wheel(NamedTuple):
    inches: Annotated[int, Bounds(10, 30)]
    spoked: bool = False


@dataclass(frozen=True, slots=True)
class Cart:
    name: Annotated[str, Shape("[a-z]+", "lower-case letters")]
    colour: Colour
    wheels: tuple[Wheel, ...]
    versions: tuple[Version, ...] = ()
    paints: tuple[frozenset[Colour], ...] = ()
    spare: Wheel | None = None
    load: int | None = None
    note: Annotated[str, verbatim] = ""
    cover: Annotated[str, OneOf(("cloth", "wood"))] = ""
    tags: tuple[str, ...] = ()
    words: Mapping[Annotated[str, Shape("[A-Z]+", "capitals")], str] = field(default_factory=dict)


@rule(Cart)
def _wheels_differ(cart: Cart) -> Faults:
    yield from listed_twice("wheels", (wheel.inches for wheel in cart.wheels), "inches")


@rule(Cart)
def _a_red_cart_has_two_wheels(cart: Cart) -> Faults:
    if cart.colour is Colour.RED and len(cart.wheels) != 2:
        yield ("wheels",), "must be two on a red cart"


RIGHT = {"name": "cart", "colour": "blue", "wheels": [{"inches": 20}]}


def faults(**changes: Any) -> dict[str, str]:
    """Read the right cart with `changes`; return what is wrong, by the path of its key."""
    return {"/".join(map(str, issue.path)): issue.message for issue in read(Cart, RIGHT | changes)[1]}


def test_every_kind_of_field_is_read() -> None:
    cart, issues = read(
        Cart,
        {
            "name": "cart",
            "colour": "red",
            "wheels": [{"inches": 20}, {"inches": 22, "spoked": True}],
            "versions": ["v1"],
            "paints": [["red"], ["blue", "red"]],
            "spare": {"inches": 10},
            "load": 7,
            "note": "one\ntwo",
            "words": {"A": "a"},
        },
    )
    assert issues == []
    assert cart.wheels == (Wheel(20), Wheel(22, spoked=True))
    assert cart.versions[0].text == "v1"
    assert cart.paints == (frozenset({Colour.RED}), frozenset(Colour))
    assert (cart.spare, cart.load, cart.note, cart.words) == (Wheel(10), 7, "one\ntwo", {"A": "a"})
    assert (cart.colour, cart.cover, cart.tags) == (Colour.RED, "", ())


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"name": 1}, "name", "must be text in quotes, not a number"),
        ({"name": "  "}, "name", "must not be empty"),
        ({"name": "C"}, "name", "must be lower-case letters, not 'C'"),
        ({"colour": "bleu"}, "colour", "must be one of red, blue, not 'bleu'; did you mean blue?"),
        ({"wheels": []}, "wheels", "must be a list of tables with at least one"),
        ({"wheels": [1]}, "wheels/0", "must be a table, not a number"),
        ({"wheels": [{"inches": True}]}, "wheels/0/inches", "must be a whole number, not true or false"),
        ({"wheels": [{"inches": 9}]}, "wheels/0/inches", "must lie between 10 and 30, not 9"),
        ({"wheels": [{"inches": 20, "spoked": "no"}]}, "wheels/0/spoked", "must be true or false, not text"),
        ({"wheels": [{"inches": 20}] * 2}, "wheels/1/inches", "20 is listed twice"),
        ({"wheels": [{}]}, "wheels/0/inches", "is missing"),
        ({"versions": ["1"]}, "versions/0", "must begin with v, not '1'"),
        ({"paints": ["red"]}, "paints/0", "must be a list of texts with at least one"),
        ({"paints": [["green"]]}, "paints/0/0", "must be one of red, blue, not 'green'"),
        ({"spare": 1}, "spare", "must be a table, not a number"),
        ({"load": "7"}, "load", "must be a whole number, not text"),
        ({"cover": "cloht"}, "cover", "must be one of cloth, wood, not 'cloht'; did you mean cloth?"),
        ({"tags": "one"}, "tags", "must be a list of texts"),
        ({"tags": ["a", "a"]}, "tags/1", "is listed twice: 'a'"),
        ({"tags": ["a\nb"]}, "tags/0", "holds a line break or another control character"),
        ({"words": {"a": "x"}}, "words/a", "must be capitals, not 'a'"),
        ({"words": {"A": 1}}, "words/A", "must be text in quotes, not a number"),
        ({"clour": "red"}, "clour", "is not a key of this table; did you mean colour?"),
        ({"colour": "red"}, "wheels", "must be two on a red cart"),
    ],
)
def test_a_fault_is_told_at_its_key(changes: dict[str, Any], path: str, message: str) -> None:
    assert faults(**changes) == {path: message}


def test_a_fault_hides_no_other_and_has_no_consequences() -> None:
    found = faults(name="C", colour=1, wheels=[{"inches": 20}, {"inches": 20, "flat": True}], cover="x")
    assert set(found) == {"name", "colour", "wheels/1/inches", "wheels/1/flat", "cover"}
    assert "wheels" not in found, "whether it is red is not known"


def test_a_file_is_read_or_every_fault_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cart.toml"
    path.write_text('name = "cart"\ncolour = "red"\n[[wheels]]\ninches = 20\n[[wheels]]\ninches = 21\n')
    assert load(Cart, path).wheels[1].inches == 21
    path.write_text('name = "Cart"\n[[wheels]]\ninches = 20\n[[wheels]]\n\ninches = 0\n')
    with pytest.raises(PresetFileError) as caught:
        load(Cart, path)
    assert caught.value.message.split("\n") == [
        f"{path}:1: name: must be lower-case letters, not 'Cart'",
        f"{path}:1: colour: is missing",
        f"{path}:6: wheels[1].inches: must lie between 10 and 30, not 0",
    ]


def test_a_rule_that_is_itself_wrong_is_not_hidden() -> None:
    class Odd(NamedTuple):
        name: str

    @rule(Odd)
    def _broken(odd: Odd) -> Faults:
        yield (str(odd.nothing),), ""  # type: ignore[attr-defined]

    with pytest.raises(AttributeError):
        read(Odd, {"name": "x"})
