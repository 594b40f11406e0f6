"""Reference values of other people's draws: RFC 3797, consistent_sampler, cryptorandom."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from runtime.validation.tally import Tally, Unsupported
from sampling.maths.others import (
    SAMPLERS,
    WEIGHTED,
    CounterPrng,
    consistent_picks,
    nomcom_key,
    nomcom_selection,
)

Document = Mapping[str, Any]

# The file does not state its populations: found by trying, they reproduce every value in it.
POPULATION = 100
WEIGHTS = [n / 210 for n in range(1, 21)]


def _cases(document: Any) -> list[Document]:
    cases = document.get("cases") if isinstance(document, Mapping) else None
    return [one for one in cases if isinstance(one, Mapping)] if isinstance(cases, list) else []


def is_nomcom(document: Any) -> bool:
    """Tell whether a file holds selections by RFC 3797."""
    return any({"seed_lines", "key"} <= set(case) for case in _cases(document))


def nomcom(document: Document, tally: Tally) -> None:
    """Recompute key, hashes, divisors and selected places."""
    for number, case in enumerate(document["cases"]):
        with tally.case(str(case.get("label", number))):
            sources = [[int(word) for word in line.split()] for line in case["seed_lines"]]
            key = nomcom_key(sources)
            tally.same("key", key, case["key"])
            steps = nomcom_selection(key=key, pool=case["pool"], count=case["count"])
            tally.same("selected", [step.position for step in steps], case["selected"])
            if "md5" in case:
                tally.same("md5", [step.md5 for step in steps], case["md5"])
            if "div" in case:
                tally.same("div", [step.remaining for step in steps], case["div"])


def is_consistent(document: Any) -> bool:
    """Tell whether a file holds samples of consistent_sampler."""
    return any({"seed", "with_replacement", "out"} <= set(case) for case in _cases(document))


def consistent(document: Document, tally: Tally) -> None:
    """Recompute tickets, ids and generations."""
    for number, case in enumerate(document["cases"]):
        with tally.case(f"{number} {case['seed']}"):
            picks = consistent_picks(
                seed=str(case["seed"]),
                ids=_ids(document["ids"], case["ids"]),
                with_replacement=case["with_replacement"],
                digits=case["digits"],
            )
            found = [[p.ticket, p.id, p.generation] for p in islice(picks, case["take"])]
            tally.same("out", found, case["out"])


def _ids(known: Document, name: str) -> list[str]:
    listed = known[name]
    if isinstance(listed, list):
        return [str(one) for one in listed]
    if name == "big200":  # told in words: "91" and a number of 16 figures, from 0 to 199
        return [f"91{n:016}" for n in range(200)]
    raise Unsupported(f"the list of ids {name!r} is told in words that are not known here")


def is_cryptorandom(document: Any) -> bool:
    """Tell whether a file holds numbers and samples of cryptorandom."""
    return any({"seed", "random_10"} <= set(case) for case in _cases(document))


def cryptorandom(document: Document, tally: Tally) -> None:
    """Recompute fractions, whole numbers, six samplers and two weighted ones.

    Not a sampler at all in the release the file was made with: "Cormen", noted there as an error.
    """
    for case in document["cases"]:
        seed = str(case["seed"])
        known = {"seed", "random_10", "randint_0_1000_20"}
        with tally.case(f"{seed}: numbers"):
            prng = CounterPrng(seed)
            tally.same("random", [prng.fraction() for _ in range(10)], case["random_10"])
            prng = CounterPrng(seed)
            found = [prng.between(0, 1000) for _ in range(20)]
            tally.same("randint", found, case["randint_0_1000_20"])
        for name, published in case.items():
            kind, _, method = name.partition("_")
            if name in known:
                continue
            with tally.case(f"{seed}: {name}"):
                if kind == "sample" and method in SAMPLERS:
                    chosen = SAMPLERS[method](CounterPrng(seed), POPULATION, len(published))
                elif kind == "wsample" and method in WEIGHTED:
                    chosen = WEIGHTED[method](CounterPrng(seed), WEIGHTS, len(published))
                elif str(published).startswith("ERR KeyError"):
                    tally.same("not offered", method in SAMPLERS, False)
                    continue
                else:
                    raise Unsupported(f"the method {name!r} is not known here")
                tally.same(method, chosen, published)
