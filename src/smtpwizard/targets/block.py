"""Settings as a block of text to copy: lines for a `.env`, or an `environment:` block for a compose service. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from smtpwizard.errors import InputError
from smtpwizard.secret import MASK, Secret
from smtpwizard.targets.compose.tree import doubled, list_item, mapping_value
from smtpwizard.targets.env.encode import encode, refuse_unwritable
from smtpwizard.targets.env.readers import DEFAULT_READERS, Reader

Style = Literal["env", "compose-list", "compose-map"]

STYLES: Final[tuple[Style, ...]] = ("env", "compose-list", "compose-map")


def block(
    variables: Mapping[str, str | Secret],
    style: Style,
    *,
    masked: bool = False,
    readers: Sequence[Reader] = DEFAULT_READERS,
) -> str:
    """Return the block with a final line end. With `masked`, secrets are MASK: a preview, not to be used.

    InputError for a value with control characters or line breaks, and for an unknown style.
    """
    if style not in STYLES:
        raise InputError(f"{style!r} is no block style. Use one of: {', '.join(STYLES)}.", "Unknown block style")
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
