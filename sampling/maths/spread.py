"""Work on blocks of equal kind by several processes: the same results as one after another.

Hashing a million short messages is the interpreter's time, not the hash's, and holds the lock of
the interpreter: only processes help. They are forked, so that nothing is copied to them; what they
find comes back through shared memory. Where the system cannot fork, one process does it all.
Compiled code does not hold that lock: for it threads do, with nothing to bring back.
"""

from __future__ import annotations

import mmap
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Listener = Callable[[str, int, int], None]  # stage, blocks done, blocks
Result = TypeVar("Result")
_DONE: Final = 1


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def processes_for(blocks: int) -> int:
    """How many processes are worth while: no more than processors, none for a few blocks."""
    if not hasattr(os, "fork") or blocks < 2:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(usable or 1, blocks))


def spread(
    blocks: int,
    width: int,
    work: Callable[[int], bytes],
    *,
    processes: int | None = None,
    stage: str = "",
    progress: Listener = silent,
    by_threads: bool = False,
) -> list[bytes]:
    """The result of ``work`` for each block, in order.

    Parameters
    ----------
    blocks : int
        Blocks are numbered from 0; ``work`` takes a number.
    width : int
        No result is longer than that, in bytes.
    work : callable
        Pure: it may run in another process, and again here if that process dies. It must not
        touch a database connection, which the processes would share.
    processes : int, optional
        Default: as many as there are processors.
    stage : str
        What ``progress`` is told, with the number of blocks done.
    by_threads : bool
        ``work`` is compiled code, which lets go of the lock: threads do what processes would.

    Raises
    ------
    Whatever ``progress`` raises, to stop the work; helpers are ended then.
    """
    count = processes_for(blocks) if processes is None else min(processes, max(blocks, 1))
    if count == 1:
        found = []
        for block in range(blocks):
            progress(stage, block, blocks)
            found.append(work(block))
        return found
    if by_threads:
        return _by_threads(blocks, work, count, stage, progress)
    row = 5 + width  # done, length, bytes
    with mmap.mmap(-1, row * blocks) as shared:
        helpers = [_helper(shared, row, work, range(n, blocks, count)) for n in range(1, count)]
        try:
            for block in range(0, blocks, count):
                progress(stage, block, blocks)
                _keep(shared, row, block, work(block))
            for helper in helpers:
                os.waitpid(helper, 0)
            helpers.clear()
        finally:
            for helper in helpers:
                os.kill(helper, signal.SIGKILL)
                os.waitpid(helper, 0)
        return [_kept(shared, row, block) or work(block) for block in range(blocks)]


def ahead(blocks: int, work: Callable[[int], Result]) -> Iterator[Result]:
    """The result of ``work`` for each block, the next one made while one is being used.

    For work before something that waits: a server that stores a block, say. It must not touch what
    the user of the results touches.
    """
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(work, 0) if blocks else None
        for block in range(1, blocks + 1):
            if coming is None:
                break
            found = coming.result()
            coming = pool.submit(work, block) if block < blocks else None
            yield found


def _by_threads(
    blocks: int, work: Callable[[int], bytes], count: int, stage: str, progress: Listener
) -> list[bytes]:
    found = []
    with ThreadPoolExecutor(count) as pool:
        waiting = [pool.submit(work, block) for block in range(blocks)]
        try:
            for block, each in enumerate(waiting):
                progress(stage, block, blocks)
                found.append(each.result())
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def _helper(shared: mmap.mmap, row: int, work: Callable[[int], bytes], blocks: range) -> int:
    with warnings.catch_warnings():
        # Newer Pythons warn of forks beside threads. The helper takes no lock of anybody: it
        # computes, writes to the shared memory, and leaves without any clearing up.
        warnings.simplefilter("ignore", DeprecationWarning)
        helper = os.fork()
    if helper == 0:
        try:
            parent = os.getppid()
            for block in blocks:
                if os.getppid() != parent:
                    break  # the parent was killed: nobody waits for this
                _keep(shared, row, block, work(block))
        finally:
            os._exit(0)
    return helper


def _keep(shared: mmap.mmap, row: int, block: int, result: bytes) -> None:
    place = block * row
    if len(result) > row - 5:
        raise ValueError(f"block {block} gave {len(result)} bytes, more than {row - 5}")
    shared[place + 5 : place + 5 + len(result)] = result
    shared[place + 1 : place + 5] = len(result).to_bytes(4, "big")
    shared[place] = _DONE


def _kept(shared: mmap.mmap, row: int, block: int) -> bytes | None:
    place = block * row
    if shared[place] != _DONE:
        return None
    length = int.from_bytes(shared[place + 1 : place + 5], "big")
    return shared[place + 5 : place + 5 + length]
