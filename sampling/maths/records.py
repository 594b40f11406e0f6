"""Is a sampling record written so that it can stand? Plain checks of what it says.

References
----------
SAMR Order 18 (2019), arts 16-28; which article asks for what is noted in the rule pack CN-IND.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sampling.maths.record_cells import NONE_TO_TELL, Problems, RecordProblem, SampleFacts, plain
from sampling.maths.record_fields import FIELDS, Channel, Evidence, Purpose, SampleKind

# Units that are counted: half a piece cannot be sampled.
COUNTED = frozenset("件个台只双套盒袋瓶支条块片根包箱桶卷张把辆部副枚")


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """All that a record says, as far as it is judged.

    Attributes
    ----------
    values : mapping
        Field name → text, as `cleaned` leaves it.
    shown : collection of Evidence
        Kinds of the photos and files that are attached.
    drawn_on : date or None
        Day of the draw that the unit comes from.
    photo_kinds : collection of str
        Kinds of which the law in force asks for at least one.
    """

    purpose: Purpose
    channel: Channel
    values: Mapping[str, str]
    samples: Sequence[SampleFacts]
    shown: Collection[str] = ()
    drawn_on: date | None = None
    standalone_reason: str = ""
    photo_kinds: Collection[str] = ()


def problems_of(record: RecordFacts, *, today: date) -> list[RecordProblem]:
    """What keeps a record from being signed; an empty list: nothing.

    Parameters
    ----------
    record : RecordFacts
        Its values were read by `cleaned` without problems.
    today : date
        The civil day of signing.

    Returns
    -------
    list of RecordProblem
        In the order of the form.

    Notes
    -----
    Checks the record against itself and the rules it is given; whether what it says is true, no
    check can know. Amounts are compared exactly.

    References
    ----------
    SAMR Order 18, art. 18 (sampling base), 19 (form, photos), 22-23 (test and retained sample,
    sealed separately), 25-28 (online).
    """
    found = Problems()
    for field in FIELDS:
        if record.channel in field.needed and field.name not in record.values:
            found.wrong(field.name, "This is not filled in; where there is nothing, write “/”.")
    _quantities(record, found)
    _dates(record, today, found)
    _samples(record, found)
    _producer(record, found)
    _evidence(record, found)
    if record.drawn_on is None and not record.standalone_reason.strip():
        found.wrong("standalone_reason", "Say why the sample is taken outside a draw.")
    return found


def _number(record: RecordFacts, name: str) -> Decimal | None:
    text = record.values.get(name)
    return None if text is None or text == NONE_TO_TELL else Decimal(text)


def _quantities(record: RecordFacts, found: Problems) -> None:
    base, stock, taken, test, kept = (
        _number(record, f"{name}_quantity")
        for name in ("base", "stock", "taken", "test", "retained")
    )
    if taken is not None and taken <= 0:
        found.wrong("taken_quantity", "The quantity taken is above 0.")
    if test is not None and test <= 0:
        found.wrong("test_quantity", "The quantity to test is above 0.")
    if None not in (taken, test, kept) and test + kept != taken:  # type: ignore[operator]
        found.wrong(
            "taken_quantity",
            "To test {test} and retained {retained} make {sum}, not the {taken} taken.",
            test=plain(test),  # type: ignore[arg-type]
            retained=plain(kept),  # type: ignore[arg-type]
            sum=plain(test + kept),  # type: ignore[operator]
            taken=plain(taken),  # type: ignore[arg-type]
        )
    if taken is not None and base is not None and taken > base:
        found.wrong(
            "taken_quantity",
            "{taken} taken exceed the sampling base of {base}.",
            taken=plain(taken),
            base=plain(base),
        )
    if base is not None and stock is not None and base > stock:
        found.wrong(
            "base_quantity",
            "The sampling base of {base} exceeds the stock of {stock}.",
            base=plain(base),
            stock=plain(stock),
        )
    if kept == 0 and not record.values.get("no_retained_reason"):
        found.wrong("no_retained_reason", "Nothing is retained; say why.")
    unit = record.values.get("quantity_unit", "")
    if unit in COUNTED:
        for name, amount in (
            ("base", base),
            ("stock", stock),
            ("taken", taken),
            ("test", test),
            ("retained", kept),
        ):
            if amount is not None and amount != int(amount):
                found.wrong(
                    f"{name}_quantity",
                    "{unit} are counted; {amount} is not a whole number.",
                    unit=unit,
                    amount=plain(amount),
                )


def _day_of(record: RecordFacts, name: str) -> date | None:
    text = record.values.get(name)
    return None if text is None or text == NONE_TO_TELL else date.fromisoformat(text)


def _dates(record: RecordFacts, today: date, found: Problems) -> None:
    names = ("sampled_on", "made_on", "send_by", "ordered_on", "opened_on")
    sampled, made, send_by, ordered, opened = (_day_of(record, name) for name in names)

    for field, day in (("sampled_on", sampled), ("ordered_on", ordered), ("opened_on", opened)):
        if day is not None and day > today:
            found.wrong(field, "{day} lies in the future.", day=day.isoformat())

    def facts(day: date | None, other: date | None) -> dict[str, str] | None:
        if day is None or other is None or day >= other:
            return None
        return {"day": day.isoformat(), "other": other.isoformat()}

    if early := facts(sampled, record.drawn_on):
        found.wrong("sampled_on", "Sampled on {day}, before the draw of {other}.", **early)
    if early := facts(sampled, made):
        found.wrong("made_on", "Made on {other}, after the sampling of {day}.", **early)
    if early := facts(send_by, sampled):
        found.wrong("send_by", "To be sent by {day}, before the sampling of {other}.", **early)
    if early := facts(opened, ordered):
        found.wrong("opened_on", "Opened on {day}, before the order of {other}.", **early)


def _samples(record: RecordFacts, found: Problems) -> None:
    sealed = {kind: [one for one in record.samples if one.kind is kind] for kind in SampleKind}
    for kind, name in (
        (SampleKind.TEST, "test_quantity"),
        (SampleKind.RETAINED, "retained_quantity"),
    ):
        amount = _number(record, name)
        total = sum((one.quantity for one in sealed[kind]), Decimal(0))
        if amount is not None and total != amount:
            found.wrong(
                name,
                "The sealed samples of this kind make {total}, not {amount}.",
                total=plain(total),
                amount=plain(amount),
            )
    numbers = [one.seal_no for one in record.samples]
    for place, one in enumerate(record.samples):
        if not one.seal_no:
            found.wrong(f"samples.{place}.seal_no", "Each sample has its seal number.")
        elif numbers.index(one.seal_no) != place:
            found.wrong(
                f"samples.{place}.seal_no",
                "Seal number {seal} stands here twice.",
                seal=one.seal_no,
            )
        retained_place = one.place or record.values.get("retained_place", "")
        if one.kind is SampleKind.RETAINED and not retained_place:
            found.wrong(f"samples.{place}.place", "Say where the retained sample is kept.")


def _producer(record: RecordFacts, found: Problems) -> None:
    values = record.values
    if "made_on" not in values and "lot_no" not in values:
        found.wrong("made_on", "Give the day of production or the lot number.")
    unit, producer = values.get("unit_name"), values.get("producer_name")
    if values.get("producer_relation") == "own" and unit and producer and unit != producer:
        found.wrong(
            "producer_relation",
            "Own production, but the nominal producer is {producer} and not {unit}.",
            producer=producer,
            unit=unit,
        )


def _evidence(record: RecordFacts, found: Problems) -> None:
    if record.channel is Channel.ONLINE:
        wanted: Collection[str] = (Evidence.SCREENSHOT.value, Evidence.VIDEO.value)
    else:
        wanted = record.photo_kinds
    for kind in wanted:
        if kind not in record.shown:
            found.wrong(f"attachments.{kind}", "Attach at least one file of this kind.")
