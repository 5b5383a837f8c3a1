"""`sandbox` as a process: settings on stdout that work, what arrives on stderr, Ctrl-C as its normal end."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dotenv import dotenv_values

COMMAND = [sys.executable, "-m", "smtpwizard", "sandbox"]


class Running:
    """A sandbox process whose settings have been read."""

    def __init__(self, process: subprocess.Popen[str], lines: list[str]) -> None:
        self.process = process
        self.variables: dict[str, str] = {}
        for line in lines:
            if not line.startswith("#"):
                name, _, value = line.partition("=")
                self.variables[name] = value.strip().strip("'\"")

    def client(self) -> smtplib.SMTP:
        """Return a client that logged in over STARTTLS with nothing but what stdout said."""
        trust = ssl.create_default_context(cafile=self.variables["NODE_EXTRA_CA_CERTS"])
        client = smtplib.SMTP(self.variables["SMTP_HOST"], int(self.variables["SMTP_PORT"]), timeout=30)
        try:
            client.starttls(context=trust)
            client.login(self.variables["SMTP_USERNAME"], self.variables["SMTP_PASSWORD"])
        except BaseException:
            client.close()
            raise
        return client

    def stop(self, number: int = signal.SIGINT) -> str:
        """Send a signal and return stderr."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=10)
        return said


@contextmanager
def sandbox(*arguments: str, lines: int) -> Iterator[Running]:
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        yield Running(process, [process.stdout.readline() for _ in range(lines)])
    finally:
        process.terminate()  # its normal end too: the CA's file goes
        process.communicate(timeout=10)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
    return port


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_hands_out_settings_tells_what_arrives_and_ends_with_0(number: int) -> None:
    with sandbox(lines=8) as running:
        ca_file = Path(running.variables["NODE_EXTRA_CA_CERTS"])
        with running.client() as client:
            client.sendmail("a@example.com", ["b@example.net"], "Subject: Hi\x1b[31m\r\n\r\nYour code is 418205.\r\n")
        said = running.stop(number)
    assert running.process.returncode == 0
    assert "a@example.com → b@example.net  Hi␛[31m  code 418205" in said
    assert "\x1b" not in said
    assert said.rstrip().endswith("Stopped. 1 message received.")
    assert not ca_file.exists()
    assert not ca_file.parent.exists()


def test_the_settings_are_a_block_that_an_env_file_takes(tmp_path: Path) -> None:
    with sandbox(lines=8) as running:
        variables = running.variables
        running.stop()
    assert list(variables) == [
        "SMTP_HOST", "SMTP_PORT", "SMTP_SENDER", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_TLS", "NODE_EXTRA_CA_CERTS",
    ]  # fmt: skip
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    assert dotenv_values(tmp_path / ".env") == variables


def test_a_taken_port_is_refused_when_asked_for_and_avoided_when_not() -> None:
    with sandbox(lines=8) as first:
        port = first.variables["SMTP_PORT"]
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 1
        assert f"Port {port} on 127.0.0.1 is taken by another program." in done.stderr
        with sandbox(lines=8) as second:
            assert second.variables["SMTP_PORT"] != port
            second.client().quit()


def test_a_given_port_is_used() -> None:
    # A port that was free a moment ago, or the one after it, may be taken meanwhile: then another is tried.
    for _ in range(10):
        port = free_port()
        with sandbox("--port", str(port), lines=8) as running:
            if "SMTP_PORT" in running.variables:
                assert running.variables["SMTP_PORT"] == str(port)
                running.client().quit()
                return
    pytest.fail("no free port in ten tries")


def test_a_failure_is_played_to_a_client_that_logs_in() -> None:
    with sandbox("--play", "a1", lines=7) as running:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            running.client()
        said = running.stop()
    assert refused.value.smtp_code == 534
    assert running.process.returncode == 0
    assert "Playing A1, " in said


def test_an_expired_certificate_is_played_too() -> None:
    with sandbox("--play", "certificate-expired", lines=7) as running:
        trust = ssl.create_default_context(cafile=running.variables["NODE_EXTRA_CA_CERTS"])
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            smtplib.SMTP_SSL("127.0.0.1", int(running.variables["SMTP_PORT"]), timeout=30, context=trust)
    assert running.variables["SMTP_TLS"] == "true"


def test_the_list_names_what_can_be_played_and_only_that() -> None:
    done = subprocess.run([*COMMAND, "--play", "list"], capture_output=True, text=True, timeout=30, check=True)
    refs = [line.split()[0] for line in done.stdout.splitlines()]
    assert "A1" in refs
    assert "D1" not in refs
    assert len(refs) > 100


@pytest.mark.parametrize(
    ("name", "word"),
    [("nosuch", "There is no failure 'nosuch'"), ("certificate-expire", "certificate-expired"), ("D1", "D1 (")],
)
def test_a_failure_that_cannot_be_played_is_told(name: str, word: str) -> None:
    done = subprocess.run([*COMMAND, "--play", name], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert word in done.stderr
    assert "--play list" in done.stderr
    assert done.stdout == ""
