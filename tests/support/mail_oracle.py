"""The real Handlebars and css-inline from npm, in one long-lived node process: what the app's mails would look like.

Used as the app's mailer does (@nestjs-modules/mailer 2.0.2, dist/adapters/handlebars.adapter.js): `strict: true`, a
`concat` helper, no partials, `data` empty at run time, CSS inlined with no options.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from support.node import node_modules

_SCRIPT = """
const Handlebars = require('handlebars');
const {inline} = require('@css-inline/css-inline');
Handlebars.logger.level = 4;
const lines = require('readline').createInterface({input: process.stdin});
lines.on('line', (line) => {
  const {html, template, context} = JSON.parse(line);
  const answered = (make) => {
    let answer;
    try { answer = {text: String(make())}; } catch (error) { answer = {error: String(error.message)}; }
    process.stdout.write(JSON.stringify(answer) + '\\n');
  };
  if (html !== undefined) return answered(() => inline(html, {}));
  const engine = Handlebars.create();
  engine.logger.log = () => {};
  engine.registerHelper('concat', (...args) => { args.pop(); return args.join(''); });
  answered(() => engine.compile(template, {strict: true})(context, {partials: {}, data: {}}));
});
process.stdout.write(JSON.stringify({version: Handlebars.VERSION}) + '\\n');
"""


class HandlebarsError(Exception):
    """Handlebars refuses the template or the context."""


class Handlebars:
    """The process. A context manager; skips the test where node is missing."""

    def __enter__(self) -> Self:
        modules = node_modules()
        self._process = subprocess.Popen(
            ["node", "-e", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "NODE_PATH": str(modules)},
        )
        self.version: str = self._read()["version"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)

    def render(self, template: str, context: Any) -> str:
        """Return what Handlebars prints; HandlebarsError with its message where it refuses."""
        return self._ask({"template": template, "context": context})

    def inline(self, html: str) -> str:
        """Return the document with its CSS inlined; HandlebarsError where the engine refuses it."""
        return self._ask({"html": html})

    def _ask(self, request: Mapping[str, Any]) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise HandlebarsError(answer["error"])
        text: str = answer["text"]
        return text

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "node ended before it answered"
        return json.loads(line)
