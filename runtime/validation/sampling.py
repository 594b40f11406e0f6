"""Reference values of sampling: beacon rounds and the illustrative draw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from runtime.validation.tally import Tally
from sampling.maths import pareto
from sampling.maths.legacy import replay_illustrative

Document = Mapping[str, Any]

_ROUND = {"round", "signature", "randomness"}


def is_beacon(document: Any) -> bool:
    """Tell whether a file holds published rounds of a randomness beacon."""
    return isinstance(document, Mapping) and bool(_rounds(document))


def _rounds(document: Document) -> dict[str, Document]:
    return {
        name: entry
        for name, entry in document.items()
        if isinstance(entry, Mapping) and _ROUND & set(entry)
    }


def beacon(document: Document, tally: Tally) -> None:
    """The randomness of a round is the SHA-256 of its signature.

    The signature itself is not verified: that needs the beacon's public key and pairing
    arithmetic, which is no part of this release.
    """
    for name, entry in _rounds(document).items():
        with tally.case(name):
            digest = hashlib.sha256(bytes.fromhex(entry["signature"])).hexdigest()
            tally.same("randomness", digest, entry["randomness"])
            tally.same("round is a number", True, type(entry["round"]) is int)


def is_pareto(document: Any) -> bool:
    """Tell whether a file holds exact inclusion probabilities of Pareto order sampling."""
    cases = document.get("cases") if isinstance(document, Mapping) else None
    return isinstance(cases, list) and all("pareto_exact_pi" in case for case in cases)


def pareto_inclusion(document: Document, tally: Tally) -> None:
    """Chances by quadrature within 1e-12, raw and adjusted; calibrated odds within 2e-11.

    Odds matter up to a common factor only; they are compared after division by their mean.
    """
    for case in document["cases"]:
        stated, count = np.array(case["lam"]), case["n"]
        raw = stated / (1 - stated)
        spread = (stated * (1 - stated)).sum()
        adjusted = raw * np.exp(-stated * (1 - stated) * (stated - 0.5) / spread**2)
        with tally.case(f"N={case['N']} n={count}"):
            for name, odds in (("pareto_exact_pi", raw), ("adj_exact_pi", adjusted)):
                found = pareto.inclusion_probabilities(odds, count)
                for ours, theirs in zip(found, case[name], strict=True):
                    tally.close(name, float(ours), theirs, rel=1e-11)
            made = pareto.with_odds(pareto.chances(case["lam"], count), count)
            found = np.array([num / den for num, den in made.odds])
            theirs_all = np.array(case["calibrated_odds"])
            for ours, theirs in zip(
                found / found.mean(), theirs_all / theirs_all.mean(), strict=True
            ):
                tally.close("calibrated_odds", float(ours), float(theirs), rel=2e-11)
            tally.close("largest error", made.error, 0.0, rel=0.0)


def is_illustrative_draw(document: Any) -> bool:
    """Tell whether a file holds the illustrative draw from before protocol version 1."""
    return isinstance(document, Mapping) and {"units", "commit", "ticket"} <= set(document)


def illustrative_draw(document: Document, tally: Tally) -> None:
    """Recompute population, commitment, seed, tickets and both ranks."""
    drawn = replay_illustrative(
        units=[(code, stratum, weight) for code, stratum, weight in document["units"]],
        quotas=document["n"],
        plan=bytes.fromhex(document["plan"]),
        entropy=[bytes.fromhex(text) for text in document["entropy"]],
    )
    with tally.case("commitment and seed"):
        tally.same("pop", drawn.population, document["pop"])
        tally.same("commit", drawn.commitment, document["commit"])
        tally.same("seed", drawn.seed, document["seed"])
    with tally.case("codes"):
        tally.same("tickets", sorted(drawn.tickets), sorted(document["ticket"]))
        tally.same("strata", sorted(drawn.equal_rank), sorted(document["rank"]))
    for code, ticket in drawn.tickets.items():
        with tally.case(code):
            tally.same("ticket", ticket, document["ticket"].get(code))
    for stratum, ranks in document["rank"].items():
        with tally.case(f"stratum {stratum}"):
            tally.same("equal", list(drawn.equal_rank[stratum]), ranks["equal"])
            tally.same("pareto", list(drawn.pareto_rank[stratum]), ranks["pareto"])
