"""Detection against R surveillance 1.20.3 (numbers and their origin: tests/vectors/farrington)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from risk.maths.detection import detect
from risk.maths.settings import Judgement
from tests.maths.risk.farrington_vectors import axis_of, run_typed, runs, settings_of

RUNS = runs()


@pytest.mark.parametrize(
    ("document", "run"), [each[1:] for each in RUNS], ids=[each[0] for each in RUNS]
)
def test_detection_equals_the_reference(document: dict[str, Any], run: dict[str, Any]) -> None:
    found = run_typed(document, run)

    for place, row in enumerate(run["rows"]):
        judged = found.judgement[0, place] == Judgement.JUDGED
        assert judged == (row["upper"] is not None), row["week"]
        assert int(found.alarm[0, place]) == row["alarm"], row["week"]
        assert int(found.trend[0, place]) == row["trend"], row["week"]
        if judged and found.settings.method == "delta":
            assert found.upper[0, place] == pytest.approx(row["upper"], rel=1e-5)
        elif judged:
            assert found.upper[0, place] == row["upper"]
        if judged:
            # R stops on the deviance as we do: agreement is 1e-11; stated is the published 1e-6.
            assert found.expected[0, place] == pytest.approx(row["expected"], rel=1e-6, abs=1e-12)
        assert found.dispersion[0, place] == pytest.approx(row["dispersion"], rel=2e-5)
        assert found.p_value[0, place] == pytest.approx(row["p_value"], rel=1e-5)
        if row["slope"] is not None:
            assert found.slope[0, place] == pytest.approx(row["slope"], rel=1e-6)
        if found.settings.method != "delta":
            assert found.bound_mean[0, place] == pytest.approx(row["mean_of_bound"], rel=1e-6)


def test_many_series_in_one_call_equal_each_alone() -> None:
    document, run = RUNS[0][1:]
    alone = run_typed(document, run)
    counts = np.array([document["counts"]] * 3, dtype=float)
    counts[1] = counts[1][::-1]
    weeks = [row["week"] - 1 for row in run["rows"]]
    found = detect(counts, axis_of(document), weeks, settings_of(run["control"]))

    np.testing.assert_array_equal(found.upper[0], alone.upper[0])
    # A matrix product may add in another order for another number of rows.
    np.testing.assert_allclose(found.expected[2], alone.expected[0], rtol=1e-12)


def test_the_right_score_differs_from_the_tools() -> None:
    # salmonella.agona, week 284: y 7, mean 2.15478093, bound 9; the tool prints
    # 0.757055 = (7 - ln 2.15478) / (9 - ln 2.15478), a logarithm among counts.
    document, run = next(each[1:] for each in RUNS if each[0] == "agona-0-nbPlugin-10")

    found = run_typed(document, run)

    assert found.exceedance[0, 0] == pytest.approx((7 - 2.15478093) / (9 - 2.15478093), rel=1e-7)
    assert run["rows"][0]["score"] == pytest.approx(0.757054851865)


@pytest.mark.shared
def test_every_reference_file_agrees(shared_dir: Path) -> None:
    from runtime.validate import AGREES, validate_file

    files = sorted((shared_dir / "vectors" / "risk").glob("farringtonFlexible__*.json"))

    verdicts = [validate_file(path) for path in files]

    assert len(files) == 18
    assert [(each.exit_code, each.line["mismatches"]) for each in verdicts] == [(AGREES, 0)] * 18
