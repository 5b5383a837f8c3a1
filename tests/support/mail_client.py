"""The words of the app's mail client, without a server: header fields and envelope lines, made by its own code.

One long-lived node process, so that a property test can ask it hundreds of times.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from support.node import node_modules

_SCRIPT = """
const MailComposer = require('nodemailer/lib/mail-composer');
const SMTPConnection = require('nodemailer/lib/smtp-connection');
const lines = require('readline').createInterface({input: process.stdin});

function envelopeLines(envelope, extensions) {
  const connection = new SMTPConnection({});
  connection._supportedExtensions = extensions;
  const said = [];
  connection._sendCommand = (line) => {
    said.push(line);
    setImmediate(() => (connection._responseActions.shift() || (() => {}))('250 fine'));
  };
  return new Promise((resolve) => connection._setEnvelope(envelope, (error) =>
    resolve(error ? {error: String(error.message)} : {lines: said})));
}

lines.on('line', async (line) => {
  const {name, sender, to, subject, extensions} = JSON.parse(line);
  const mail = new MailComposer({from: `"${name}" <${sender}>`, to, subject, text: 'a', html: '<p>a</p>'}).compile();
  const head = (await mail.build()).toString('utf8').split('\\r\\n\\r\\n')[0];
  process.stdout.write(JSON.stringify({head, ...await envelopeLines(mail.getEnvelope(), extensions)}) + '\\n');
});
process.stdout.write('ready\\n');
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What the client makes of one mail."""

    fields: dict[str, str]
    """Header fields by name, each whole, with its folds."""
    lines: tuple[str, ...]
    """MAIL FROM, RCPT TO and DATA, to a server that takes everything."""


class MailClient:
    """The process. A context manager; skips the test where node is missing."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["node", "-e", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "NODE_PATH": str(node_modules())},
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def says(self, *, name: str, sender: str, to: str, subject: str, extensions: tuple[str, ...] = ()) -> Said:
        """Return header and envelope of a mail from `"name" <sender>`, which is how the app writes it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"name": name, "sender": sender, "to": to, "subject": subject, "extensions": extensions}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer
        fields: dict[str, str] = {}
        key = ""
        for line in answer["head"].split("\r\n"):
            if line.startswith(" "):
                fields[key] += f"\r\n{line}"
            else:
                key = line.partition(":")[0]
                fields[key] = line
        return Said(fields, tuple(answer["lines"]))
