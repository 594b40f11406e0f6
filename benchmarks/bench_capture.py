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

from traceability.maths.epcis.contexts import EPCIS_CONTEXT, names_of
from traceability.maths.epcis.hashing import event_hash
from traceability.maths.epcis.limits import Limits
from traceability.maths.epcis.reading import read_events
from traceability.maths.epcis.schema import event_schema, well_formed

SEED = 20260701
START = 1_767_225_600  # 2026-01-01T00:00:00Z
WIDE = Limits(size=2**31, events=10_000_000)


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


def best(task: Callable[[], Any], repeats: int) -> float:
    """Least processor seconds of some runs: other programs on the machine count less."""
    least = float("inf")
    for _ in range(repeats):
        gc.collect()
        start = time.process_time()
        task()
        least = min(least, time.process_time() - start)
    return least


def naive_hash(event: dict[str, Any]) -> bytes:
    """Sorted keys, nothing made equal."""
    return hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).digest()


def pure(count: int, repeats: int) -> None:
    """Part 1."""
    made = list(events(count))
    document = orjson.dumps(
        {
            "@context": EPCIS_CONTEXT,
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-07-01T08:00:00+08:00",
            "epcisBody": {"eventList": made},
        }
    )
    names = names_of(EPCIS_CONTEXT)
    slow = {
        kind: jsonschema.Draft202012Validator(event_schema(kind))
        for kind in ("ObjectEvent", "TransformationEvent", "AggregationEvent")
    }
    few = made[: max(1, count // 20)]
    print(
        f"{count} events, {len(document) / count:.0f} bytes each; {platform.python_version()}, "
        f"{platform.machine()}, best of {repeats}, collector frozen"
    )
    rows = [
        ("orjson alone", count, lambda: orjson.loads(document)),
        ("validate: this house", count, lambda: [well_formed(each) for each in made]),
        (
            "validate: jsonschema (Python)",
            len(few),
            lambda: [slow[each["type"]].is_valid(each) for each in few],
        ),
        ("hash: CBV 2.0, this house", count, lambda: [event_hash(each, names) for each in made]),
        ("hash: naive, sorted keys", count, lambda: [naive_hash(each) for each in made]),
        ("whole chain: parse, validate, hash, read", count, lambda: read_events(document, WIDE)),
    ]
    gc.freeze()
    gc.disable()
    for name, size, task in rows:
        seconds = best(task, repeats)
        print(f"{name:45} {size / seconds:12,.0f} events/s  {seconds / size * 1e6:8.1f} µs")
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
