"""``zhiheng validate``: recompute published reference values, offline.

A method is one row of ``FORMATS``: how its files are known, and the function that recomputes
them with the code the product itself runs. Agencies validate statistical software before they
trust it; this is the tool for it.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.validation import (
    acceptance,
    estimates,
    foodchain,
    legacy,
    recall,
    risk,
    sampling,
    traceability,
)
from runtime.validation.tally import Tally, Unsupported

AGREES, DIFFERS, UNKNOWN = 0, 1, 2
SUFFIXES = frozenset({".json", ".jsonld"})
MOST_WORDS = 5  # differences told per file; the count is always whole

HELP = """\
Recompute the reference values of vector files and print one JSON line per file:

  {"file", "method", "cases", "mismatches", "max_rel_error"}

Where a source is known to differ from the product, "stated_differences" counts the cases by
reason; parts that cannot be recomputed from the file itself are named in "not_recomputed". A file
that cannot be recomputed at all gets a line with "error" instead of figures. In a folder, every
*.json and *.jsonld file below it is taken; other files are left alone, but for those that state
results of a file beside them. Differences are told on stderr.

exit codes, the first that applies:
  1  a value differs from the recomputed one, or a file of a known format is damaged
  2  a file is missing, unreadable, of an unknown format, or its method is not implemented
  0  everything agrees
"""


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of vector file.

    ``signature`` is text that stands near the beginning of every such file: by it, a file too
    damaged to be parsed is still known for what it was. ``beside`` adds what is stated in other
    files beside it, before it is recomputed.
    """

    method: str
    signature: str
    recognises: Callable[[Any], bool]
    recompute: Callable[[Any, Tally], None]
    beside: Callable[[Path, Any], Any] | None = None


FORMATS = (
    Format("farringtonFlexible", risk.FLEXIBLE, risk.is_flexible, risk.flexible),
    Format(
        "illustrative-draw",
        "Illustrative vector of the draw protocol",
        sampling.is_illustrative_draw,
        sampling.illustrative_draw,
    ),
    Format(
        "pareto-inclusion",
        "Pareto order sampling",
        sampling.is_pareto,
        sampling.pareto_inclusion,
    ),
    Format("drand-randomness", "drand", sampling.is_beacon, sampling.beacon),
    Format("stratallo", "stratallo", estimates.is_allocation, estimates.allocations),
    Format(
        "confidence-limits",
        "stats::binom.test",
        estimates.is_limits,
        estimates.confidence_limits,
    ),
    Format("survey", "apistrat stratified", estimates.is_survey, estimates.survey_estimates),
    Format(
        "unequal-probabilities",
        "order-pps: u explicit",
        estimates.is_unequal,
        estimates.unequal_probabilities,
    ),
    Format("rfc3797", "RFC 3797 sec 6", legacy.is_nomcom, legacy.nomcom),
    Format(
        "consistent-sampler",
        "consistent-sampler 1.0.10",
        legacy.is_consistent,
        legacy.consistent,
    ),
    Format("cryptorandom", "cryptorandom 0.4", legacy.is_cryptorandom, legacy.cryptorandom),
    Format("cn-deadlines", "调休 make-up workdays", recall.is_deadlines, recall.deadlines),
    Format("uscc", "GB 32100-2015", recall.is_credit_codes, recall.credit_codes),
    Format("cn-holidays", '"papers"', recall.is_holidays, recall.holidays),
    Format(
        "iso2859-1-single", acceptance.SINGLE, acceptance.is_single_tables, acceptance.single_tables
    ),
    Format("iso2859-1-switching", acceptance.SCHEMES, acceptance.is_schemes, acceptance.schemes),
    Format("double-plans", acceptance.DOUBLES, acceptance.is_double_plans, acceptance.double_plans),
    Format(
        "operating-characteristics",
        acceptance.CURVES,
        acceptance.is_characteristics,
        acceptance.operating_characteristics,
    ),
    # traceability: EPCIS
    Format(
        "epcis-document",
        traceability.DOCUMENT,
        traceability.is_document,
        traceability.documents,
        traceability.with_references,
    ),
    Format("epcis-schema", traceability.SCHEMA, traceability.is_schema, traceability.schema),
    Format(
        "epcis-query-schema",
        traceability.QUERIES,
        traceability.is_query_schema,
        traceability.query_schema,
    ),
    # Networks of FoodChain-Lab
    Format("foodchainlab", "TracingTest.java", foodchain.is_scenarios, foodchain.scenarios),
    Format("foodchainlab-web", '"crossContamination"', foodchain.is_executed, foodchain.executed),
    Format("foodchainlab-model", '"columnProperties"', foodchain.is_model, foodchain.model),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one file."""

    line: dict[str, Any]
    exit_code: int
    differences: tuple[str, ...] = ()


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def validate_file(path: Path) -> Verdict:
    """Recompute one file."""
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Verdict({"file": name, "method": None, "error": str(error)}, UNKNOWN)
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return _broken(name, text, f"not valid JSON: {error}")
    form = next((each for each in FORMATS if each.recognises(document)), None)
    if form is None:
        return _not_recomputed(name, text, document)
    tally = Tally()
    try:
        form.recompute(form.beside(path, document) if form.beside else document, tally)
    except Unsupported as error:
        return Verdict({"file": name, "method": form.method, "error": str(error)}, UNKNOWN)
    except (
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
        AttributeError,
        RecursionError,
    ) as error:
        # The file says what it is and then does not hold what such a file holds.
        words = f"damaged: {type(error).__name__}: {error}"
        line = {"file": name, "method": form.method, "error": words}
        return Verdict(line, DIFFERS, tuple(tally.differences))
    finite = math.isfinite(tally.max_rel_error)
    figures: dict[str, Any] = {
        "file": name,
        "method": form.method,
        "cases": tally.cases,
        "mismatches": tally.mismatches,
        "max_rel_error": float(f"{tally.max_rel_error:.3g}") if finite else None,
    }
    if tally.stated:
        figures["stated_differences"] = dict(tally.stated)
    if tally.not_recomputed:
        figures["not_recomputed"] = tally.not_recomputed
    return Verdict(figures, DIFFERS if tally.mismatches else AGREES, tuple(tally.differences))


def _broken(name: str, text: str, words: str) -> Verdict:
    """A file that is no JSON: damaged if its beginning is known, else unknown."""
    beginning = text[:2000]
    form = next((each for each in FORMATS if each.signature in beginning), None)
    line = {"file": name, "method": form.method if form else None, "error": words}
    return Verdict(line, DIFFERS if form else UNKNOWN)


def _not_recomputed(name: str, text: str, document: Any) -> Verdict:
    """JSON of a format without a recomputation here."""
    tool = document.get("tool") if isinstance(document, dict) else None
    if isinstance(tool, str):
        line = {"file": name, "method": tool, "error": "this method is not implemented yet"}
        return Verdict(line, UNKNOWN)
    for form in FORMATS:
        if form.signature in text[:2000]:
            words = "damaged: it begins like such a file and lacks its parts"
            return Verdict({"file": name, "method": form.method, "error": words}, DIFFERS)
    return Verdict({"file": name, "method": None, "error": "unknown format"}, UNKNOWN)


def _files(paths: Iterable[str]) -> list[Path]:
    """The files named, and those below folders, in a stable order."""
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            found += sorted(
                each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file()
            )
        else:
            found.append(path)
    return found


def main(paths: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="zhiheng validate",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a vector file or a folder")
    chosen = parser.parse_args(list(paths)).paths
    found = _files(chosen)
    codes = set[int]()
    for path in found:
        verdict = validate_file(path)
        codes.add(verdict.exit_code)
        print(json.dumps(verdict.line, ensure_ascii=False), flush=True)
        for words in verdict.differences[:MOST_WORDS]:
            print(f"  {words}", file=sys.stderr)
        if len(verdict.differences) > MOST_WORDS:
            print(f"  … {len(verdict.differences)} values differ", file=sys.stderr)
    if not found:
        print("no *.json or *.jsonld file found", file=sys.stderr)
        return UNKNOWN
    return DIFFERS if DIFFERS in codes else max(codes)
