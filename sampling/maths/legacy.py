"""Draws by older, documented byte rules, so that they can still be recomputed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sampling.maths.commitment import length_prefixed


@dataclass(frozen=True, slots=True)
class IllustrativeDraw:
    """All values of the illustrative draw, in hexadecimal where they are bytes."""

    population: str
    commitment: str
    seed: str
    tickets: Mapping[str, str]
    equal_rank: Mapping[str, tuple[str, ...]]
    pareto_rank: Mapping[str, tuple[str, ...]]


def replay_illustrative(
    *,
    units: Sequence[tuple[str, str, int]],
    quotas: Mapping[str, int],
    plan: bytes,
    entropy: Sequence[bytes],
) -> IllustrativeDraw:
    """What does the draw give under the rules from before version 1?

    Parameters
    ----------
    units : sequence of (code, stratum, weight)
    quotas : mapping
        Units to draw, by stratum.
    plan : bytes, shape (32,)
        The plan's hash; its text does not matter here.
    entropy : sequence of bytes

    Returns
    -------
    IllustrativeDraw
        Full ranks: the first ``quota`` codes are the sample, the rest are reserves.

    Notes
    -----
    Differs from version 1 in three ways: the population is one flat hash over the units' hashes
    in the order of codes; a ticket is H(seed ‖ LP("draw", code)) without padding to a block; and
    a second rank is by Pareto order with odds λ/(1−λ), λ = quota · weight / Σ weight, compared
    as exact fractions.
    """
    ordered = sorted(units)
    hashes = [
        hashlib.sha256(length_prefixed("unit", code, stratum, str(weight))).digest()
        for code, stratum, weight in ordered
    ]
    population = hashlib.sha256(b"\x00" + b"".join(hashes)).digest()
    commitment = hashlib.sha256(length_prefixed("commit/v1", population, plan)).digest()
    seed = hashlib.sha256(length_prefixed("seed/v1", commitment, *entropy)).digest()
    tickets = {
        code: hashlib.sha256(seed + length_prefixed("draw", code)).digest()
        for code, _, _ in ordered
    }
    total = {key: sum(weight for _, stratum, weight in ordered if stratum == key) for key in quotas}

    def pareto_key(code: str, stratum: str, weight: int) -> Fraction:
        chance = Fraction(quotas[stratum] * weight, total[stratum])
        ticket = int.from_bytes(tickets[code], "big")
        return Fraction(ticket, 2**256 - ticket) * (1 - chance) / chance

    equal, pareto = {}, {}
    for key in quotas:
        members = [unit for unit in ordered if unit[1] == key]
        equal[key] = tuple(u[0] for u in sorted(members, key=lambda u: (tickets[u[0]], u[0])))
        pareto[key] = tuple(u[0] for u in sorted(members, key=lambda u: (pareto_key(*u), u[0])))
    return IllustrativeDraw(
        population=population.hex(),
        commitment=commitment.hex(),
        seed=seed.hex(),
        tickets={code: ticket.hex() for code, ticket in tickets.items()},
        equal_rank=equal,
        pareto_rank=pareto,
    )
