"""Writes the vectors of draw-v1: complete bundles, as text, from fixed inputs.

Run once when the protocol was frozen; a test checks that the files still come out byte for byte.
Every verifier (maths, standalone, JavaScript) must accept them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from core.chain import GENESIS, chain_hash
from sampling.maths import bundle, commitment, draw, entropy, pareto
from sampling.maths.assignment import Assignment, Inspector, Pool, Task, assign
from sampling.maths.recusal import stand_in
from sampling.maths.replay import odds_of, permanent_of, team_rule_of
from sampling.maths.shortage import shortage

HERE = Path(__file__).parent
VERIFIER = b"# the standalone verifier takes this place in a real bundle\n"
SECRET = hashlib.sha256(b"vector secret").digest()
# drand quicknet, round 657413, as published.
BEACON = {
    "kind": "beacon",
    "round": 657413,
    "value": "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
    "signature": "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be"
    "41076862b98fad56e91a6b85b89cd97b",
}
DICE = "31625143625114632516434215632154326154321654321635"


def people(count: int, **changes: Any) -> list[Inspector]:
    made = [
        Inspector(
            id=f"J{n:03}",
            is_senior=n % 3 == 0,
            categories=None if n % 4 else frozenset({"玩具", "food"}),
            regions=None if n % 5 else frozenset({"370100", "370200"}),
            certificate_until=date(2027, 1, 1 + n % 28),
            load=n % 2,
            cap=12,
        )
        for n in range(count)
    ]
    return [replace(one, **changes) for one in made]


def roster(count: int, strata: list[str]) -> list[tuple[str, str, str, str]]:
    return [
        (
            f"9137{n:014}" if n % 7 else f"licence:{n}",
            strata[n % len(strata)],
            "玩具" if n % 2 else "food",
            "370100" if n % 3 else "370200",
        )
        for n in range(count)
    ]


def made(
    *,
    no: str,
    units: list[tuple[str, str, str, str]],
    inspectors: list[Inspector],
    quotas: dict[str, tuple[int, int]],
    recused: dict[str, frozenset[str]],
    team: dict[str, Any],
    digest: str = "sha256",
    replaced: int = 0,
    void: dict[str, Any] | None = None,
    sizes: dict[str, int] | None = None,
    certain: tuple[str, ...] = (),
    coordination: dict[str, int] | None = None,
    late: tuple[tuple[int, int, int], ...] = (),
    explained: bool = False,
) -> dict[str, bytes]:
    """All parts of one bundle.

    With ``sizes``, chances follow them; ``late`` are recusals: (after so many replacements, team,
    seat).
    """
    salts = {unit[0]: commitment.recusal_salt(SECRET, unit[0], digest) for unit in units}
    frame = [
        commitment.FrameUnit(
            code,
            stratum,
            category,
            region,
            commitment.recused_hash(salts[code], recused.get(code, frozenset()), digest),
        )
        for code, stratum, category, region in units
    ]
    if sizes is not None:
        frame = [with_chance(unit, frame, quotas, sizes, certain) for unit in frame]
    records = [bundle.inspector_record(one) for one in inspectors]
    sources = entropy.checked_sources(
        [
            {"kind": "dice", "count": 50},
            {"kind": "beacon", "network": "drand-quicknet", "round": 657413},
            {"kind": "text", "name": "双色球 2026050 期", "due_at": "2026-05-03T21:15:00+08:00"},
        ]
    )
    if coordination is not None and coordination["place"]:
        first = {"kind": "plan", "plan_no": "CC-2026-0007", "commitment": "ab" * 32}
        sources = entropy.checked_sources([first])
    plan: dict[str, Any] = {
        "protocol": commitment.PROTOCOL,
        "no": no,
        "title": "Vector",
        "digest": digest,
        "method": "equal",
        "strata_by": "grade",
        "strata": [
            {
                "key": key,
                "size": sum(unit[1] == key for unit in units),
                "quota": quotas[key][0],
                "reserve": quotas[key][1],
            }
            for key in sorted(quotas, key=str.encode)
        ],
        "inspector_root": commitment.inspector_root(records, digest).hex(),
        "exclusions": [{"code": "91370000000000999X", "reason": "注销"}],
        "entropy": list(sources),
        "fallback": "void",
        "team": team,
        "visit_on": "2026-05-20",
        "software": "0.1.0",
    }
    if sizes is not None:
        named = [{"code": code, "reason": "投诉集中"} for code in certain]
        plan.update(method="pareto", certain=named)
    if coordination is not None:
        plan["coordination"] = coordination
    root = commitment.frame_tree(frame, digest).root
    own = commitment.plan_hash(plan, digest)
    value = commitment.commitment(frame_root=root, plan=own, algorithm=digest)
    said = {"commitment": value.hex(), "frame_root": root.hex(), "plan_hash": own.hex()}
    entry: dict[str, Any] = {
        "stream": "draw",
        "sequence": 1,
        "kind": "plan.committed",
        "recorded_at": "2026-05-01T01:00:00.000000+00:00",
        "body": {"no": no, **said},
    }
    receipt = {
        **entry,
        "previous_hash": GENESIS.hex(),
        "hash": chain_hash(GENESIS, entry).hex(),
    }
    given = [
        {"kind": "dice", "value": DICE},
        BEACON,
        {"kind": "text", "value": "03 09 14 21 27 30 + 11"},
    ]
    if len(sources) == 1:
        given = [{"kind": "plan", "value": hashlib.sha256(b"the first plan's seed").hexdigest()}]
    seed = commitment.seed(
        commitment=value,
        entropy=[entropy.entropy_bytes(s, g) for s, g in zip(sources, given, strict=True)],
        algorithm=digest,
    )
    drawn = draw.draw_stratified(
        seed=seed,
        codes=[unit.code for unit in frame],
        strata=[unit.stratum for unit in frame],
        rules=[draw.StratumRule(key, *quotas[key]) for key in quotas],
        algorithm=digest,
        odds=odds_of(plan, frame),
        permanent=permanent_of(plan, given, seed),
    )
    by_code = {unit.code: unit for unit in frame}

    def teams_of(codes: list[str], staff: list[Inspector]) -> Assignment:
        tasks = [
            Task(c, by_code[c].category, by_code[c].region, recused.get(c, frozenset()))
            for c in codes
        ]
        return assign(
            seed=seed,
            tasks=tasks,
            inspectors=staff,
            rule=team_rule_of(plan),
            algorithm=digest,
        )

    found = teams_of([unit.code for unit in drawn.selected], inspectors)
    lack = None
    if explained:
        chosen = [by_code[unit.code] for unit in drawn.selected]
        tasks = [
            Task(u.code, u.category, u.region, recused.get(u.code, frozenset())) for u in chosen
        ]
        lack = shortage(tasks=tasks, inspectors=inspectors, rule=team_rule_of(plan))
    dispatch = draw.tickets(seed, "dispatch", digest)
    order = sorted((unit.code for unit in drawn.selected), key=dispatch.of)

    def opened(code: str) -> dict[str, Any]:
        return bundle.opening(code, salts[code], recused.get(code, frozenset()))

    at_work = {one.code: one.inspectors for one in found.teams}
    steps = []
    key = drawn.units[0].stratum
    tied = {code: set(ids) for code, ids in recused.items()}
    recusals = []

    def as_they_stand() -> list[Inspector]:
        busy = [person for members in at_work.values() for person in members]
        return [replace(one, load=one.load + busy.count(one.id)) for one in inspectors]

    for number in range(replaced + 1):
        for after, place, position in late:
            if after != number:
                continue
            code = list(at_work)[place]
            members = list(at_work[code])
            tied.setdefault(code, set()).add(members[position])
            unit = by_code[code]
            following = stand_in(
                seed=seed,
                task=Task(code, unit.category, unit.region, frozenset(tied[code])),
                team=members,
                position=position,
                inspectors=as_they_stand(),
                rule=team_rule_of(plan),
                algorithm=digest,
            ).inspector
            recusals.append(
                {
                    "after": after,
                    "code": code,
                    "position": position,
                    "out": members[position],
                    "in": following,
                    "kind": "kinship",
                }
            )
            members[position] = following
            at_work[code] = tuple(members)
        if number == replaced:
            break
        gone = next(unit.code for unit in drawn.selected if unit.code in at_work)
        following = drawn.reserves(key)[number].code
        del at_work[gone]
        at_work[following] = teams_of([following], as_they_stand()).teams[0].inspectors
        steps.append(
            {
                **opened(following),
                "replaces": gone,
                "reason": "已关闭",
                "inspectors": list(at_work[following]),
            }
        )
    history: dict[str, Any] = {"replacements": steps, "void": void}
    if recusals:
        history["recusals"] = recusals
    return bundle.sealed(
        {
            "plan.json": plan,
            "frame.json": bundle.frame_part(frame),
            "inspectors.json": bundle.inspectors_part(records),
            "commitment.json": {**said, "receipt": receipt},
            "entropy.json": {"sources": given},
            "draw.json": bundle.draw_part(drawn),
            "assignment.json": bundle.assignment_part(
                found, [opened(code) for code in order], lack
            ),
            "history.json": history,
        },
        VERIFIER,
    )


def coarse(part: int) -> int:
    """To 30 bits: the last bits of a calibration differ between processors, a vector must not."""
    return part if part < 2**22 else (part + 2**21) // 2**22 * 2**22


def with_chance(
    unit: commitment.FrameUnit,
    frame: list[commitment.FrameUnit],
    quotas: dict[str, tuple[int, int]],
    sizes: dict[str, int],
    certain: tuple[str, ...],
) -> commitment.FrameUnit:
    members = [other for other in frame if other.stratum == unit.stratum]
    count = quotas[unit.stratum][0]
    chance = pareto.chances(
        [sizes[other.code] for other in members],
        count,
        certain=[other.code in certain for other in members],
    )
    found = pareto.with_odds(chance, count)
    place = members.index(unit)
    num, den = (coarse(part) for part in found.odds[place])
    return replace(unit, odds_num=num, odds_den=den, chance=found.chance[place])


def team(**changes: Any) -> dict[str, Any]:
    return {
        "size": 2,
        "mixed": False,
        "qualification": "all",
        "certificate": True,
        "region": True,
        **changes,
    }


def department(key: str, **changes: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": key,
        "size": 2,
        "mixed": False,
        "qualification": "all",
        "items": [],
        **changes,
    }


def cases() -> dict[str, dict[str, bytes]]:
    """Name of the case and its parts."""
    abc = ["A", "B", "高风险"]
    tight = [replace(one, load=0, cap=2) for one in people(12)]
    return {
        "plain": made(
            no="CC-2026-0001",
            units=roster(60, abc),
            inspectors=people(9),
            quotas={"A": (4, 3), "B": (6, 3), "高风险": (8, 3)},
            recused={f"9137{n:014}": frozenset({f"J{n % 9:03}", "J001"}) for n in range(1, 60, 4)},
            team=team(),
        ),
        "mixed-sm3-replaced-void": made(
            no="CC-2026-0002",
            units=roster(40, ["A", "D"]),
            inspectors=people(12),
            quotas={"A": (3, 4), "D": (5, 2)},
            recused={f"9137{n:014}": frozenset({f"J{n % 12:03}"}) for n in range(40)},
            team=team(size=3, mixed=True, qualification="lead"),
            digest="sm3",
            replaced=2,
            void={"reason": "名录有误", "at": "2026-05-05T02:00:00+00:00"},
        ),
        "look-ahead": made(
            no="CC-2026-0003",
            units=roster(30, ["A"]),
            inspectors=tight,
            quotas={"A": (12, 0)},
            recused={
                f"9137{n:014}": frozenset(f"J{(n + k) % 12:03}" for k in range(7))
                for n in range(30)
            },
            team=team(qualification="none", region=False),
        ),
        "impossible": made(
            no="CC-2026-0004",
            units=roster(30, ["A"]),
            inspectors=tight[:8],
            quotas={"A": (9, 2)},
            recused={},
            team=team(qualification="none", region=False),
        ),
        "no-inspector": made(
            no="CC-2026-0005",
            units=roster(12, ["A"]),
            inspectors=people(4),
            quotas={"A": (12, 0)},
            recused={f"9137{5:014}": frozenset({"J000", "J001", "J002"})},
            team=team(qualification="none", region=False),
        ),
        "pareto": made(
            no="CC-2026-0006",
            units=(units := roster(60, ["A", "B"])),
            inspectors=people(9),
            quotas={"A": (7, 4), "B": (5, 3)},
            recused={},
            team=team(),
            sizes={unit[0]: 1 + n * n % 97 for n, unit in enumerate(units)},
            certain=(units[4][0], units[11][0]),
        ),
        "coordinated-first": made(
            no="CC-2026-0007",
            units=roster(50, ["A", "B"]),
            inspectors=people(9),
            quotas={"A": (5, 2), "B": (4, 2)},
            recused={},
            team=team(),
            coordination={"place": 0, "of": 3},
        ),
        "coordinated-second-pareto-sm3": made(
            no="CC-2026-0008",
            units=roster(50, ["A", "B"]),
            inspectors=people(9),
            quotas={"A": (5, 2), "B": (4, 2)},
            recused={},
            team=team(),
            digest="sm3",
            sizes={unit[0]: 1 + n % 4 for n, unit in enumerate(roster(50, ["A", "B"]))},
            coordination={"place": 1, "of": 3},
        ),
        "late-recusal": made(
            no="CC-2026-0009",
            units=roster(40, ["A", "D"]),
            inspectors=[
                replace(one, pool=Pool.AGENCY if n < 16 else Pool.OFFICERS)
                for n, one in enumerate(people(20))
            ],
            quotas={"A": (4, 4), "D": (4, 2)},
            recused={f"9137{n:014}": frozenset({f"J{n % 12:03}"}) for n in range(40)},
            team=team(size=3, mixed=True, qualification="lead", certificate=False, pool="agency"),
            replaced=2,
            # The same seat twice; a leader; a team that came with a replacement.
            late=((0, 1, 1), (0, 1, 1), (1, 3, 0), (2, 7, 2)),
        ),
        "shortage": made(
            no="CC-2026-0011",
            units=roster(30, ["A"]),
            inspectors=[replace(one, is_senior=n < 3) for n, one in enumerate(tight)],
            quotas={"A": (10, 2)},
            recused={},
            team=team(size=3, mixed=True, qualification="none", region=False),
            explained=True,
        ),
        "joint": made(
            no="CC-2026-0010",
            units=roster(30, ["A"]),
            inspectors=[
                replace(one, pool=Pool.OFFICERS, department=("market", "fire", "health")[n % 4 % 3])
                for n, one in enumerate(people(30))
            ],
            quotas={"A": (9, 3)},
            recused={f"9137{n:014}": frozenset({f"J{n % 30:03}"}) for n in range(30)},
            team=team(
                pool="officers",
                departments=[
                    department("fire", size=2, qualification="none", items=["消防通道", "灭火器"]),
                    department("market", size=3, mixed=True, qualification="lead", items=["标签"]),
                ],
            ),
            digest="sm3",
            replaced=1,
            late=((0, 0, 2), (1, 8, 0)),
        ),
    }


def text_of(parts: dict[str, bytes]) -> str:
    """A bundle as the public JSON gives it."""
    shown = {"parts": {name: content.decode() for name, content in parts.items()}}
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for name, parts in cases().items():
        (HERE / f"{name}.json").write_text(text_of(parts), encoding="utf-8")
