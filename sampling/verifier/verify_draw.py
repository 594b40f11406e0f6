"""Recompute a draw from its bundle:  python3 verify_draw.py BUNDLE.zip [COMMITMENT]

Python 3.8 or newer, nothing else: no packages, no network. One line for each part; status 1 if
any does not agree. COMMITMENT is the value you noted before the draw: without it the whole bundle
could have been made afterwards. The rules are those of draw-v1 (docs/protocol of the project).
"""

# ruff: noqa: N802, N806, B905 - H, LP are the protocol's names; Python 3.8 has no strict zip
from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections import Counter
from contextlib import contextmanager
from itertools import islice
from typing import Any

NAMES = {  # the JSON parts, each with the key that it cannot do without
    "protocol.json": "protocol", "plan.json": "digest", "frame.json": "units",
    "inspectors.json": "inspectors", "commitment.json": "commitment", "entropy.json": "sources",
    "draw.json": "units", "assignment.json": "teams", "history.json": "replacements",
}  # fmt: skip
PARTS = [*NAMES, "README.txt", "verify_draw.py", "manifest.json"]


def H(algorithm: str, *chunks: bytes) -> bytes:
    return hashlib.new(algorithm, b"".join(chunks)).digest()


def LP(*fields: Any) -> bytes:  # length-prefixed fields, text as UTF-8
    raw = [field.encode() if isinstance(field, str) else field for field in fields]
    return b"".join(len(field).to_bytes(4, "big") + field for field in raw)


def canonical(value: Any) -> bytes:  # RFC 8785 for what occurs here
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def root(algorithm: str, leaves: list[bytes]) -> bytes:  # Merkle tree of RFC 9162
    level = [H(algorithm, b"\0", leaf) for leaf in leaves] or [H(algorithm)]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [H(algorithm, b"\1", *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def order(code: str) -> Any:
    return (len(code), code)


def need(holds: Any, problem: str) -> None:
    if not holds:
        raise ValueError(problem)


def lists_of(unit: Any, recused: Any, people: Any, plan: Any) -> Any:
    """[(code, seats, ids that may take them)]; a mixed team has two lists: senior, others.

    A joint visit has the lists of each department, in the order of the plan.
    """
    team: Any = plan["team"]
    lists: Any = []
    for part in team.get("departments") or [team]:
        ids: Any = {True: [], False: []}
        for p in people:
            lead = part["qualification"] == "lead" and p["senior"]
            must = part["qualification"] == "all" or lead
            if not (
                (team.get("pool") is not None and p.get("pool") != team["pool"])
                or (part is not team and p.get("department") != part["key"])
                or (team["certificate"] and (p["certificate_until"] or "") < plan["visit_on"])
                or (team["region"] and p["regions"] is not None and unit[5] not in p["regions"])
                or (must and p["categories"] is not None and unit[4] not in p["categories"])
                or p["id"] in recused
            ):
                ids[part["mixed"] and p["senior"]].append(p["id"])
        one_senior = [(unit[0], 1, ids[True])] if part["mixed"] else []
        lists += [*one_senior, (unit[0], part["size"] - len(one_senior), ids[False])]
    return lists


def assign(lists: Any, load: Any, cap: Any, ticket: Any) -> tuple[Any, Any]:
    """(teams, none blocking) or (none, units in the way); lists in the order of dispatch."""
    short = {code for code, n, ids in lists if sum(load[i] < cap[i] for i in ids) < n}
    if short:
        return {}, sorted(short, key=order)
    at: Any = {i: set() for i in cap}  # one way to fill all seats: the lists each serves
    fixed: Any = set()  # (list, id) that stay

    def rounds(choose: Any) -> Any:
        now, result = dict(load), []
        for d, (code, n, ids) in enumerate(lists):
            keys = sorted((now[i], ticket(code, i), order(i)) for i in ids if now[i] < cap[i])
            result.append(list(islice((key[2][1] for key in keys if choose(d, key[2][1])), n)))
            now.update({i: now[i] + 1 for i in result[-1]})
        return result

    def roomy(i: str) -> Any:
        return len(at[i]) < cap[i] - load[i]

    def place(d: int, seen: Any) -> bool:  # one more person for list d, moving others if need be
        for i in sorted(lists[d][2], key=roomy, reverse=True):
            if d not in at[i] and i not in seen:
                seen.add(i)
                if roomy(i) or leave(i, seen):
                    at[i].add(d)
                    return True
        return False

    def leave(i: str, seen: Any) -> bool:  # give one seat of i to someone else
        for d in sorted(at[i]):
            if (d, i) not in fixed and place(d, seen):
                at[i].remove(d)
                return True
        return False

    def fix(d: int, i: str) -> bool:  # a seat of d for i, if all others can still be filled
        loose = [j for j in lists[d][2] if d in at[j] and (d, j) not in fixed]
        before = {j: set(at[j]) for j in at} if i not in loose else {}
        if i not in loose:
            if not loose:
                return False
            at[loose[0]].remove(d)
            had_room = roomy(i)
            at[i].add(d)
        fixed.add((d, i))
        if i not in loose and not had_room and not leave(i, {i}):
            at.update(before)
            fixed.remove((d, i))
            return False
        return True

    chosen = rounds(lambda d, i: True)
    if any(len(ids) < n for ids, (_, n, _) in zip(chosen, lists)):  # stuck: look ahead
        for d, ids in enumerate(chosen):
            for i in ids:
                at[i].add(d)
        missing = [d for d, (_, n, ids) in enumerate(lists) for _ in range(n - len(chosen[d]))]
        seen: Any = set()
        stuck = {d for d in missing if not place(d, set())}
        if stuck:
            for d in stuck:
                place(d, seen)
            stuck = stuck.union(*(at[i] for i in seen))
            return {}, sorted({lists[d][0] for d in stuck}, key=order)
        chosen = rounds(fix)
    teams: Any = {}
    for (code, _, _), ids in zip(lists, chosen):
        teams[code] = teams.get(code, []) + ids
    return teams, []


def verify(parts: dict[str, bytes], noted: str = "") -> list[tuple[str, bool, str]]:
    """(part, agrees, what is wrong) for each part that was judged."""
    wrong: dict[str, str] = {}
    data: Any = {}

    def rows() -> list[tuple[str, bool, str]]:
        ordered = [*(n for n in PARTS if n in wrong), *(n for n in wrong if n not in PARTS)]
        return [(name, not wrong[name], wrong[name]) for name in ordered]

    @contextmanager
    def part(name: str) -> Any:
        try:
            yield
            wrong.setdefault(name, "")
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
            wrong[name] = f"{problem}" or type(problem).__name__

    with part("manifest.json"):
        listed = json.loads(parts["manifest.json"])["parts"]
        own = {"parts": listed, "self": H("sha256", canonical(listed)).hex()}
        own = {"format": "zhiheng-draw-bundle/v1", **own}
        need(canonical(own) == parts["manifest.json"], "changed itself")
        for name in sorted({*PARTS[:-1], *listed, *parts} - {"manifest.json"}):
            same = name in PARTS and listed.get(name) == H("sha256", parts.get(name, b"")).hex()
            wrong[name] = "" if same else "its bytes are not those the manifest lists"
    for name in () if any(wrong.values()) else NAMES:
        with part(name):
            data[name[:-5]] = json.loads(parts[name])
            need(canonical(data[name[:-5]]) == parts[name], "not in canonical form")
            need(NAMES[name] in data[name[:-5]], f"{NAMES[name]} is missing")
    if any(wrong.values()):
        return rows()  # what follows from changed bytes says nothing
    plan, commitment, draw, teams = (data[n] for n in ("plan", "commitment", "draw", "assignment"))
    units, people = data["frame"]["units"], data["inspectors"]["inspectors"]
    by_code = {str(unit[0]): unit for unit in units}
    A, raw, seed = plan["digest"], bytes.fromhex, b""
    drawn, load, cap, recused = [], {}, {}, {}  # type: Any, Any, Any, Any

    def ticket(domain: str, *fields: str) -> bytes:
        return H(A, (seed + LP(domain)).ljust(64, b"\0"), LP(*fields))

    def key(unit: Any) -> tuple[Any, bytes]:  # what a unit is ordered by, and its ticket
        t, group, circle = ticket("draw", unit[0]), plan.get("coordination"), 2**256
        if group:  # permanent tickets of the first plan of the group, counted from another start
            shared = raw(data["entropy"]["sources"][0]["value"]) if group["place"] else seed
            t = H(A, (shared + LP("permanent")).ljust(64, b"\0"), LP(unit[0]))
            number = int.from_bytes(t, "big") - group["place"] * circle // group["of"]
            t = (number % circle).to_bytes(32, "big")
        if plan["method"] == "equal":
            return t, t
        number = int.from_bytes(t, "big")
        return (number * unit[3] << 640) // ((circle - number) * unit[2]), t

    def team_of(openings: Any) -> tuple[Any, Any]:
        lists = []
        for one in openings:
            unit = by_code[one["code"]]
            same = H(A, LP("recused", raw(one["salt"]), *one["recused"])).hex() == unit[6]
            need(same, f"{unit[0]}: opened recusals are not those committed in frame.json")
            recused[unit[0]] = list(one["recused"])
            lists += lists_of(unit, one["recused"], people, plan)
        return assign(lists, load, cap, lambda *fields: ticket("pair", *fields))

    with part("protocol.json"):
        need(data["protocol"]["protocol"] == plan["protocol"] == "zhiheng-draw/v1", "another one")
        need(A in ("sha256", "sm3"), "the digest is not known here")
    with part("plan.json"):
        same = H(A, parts["plan.json"]).hex() == commitment["plan_hash"]
        need(same, "its hash is not plan_hash in commitment.json")
    with part("frame.json"):
        codes = [unit[0] for unit in units]
        need(codes == sorted(set(codes), key=order), "units repeat or are not in order")
        leaves = [LP("unit", *map(str, u[:6]), raw(u[6]), *map(str, u[7:])) for u in units]
        need(root(A, leaves).hex() == commitment["frame_root"], "its root is not frame_root")
        sizes = {rule["key"]: rule["size"] for rule in plan["strata"]}
        need(Counter(unit[1] for unit in units) == sizes, "strata are not those of the plan")
        is_pareto = {"equal": False, "pareto": True}[plan["method"]]
        need(all(len(u) == 7 + is_pareto for u in units), "rows of another method")
        need(is_pareto or all(u[2:4] == [1, 1] for u in units), "odds in a draw with equal chances")
        for u in units if is_pareto else ():
            need((u[7] == 2**52) == (u[2:4] == [1, 0]), f"{u[0]}: chance and odds do not fit")
            need(u[2] > 0 and u[3] >= 0 <= u[7] and u[3] + (u[7] == 2**52), f"{u[0]}: odds")
        for rule in plan["strata"] if is_pareto else ():
            total = sum(u[7] for u in units if u[1] == rule["key"])
            need(total == rule["quota"] * 2**52, "chances of a stratum do not sum to its quota")
        for one in plan["certain"] if is_pareto else ():
            need(by_code[one["code"]][7] == 2**52, "a unit named certain has another chance")
    with part("inspectors.json"):
        ids = [p["id"] for p in people]
        load, cap = ({p["id"]: p[key] for p in people} for key in ("load", "cap"))
        need(ids == sorted(set(ids), key=order), "inspectors repeat or are not in order")
        leaves = [LP("inspector", canonical(p)) for p in people]
        need(root(A, leaves).hex() == plan["inspector_root"], "its root is not inspector_root")
    with part("commitment.json"):
        said = {k: commitment[k] for k in ("commitment", "frame_root", "plan_hash")}
        value = H(A, LP("commit/v1", raw(said["frame_root"]), raw(said["plan_hash"]))).hex()
        need(value == said["commitment"], "it does not follow from its two hashes")
        need(noted.lower() in ("", value), "it is not the commitment you noted")
        entry = dict(commitment["receipt"])
        before, after = raw(entry.pop("previous_hash")), entry.pop("hash")
        need(entry["body"] == {"no": plan["no"], **said}, "the receipt is for something else")
        same = H("sha256", b"\2", before, canonical(entry)).hex() == after
        need(same, "the receipt's hash does not follow from what it says")
    with part("entropy.json"):
        values, given = [], data["entropy"]["sources"]
        need([e["kind"] for e in given] == [e["kind"] for e in plan["entropy"]], "other sources")
        for e, named in zip(given, plan["entropy"]):
            v, kind = e["value"], e["kind"]
            if kind == "dice":
                need(len(v) == named["count"] and set(v) <= set("123456"), "dice: number or faces")
            if kind == "beacon":
                need(e["round"] == named["round"] and len(v) == 64, "beacon: another round or form")
                same = e["signature"] is None or H("sha256", raw(e["signature"])).hex() == v
                need(same, "beacon: value is not the SHA-256 of the signature")
            need(kind != "plan" or len(v) == 64, "the seed of a plan has 64 digits")
            values.append(raw(v) if kind in ("beacon", "demo", "plan") else v)
        seed = H(A, LP("seed/v1", raw(commitment["commitment"]), *values))
    with part("draw.json"):
        need(draw["seed"] == seed.hex(), "the seed does not follow from commitment and entropy")
        for rule in plan["strata"]:
            members = [unit[0] for unit in units if unit[1] == rule["key"]]
            need(rule["quota"] <= len(members), f"quota above the size of {rule['key']}")
            ranked = sorted((*key(by_code[code]), order(code)) for code in members)
            for rank, (_, t, (_, code)) in enumerate(ranked[: rule["quota"] + rule["reserve"]], 1):
                unit = {"stratum": rule["key"], "rank": rank, "code": code, "ticket": t.hex()}
                drawn.append({**unit, "selected": rank <= rule["quota"]})
        need(draw["units"] == drawn, "these tickets draw other units")
    with part("assignment.json"):
        tasks = [unit["code"] for unit in drawn if unit["selected"]]
        tasks.sort(key=lambda code: (ticket("dispatch", code), order(code)))
        need([one["code"] for one in teams["openings"]] == tasks, "openings: other units")
        found, blocking = team_of(teams["openings"])
        need(teams["blocking"] == blocking, "other units block the assignment")
        need(teams["teams"] == [{"code": c, "inspectors": found[c]} for c in found], "other teams")
        if "shortage" in teams:  # seats of some lists, more than their people have room for
            lack, named = teams["shortage"], [tuple(one) for one in teams["shortage"]["lists"]]
            seats, wanted = 0, Counter()  # type: Any, Any
            for code, number in named:
                lists = lists_of(by_code[code], recused[code], people, plan)
                need(0 <= number < len(lists), f"{code} has no such seat list")
                seats += lists[number][1]
                wanted.update(i for i in lists[number][2] if load[i] < cap[i])
            room = sum(min(cap[i] - load[i], count) for i, count in wanted.items())
            need(len(set(named)) == len(named), "the shortage is none")
            need(lack["seats"] == seats > room == lack["room"], "the shortage is none")
    with part("history.json"):
        at_work = {team["code"]: team["inspectors"] for team in teams["teams"]}
        stratum = {unit["code"]: unit["stratum"] for unit in drawn}
        reserves = [unit["code"] for unit in drawn if not unit["selected"]]
        for team in at_work.values():
            load.update({i: load[i] + 1 for i in team})

        def stand_in(one: Any) -> None:  # a recusal declared late: the next by ticket sits down
            code, place, gone = one["code"], one["position"], one["out"]
            team = at_work[code]
            has_seat = 0 <= place < len(team) and team[place] == gone
            need(has_seat, f"{code}: {gone} does not have seat {place}")
            recused[code].append(gone)
            lists = lists_of(by_code[code], recused[code], people, plan)
            able: Any = [ids for _, n, ids in lists for _ in range(n)][place]
            free = [i for i in able if load[i] < cap[i] and i not in team]
            first = min(((ticket("pair", code, i), order(i)) for i in free), default=None)
            need(first and first[1][1] == one["in"], f"{code}: {one['in']} is not the next")
            at_work[code] = [*team[:place], one["in"], *team[place + 1 :]]
            load.update({gone: load[gone] - 1, one["in"]: load[one["in"]] + 1})

        steps, late = data["history"]["replacements"], data["history"].get("recusals", [])
        after = [one["after"] for one in late]
        in_order = after == sorted(after) and set(after) <= set(range(len(steps) + 1))
        need(in_order, "recusals are not in order")
        for number in range(len(steps) + 1):
            for recusal in late:
                if recusal["after"] == number:
                    stand_in(recusal)
            for one in steps[number : number + 1]:
                load.update({i: load[i] - 1 for i in at_work.pop(one["replaces"])})
                same_stratum = [c for c in reserves if stratum[c] == stratum[one["replaces"]]]
                following = one["code"]
                need(same_stratum[:1] == [following], f"{following} is not the next reserve")
                reserves.remove(following)
                same = team_of([one])[0] == {following: one["inspectors"]}
                need(same, f"{following}: other team")
                at_work[following] = one["inspectors"]
                load.update({i: load[i] + 1 for i in one["inspectors"]})
    return rows()


def read(path: str) -> dict[str, bytes]:
    """The parts of a zip; a damaged one becomes bytes that no manifest lists."""
    parts = {}
    with zipfile.ZipFile(path) as bundle:
        for name in bundle.namelist():
            try:
                parts[name] = bundle.read(name)
            except (zipfile.BadZipFile, EOFError, NotImplementedError) as problem:
                parts[name] = f"damaged: {problem}".encode()
    return parts


if __name__ == "__main__":
    sys.setrecursionlimit(100_000)  # looking ahead may move everybody in turn
    result = verify(read(sys.argv[1]), *sys.argv[2:3])
    for name, agrees, detail in result:
        sys.stdout.write(f"{'ok' if agrees else 'DIFFERS':8} {name:16} {detail}\n")
    sys.exit(not all(agrees for _, agrees, _ in result))
