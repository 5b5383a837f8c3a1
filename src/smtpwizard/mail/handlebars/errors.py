"""What is wrong with a template or its context, with the line. Says nothing of how to render."""

from __future__ import annotations

from smtpwizard.errors import FileError
from smtpwizard.text import safe


class TemplateError(FileError):
    """A template that cannot be read or rendered as the app would."""

    def __init__(self, problem: str, line: int, template: str = "") -> None:
        where = f"{safe(template, limit=120)}, line {line}" if template else f"Line {line}"
        super().__init__(f"{where}: {problem}", "Mail template")
        self.problem = problem
        self.line = line
        self.template = template

    def within(self, template: str) -> TemplateError:
        """Return the same error with the template's name, unless it has one."""
        if self.template:
            return self
        error = type(self)(self.problem, self.line, template)
        error.__dict__.update({key: value for key, value in self.__dict__.items() if key not in error.__dict__})
        return error


class MissingVariableError(TemplateError):
    """The template uses a variable that the app does not give it; `strict: true` makes that an error in the app too."""

    def __init__(self, variable: str, line: int, template: str = "") -> None:
        super().__init__(f"the variable {safe(variable, limit=120)} is missing.", line, template)
        self.variable = variable

    def within(self, template: str) -> TemplateError:
        """Return the same error with the template's name, unless it has one."""
        return self if self.template else MissingVariableError(self.variable, self.line, template)
