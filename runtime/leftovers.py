"""Processes that an earlier start left in a data folder, found by where they work.

A server's working directory is its data folder, and stays so when its title, parent or pid file
changes; a pid file alone can name a stranger that was given the same number later.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def processes_in(folder: Path, program: str) -> list[int]:
    """Numbers of the running processes named ``program`` that work in ``folder``."""
    wanted = os.path.realpath(folder)
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            if os.readlink(f"{entry.path}/cwd") != wanted:
                continue
            executable = os.path.basename(os.readlink(f"{entry.path}/exe"))
        except OSError:  # ended meanwhile, a zombie, or another user's
            continue
        if executable.removesuffix(" (deleted)") == program:
            found.append(int(entry.name))
    return found


def stop_leftovers(
    folder: Path, program: str, *, signals: tuple[signal.Signals, ...], patience_s: float = 8.0
) -> bool:
    """Stop every ``program`` at work in ``folder``; True where there was one.

    The signals are tried in order, each with the same patience, and SIGKILL last.

    Raises
    ------
    TimeoutError
        A process outlived SIGKILL (it hangs in the kernel, on a lost disk for example).
    """
    if not processes_in(folder, program):
        return False
    for number in (*signals, signal.SIGKILL):
        for pid in processes_in(folder, program):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if not processes_in(folder, program):
                return True
            time.sleep(0.05)
    raise TimeoutError(f"{program} at work in {folder} cannot be stopped")
