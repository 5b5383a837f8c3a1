"""Frames are drawn when a test looks at them: what nobody sees took a third of these tests' time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual._compositor import Compositor
from textual._context import visible_screen_stack


@pytest.fixture(autouse=True, scope="package")
def frames_on_demand() -> Iterator[None]:
    """Leave out the frames for the terminal that a headless app does not have; `screen_text()` draws its own."""
    original = Compositor.render_update

    def render_update(self: Compositor, full: bool = False, **options: Any) -> Any:
        if full:  # a picture
            return original(self, full, **options)
        visible_screen_stack.set([])
        self._dirty_regions.clear()
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_update", render_update)
        yield
