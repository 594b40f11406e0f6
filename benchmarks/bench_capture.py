"""Taking in EPCIS events: parse, validate, hash and read, one core, no database.

    python benchmarks/bench_capture.py [--events 20000] [--repeats 3]

Part 1, the pure chain. The same events through: JSON alone; validation by the product and by
jsonschema (Python) with the same schema; the event hash, and a naive hash that sorts keys and knows
nothing of identifiers, units of time or extensions; the whole chain as the product runs it. Events
are made here: shipping, receiving, making, packing, with new lots and serial numbers all along, so
that what is remembered of identifiers helps as little as in life.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import io
import os
import platform
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import jsonschema
import orjson

from traceability.maths.epcis.contexts import EPCIS_CONTEXT, Names, names_of
from traceability.maths.epcis.hashing import event_hash
from traceability.maths.epcis.identifiers import TEXTS
from traceability.maths.epcis.reading import read_events
from traceability.maths.epcis.schema import event_schema, well_formed
from traceability.maths.epcis.streaming import iter_events

SEED = 20260701
PORTION = 1000  # events of a document
START = 1_767_225_600  # 2026-01-01T00:00:00Z


def place(number: int) -> str:
    """A place of business."""
    return f"urn:epc:id:sgln:69{number % 100_000:05d}.{number % 89:05d}.0"


def lot(dice: random.Random, product: int) -> str:
    """A new lot of a product."""
    return (
        f"urn:epc:class:lgtin:69{product:05d}.0{product % 99999:05d}.L{dice.randrange(10**9):09d}"
    )


def events(count: int) -> Iterator[dict[str, Any]]:
    """Events of a chain of invented firms."""
    dice = random.Random(SEED)
    for number in range(count):
        moment = time.gmtime(START + number * 7)
        common: dict[str, Any] = {
            "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S", moment) + f".{number % 1000:03d}+08:00",
            "eventTimeZoneOffset": "+08:00",
            "eventID": f"urn:uuid:{dice.getrandbits(128):032x}",
            "readPoint": {"id": place(dice.randrange(5000))},
            "bizLocation": {"id": place(dice.randrange(5000))},
        }
        kind = dice.random()
        if kind < 0.5:
            yield movement(dice, common)
        elif kind < 0.75:
            yield making(dice, common)
        else:
            yield packing(dice, common)


def movement(dice: random.Random, common: dict[str, Any]) -> dict[str, Any]:
    """Shipping or receiving two lots."""
    seller, buyer = dice.randrange(5000), dice.randrange(5000)
    step = dice.choice(("shipping", "receiving"))
    return {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": "in_transit" if step == "shipping" else "in_progress",
        **common,
        "quantityList": [
            {
                "epcClass": lot(dice, dice.randrange(900)),
                "quantity": dice.randrange(1, 5000) / 4,
                "uom": "KGM",
            }
            for _ in range(2)
        ],
        "bizTransactionList": [
            {
                "type": "desadv",
                "bizTransaction": f"urn:epcglobal:cbv:bt:6900000000007:{dice.randrange(10**8)}",
            }
        ],
        "sourceList": [{"type": "owning_party", "source": f"urn:epc:id:pgln:69{seller:05d}.00000"}],
        "destinationList": [
            {"type": "owning_party", "destination": f"urn:epc:id:pgln:69{buyer:05d}.00000"}
        ],
    }


def making(dice: random.Random, common: dict[str, Any]) -> dict[str, Any]:
    """Two lots into one."""
    return {
        "type": "TransformationEvent",
        "bizStep": "commissioning",
        **common,
        "inputQuantityList": [
            {
                "epcClass": lot(dice, dice.randrange(900)),
                "quantity": dice.randrange(1, 500),
                "uom": "KGM",
            }
            for _ in range(2)
        ],
        "outputQuantityList": [
            {
                "epcClass": lot(dice, dice.randrange(900)),
                "quantity": dice.randrange(1, 900),
                "uom": "KGM",
            }
        ],
        "ilmd": {"cbvmda:bestBeforeDate": "2026-12-31"},
    }


def packing(dice: random.Random, common: dict[str, Any]) -> dict[str, Any]:
    """Three cases onto a pallet."""
    product = dice.randrange(900)
    return {
        "type": "AggregationEvent",
        "action": "ADD",
        "bizStep": "packing",
        **common,
        "parentID": f"urn:epc:id:sscc:69{product:05d}.0{dice.randrange(10**9):09d}",
        "childEPCs": [
            f"urn:epc:id:sgtin:69{product:05d}.0{product:05d}.{dice.randrange(10**11)}"
            for _ in range(3)
        ],
    }


def best(
    portions: list[bytes], prepare: Callable[[bytes], Any], task: Callable[[Any], Any], repeats: int
) -> float:
    """Least processor seconds of some runs: other programs on the machine count less.

    Each portion is prepared off the clock, as a worker has it fresh when it goes on with it. Each
    run begins with no identifier remembered.
    """
    least = float("inf")
    for _ in range(repeats):
        gc.collect()
        TEXTS.forget()
        spent = 0.0
        for portion in portions:
            given = prepare(portion)
            start = time.process_time()
            task(given)
            spent += time.process_time() - start
        least = min(least, spent)
    return least


def naive_hash(event: dict[str, Any]) -> bytes:
    """Sorted keys, nothing made equal."""
    return hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).digest()


def document(made: list[dict[str, Any]]) -> bytes:
    """One EPCIS document."""
    return orjson.dumps(
        {
            "@context": EPCIS_CONTEXT,
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-07-01T08:00:00+08:00",
            "epcisBody": {"eventList": made},
        }
    )


def parsed(content: bytes) -> list[dict[str, Any]]:
    """The events of a document."""
    found: list[dict[str, Any]] = orjson.loads(content)["epcisBody"]["eventList"]
    return found


def hashed(made: list[dict[str, Any]], names: Names) -> list[dict[str, Any]]:
    """The same events, their identifiers now remembered."""
    for each in made:
        event_hash(each, names)
    return made


def same(content: bytes) -> bytes:
    """Nothing to prepare."""
    return content


def pure(count: int, repeats: int) -> None:
    """Part 1."""
    made = list(events(count))
    portions = [document(made[start : start + PORTION]) for start in range(0, count, PORTION)]
    few = portions[: max(1, len(portions) // 20)]
    names = names_of(EPCIS_CONTEXT)
    slow = {
        kind: jsonschema.Draft202012Validator(event_schema(kind))
        for kind in ("ObjectEvent", "TransformationEvent", "AggregationEvent")
    }
    size = sum(map(len, portions))
    print(
        f"{count} events, {size / count:.0f} bytes each, in documents of {PORTION}; "
        f"Python {platform.python_version()}, {platform.machine()}, load {os.getloadavg()[0]:.1f}, "
        f"processor time, best of {repeats}"
    )
    rows: list[tuple[str, list[bytes], Callable[[bytes], Any], Callable[[Any], Any]]] = [
        ("orjson alone", portions, same, orjson.loads),
        ("validate: this house", portions, parsed, lambda x: [well_formed(e) for e in x]),
        (
            "validate: jsonschema (Python), same schema",
            few,
            parsed,
            lambda x: [slow[e["type"]].is_valid(e) for e in x],
        ),
        (
            "hash: CBV 2.0, this house",
            portions,
            parsed,
            lambda x: [event_hash(e, names) for e in x],
        ),
        (
            "hash: CBV 2.0, identifiers met before",
            portions,
            lambda x: hashed(parsed(x), names),
            lambda x: [event_hash(e, names) for e in x],
        ),
        ("hash: naive, sorted keys", portions, parsed, lambda x: [naive_hash(e) for e in x]),
        (
            "whole chain: parse, validate, hash, read",
            portions,
            same,
            read_events,
        ),
        (
            "whole chain, streamed from one file",
            [document(made)],
            io.BytesIO,
            lambda x: [len(reading.events) for reading in iter_events(x)],
        ),
    ]
    del made
    gc.freeze()
    gc.disable()
    for name, given, prepare, task in rows:
        seconds = best(given, prepare, task, repeats)
        done = count * len(given) // len(portions) if given is few else count
        rate, each = done / seconds, seconds / done * 1e6
        print(f"{name:45} {rate:12,.0f} events/s  {each:8.1f} µs")
    gc.enable()


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    pure(chosen.events, chosen.repeats)


if __name__ == "__main__":
    main()
