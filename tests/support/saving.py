"""What the tests of the Save step share, whoever renders it: settings to save, and compose files to save them into."""

from __future__ import annotations

from typing import Final

from smtpwizard.secret import Secret
from smtpwizard.settings import Settings
from support.apps import ABC

PASSWORD: Final = "zq7-Correct-Horse"
SETTINGS: Final = Settings(
    ABC,
    host="smtp.acme.example",
    port="587",
    sender="app@acme.example",
    username="ops@acme.example",
    password=Secret(PASSWORD),
    security="false",
)
COMPOSE: Final = """\
services:
  db:
    image: mysql:8
    environment:
      - MYSQL_DATABASE=feedback
  api:
    image: line/abc-user-feedback-api
    environment:
      - SMTP_HOST=localhost # ours
      - BASE_URL=http://localhost
"""
MERGED: Final = """\
x-mail: &mail
  environment:
    SMTP_HOST: localhost
services:
  api:
    <<: *mail
    image: line/abc-user-feedback-api
    env_file: [mail.env]
  worker:
    <<: *mail
    image: busybox
"""
"""Its place is shared by two services; one of them reads an env file."""
