"""Over every test: nothing that a test prints, and no report of a probe made anywhere, may hold a marked secret."""

from __future__ import annotations

import functools
import gc
import os
import pickle
import signal
import ssl
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from smtpwizard import secret
from smtpwizard.presets.files import left_out
from support.leaks import SHORTEST, found_in

MARKED = {
    "the wizard tests' password": "zq7-Correct-Horse",
    "the probe tests' password": "correct-horse-9",
    "the conformance suite's password": "correct horse",
    "the real servers' password": "e2e: the #1 Pass$word",
    "the sweep's password": "Zq7!mäRk-9+/wörd=Kx&42",
}
"""Passwords that tests hand to the program, by where."""

_leaks = pytest.StashKey[dict[str, None]]()


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # run in a shell's background: programs would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:  # nohup
            signal.signal(number, signal.SIG_DFL)
    os.environ.pop("COLUMNS", None)  # what the program says would be wrapped to it, and in a worker it is set
    # Node and the probes read every authority of it at each start, 50 and 24 ms; no test's server has one of them.
    if authorities := os.environ.pop("NODE_EXTRA_CA_CERTS", ""):
        os.environ["NPM_EXTRA_CA_CERTS"] = authorities
    config.stash[_leaks] = {}
    own = TemporaryDirectory(prefix="smtpwizard-config-")  # not the presets and the theme of whoever runs the tests
    os.chmod(own.name, 0o755)  # some tests run the program as another user
    config.add_cleanup(own.cleanup)
    os.environ["XDG_CONFIG_HOME"] = own.name

    loads = tomllib.loads

    @functools.lru_cache(512)
    def parsed(text: str) -> bytes:
        return pickle.dumps(loads(text))

    # The same files are asked for by hundreds of tests with a home of their own; to parse one takes a score of a copy.
    tomllib.loads = lambda text, **more: loads(text, **more) if more else pickle.loads(parsed(text))
    if not (config.option.verbose > 0 or config.option.durations or config.option.xmlpath):
        _report_what_is_shown(config)


def _report_what_is_shown(config: pytest.Config) -> None:
    """Leave out of what a worker reports what nobody prints: most of what ten thousand short tests cost.

    Of a test that passes, one line goes to the process that prints; what was printed while it was set up or taken down
    goes there, too, as the secrets are looked for there.
    """
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "WorkerInteractor":
            plugin.sendevent = functools.partial(_send, plugin.sendevent)


def _send(send: Callable[..., None], name: str, **more: Any) -> None:
    if name in ("logstart", "logfinish"):
        return
    if name == "testreport":
        data = more["data"]
        data["keywords"] = {}
        if data["outcome"] == "passed" and data["when"] != "call" and not data["sections"]:
            return
    send(name, **more)


def pytest_collection_finish() -> None:
    gc.freeze()  # ten thousand tests need not be looked through again and again
    gc.set_threshold(200_000)  # the program's own


class _Watch:
    """Looks at every test's captured output, log lines included."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for title, content in report.sections:
            hit = found_in(content.encode("utf-8", "surrogateescape"), MARKED)
            if hit:
                self._config.stash[_leaks][f"{report.nodeid}: {title} holds {hit[0]}"] = None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # the reports of all workers come to one process
        session.config.pluginmanager.register(_Watch(session.config), "secrets-watch")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.stash[_leaks] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[_leaks]:
        terminalreporter.write_line(f"SECRET LEAKED {line}", red=True)


@pytest.fixture(scope="session", autouse=True)
def one_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Trust one of Mozilla's authorities: to read all takes 24 ms a connection, and no test's server has one of them.

    Yields what gives the file with all of them.
    """
    from smtpwizard.smtp import roots

    original = roots.path
    end = "-----END CERTIFICATE-----\n"
    file = tmp_path_factory.mktemp("roots") / "one.pem"
    file.write_text(Path(original()).read_text("ascii").partition(end)[0] + end, "ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roots, "path", lambda: str(file))
        yield original


@pytest.fixture(scope="session", autouse=True)
def one_certificate_of_a_kind() -> Iterator[Callable[..., tuple[str, ssl.SSLContext]]]:
    """Make the practice servers' certificates once in a process: to make and to trust them is most of a short session.

    Yields what makes new ones.
    """
    from smtpwizard.sandbox import certificates

    original = certificates.make
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "make", functools.cache(original))
        yield original


@pytest.fixture(scope="session", autouse=True)
def screens_cost_less() -> Iterator[None]:
    """Draw frames when a test looks at them, and parse each style sheet once in a process: half of these tests' time.

    `screen_text()` draws its own; the terminal that gets the others does not exist in a headless app.
    """
    if "textual" not in sys.modules:  # no test of this process has a screen
        yield
        return
    from textual._compositor import Compositor
    from textual._context import visible_screen_stack
    from textual.css.model import RuleSet
    from textual.css.stylesheet import Stylesheet

    draw, parse = Compositor.render_update, Stylesheet._parse_rules
    parsed: dict[frozenset[tuple[str, str]], dict[tuple[Any, ...], list[RuleSet]]] = {}

    def render_update(self: Compositor, full: bool = False, **options: Any) -> Any:
        if full:  # a picture
            return draw(self, full, **options)
        visible_screen_stack.set([])
        self._dirty_regions.clear()
        return None

    def parse_rules(
        self: Stylesheet,
        css: str,
        read_from: Any,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        variables, known = vars(self).get("known", (None, {}))
        if variables is not self._variables:  # a theme's colours
            known = parsed.setdefault(frozenset(self._variables.items()), {})
            vars(self)["known"] = (self._variables, known)
        key = (css, read_from, is_default_rules, tie_breaker, scope)
        if key not in known:
            known[key] = parse(self, *key)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_update", render_update)
        patch.setattr(Stylesheet, "_parse_rules", parse_rules)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the index of presets apart from the developer's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def as_a_process_begins() -> None:
    """Begin each test with no secret known, and no broken preset of another test to be told."""
    secret._known.clear()
    left_out.clear()


@pytest.fixture
def all_roots(one_root: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust all of Mozilla's authorities."""
    monkeypatch.setattr("smtpwizard.smtp.roots.path", one_root)


@pytest.fixture(scope="session", autouse=True)
def no_report_holds_a_secret() -> Iterator[None]:
    """Look through the report of every probe that is made in this process, transcript included."""
    from smtpwizard.probe.engine import Probe
    from smtpwizard.smtp.results import Report

    original = Probe.report

    @functools.wraps(original)
    def report(self: Probe) -> Report:
        made = original(self)
        settings = self._settings
        said = " ".join(filter(None, (settings.username, settings.sender, settings.host)))
        words = enumerate(secret.reveal() for secret in settings.secrets())
        marked = {f"secret {n}": word for n, word in words if len(word) >= SHORTEST and word not in said}
        hits = found_in(repr(made).encode("utf-8", "surrogateescape"), marked)
        assert not hits, f"the report holds {', '.join(hits)}"
        return made

    patched: Callable[[Probe], Report] = report
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Probe, "report", patched)
        yield


@pytest.fixture(scope="session", autouse=True)
def every_json_object_is_as_described() -> Iterator[None]:
    """Compare each object that a command prints in this process with docs/cli.md's tables."""
    from smtpwizard.cli import output
    from support.cli_page import JSON, undescribed
    from support.findings_page import is_described

    original = output.emit_json

    @functools.wraps(original)
    def emit_json(value: Mapping[str, Any], **more: Any) -> None:
        if "indent" not in more:  # a preset as it is, which docs/presets.md describes
            left = [undescribed(command, {**value, **more.get("exact", {})}) for command in JSON]
            assert set() in left, f"docs/cli.md does not describe {min(left, key=len)}"
            rows = [row for name in ("findings", "notes", "proposals") for row in value.get(name, ())]
            unknown = {row["id"] for row in rows if not is_described(row["id"])}
            assert not unknown, f"docs/findings.md does not describe {unknown}"
        original(value, **more)

    with pytest.MonkeyPatch.context() as patch:
        for module in (module for name, module in list(sys.modules.items()) if name.startswith("smtpwizard.")):
            if getattr(module, "emit_json", None) is original:
                patch.setattr(module, "emit_json", emit_json)
        patch.setattr(output, "emit_json", emit_json)
        yield
