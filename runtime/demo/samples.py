"""Files a visitor can upload: a small right roster, and one with every common fault."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runtime.demo.city import City
from runtime.demo.names import credit_code
from runtime.demo.writers import ROSTER_HEADER, inspectors_csv, roster_csv, table

_NEW_SERIAL = 31**5 + 31**4 + 711  # past every serial the city itself uses


@dataclass(frozen=True, slots=True)
class Sample:
    """A file to try an import with.

    ``kind`` is the import's name; ``faults`` how many rows it holds that must be refused.
    """

    name: str
    kind: str
    title: str
    content: bytes
    faults: int


def _new_firm(city: City, place: int, **changes: str) -> list[str]:
    """A row for a firm that the register does not hold yet."""
    region = city.places[1 + place % 12]
    category = next(c for c in city.categories if c.code == "D01")
    row = {
        "code": credit_code(region.code, _NEW_SERIAL + place),
        "name": f"{region.name[:2]}新登记示例{place + 1}号有限公司",
        "region_code": region.code,
        "region": region.name,
        "category_code": category.code,
        "category": category.name,
        "address": f"{region.name}演示路{900 + place}号（虚构地址）",
        "status": "active",
        "grade": "ABCD"[place % 4],
        "model": "demo-credit/1",
    }
    return list((row | changes).values())


def _typo(code: str) -> str:
    """The same code with its last character wrong."""
    return code[:-1] + ("1" if code[-1] != "1" else "2")


def template(city: City) -> Sample:
    """Three new firms, all well written."""
    rows = [_new_firm(city, place) for place in range(3)]
    return Sample("roster-template.csv", "roster", "企业名录模板", table(ROSTER_HEADER, rows), 0)


def bad_roster(city: City) -> Sample:
    """Twelve rows, seven of them wrong, each in another way."""
    good = [_new_firm(city, place) for place in range(20, 25)]
    wrong = [
        _new_firm(city, 30, code=_typo(credit_code("990100", _NEW_SERIAL + 30))),
        _new_firm(city, 31, code="91990100MA10"),
        _new_firm(city, 32, code=credit_code("990100", _NEW_SERIAL + 32).replace("MA", "MO", 1)),
        _new_firm(city, 33, name=""),
        _new_firm(city, 34, grade="E"),
        _new_firm(city, 35, status="营业"),
        list(good[0]),
    ]
    rows = [row for pair in zip(good, wrong, strict=False) for row in pair] + wrong[len(good) :]
    return Sample(
        "roster-with-faults.csv",
        "roster",
        "带错误的企业名录",
        table(ROSTER_HEADER, rows),
        len(wrong),
    )


def samples(city: City) -> tuple[Sample, ...]:
    """All sample files, in the order a guide shows them."""
    return (
        template(city),
        bad_roster(city),
        Sample(
            "roster-city.csv",
            "roster",
            "演示城市企业名录",
            roster_csv(city.enterprises, city.places, city.categories),
            0,
        ),
        Sample(
            "inspectors-city.csv", "inspectors", "演示检查人员名录", inspectors_csv(city.people), 0
        ),
    )


def write_samples(city: City, folder: Path) -> list[Path]:
    """Write the sample files into a folder; existing ones are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for sample in samples(city):
        path = folder / sample.name
        path.write_bytes(sample.content)
        paths.append(path)
    return paths
