"""Just enough of PNG (W3C, third edition) to look at a browser's picture: 8 bits, RGB or RGBA, not interlaced."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from itertools import accumulate

_CHANNELS = {2: 3, 6: 4}


@dataclass(frozen=True)
class Picture:
    """Pixels, row by row."""

    width: int
    height: int
    _channels: int
    _rows: list[bytes] = field(repr=False)

    def rgb(self, x: int, y: int) -> tuple[int, int, int]:
        """Return one pixel, each part 0-255."""
        at = x * self._channels
        red, green, blue = self._rows[y][at : at + 3]
        return red, green, blue

    def colours(self, left: int, top: int, right: int, bottom: int) -> set[tuple[int, int, int]]:
        """Return the colours in a box; right and bottom are outside of it."""
        step = self._channels
        lines = (row[left * step : right * step] for row in self._rows[top:bottom])
        return {colour for line in lines for colour in zip(line[::step], line[1::step], line[2::step], strict=True)}


def read(data: bytes) -> Picture:
    """Return the picture in `data`; ValueError for a kind of PNG that is not read here."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("not a PNG")
    at, packed, head = 8, b"", b""
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        head = body if kind == b"IHDR" else head
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", head)
    if depth != 8 or colour not in _CHANNELS or interlace:
        raise ValueError(f"a PNG of depth {depth}, colour type {colour}, interlace {interlace}")
    channels = _CHANNELS[colour]
    raw, stride = zlib.decompress(packed), width * channels
    rows: list[bytes] = []
    above = bytes(stride)
    for y in range(height):
        start = y * (stride + 1)
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, channels)
        rows.append(above)
    return Picture(width, height, channels, rows)


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """Undo a row's filter (section 9.2: none, sub, up, average, Paeth)."""
    if kind == 0:
        return line
    row = bytearray(line)
    if kind == 1:
        for channel in range(step):
            row[channel::step] = bytes([total & 0xFF for total in accumulate(line[channel::step])])
    elif kind == 2:
        row[:] = bytes([(octet + up) & 0xFF for octet, up in zip(line, above, strict=True)])
    else:
        undo = _undo_average if kind == 3 else _undo_paeth
        for channel in range(step):
            row[channel::step] = undo(line[channel::step], above[channel::step])
    return bytes(row)


def _undo_average(line: bytes, above: bytes) -> bytes:
    found, left = bytearray(), 0
    for octet, up in zip(line, above, strict=True):
        left = (octet + (left + up) // 2) & 0xFF
        found.append(left)
    return bytes(found)


def _undo_paeth(line: bytes, above: bytes) -> bytes:
    found, left, corner = bytearray(), 0, 0
    for octet, up in zip(line, above, strict=True):
        to_left, to_up = abs(up - corner), abs(left - corner)
        to_corner = abs(left + up - 2 * corner)
        guess = left if to_left <= to_up and to_left <= to_corner else up if to_up <= to_corner else corner
        left, corner = (octet + guess) & 0xFF, up
        found.append(left)
    return bytes(found)
