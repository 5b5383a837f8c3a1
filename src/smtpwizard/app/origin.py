"""Where the values come from, which decides what the app makes of them. Holds no judgement."""

from __future__ import annotations

from enum import StrEnum


class Origin(StrEnum):
    """The way by which the variables reach the app.

    The app checks all of them with Joi, but writes a converted value back only for variables that its environment
    does not hold yet (@nestjs/config 4, assignVariablesToProcess). So `SMTP_TLS=True` becomes `true` when it comes
    from the app's own .env, and stays `True`, which is not `true`, when it comes from the container's environment.
    """

    ENV_FILE = "env-file"
    """The app's own .env, in its working directory: Joi's converted values count."""
    COMPOSE = "compose"
    """A compose file's `environment:` or `env_file:`: the text counts."""
    ENVIRON = "environ"
    """The environment of a process: the text counts."""
    ANSWERS = "answers"
    """The wizard's answers, not yet in any file: judged like an environment, the stricter reading."""

    @property
    def converted(self) -> bool:
        """Whether the app works with Joi's converted values rather than with the text."""
        return self is Origin.ENV_FILE
