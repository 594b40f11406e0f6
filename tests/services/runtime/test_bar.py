"""The progress bar, where output goes to a file."""

from __future__ import annotations

import pytest

from runtime.bar import ProgressBar


def test_a_file_gets_one_line_for_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as progress:
        progress("read", 0, 1)
        for done in range(0, 1001, 10):
            progress("check", done, 1000)
        progress("store", 500, 2000)

    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["read", "check", "store"]
    assert "1,000 / 1,000" in lines[1]
    assert f"[{'#' * 8}{'.' * 22}]" in lines[2]  # a quarter of 30, rounded to even
