"""Does a bundle agree with itself? The product's own check, beside the standalone verifier."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from core.chain import DIGESTS, canonical_json, chain_hash, digest
from sampling.maths.assignment import (
    Assignment,
    DepartmentRule,
    Inspector,
    Pool,
    Qualification,
    Task,
    TeamRule,
    assign,
)
from sampling.maths.bundle import JSON_PARTS, PARTS, manifest_of
from sampling.maths.commitment import (
    PROTOCOL,
    WHOLE,
    FrameUnit,
    commitment,
    frame_tree,
    in_frame_order,
    inspector_root,
    recused_hash,
    seed,
)
from sampling.maths.draw import Permanent, StratifiedDraw, StratumRule, draw_stratified, tickets
from sampling.maths.entropy import entropy_bytes
from sampling.maths.recusal import stand_in
from sampling.maths.shortage import lack_of


@dataclass(frozen=True, slots=True)
class PartCheck:
    """Whether one part agrees, what is wrong with it, and whether anything could be judged."""

    part: str
    agrees: bool
    detail: str


class Differs(Exception):
    """A part is not what the others say it must be."""


_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def check_bundle(parts: Mapping[str, bytes], noted: str = "") -> tuple[PartCheck, ...]:
    """Which parts of a bundle agree with what the other parts say?

    Parameters
    ----------
    parts : mapping
        Bytes by name, as `sampling.maths.bundle.sealed` made them.
    noted : str
        The commitment that somebody noted before the draw, in hexadecimal.

    Returns
    -------
    tuple of PartCheck
        If bytes differ from the manifest, or a part cannot be read, only that is told: what
        follows from changed bytes says nothing. Otherwise one check for each part.
    """
    wrong = _changed(parts)
    if any(wrong.values()):
        return _rows(wrong)
    values: dict[str, Any] = {}
    for name in JSON_PARTS:
        try:
            values[name] = json.loads(parts[name])
            if canonical_json(values[name]) != parts[name]:
                wrong[name] = "not in canonical form"
            elif not isinstance(values[name], dict):
                wrong[name] = "not an object"
        except ValueError as error:
            wrong[name] = str(error)
    if any(wrong.values()):
        return _rows(wrong)
    replay = _Replay(parts["plan.json"], values, noted)
    for name in JSON_PARTS:
        check: Callable[[], None] = getattr(replay, f"check_{name.removesuffix('.json')}")
        try:
            check()
            wrong[name] = ""
        except Differs as difference:
            wrong[name] = str(difference)
        except _MALFORMED as error:
            wrong[name] = f"malformed: {error}"
    return _rows(wrong)


def _rows(wrong: Mapping[str, str]) -> tuple[PartCheck, ...]:
    names = [*(n for n in PARTS if n in wrong), *(n for n in wrong if n not in PARTS)]
    return tuple(PartCheck(name, not wrong[name], wrong[name]) for name in names)


def _changed(parts: Mapping[str, bytes]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    raw = parts.get("manifest.json", b"")
    try:
        listed = dict(json.loads(raw)["parts"])
        if manifest_of(listed) != raw:
            return {"manifest.json": "changed itself"}
    except _MALFORMED as error:
        return {"manifest.json": f"cannot be read: {error}"}
    wrong["manifest.json"] = ""
    for name in sorted({*PARTS, *listed, *parts} - {"manifest.json"}):
        actual = hashlib.sha256(parts.get(name, b"")).hexdigest()
        same = name in PARTS and listed.get(name) == actual
        wrong[name] = "" if same else "its bytes are not those the manifest lists"
    return wrong


def _need(holds: bool, problem: str) -> None:
    if not holds:
        raise Differs(problem)


class _Replay:
    """One check for each JSON part, in order: later ones use what earlier ones found."""

    def __init__(self, plan_bytes: bytes, values: Mapping[str, Any], noted: str) -> None:
        self.plan_bytes, self.noted = plan_bytes, noted.strip().lower()
        self.protocol, self.plan, self.frame, self.roster, self.published, self.entropy = (
            values[name] for name in JSON_PARTS[:6]
        )
        self.given_draw, self.given_teams, self.history = (values[name] for name in JSON_PARTS[6:])
        self.algorithm = str(self.plan.get("digest"))
        self.units: dict[str, FrameUnit] = {}
        self.inspectors: list[Inspector] = []
        self.opened: dict[str, Task] = {}
        self.at_work: dict[str, list[str]] = {}
        self.seed = bytes(32)
        self.drawn = StratifiedDraw(seed=self.seed, units=())

    def check_protocol(self) -> None:
        known = self.protocol["protocol"] == self.plan["protocol"] == PROTOCOL
        _need(known, f"another protocol than {PROTOCOL}")
        _need(self.algorithm in DIGESTS, f"the digest {self.algorithm} is not known here")

    def check_plan(self) -> None:
        same = digest(self.plan_bytes, self.algorithm).hex() == self.published["plan_hash"]
        _need(same, "its hash is not plan_hash in commitment.json")

    def check_frame(self) -> None:
        rows = self.frame["units"]
        units = [
            FrameUnit(
                code=code,
                stratum=stratum,
                odds_num=num,
                odds_den=den,
                category=category,
                region=region,
                recused=bytes.fromhex(recused),
                chance=chance[0] if chance else None,
            )
            for code, stratum, num, den, category, region, recused, *chance in rows
        ]
        self.units = {unit.code: unit for unit in units}
        codes = [unit.code for unit in units]
        _need(codes == sorted(codes, key=in_frame_order), "units are not in order")
        root = frame_tree(units, self.algorithm).root.hex()
        _need(root == self.published["frame_root"], "its root is not frame_root")
        sizes = {rule["key"]: rule["size"] for rule in self.plan["strata"]}
        same = Counter(unit.stratum for unit in units) == sizes
        _need(same, "strata are not those of the plan")
        self._check_chances(units)

    def _check_chances(self, units: Sequence[FrameUnit]) -> None:
        is_pareto = odds_of(self.plan, units) is not None
        width = 8 if is_pareto else 7
        _need(all(len(row) == width for row in self.frame["units"]), "rows of another method")
        if not is_pareto:
            equal = all((unit.odds_num, unit.odds_den) == (1, 1) for unit in units)
            _need(equal, "odds are not 1/1 in a draw with equal chances")
            return
        total: Counter[str] = Counter()
        for unit in units:
            total[unit.stratum] += unit.chance or 0
        stated = {rule["key"]: rule["quota"] * WHOLE for rule in self.plan["strata"]}
        _need(
            {key: total[key] for key in stated} == stated,
            "chances of a stratum do not sum to its quota",
        )
        certain = {one["code"] for one in self.plan["certain"]}
        _need(
            all(self.units[code].chance == WHOLE for code in certain),
            "a unit named certain has another chance",
        )

    def check_inspectors(self) -> None:
        records = self.roster["inspectors"]
        self.inspectors = [inspector_of(record) for record in records]
        ids = [record["id"] for record in records]
        _need(ids == sorted(set(ids), key=in_frame_order), "inspectors repeat or are not in order")
        root = inspector_root(records, self.algorithm).hex()
        _need(root == self.plan["inspector_root"], "its root is not inspector_root")

    def check_commitment(self) -> None:
        said = {key: self.published[key] for key in ("commitment", "frame_root", "plan_hash")}
        value = commitment(
            frame_root=bytes.fromhex(said["frame_root"]),
            plan=bytes.fromhex(said["plan_hash"]),
            algorithm=self.algorithm,
        ).hex()
        _need(value == said["commitment"], "it does not follow from its two hashes")
        _need(self.noted in ("", value), "it is not the commitment you noted")
        entry = dict(self.published["receipt"])
        previous, own = bytes.fromhex(entry.pop("previous_hash")), entry.pop("hash")
        same = entry["body"] == {"no": self.plan["no"], **said}
        _need(same, "the receipt is for something else")
        follows = chain_hash(previous, entry).hex() == own
        _need(follows, "the receipt's hash does not follow from what it says")

    def check_entropy(self) -> None:
        sources, given = self.plan["entropy"], self.entropy["sources"]
        _need(len(sources) == len(given), "other sources")
        try:
            values = [
                entropy_bytes(source, entry) for source, entry in zip(sources, given, strict=True)
            ]
        except ValueError as error:
            raise Differs(str(error)) from None
        self.seed = seed(
            commitment=bytes.fromhex(self.published["commitment"]),
            entropy=values,
            algorithm=self.algorithm,
        )

    def check_draw(self) -> None:
        same = self.given_draw["seed"] == self.seed.hex()
        _need(same, "the seed does not follow from commitment and entropy")
        self.drawn = draw_stratified(
            seed=self.seed,
            codes=list(self.units),
            strata=[unit.stratum for unit in self.units.values()],
            rules=[
                StratumRule(rule["key"], rule["quota"], rule["reserve"])
                for rule in self.plan["strata"]
            ],
            algorithm=self.algorithm,
            odds=odds_of(self.plan, list(self.units.values())),
            permanent=permanent_of(self.plan, self.entropy["sources"], self.seed),
        )
        expected = [
            {
                "stratum": unit.stratum,
                "rank": unit.rank,
                "code": unit.code,
                "ticket": unit.ticket.hex(),
                "selected": unit.is_selected,
            }
            for unit in self.drawn.units
        ]
        _need(self.given_draw["units"] == expected, "these tickets draw other units")

    def check_assignment(self) -> None:
        dispatch = tickets(self.seed, "dispatch", self.algorithm)
        order = [unit.code for unit in self.drawn.selected]
        order.sort(key=lambda code: (dispatch.of(code), in_frame_order(code)))
        openings = self.given_teams["openings"]
        _need([one["code"] for one in openings] == order, "openings: other units")
        found = self._assign([self._opened(one) for one in openings], self.inspectors)
        blocking = [blocked.code for blocked in found.blocking]
        _need(self.given_teams["blocking"] == blocking, "other units block the assignment")
        teams = [{"code": t.code, "inspectors": list(t.inspectors)} for t in found.teams]
        _need(self.given_teams["teams"] == teams, "other teams")
        if "shortage" in self.given_teams:
            self._check_shortage(self.given_teams["shortage"])

    def _check_shortage(self, told: Mapping[str, Any]) -> None:
        """Hall's condition fails for the lists that are named: more seats than room."""
        named = [(code, place) for code, place in told["lists"]]
        tasks = [self.opened[code] for code in dict.fromkeys(code for code, _ in named)]
        seats, room = lack_of(tasks, named, self.inspectors, team_rule_of(self.plan))
        _need(
            len(set(named)) == len(named) and told["seats"] == seats > room == told["room"],
            "the shortage is none",
        )

    def check_history(self) -> None:
        at_work = {team["code"]: team["inspectors"] for team in self.given_teams["teams"]}
        stratum = {unit.code: unit.stratum for unit in self.drawn.units}
        reserves = [unit.code for unit in self.drawn.units if not unit.is_selected]
        known = {inspector.id for inspector in self.inspectors}
        busy = {person for team in at_work.values() for person in team}
        _need(known >= busy, "a team has an unknown inspector")
        self.at_work = at_work
        steps, recusals = self.history["replacements"], self.history.get("recusals", [])
        after = [one["after"] for one in recusals]
        in_order = after == sorted(after) and set(after) <= set(range(len(steps) + 1))
        _need(in_order, "recusals are not in order")
        for number, step in enumerate([*steps, None]):
            for recusal in recusals:
                if recusal["after"] == number:
                    self._check_recusal(recusal)
            if step is not None:
                key, code = stratum[step["replaces"]], step["code"]
                del at_work[step["replaces"]]
                following = [other for other in reserves if stratum[other] == key]
                _need(following[:1] == [code], f"{code} is not the next reserve")
                reserves.remove(code)
                found = self._assign([self._opened(step)], self._as_they_stand())
                teams = [list(team.inspectors) for team in found.teams]
                _need(teams == [step["inspectors"]], f"{code}: other team")
                at_work[code] = step["inspectors"]

    def _check_recusal(self, recusal: Mapping[str, Any]) -> None:
        code, position, gone = recusal["code"], recusal["position"], recusal["out"]
        team = self.at_work[code]
        _need(
            0 <= position < len(team) and team[position] == gone,
            f"{code}: {gone} does not have seat {position}",
        )
        task = self.opened[code]
        self.opened[code] = task = replace(task, recused=task.recused | {gone})
        found = stand_in(
            seed=self.seed,
            task=task,
            team=team,
            position=position,
            inspectors=self._as_they_stand(),
            rule=team_rule_of(self.plan),
            algorithm=self.algorithm,
        )
        _need(found.inspector == recusal["in"], f"{code}: {recusal['in']} is not the next in order")
        self.at_work[code] = [*team[:position], recusal["in"], *team[position + 1 :]]

    def _as_they_stand(self) -> list[Inspector]:
        load = Counter(person for team in self.at_work.values() for person in team)
        return [replace(one, load=one.load + load[one.id]) for one in self.inspectors]

    def _opened(self, opening: Mapping[str, Any]) -> Task:
        unit, recused = self.units[opening["code"]], opening["recused"]
        salt = bytes.fromhex(opening["salt"])
        same = recused == sorted(set(recused), key=in_frame_order)
        same = same and recused_hash(salt, recused, self.algorithm) == unit.recused
        _need(same, f"{unit.code}: opened recusals are not those committed in frame.json")
        task = Task(unit.code, unit.category, unit.region, frozenset(recused))
        self.opened[unit.code] = task
        return task

    def _assign(self, tasks: Sequence[Task], people: Sequence[Inspector]) -> Assignment:
        return assign(
            seed=self.seed,
            tasks=tasks,
            inspectors=people,
            rule=team_rule_of(self.plan),
            algorithm=self.algorithm,
        )


def odds_of(plan: Mapping[str, Any], units: Sequence[FrameUnit]) -> list[tuple[int, int]] | None:
    """The odds of the units, in their order; None in a draw with equal chances.

    Raises
    ------
    ValueError
        If the plan names another method.
    """
    return [(unit.odds_num, unit.odds_den) for unit in units] if has_odds(plan) else None


def has_odds(plan: Mapping[str, Any]) -> bool:
    """Are the chances of a committed plan unequal?

    Raises
    ------
    ValueError
        If the plan names another method.
    """
    if plan["method"] not in ("equal", "pareto"):
        raise ValueError(f"the method {plan['method']!r} is not known here")
    return bool(plan["method"] == "pareto")


def permanent_of(
    plan: Mapping[str, Any], given: Sequence[Mapping[str, Any]], own_seed: bytes
) -> Permanent | None:
    """The permanent tickets that a coordinated plan draws by; None for any other plan.

    Parameters
    ----------
    given : sequence of mappings
        The values of the entropy sources.
    own_seed : bytes
        The seed of this plan: that of the group, if the plan is its first.
    """
    said = plan.get("coordination")
    if said is None:
        return None
    shared = own_seed
    if said["place"]:
        (named,) = (entry for entry in given if entry["kind"] == "plan")
        shared = bytes.fromhex(named["value"])
    return Permanent(shared, said["place"], said["of"])


def team_rule_of(plan: Mapping[str, Any]) -> TeamRule:
    """The team rule that a plan commits to."""
    team = plan["team"]
    return TeamRule(
        visit_on=date.fromisoformat(plan["visit_on"]),
        size=team["size"],
        is_mixed=team["mixed"],
        qualification=Qualification(team["qualification"]),
        needs_certificate=team["certificate"],
        needs_region=team["region"],
        pool=Pool(team["pool"]) if team.get("pool") is not None else None,
        departments=tuple(
            DepartmentRule(
                one["key"], one["size"], one["mixed"], Qualification(one["qualification"])
            )
            for one in team.get("departments") or ()
        ),
    )


def inspector_of(record: Mapping[str, Any]) -> Inspector:
    """An inspector from the record that was committed."""
    until = record["certificate_until"]

    def taken(codes: Sequence[str] | None) -> frozenset[str] | None:
        return None if codes is None else frozenset(codes)

    return Inspector(
        id=record["id"],
        is_senior=record["senior"],
        categories=taken(record["categories"]),
        regions=taken(record["regions"]),
        certificate_until=date.fromisoformat(until) if until else None,
        load=record["load"],
        cap=record["cap"],
        pool=Pool(record["pool"]) if record.get("pool") is not None else None,
        department=record.get("department"),
    )
