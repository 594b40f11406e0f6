"""Log lines of a command go to a file; the terminal is for what its user asked."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import log
from runtime.processes import fresh_log


@contextmanager
def logged_to_file(home: Path, program: str) -> Iterator[None]:
    """Send log lines to ``home/logs/PROGRAM.log`` for as long as the block lasts."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    with fresh_log(home / "logs", program).open("a", encoding="utf-8") as file:
        log.configure(program)
        for handler in root.handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(file)
        try:
            yield
        finally:
            root.handlers[:] = before
            root.setLevel(level)
