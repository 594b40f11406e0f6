"""Reference values of sampling: beacon rounds and the illustrative draw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from runtime.validation.tally import Tally
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
