"""Three verifiers judge alike: the product's, the standalone program, and the browser's.

The JavaScript runs in Node where there is one; elsewhere these tests skip, loudly.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import importlib.util
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.chain import canonical_json
from sampling.maths import bundle
from sampling.maths.assignment import Pool
from sampling.maths.replay import check_bundle
from sampling.verifier import verify_draw

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "draw-v1"
NAMES = sorted(path.stem for path in VECTORS.glob("*.json"))
SCRIPTS = [ROOT / "api" / "console" / "static" / "js" / f"{n}.js" for n in ("sha256", "verify")]
STANDALONE = ROOT / "sampling" / "verifier" / "verify_draw.py"
NODE = shutil.which("node")
HARNESS = """
const fs = require("fs"), vm = require("vm");
const {scripts, bundles} = JSON.parse(fs.readFileSync(0, "utf8"));
scripts.forEach((path) => vm.runInThisContext(fs.readFileSync(path, "utf8")));
const judged = bundles.map((parts) => ZH.verifyBundle({parts}).map((r) => [r.part, r.ok]));
process.stdout.write(JSON.stringify(judged));
"""

Parts = dict[str, bytes]
Verdict = list[tuple[str, bool]]


def vector(name: str) -> Parts:
    parts = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["parts"]
    return {part: text.encode() for part, text in parts.items()}


def by_product(parts: Parts) -> Verdict:
    return [(check.part, check.agrees) for check in check_bundle(parts)]


def by_standalone(parts: Parts) -> Verdict:
    return [(part, agrees) for part, agrees, _ in verify_draw.verify(parts)]


def by_browser(bundles: list[Parts]) -> list[Verdict]:
    if NODE is None:
        pytest.skip("NODE IS NOT INSTALLED: the browser's verifier was NOT tried")
    told = {
        "scripts": [str(path) for path in SCRIPTS],
        "bundles": [{name: raw.decode() for name, raw in parts.items()} for parts in bundles],
    }
    answer = subprocess.run(
        [NODE, "-e", HARNESS], input=json.dumps(told), capture_output=True, text=True, check=True
    )
    return [[(part, ok) for part, ok in rows] for rows in json.loads(answer.stdout)]


def with_a_changed_byte(parts: Parts) -> list[Parts]:
    """For each part, a few bundles with one byte changed (to another ASCII letter or digit)."""
    changed = []
    for name, content in parts.items():
        for place in range(0, len(content), max(1, len(content) // 5)):
            if content[place] < 128:
                other = b"7" if content[place : place + 1] != b"7" else b"8"
                changed.append({**parts, name: content[:place] + other + content[place + 1 :]})
    return changed


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves_of(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for key in range(len(value)) for leaf in leaves_of(value[key], (*path, key))]
    return [path]


def forged(parts: Parts, dice: random.Random) -> Parts:
    """One value somewhere in one part changed, and the manifest made anew to fit."""
    name = dice.choice(bundle.JSON_PARTS)
    value = json.loads(parts[name])
    places = leaves_of(value)
    if not places:
        return parts
    *way, last = dice.choice(places)
    inner = functools.reduce(lambda holder, key: holder[key], way, copy.deepcopy(value))
    changed = copy.deepcopy(value)
    holder = functools.reduce(lambda holder, key: holder[key], way, changed)
    old = inner[last]
    if isinstance(old, bool):
        holder[last] = not old
    elif isinstance(old, int):
        holder[last] = old + 1
    elif isinstance(old, str) and old:
        place = dice.randrange(len(old))
        holder[last] = old[:place] + dice.choice("0123456789abcdef") + old[place + 1 :]
    else:
        holder[last] = "x"
    told = {**parts, name: canonical_json(changed)}
    return {**told, "manifest.json": bundle.manifest(told)}


@pytest.mark.parametrize("name", NAMES)
def test_the_standalone_program_agrees_with_each_vector(name: str, tmp_path: Path) -> None:
    path = tmp_path / "draw.zip"
    path.write_bytes(bundle.packed(vector(name)))

    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(STANDALONE), str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = ran.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", part] for part in bundle.PARTS]


def test_the_standalone_program_names_a_part_that_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "draw.zip"
    content = bytearray(bundle.packed(vector("plain")))
    content[content.index(b'"seed"') + 9] ^= 1
    path.write_bytes(bytes(content))

    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(STANDALONE), str(path)], capture_output=True, text=True
    )

    assert ran.returncode == 1
    assert "DIFFERS  draw.json" in ran.stdout


def test_the_standalone_program_uses_only_the_standard_library() -> None:
    imported = {
        line.split()[1].split(".")[0]
        for line in STANDALONE.read_text(encoding="utf-8").splitlines()
        if line.startswith(("import ", "from "))
    }

    assert imported <= set(sys.stdlib_module_names)


def test_the_browser_agrees_with_every_vector() -> None:
    judged = by_browser([vector(name) for name in NAMES])

    assert judged == [[(part, True) for part in bundle.PARTS]] * len(NAMES)


def test_all_three_name_the_part_in_which_one_byte_changed() -> None:
    bundles = with_a_changed_byte(vector("plain"))

    judged = by_browser(bundles)

    for parts, browser in zip(bundles, judged, strict=True):
        assert sum(not ok for _, ok in browser) == 1
        assert browser == by_standalone(parts) == by_product(parts)


@pytest.mark.parametrize("name", NAMES)
def test_all_three_judge_a_forgery_alike(name: str) -> None:
    dice = random.Random(name)
    parts = vector(name)
    bundles = [forged(parts, dice) for _ in range(100)]

    judged = by_browser(bundles)

    for tried, browser in zip(bundles, judged, strict=True):
        changed = [part for part in parts if tried[part] != parts[part]]
        assert browser == by_standalone(tried), changed
        # The product's own check is stricter about form (a date must exist, a code be ASCII), so
        # it may name further parts; it never misses one and never finds fault alone.
        product = by_product(tried)
        assert {row for row in browser if not row[1]} <= set(product), changed
        assert all(ok for _, ok in browser) == all(ok for _, ok in product), changed


def _maker() -> Any:
    spec = importlib.util.spec_from_file_location("make", VECTORS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _random_bundle(make: Any, dice: random.Random) -> Parts:
    """A bundle with pools, departments, loads, recusals and replacements as the dice fall."""
    is_joint = dice.random() < 0.5
    keys = ["fire", "market", "health"]
    staff = [
        dataclasses.replace(
            one,
            load=(load := dice.randrange(3)),
            cap=load + dice.randrange(3, 9),
            is_senior=dice.random() < 0.5,
            pool=dice.choice(list(Pool)),
            department=dice.choice(keys) if is_joint else None,
        )
        for one in make.people(dice.randrange(24, 60))
    ]
    rules = [
        make.department(
            key,
            size=dice.randrange(2, 4),
            mixed=(mixed := dice.random() < 0.5),
            qualification=dice.choice(["none", "all"] + ["lead"] * mixed),
        )
        for key in dice.sample(keys, 2)
    ]
    mixed = dice.random() < 0.5
    team = make.team(
        size=dice.randrange(2, 5),
        mixed=mixed,
        qualification=dice.choice(["none", "all"] + ["lead"] * mixed),
        region=dice.random() < 0.5,
        **({"pool": dice.choice(list(Pool))} if dice.random() < 0.5 else {}),
        **({"departments": rules} if is_joint else {}),
    )
    count, size = dice.randrange(2, 8), sum(one["size"] for one in rules) if is_joint else 2
    units = make.roster(30, ["A"])
    ids = [one.id for one in staff]
    facts = {
        "no": "CC-2026-0099",
        "units": units,
        "inspectors": staff,
        "quotas": {"A": (count, 6)},
        "recused": {unit[0]: frozenset(dice.sample(ids, 3)) for unit in units},
        "team": team,
        "digest": dice.choice(["sha256", "sm3"]),
    }
    late = tuple(
        sorted((dice.randrange(3), dice.randrange(count), dice.randrange(size)) for _ in range(3))
    )
    try:
        parts: Parts = make.made(**facts, replaced=2, late=late)
        told = json.loads(parts["history.json"])["recusals"]
        if all(one["in"] for one in told):
            return parts
    except IndexError:  # no assignment, or none for a reserve
        pass
    blocked: Parts = make.made(**facts, explained=True)
    return blocked


def test_all_three_agree_on_assignments_made_at_random() -> None:
    make = _maker()
    bundles = [_random_bundle(make, random.Random(n)) for n in range(60)]

    judged = by_browser(bundles)

    kinds = {"recusals": 0, "shortage": 0}
    for parts, browser in zip(bundles, judged, strict=True):
        kinds["recusals"] += b'"recusals"' in parts["history.json"]
        kinds["shortage"] += b'"shortage"' in parts["assignment.json"]
        assert by_product(parts) == by_standalone(parts) == browser
        assert all(ok for _, ok in browser)
    assert min(kinds.values()) >= 5, kinds  # the dice must show both
