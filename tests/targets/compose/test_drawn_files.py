"""Compose files drawn from the shapes that people write: compose judges each before and after.

SMTPWIZARD_DRAWN=N draws N files; without it a few.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from smtpwizard.errors import FileError
from smtpwizard.secret import Secret
from smtpwizard.targets.apply import apply_all
from smtpwizard.targets.change import Undecided, Values
from smtpwizard.targets.compose.plan import SecretMode, plan_compose
from smtpwizard.targets.compose.read import read_service
from smtpwizard.targets.compose.services import choose, read_compose_file
from support.compose_program import compose_config
from support.values import NASTY

_FILES: Final = int(os.environ.get("SMTPWIZARD_DRAWN", "8"))
_BATCH: Final = 4
"""Files of one example: their calls of compose run beside each other."""

_SCALARS: Final = (
    "a",
    '"b c"',
    "'it''s'",
    "1",
    "010",
    "1.50",
    "true",
    "off",
    "$$x",
    '"${NOPE:-d}"',
    "!!str 7",
    "''",
    "",
)
_ITEMS: Final = ("A=1", '"B=b c"', "C", "'D=#'", "E=$$x", "SMTP_HOST=old", "SMTP_PORT=25 # the port", "SMTP_HOST=${H}")


@st.composite
def environments(draw: st.DrawFn) -> str:
    """Return an `environment` in one of its shapes, indented for a service, or nothing."""
    shape = draw(st.sampled_from(("none", "mapping", "mapping", "list", "braces", "brackets", "alias", "tag", "empty")))
    names = draw(
        st.lists(st.sampled_from(("A", "B", "SMTP_HOST", "SMTP_PASSWORD")), min_size=1, max_size=3, unique=True)
    )
    values = [draw(st.sampled_from(_SCALARS)) for _ in names]
    items = draw(st.lists(st.sampled_from(_ITEMS), min_size=1, max_size=4))
    match shape:
        case "mapping":
            gap = draw(st.sampled_from(("", "\n", "      # a remark\n")))
            merge = draw(st.sampled_from(("", "      <<: *map\n")))
            lines = [f"      {name}: {value}\n" for name, value in zip(names, values, strict=True)]
            return "    environment:\n" + merge + gap.join(lines)
        case "list":
            indent = draw(st.sampled_from(("    ", "      ")))
            return "    environment:\n" + "".join(f"{indent}- {item}\n" for item in items)
        case "braces":
            pairs = [f"{name}: {value or '~'}" for name, value in zip(names, values, strict=True)]
            return "    environment: {" + draw(st.sampled_from((", ", ",\n      "))).join(pairs) + "}\n"
        case "brackets":
            return f"    environment: [{', '.join(item.split(' #')[0] for item in items if '${' not in item)}]\n"
        case "alias":
            return "    environment: *map\n"
        case "tag":
            return "    environment: !override\n      A: 1\n"
        case "empty":
            return f"    environment: {draw(st.sampled_from(('{}', '[]')))}\n"
        case _:
            return ""


@st.composite
def compose_files(draw: st.DrawFn) -> bytes:
    """Return a file of one to three services, in one of the encodings and line ends."""
    text = (
        "x-map: &map\n  M: 1\n  SMTP_TLS: 'false' # shared\n"
        + draw(st.sampled_from(("", "name: p\n\n")))
        + "services:\n"
    )
    for name in draw(st.sampled_from((("web",), ("web", "db"), ("db", "web", "worker")))):
        own = f"    image: {name}\n"
        body = draw(environments())
        anchor = " &web" if name == "web" and draw(st.integers(0, 5)) == 0 else ""
        if name == "worker":
            body = draw(st.sampled_from((body, "    <<: *web\n" if "&web" in text else body, "    extends: web\n")))
        text += f"  {name}:{anchor}\n" + draw(st.sampled_from((own + body, body + own, own + body + "    # end\n")))
    eol, encoding = draw(st.sampled_from((("\n", "utf-8"), ("\r\n", "utf-8-sig"), ("\n", "utf-16"), ("\r", "utf-8"))))
    return text.replace("\n", eol).encode(encoding)


def config(folder: Path) -> dict[str, Any] | None:
    return compose_config(folder, env={"COMPOSE_PROJECT_NAME": "p"})


def environment_of(found: dict[str, Any]) -> dict[str, str | None]:
    """Take the environment of `web` out of what compose reads."""
    environment: dict[str, str | None] = found["services"]["web"].pop("environment", None) or {}
    return environment


def judge(folder: Path, raw: bytes, values: Values, secret: SecretMode, *, override: bool) -> str:
    """Write `values` into a file of `raw`, and let compose judge. Return what became of it."""
    folder.mkdir()
    path = folder / "compose.yaml"
    path.write_bytes(raw)
    before = config(folder)
    try:
        file = read_compose_file(path)
    except FileError:
        assert before is None, "what compose reads is refused"
        return "refused"
    assert before is not None, "what compose refuses is read"
    found = read_service(path, "web", {})
    old = environment_of(before)
    assert dict(found.variables) == {name: value for name, value in old.items() if value is not None}
    try:
        changes = plan_compose(file, choose(file, "web"), values, secret=secret, override=override)
    except Undecided:
        return "stopped"
    apply_all(changes, lambda *_: True, backup_dir=folder / "backups")
    after = config(folder)
    assert after is not None, "compose refuses what was written"
    new = {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}
    expected = {name: value for name, value in {**old, **new}.items() if name not in values or new[name] is not None}
    assert environment_of(after) == expected
    for others in (before, after):  # what shares the `.env` may get the new values from there
        del others["x-map"]  # where `web` alone uses it, that is what is edited
        for body in others["services"].values() if secret != "inline" else ():
            environment = body.get("environment") or {}
            for name in values:
                environment.pop(name, None)
            body["environment"] = environment
    assert after == before
    return "written"


@pytest.mark.parametrize("override", [False, True])
def test_only_our_variables_change_for_compose(tmp_path_factory: pytest.TempPathFactory, *, override: bool) -> None:
    fates: list[str] = []
    values = st.fixed_dictionaries(
        {"SMTP_HOST": st.just("smtp.example.com"), "SMTP_PASSWORD": st.sampled_from(NASTY).filter(bool).map(Secret)},
        optional={} if override else {"SMTP_TLS": st.just("true")},
    )
    jobs = st.lists(
        st.tuples(compose_files(), values, st.sampled_from(("", "inline", "reference"))),
        min_size=_BATCH,
        max_size=_BATCH,
    )

    @settings(
        max_examples=max(_FILES // _BATCH, 1),
        deadline=None,
        derandomize=_FILES < 50,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(jobs)
    def property_holds(drawn: list[tuple[bytes, Values, SecretMode]]) -> None:
        folder = tmp_path_factory.mktemp("drawn")
        with ThreadPoolExecutor(_BATCH) as pool:
            work = [
                pool.submit(judge, folder / str(number), raw, wanted, secret, override=override)
                for number, (raw, wanted, secret) in enumerate(drawn)
            ]
        fates.extend(item.result() for item in work)

    property_holds()
    assert "written" in fates
