"""A program run to its end, or until it is told to stop: its output bounded, its children killed with it.

No shell, nothing on stdin but what is given. Knows nothing of docker.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

CHUNK: Final = 16_384
"""Octets handed on at a time: what a line-by-line reader takes in some 5 ms, so that a screen stays alive."""


class Finished(NamedTuple):
    """How a program ended."""

    code: int | None
    """Its exit status; None where it was stopped at its deadline."""
    out: bytes
    err: bytes


async def run(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: bytes, timeout: float, most: int
) -> Finished:
    """Run a program and return what it said, at most `most` octets of each stream; the rest is read and dropped.

    OSError where it cannot be started. Cancelling kills it, and all that it started, at once.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    out, err = bytearray(), bytearray()
    try:
        async with asyncio.timeout(timeout):
            await asyncio.gather(
                _write(process.stdin, stdin), _keep(process.stdout, out, most), _keep(process.stderr, err, most)
            )
            code: int | None = await process.wait()
    except TimeoutError:
        code = None
    finally:
        await _end(process)
    return Finished(code, bytes(out), bytes(err))


async def chunks(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], ended: list[int | None]
) -> AsyncGenerator[bytes, None]:
    """Run a program and yield what it says on both streams, in its order, as it comes; its exit status into `ended`.

    OSError where it cannot be started. Closing the generator, or cancelling its task, kills the program.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout
    try:
        while data := await process.stdout.read(CHUNK):
            yield data
            await asyncio.sleep(0)  # read() does not give way while there is data
        ended.append(await process.wait())
    finally:
        await _end(process)


async def _write(stream: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may end without reading all of it
        stream.write(data)
        await stream.drain()
    stream.close()


async def _keep(stream: asyncio.StreamReader, into: bytearray, most: int) -> None:
    while data := await stream.read(CHUNK):
        into += data[: max(most - len(into), 0)]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the program and its children, and reap it. Its pipes are closed with it, also where a child keeps them."""
    kill_group(process.pid)
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
    await asyncio.shield(process.wait())


def kill_group(pid: int) -> None:
    """Kill a program that leads a session of its own, and all that it started there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
