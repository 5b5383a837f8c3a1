"""Settings as text to copy: for a `.env`, a compose service, `docker run`, Kubernetes, an app's file or page. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from smtpwizard.apps.profile import AppProfile
from smtpwizard.errors import InputError
from smtpwizard.secret import MASK, Secret
from smtpwizard.targets.compose.tree import doubled, list_item, mapping_value, quoted
from smtpwizard.targets.env.edit import encode, refuse_unwritable
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader

Style = Literal["env", "compose-list", "compose-map", "docker-run", "kubernetes"]

STYLES: Final[tuple[Style, ...]] = ("env", "compose-list", "compose-map", "docker-run", "kubernetes")


def block(
    variables: Mapping[str, str | Secret],
    style: Style,
    *,
    masked: bool = False,
    readers: Sequence[Reader] = DEFAULT_READERS,
    app: AppProfile | None = None,
) -> str:
    """Return the block with a final line end. With `masked`, secrets are MASK: a preview, not to be used.

    `app`: whose image and name go into the blocks that have one.

    InputError for a value with control characters or line breaks, and for an unknown style.
    """
    if style not in STYLES:
        raise InputError(f"{style!r} is no block style. Use one of: {', '.join(STYLES)}.", "Unknown block style")
    if style in ("docker-run", "kubernetes"):
        for value in variables.values():
            refuse_unwritable(value.reveal() if isinstance(value, Secret) else value)
        make = _docker_run if style == "docker-run" else _kubernetes
        return make(variables, app, masked) if variables else ""
    lines = [] if style == "env" else ["environment:"]
    for name, value in variables.items():
        text = value.reveal() if isinstance(value, Secret) else value
        refuse_unwritable(text)
        hidden = masked and isinstance(value, Secret) and bool(value)
        if style == "env":
            lines.append(f"{name}={MASK if hidden else encode(text, readers).text}")
        elif style == "compose-list":
            lines.append(f"  - {name}={MASK}" if hidden else f"  - {list_item(f'{name}={doubled(text)}')}")
        else:
            lines.append(f"  {name}: {MASK if hidden else mapping_value(doubled(text))}")
    return "\n".join([*lines, ""]) if variables else ""


def _docker_run(variables: Mapping[str, str | Secret], app: AppProfile | None, masked: bool) -> str:
    """Return a `docker run`. A secret stays out of it, masked or not: every user can read a process's arguments."""
    from shlex import quote

    secret = [name for name, value in variables.items() if isinstance(value, Secret) and value]
    lines = [f"read -rs {name} && export {name}  # paste it, then Enter: docker takes it from there" for name in secret]
    lines.append("docker run -d \\")
    for name, value in variables.items():
        lines.append(f"  -e {name}{'' if name in secret else f'={quote(str(value))}'} \\")
    image = next(iter(app.images), "") if app else ""
    return "\n".join([*lines, f"  {image or 'IMAGE'}", ""])


def _kubernetes(variables: Mapping[str, str | Secret], app: AppProfile | None, masked: bool) -> str:
    """Return a Secret, and what a container needs to read it. Nothing in a Secret's values is expanded: `$` stays."""
    name = f"{app.id if app else 'app'}-smtp".replace(".", "-")
    lines = ["apiVersion: v1", "kind: Secret", "metadata:", f"  name: {name}", "type: Opaque", "stringData:"]
    for key, value in variables.items():
        text = value.reveal() if isinstance(value, Secret) else value
        lines.append(f"  {key}: {MASK if masked and isinstance(value, Secret) and value else quoted(text)}")
    lines += ["# In the container's part of the Deployment:", "# envFrom:", "#   - secretRef:", f"#       name: {name}"]
    return "\n".join([*lines, ""])


def fragment(app: AppProfile, variables: Mapping[str, str | Secret], *, masked: bool = False) -> str:
    """Return what goes onto the app's page, or into its file, a setting a line. ValueError: the app reads variables."""
    place = app.place
    if place is None:
        raise ValueError(app.id)
    lines = [place.head] if place.head else []
    literal = {item.name for item in app.variables if item.literal} | {c.name for c in app.constants if c.literal}
    for name, value in variables.items():
        text = value.reveal() if isinstance(value, Secret) else value
        refuse_unwritable(text)
        text = MASK if masked and isinstance(value, Secret) else text
        lines.append(place.line.format(name=name, value=text if name in literal else _in_quotes(text, place.quote)))
    return "\n".join([*lines, ""])


def _in_quotes(text: str, quote: str) -> str:
    if not quote:
        return text
    mark = "'" if quote == "single" else '"'
    return mark + text.replace("\\", "\\\\").replace(mark, f"\\{mark}") + mark
