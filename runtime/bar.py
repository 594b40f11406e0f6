"""A progress bar on stderr: stage, done, total."""

from __future__ import annotations

import sys
import time
from types import TracebackType

WIDTH = 30
REDRAW_S = 0.1
QUIET_REDRAW_S = 5.0  # where output goes to a file, a line now and then


class ProgressBar:
    """A listener for ``core.progress.Progress``.

    Call it with (stage, done, total); the block's end leaves the last line standing.
    """

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.stage = ""
        self.stage_began_at_s = time.monotonic()
        self.drawn_at_s = 0.0
        self.last = (0, 0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far the work is."""
        at_s = time.monotonic()
        if stage != self.stage:
            self._end_stage()
            self.stage, self.stage_began_at_s, self.drawn_at_s = stage, at_s, 0.0
        self.last = (done, total)
        pause_s = REDRAW_S if self.is_terminal else QUIET_REDRAW_S
        if at_s - self.drawn_at_s >= pause_s and (self.is_terminal or self.drawn_at_s):
            self._draw()
            self.drawn_at_s = at_s
        elif not self.drawn_at_s:
            self.drawn_at_s = at_s

    def _draw(self, *, end: str = "") -> None:
        done, total = self.last
        share = min(1.0, done / total) if total > 1 else 1.0
        filled = round(share * WIDTH)
        seconds = time.monotonic() - self.stage_began_at_s
        line = f"  {self.stage:<24} [{'#' * filled}{'.' * (WIDTH - filled)}] {seconds:5.1f} s"
        if total > 1:  # one step is no count worth showing
            line += f"  {done:,} / {total:,}"
        if self.is_terminal:
            print(f"\r{line}\033[K", end=end, file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def _end_stage(self) -> None:
        if self.stage:
            self._draw(end="\n")
            self.stage = ""

    def __enter__(self) -> ProgressBar:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last line standing."""
        self._end_stage()
