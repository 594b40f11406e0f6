"""What was made of what: transformations, whole or told in parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal

from traceability.maths.amounts import EXACT
from traceability.maths.epcis.statements import (
    COUNT,
    UNTOLD,
    Consumption,
    Goods,
    GoodsKind,
    Movement,
)
from traceability.maths.ledger import EventKind, Inputs
from traceability.maths.units import UNITS

# Quantities of ledgers have nine digits after the point; shares are cut there.
_GRAIN = Decimal("1e-9")
_DIVISION = Context(prec=80, rounding=ROUND_FLOOR)


@dataclass(frozen=True, slots=True)
class End:
    """An input or output of a process, as one event tells it."""

    event: int
    at: int
    goods: Goods
    quantity: Decimal | None
    unit: str


@dataclass(frozen=True, slots=True)
class Process:
    """One making: a transformation event, or all events of one transformationID.

    Attributes
    ----------
    key : str
        The transformationID, or the name of the event.
    holder : str
        Where it was made; `UNTOLD` where no event says.
    owners, places, documents : dict
        By event.
    """

    key: str
    holder: str
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    owners: dict[int, str | None]
    places: dict[int, str | None]
    documents: dict[int, str | None]


def made(process: Process) -> tuple[list[Movement], list[Consumption]]:
    """Productions of a process, and what went into each.

    Returns
    -------
    tuple of list
        Productions with their inputs told or untold, and one consumption for each input and each
        output that came at the same time or later.

    Notes
    -----
    An input joins an output only where it was put in before the output came out, ``t_in <=
    t_out``; the edge spans the two. An input after which nothing came out goes into a stand-in,
    one for each process: that its output is untold is a gap, not an error. An output before which
    nothing went in is a production with inputs untold.

    Nobody tells how an input divides over several outputs. It is shared in proportion to the
    outputs measured in its own dimension, so that each has the yield of the whole; where none is,
    all of it is booked on the first. The shares of an input add up to it exactly.
    """
    outputs: dict[tuple[int, str], list[End]] = defaultdict(list)
    for end in sorted(process.outputs, key=_order):
        outputs[end.event, end.goods.key].append(end)
    movements: list[Movement] = []
    consumptions: list[Consumption] = []
    fed: set[tuple[int, str]] = set()
    for given in sorted(process.inputs, key=_order):
        later = [group for group in outputs.values() if group[0].at >= given.at]
        if not later:
            stand_in = _stand_in(process, given)
            production = _production(process, stand_in, Inputs.TOLD)
            if production.key not in {each.key for each in movements}:
                movements.append(production)
            later = [[stand_in]]
        shares = split(given.quantity, given.unit, [_amount(group, given) for group in later])
        for group, share in zip(later, shares, strict=True):
            first = group[0]
            fed.add((first.event, first.goods.key))
            consumptions.append(
                Consumption(
                    production=_key(first),
                    event=first.event,
                    input_event=given.event,
                    holder=process.holder,
                    input=given.goods,
                    output=first.goods,
                    quantity=share,
                    unit=given.unit,
                    lo=given.at,
                    hi=first.at,
                )
            )
    for key, group in outputs.items():
        told = Inputs.TOLD if key in fed else Inputs.UNTOLD
        movements += [_production(process, end, told) for end in group]
    return movements, consumptions


def split(
    quantity: Decimal | None, unit: str, outputs: Sequence[Decimal | None]
) -> list[Decimal | None]:
    """Shares of an input in several outputs; they add up to it exactly.

    Parameters
    ----------
    quantity : Decimal | None
        What went in; None where not told, and then no share is.
    unit : str
        Its unit, for the words of an error only.
    outputs : sequence of Decimal | None
        What came out, in the input's dimension; None where it is not measured so.

    Raises
    ------
    ValueError
        If there is no output.

    Examples
    --------
    >>> [str(each) for each in split(Decimal(100), "KGM", [Decimal(2), Decimal(1), None])]
    ['66.666666666', '33.333333334', '0']
    """
    if not outputs:
        raise ValueError(f"an input of {quantity} {unit} needs an output to go into")
    if quantity is None:
        return [None] * len(outputs)
    whole = sum((each for each in outputs if each), Decimal(0))
    shares: list[Decimal | None] = [Decimal(0)] * len(outputs)
    measured = [index for index, each in enumerate(outputs) if each]
    if not measured:
        shares[0] = quantity
        return shares
    rest = quantity
    for index in measured[:-1]:
        weight = outputs[index]
        assert weight is not None
        share = _DIVISION.divide(EXACT.multiply(quantity, weight), whole)
        shares[index] = share = share.quantize(_GRAIN, context=_DIVISION)
        rest = EXACT.subtract(rest, share)
    shares[measured[-1]] = rest
    return shares


def _amount(group: Sequence[End], given: End) -> Decimal | None:
    """What came out of one lot in the dimension of an input; None where any of it is not known."""
    total = Decimal(0)
    for end in group:
        if end.quantity is None or not _same_dimension(end.unit, given.unit):
            return None
        total = EXACT.add(total, EXACT.multiply(end.quantity, _factor(end.unit)))
    return total


def _same_dimension(one: str, other: str) -> bool:
    if one == other:
        return True
    return one in UNITS and other in UNITS and UNITS[one].dimension == UNITS[other].dimension


def _factor(unit: str) -> Decimal:
    return UNITS[unit].factor if unit in UNITS else Decimal(1)


def _stand_in(process: Process, given: End) -> End:
    goods = Goods(f"?{process.key}", GoodsKind.OUTPUT, None, process.key)
    return End(given.event, given.at, goods, None, COUNT)


def _production(process: Process, end: End, inputs: Inputs) -> Movement:
    owner = process.owners.get(end.event)
    return Movement(
        event=end.event,
        kind=EventKind.PRODUCTION,
        goods=end.goods,
        source=process.holder or UNTOLD,
        target=None,
        owner=owner if owner != process.holder else None,
        place=process.places.get(end.event),
        quantity=end.quantity,
        unit=end.unit,
        lo=end.at,
        hi=end.at,
        document=process.documents.get(end.event),
        inputs=inputs,
        process=process.key,
    )


def _key(end: End) -> tuple[int, str, str, str]:
    return end.event, EventKind.PRODUCTION.value, end.goods.key, end.unit


def _order(end: End) -> tuple[int, str, str, bool, Decimal]:
    return end.at, end.goods.key, end.unit, end.quantity is None, end.quantity or Decimal(0)
