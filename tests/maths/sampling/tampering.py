"""What a forger may change in a bundle, and what the verifiers say: data for a test and a page.

``python -m tests.maths.sampling.tampering`` writes docs/protocol/tampering.md anew; a test checks
that page and verifiers agree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.chain import canonical_json, chain_hash
from sampling.maths import bundle
from sampling.maths.log_check import check_against_log
from sampling.maths.replay import check_bundle
from sampling.verifier import verify_draw

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "tests" / "vectors" / "draw-v1"
PAGE = ROOT / "docs" / "protocol" / "tampering.md"

Parts = dict[str, bytes]
Values = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One tampering.

    ``change`` edits the parsed JSON parts; the forger then writes them canonically and makes the
    manifest anew. ``raw`` edits bytes instead and leaves the manifest alone.
    """

    group: str
    words: str
    change: Callable[[Values], None] | None = None
    raw: Callable[[Parts], None] | None = None
    base: str = "plain"
    noted: bool = False


def vector(name: str) -> Parts:
    """The parts of a frozen vector."""
    told = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["parts"]
    return {part: text.encode() for part, text in told.items()}


def tampered(case: Case) -> Parts:
    """The bundle as the forger hands it out."""
    parts = vector(case.base)
    if case.raw is not None:
        case.raw(parts)
        return parts
    values = {n: json.loads(t) for n, t in parts.items() if n in bundle.JSON_PARTS}
    if case.change is not None:
        case.change(values)
    parts |= {name: canonical_json(value) for name, value in values.items()}
    return {**parts, "manifest.json": bundle.manifest(parts)}


def noted_of(case: Case) -> str:
    """The commitment that a citizen noted before the draw, if the case has one."""
    said = json.loads(vector(case.base)["commitment.json"])["commitment"]
    return str(said) if case.noted else ""


# Changes of bytes


def flipped(name: str) -> Callable[[Parts], None]:
    """One bit in the middle of a part."""

    def change(parts: Parts) -> None:
        content = bytearray(parts[name])
        content[len(content) // 2] ^= 1
        parts[name] = bytes(content)

    return change


def without(name: str) -> Callable[[Parts], None]:
    """A part left out."""

    def change(parts: Parts) -> None:
        del parts[name]

    return change


def extra(parts: Parts) -> None:
    """A part that no bundle has, listed in a new manifest."""
    parts["note.txt"] = b"believe us"
    parts["manifest.json"] = bundle.manifest(parts)


# Changes of meaning


def set_in(path: str, value: Any) -> Callable[[Values], None]:
    """Set one place, as in "draw.json/units/0/code"."""

    def change(values: Values) -> None:
        *way, last = path.split("/")
        target: Any = values
        for step in way:
            target = target[int(step) if step.isdigit() else step]
        target[int(last) if last.isdigit() else last] = value

    return change


def swap_units(values: Values) -> None:
    units = values["draw.json"]["units"]
    units[0]["code"], units[1]["code"] = units[1]["code"], units[0]["code"]


def friend_out(values: Values) -> None:
    """The first drawn unit gives its place to the first reserve."""
    units = values["draw.json"]["units"]
    units[3]["selected"], units[4]["selected"] = False, True


def drop_reserve(values: Values) -> None:
    values["draw.json"]["units"].pop(4)


def drop_from_roster(values: Values) -> None:
    values["frame.json"]["units"].pop(7)


def move_stratum(values: Values) -> None:
    units = values["frame.json"]["units"]
    units[0][1], units[1][1] = units[1][1], units[0][1]


def roster_order(values: Values) -> None:
    values["frame.json"]["units"].reverse()


def swap_teams(values: Values) -> None:
    teams = values["assignment.json"]["teams"]
    teams[0]["inspectors"], teams[1]["inspectors"] = (
        teams[1]["inspectors"],
        teams[0]["inspectors"],
    )


def forget_recusal(values: Values) -> None:
    for one in values["assignment.json"]["openings"]:
        if one["recused"]:
            one["recused"] = []
            return


def forget_replacement(values: Values) -> None:
    values["history.json"]["replacements"].pop()


def forget_first_replacement(values: Values) -> None:
    values["history.json"]["replacements"].pop(0)


def forget_change(values: Values) -> None:
    values["history.json"]["recusals"].pop()


def skip_reserve(values: Values) -> None:
    steps = values["history.json"]["replacements"]
    reserves = [u for u in values["draw.json"]["units"] if not u["selected"]]
    stratum = {u["code"]: u["stratum"] for u in values["draw.json"]["units"]}
    own = [u["code"] for u in reserves if u["stratum"] == stratum[steps[0]["replaces"]]]
    steps[0]["code"] = own[-1]


def other_seed(values: Values) -> None:
    values["draw.json"]["seed"] = "00" * 32


def recommit(values: Values) -> None:
    """Hash roster and plan anew, as a forger of the whole would."""
    plan = values["plan.json"]
    algorithm = plan["digest"]
    leaves = [
        verify_draw.LP("unit", *map(str, u[:6]), bytes.fromhex(u[6]))
        for u in values["frame.json"]["units"]
    ]
    root = verify_draw.root(algorithm, leaves)
    hashed = verify_draw.H(algorithm, canonical_json(plan))
    value = verify_draw.H(algorithm, verify_draw.LP("commit/v1", root, hashed))
    said = {"commitment": value.hex(), "frame_root": root.hex(), "plan_hash": hashed.hex()}
    receipt = values["commitment.json"]["receipt"]
    receipt["body"] = {"no": plan["no"], **said}
    entry = {k: v for k, v in receipt.items() if k not in ("previous_hash", "hash")}
    before = bytes.fromhex(receipt["previous_hash"])
    receipt["hash"] = hashlib.sha256(b"\x02" + before + canonical_json(entry)).hexdigest()
    values["commitment.json"] = {**said, "receipt": receipt}


def redraw(values: Values) -> None:
    """Seed, sample and teams anew from whatever the other parts say now."""
    from sampling.maths.assignment import Task, assign
    from sampling.maths.commitment import in_frame_order, seed
    from sampling.maths.draw import StratumRule, draw_stratified, tickets
    from sampling.maths.entropy import entropy_bytes
    from sampling.maths.replay import inspector_of, team_rule_of

    plan, units = values["plan.json"], values["frame.json"]["units"]
    known = {one["code"]: one for one in values["assignment.json"]["openings"]}
    value = seed(
        commitment=bytes.fromhex(values["commitment.json"]["commitment"]),
        entropy=[
            entropy_bytes(named, given)
            for named, given in zip(plan["entropy"], values["entropy.json"]["sources"], strict=True)
        ],
        algorithm=plan["digest"],
    )
    drawn = draw_stratified(
        seed=value,
        codes=[unit[0] for unit in units],
        strata=[unit[1] for unit in units],
        rules=[StratumRule(r["key"], r["quota"], r["reserve"]) for r in plan["strata"]],
        algorithm=plan["digest"],
    )
    dispatch = tickets(value, "dispatch", plan["digest"])
    order = sorted(
        (unit.code for unit in drawn.selected),
        key=lambda code: (dispatch.of(code), in_frame_order(code)),
    )
    secret = hashlib.sha256(b"vector secret").digest()
    openings = [known.get(code) or opening_of(secret, code, plan["digest"]) for code in order]
    by_code = {unit[0]: unit for unit in units}
    teams = assign(
        seed=value,
        tasks=[
            Task(o["code"], by_code[o["code"]][4], by_code[o["code"]][5], frozenset(o["recused"]))
            for o in openings
        ],
        inspectors=[inspector_of(record) for record in values["inspectors.json"]["inspectors"]],
        rule=team_rule_of(plan),
        algorithm=plan["digest"],
    )
    values["draw.json"] = bundle.draw_part(drawn)
    values["assignment.json"] = bundle.assignment_part(teams, openings)


def opening_of(secret: bytes, code: str, algorithm: str) -> dict[str, Any]:
    """A unit's recusals opened by who knows the secret and the ties, as the agency does."""
    from sampling.maths.commitment import recusal_salt

    number = int(code[4:]) if code.startswith("9137") else 0
    tied = frozenset({f"J{number % 9:03}", "J001"}) if number % 4 == 1 else frozenset[str]()
    return bundle.opening(code, recusal_salt(secret, code, algorithm), tied)


def log_of(parts: Parts) -> list[dict[str, Any]]:
    """The log of draws as it was before anybody tampered: the entries of one plan."""
    receipt = json.loads(parts["commitment.json"])["receipt"]
    history = json.loads(parts["history.json"])
    no = receipt["body"]["no"]
    names = ("entropy.json", "draw.json", "assignment.json")
    bodies: list[tuple[str, dict[str, Any]]] = [
        (
            "draw.made",
            {
                "no": no,
                "seed": json.loads(parts["draw.json"])["seed"],
                "parts": {n: hashlib.sha256(parts[n]).hexdigest() for n in names},
            },
        )
    ]
    for step in history["replacements"]:
        body = {name: step[name] for name in ("replaces", "code", "reason")}
        bodies.append(("unit.replaced", {"no": no, **body, "salt": "00" * 32}))
    for step in history.get("recusals", []):
        body = {name: step[name] for name in ("code", "position", "out", "in", "kind")}
        bodies.append(("seat.recused", {"no": no, **body, "salt": "00" * 32}))
    if history["void"]:
        bodies.append(
            ("plan.void", {"no": no, "reason": history["void"]["reason"], "was": "drawn"})
        )
    entries = [receipt]
    for sequence, (kind, body) in enumerate(bodies, start=2):
        said = {
            "stream": "draw",
            "sequence": sequence,
            "kind": kind,
            "recorded_at": f"2026-05-04T01:{sequence:02}:00.000000+00:00",
            "body": body,
        }
        previous = entries[-1]["hash"]
        own = chain_hash(bytes.fromhex(previous), said).hex()
        entries.append({**said, "previous_hash": previous, "hash": own})
    return entries


def told_with_log(case: Case) -> dict[str, str]:
    """What the log finds wrong in a tampered bundle that agrees with itself."""
    checks = check_against_log(tampered(case), log_of(vector(case.base)))
    return {check.part: check.detail for check in checks if not check.agrees}


def then(*changes: Callable[[Values], None]) -> Callable[[Values], None]:
    """Several changes, one after the other."""

    def change(values: Values) -> None:
        for each in changes:
            each(values)

    return change


DICE = "66625143625114632516434215632154326154321654321635"
BYTES = "Bytes, manifest left alone"
MEANING = "A part changed, manifest made anew"
DEEP = "Several parts changed so that they fit each other"
MIXED = "mixed-sm3-replaced-void"

CASES: tuple[Case, ...] = (
    *(
        Case(BYTES, f"one bit in {name}", raw=flipped(name))
        for name in bundle.PARTS
        if name != "manifest.json"
    ),
    Case(BYTES, "one bit in manifest.json", raw=flipped("manifest.json")),
    Case(BYTES, "draw.json left out", raw=without("draw.json")),
    Case(BYTES, "manifest.json left out", raw=without("manifest.json")),
    Case(BYTES, "a file added and listed in a new manifest", raw=extra),
    Case(MEANING, "nothing: the manifest made anew as it was", change=lambda _: None),
    Case(MEANING, "two drawn units exchange ranks", change=swap_units),
    Case(MEANING, "a drawn unit becomes a reserve, the reserve is drawn", change=friend_out),
    Case(MEANING, "another code is drawn", change=set_in("draw.json/units/0/code", "9137X")),
    Case(MEANING, "a reserve is dropped", change=drop_reserve),
    Case(MEANING, "a ticket is changed", change=set_in("draw.json/units/2/ticket", "00" * 32)),
    Case(MEANING, "the seed is changed", change=other_seed),
    Case(MEANING, "a unit's odds are changed", change=set_in("frame.json/units/0/2", 2)),
    Case(MEANING, "a unit's category is changed", change=set_in("frame.json/units/0/4", "x")),
    Case(
        MEANING,
        "a unit's recusals are changed in the roster",
        change=set_in("frame.json/units/0/6", "00" * 32),
    ),
    Case(MEANING, "a unit is taken off the roster", change=drop_from_roster),
    Case(MEANING, "two units exchange strata", change=move_stratum),
    Case(MEANING, "the roster is put into another order", change=roster_order),
    Case(MEANING, "an opened recusal is left out", change=forget_recusal),
    Case(MEANING, "a salt is changed", change=set_in("assignment.json/openings/0/salt", "00" * 32)),
    Case(MEANING, "two teams exchange visits", change=swap_teams),
    Case(
        MEANING,
        "an inspector's load is changed",
        change=set_in("inspectors.json/inspectors/0/load", 5),
    ),
    Case(MEANING, "a quota is changed", change=set_in("plan.json/strata/0/quota", 5)),
    Case(MEANING, "the title is changed", change=set_in("plan.json/title", "x")),
    Case(MEANING, "other dice", change=set_in("entropy.json/sources/0/value", DICE)),
    Case(
        MEANING,
        "dice that were not thrown",
        change=set_in("entropy.json/sources/0/value", "7" * 50),
    ),
    Case(
        MEANING,
        "another beacon value beside its signature",
        change=set_in("entropy.json/sources/1/value", "00" * 32),
    ),
    Case(MEANING, "another beacon round", change=set_in("entropy.json/sources/1/round", 657414)),
    Case(MEANING, "another public text", change=set_in("entropy.json/sources/2/value", "1 2 3")),
    Case(
        MEANING,
        "another commitment",
        change=set_in("commitment.json/commitment", "00" * 32),
    ),
    Case(MEANING, "another frame_root", change=set_in("commitment.json/frame_root", "00" * 32)),
    Case(
        MEANING,
        "the receipt is dated back",
        change=set_in("commitment.json/receipt/recorded_at", "2026-04-01T01:00:00.000000+00:00"),
    ),
    Case(
        MEANING,
        "the receipt is for another plan",
        change=set_in("commitment.json/receipt/body/no", "CC-2026-0099"),
    ),
    Case(MEANING, "another protocol", change=set_in("protocol.json/protocol", "zhiheng-draw/v0")),
    Case(MEANING, "the last replacement is removed", change=forget_replacement, base=MIXED),
    Case(MEANING, "the first replacement is removed", change=forget_first_replacement, base=MIXED),
    Case(MEANING, "a replacement skips a reserve", change=skip_reserve, base=MIXED),
    Case(
        MEANING,
        "a reserve gets another team",
        change=set_in("history.json/replacements/0/inspectors", ["J009", "J004", "J003"]),
        base=MIXED,
    ),
    Case(
        MEANING,
        "the reason of a replacement is changed",
        change=set_in("history.json/replacements/0/reason", "x"),
        base=MIXED,
    ),
    Case(MEANING, "a seat passed on is hidden", change=forget_change, base="late-recusal"),
    Case(
        MEANING,
        "the seat passed on goes to somebody else",
        change=set_in("history.json/recusals/0/in", "J009"),
        base="late-recusal",
    ),
    Case(
        MEANING,
        "one enterprise gets better odds",
        change=set_in("frame.json/units/3/3", 1),
        base="pareto",
    ),
    Case(
        MEANING,
        "one enterprise gets a higher chance",
        change=set_in("frame.json/units/3/7", 2**51),
        base="pareto",
    ),
    Case(
        MEANING,
        "the seed of the first plan of a group is changed",
        change=set_in("entropy.json/sources/0/value", "ab" * 32),
        base="coordinated-second-pareto-sm3",
    ),
    Case(MEANING, "the void is hidden", change=set_in("history.json/void", None), base=MIXED),
    Case(
        DEEP,
        "a quota is changed, the commitment made anew, the draw kept",
        change=then(set_in("plan.json/strata/0/quota", 3), recommit),
    ),
    Case(
        DEEP,
        "other dice, and everything after them drawn anew",
        change=then(set_in("entropy.json/sources/0/value", DICE), redraw),
    ),
    Case(
        DEEP,
        "the whole made anew with another quota; the reader has noted nothing",
        change=then(set_in("plan.json/strata/0/quota", 3), recommit, redraw),
    ),
    Case(
        DEEP,
        "the same, and the reader noted the commitment before the draw",
        change=then(set_in("plan.json/strata/0/quota", 3), recommit, redraw),
        noted=True,
    ),
)


def told(parts: Parts, noted: str = "") -> dict[str, str]:
    """What the standalone verifier finds wrong, by part."""
    return {name: words for name, agrees, words in verify_draw.verify(parts, noted) if not agrees}


HEAD = """\
# What was changed, and what the verifier says

Made from the cases of `tests/maths/sampling/tampering.py`, which a test runs against both verifiers
(the product's and the standalone one in every bundle); do not edit by hand.

A bundle is judged in two steps. If bytes are not those of the manifest, only that is told: what
follows from changed bytes says nothing. A forger who makes the manifest anew meets the second step:
each part must follow from the others. What is consistent in itself is caught by what was public
before: the commitment that somebody noted, and the log of draws (draw-v1, section 11), with which
`zhiheng verify-draw BUNDLE --log ENTRIES` compares a bundle: see the rows marked **agrees**.

Both verifiers blame the same parts in every row. The words are those of the standalone one; where
the product words it otherwise, its words stand in brackets.
"""


def product(parts: Parts, noted: str = "") -> dict[str, str]:
    """What the product finds wrong, by part."""
    return {c.part: c.detail for c in check_bundle(parts, noted) if not c.agrees}


def shown(found: dict[str, str], other: dict[str, str] | None = None) -> str:
    """Parts and words in one cell, with the other verifier's where they differ."""
    cells = []
    for name, what in found.items():
        second = other[name] if other is not None else what
        cells.append(f"`{name}` {what}" + (f" ({second})" if second != what else ""))
    return "<br>".join(cells)


def page() -> str:
    """The page as it must stand in docs."""
    lines = [HEAD]
    for group in (BYTES, MEANING, DEEP):
        lines += [f"\n## {group}\n", "| Changed | The verifier says |", "|---|---|"]
        for case in CASES:
            if case.group == group:
                found = told(tampered(case), noted_of(case))
                words = shown(found, product(tampered(case), noted_of(case)))
                if not found:
                    logged = told_with_log(case)
                    words = "**agrees**; " + (
                        "the log: " + shown(logged) if logged else "the log agrees too"
                    )
                lines.append(f"| {case.words} | {words} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
