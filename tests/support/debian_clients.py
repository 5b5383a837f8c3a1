"""The mail clients that Debian packages: where they are, in which version, and how their drivers are started.

Where one is missing its tests are skipped; with SMTPWIZARD_REQUIRE_CLIENTS=1 they fail instead.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import pytest

from support.node import ROOT

DRIVERS: Final = ROOT / "tests" / "conformance" / "clients"
_PHP: Final = Path("/usr/share/php/Symfony/Component/Mailer")
_GEMS: Final = Path("/usr/lib/ruby")
_MAIL_GEM: Final = Path("/usr/lib/ruby/vendor_ruby/mail/version.rb")
_JARS: Final = Path("/usr/share/java")
_JVM: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
"""A process that lives for seconds is not worth a second compiler and a parallel collector."""
_SECONDS: Final = 120.0


def symfony() -> tuple[str, Sequence[str]]:
    """Return the version of Symfony Mailer, two numbers, and the command of its driver."""
    if shutil.which("php") is None or not _PHP.is_dir():
        _give_up("php-cli and php-symfony-mailer are not installed")
    return _debian("php-symfony-mailer"), ("php", str(DRIVERS / "driver_symfony.php"))


def net_smtp() -> tuple[str, str, Sequence[str]]:
    """Return the versions of net-smtp and of the mail gem, two numbers each, and the command of the driver."""
    found = sorted(_GEMS.glob("gems/*/gems/net-smtp-*"))
    if shutil.which("ruby") is None or not _MAIL_GEM.exists() or not found:
        _give_up("ruby and ruby-mail are not installed")
    gem = re.findall(r"(?:MAJOR|MINOR) = (\d+)", _MAIL_GEM.read_text("utf-8"))
    return _two(found[-1].name), ".".join(gem), ("ruby", str(DRIVERS / "driver_net_smtp.rb"))


def jakarta() -> tuple[str, Sequence[str]]:
    """Return the version of Jakarta Mail, two numbers, and the command of its driver, which is compiled once."""
    found = sorted(_JARS.glob("jakarta-mail-[0-9]*.jar"))
    if shutil.which("javac") is None or not found:
        _give_up("a JDK and libjakarta-mail-java are not installed")
    source = DRIVERS / "DriverJakarta.java"
    path = f"{_JARS}/jakarta-mail.jar:{_JARS}/jakarta-activation.jar"
    folder = ROOT / ".cache" / "java" / hashlib.sha256(source.read_bytes() + found[-1].name.encode()).hexdigest()[:16]
    if not (folder / "DriverJakarta.class").exists():
        command = ["javac", "-proc:none", "-cp", path, "-d", str(folder), str(source)]
        subprocess.run(command, check=True, timeout=_SECONDS)
    return _two(found[-1].name), ("java", *_JVM, "-cp", f"{folder}:{path}", "DriverJakarta")


def _debian(package: str) -> str:
    command = ["dpkg-query", "--show", "--showformat=${Version}", package]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    return _two(done.stdout)


def _two(text: str) -> str:
    found = re.search(r"(\d+)\.(\d+)", text)
    return found[0] if found else ""


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("SMTPWIZARD_REQUIRE_CLIENTS") == "1":
        pytest.fail(f"SMTPWIZARD_REQUIRE_CLIENTS=1, but {reason}")
    pytest.skip(reason)
