"""Rule packs: dated legal numbers, each with the article it stands on.

A pack is a JSON document in ``registry/packs``. This module reads it into frozen rules and refuses
what could not be defended before a court: a number without a citation, a rule without dates, two
rules of one name in force on one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import pairwise
from typing import Any

from core.clocks import OnExpiry, Period, PeriodKind

Document = Mapping[str, Any]

# Written in place of an article that nobody has yet read; pages show it as it stands.
UNCONFIRMED = "unconfirmed"


class Mark(StrEnum):
    """How well a number is attested."""

    TEXT = "text"
    DIGEST = "digest"
    MEMORY = "memory"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a number stands.

    Parameters
    ----------
    source : str
        Title and number of the law, order or notice.
    article : str
        Article, section or table; ``unconfirmed`` where the number is known and its place is not.
    mark : Mark
        ``text``: wording seen; ``digest``: secondary source; ``memory``: to be confirmed;
        ``own``: a default of this project, no law behind it.
    note : str
        What is still to be confirmed.
    """

    source: str
    article: str
    mark: Mark
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("source", "article"):
            if not getattr(self, name).strip():
                raise ValueError(f"a citation needs its {name}")
        if self.article == UNCONFIRMED and (self.mark in (Mark.TEXT, Mark.OWN) or not self.note):
            raise ValueError("an unconfirmed article needs a note and cannot be marked text or own")


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated legal number: a clock, or a plain value.

    Parameters
    ----------
    pack : str
        Code of the pack, for example ``CN-CONSUMER-RECALL``.
    rule_id : str
        Name inside the pack, for example ``recall.plan``.
    title_zh, title_en : str
        What a person reads beside the number.
    valid_from : date
        First day of a triggering event to which the rule applies.
    valid_to : date or None
        Last such day; ``None`` while the rule is in force.
    citation : Citation
        The article behind the number.
    clock : Period or None
        The statutory period, for a rule that is a clock.
    value : int, Decimal, str or None
        The number, for a rule that is not.
    unit : str or None
        Unit of `value`.
    trigger : str or None
        Event that starts the clock.
    responsible : str or None
        Who must act.
    on_expiry : OnExpiry or None
        What the law attaches to an unmet clock.
    statutory : bool
        False for a service level of this project where the law says only 及时 or 立即.

    Raises
    ------
    ValueError
        If it is neither or both of clock and value, a clock lacks trigger, party or consequence,
        or the dates are reversed.
    """

    pack: str
    rule_id: str
    title_zh: str
    title_en: str
    valid_from: date
    valid_to: date | None
    citation: Citation
    clock: Period | None = None
    value: int | Decimal | str | None = None
    unit: str | None = None
    trigger: str | None = None
    responsible: str | None = None
    on_expiry: OnExpiry | None = None
    statutory: bool = True

    def __post_init__(self) -> None:
        if not (self.pack and self.rule_id and self.title_zh and self.title_en):
            raise ValueError(f"rule {self.rule_id!r} needs a pack, an id and a title in zh and en")
        if (self.clock is None) == (self.value is None):
            raise ValueError(f"rule {self.rule_id!r} must be either a clock or a value")
        if self.clock is not None and not (self.trigger and self.responsible and self.on_expiry):
            raise ValueError(f"clock {self.rule_id!r} needs its trigger, responsible and on_expiry")
        if self.value is not None and not self.unit:
            raise ValueError(f"value {self.rule_id!r} needs a unit")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"rule {self.rule_id!r} ends before it begins")
        if self.statutory and self.citation.mark is Mark.OWN:
            raise ValueError(f"rule {self.rule_id!r} is our own default, so not statutory")

    def in_force(self, on: date) -> bool:
        """Tell whether an event of day `on` falls under this rule."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Pack:
    """A set of rules for one subject and one jurisdiction.

    Parameters
    ----------
    code : str
        Upper-case name.
    title_zh, title_en : str
        What a person reads.
    scope : str
        Which goods and acts it covers, and which not.
    base : str or None
        Pack that answers where this one (an overlay) is silent.
    rules : tuple of Rule
        Sorted by id and first day.

    Raises
    ------
    ValueError
        If two rules of one id are in force on one day, or a rule names another pack.
    """

    code: str
    title_zh: str
    title_en: str
    scope: str
    rules: tuple[Rule, ...]
    base: str | None = None

    def __post_init__(self) -> None:
        if not self.code or self.code != self.code.upper():
            raise ValueError(f"a pack code is upper-case and not empty, got {self.code!r}")
        for rule in self.rules:
            if rule.pack != self.code:
                raise ValueError(f"rule {rule.rule_id!r} names pack {rule.pack!r}")
        ordered = tuple(sorted(self.rules, key=lambda rule: (rule.rule_id, rule.valid_from)))
        for before, after in pairwise(ordered):
            if before.rule_id != after.rule_id:
                continue
            if before.valid_to is None or before.valid_to >= after.valid_from:
                raise ValueError(
                    f"{self.code}: rule {before.rule_id!r} is in force twice from "
                    f"{after.valid_from}"
                )
        object.__setattr__(self, "rules", ordered)

    def rule_on(self, rule_id: str, on: date) -> Rule | None:
        """Find the rule for an event of day `on`; ``None`` if the pack is silent."""
        for rule in self.rules:
            if rule.rule_id == rule_id and rule.in_force(on):
                return rule
        return None


def read_pack(document: Document) -> Pack:
    """Read a rule pack from its JSON document.

    Parameters
    ----------
    document : mapping
        ``{"code", "title": {"zh", "en"}, "scope", "base"?, "rules": [...]}``.

    Returns
    -------
    Pack
        Validated and sorted.

    Raises
    ------
    ValueError
        Naming the pack, the rule and what is wrong with it.
    """
    code = str(document.get("code", ""))
    _refuse_unknown(document, {"code", "title", "scope", "base", "rules"}, code)
    title = document.get("title", {})
    rules = []
    for position, entry in enumerate(document.get("rules", []), start=1):
        try:
            rules.append(read_rule(code, entry))
        except (ValueError, KeyError, TypeError, InvalidOperation) as problem:
            raise ValueError(f"{code}: rule {position}: {problem!s}") from problem
    return Pack(
        code=code,
        title_zh=str(title.get("zh", "")),
        title_en=str(title.get("en", "")),
        scope=str(document.get("scope", "")),
        base=document.get("base"),
        rules=tuple(rules),
    )


def read_rule(pack: str, document: Document) -> Rule:
    """Read one rule; the inverse of `rule_document`.

    Raises
    ------
    ValueError
        If a part is missing, unknown or out of range.
    """
    known = {"id", "title", "valid_from", "valid_to", "citation", "clock", "value", "unit"}
    known |= {"trigger", "responsible", "on_expiry", "statutory"}
    _refuse_unknown(document, known, str(document.get("id")))
    for needed in ("id", "title", "valid_from", "citation"):
        if needed not in document:
            raise ValueError(f"{document.get('id')!r} has no {needed}")
    cited = document["citation"]
    clock, on_expiry, until = (document.get(key) for key in ("clock", "on_expiry", "valid_to"))
    return Rule(
        pack=pack,
        rule_id=document["id"],
        title_zh=document["title"]["zh"],
        title_en=document["title"]["en"],
        valid_from=date.fromisoformat(document["valid_from"]),
        valid_to=None if until is None else date.fromisoformat(until),
        citation=Citation(
            source=cited.get("source", ""),
            article=cited.get("article", ""),
            mark=Mark(cited.get("mark", "")),
            note=cited.get("note", ""),
        ),
        clock=None if clock is None else _read_period(clock),
        value=_read_value(document.get("value"), document.get("unit")),
        unit=document.get("unit"),
        trigger=document.get("trigger"),
        responsible=document.get("responsible"),
        on_expiry=None if on_expiry is None else OnExpiry(on_expiry),
        statutory=document.get("statutory", True),
    )


def rule_document(rule: Rule) -> dict[str, Any]:
    """Write a rule as the JSON document `read_rule` reads: what a table stores."""
    cited = rule.citation
    document: dict[str, Any] = {
        "id": rule.rule_id,
        "title": {"zh": rule.title_zh, "en": rule.title_en},
        "valid_from": rule.valid_from.isoformat(),
        "valid_to": None if rule.valid_to is None else rule.valid_to.isoformat(),
        "citation": {
            "source": cited.source,
            "article": cited.article,
            "mark": cited.mark.value,
            "note": cited.note,
        },
        "statutory": rule.statutory,
    }
    if rule.clock is not None:
        document |= {
            "clock": {
                "kind": rule.clock.kind.value,
                "count": rule.clock.count,
                "after": rule.clock.after,
                "rolls": rule.clock.rolls,
                "repeats": rule.clock.repeats,
            },
            "trigger": rule.trigger,
            "responsible": rule.responsible,
            "on_expiry": None if rule.on_expiry is None else rule.on_expiry.value,
        }
    else:
        value = str(rule.value) if isinstance(rule.value, Decimal) else rule.value
        document |= {"value": value, "unit": rule.unit}
    return document


def resolve(packs: Iterable[Pack], code: str, rule_id: str, on: date) -> Rule | None:
    """Which rule governs an event of day `on`: the overlay's, else that of its base?

    Raises
    ------
    ValueError
        If a pack is unknown, or bases form a circle.
    """
    by_code = {pack.code: pack for pack in packs}
    seen: list[str] = []
    wanted: str | None = code
    while wanted is not None:
        if wanted in seen or wanted not in by_code:
            raise ValueError(f"pack {wanted!r} is unknown or its own base (asked: {code!r})")
        seen.append(wanted)
        if (rule := by_code[wanted].rule_on(rule_id, on)) is not None:
            return rule
        wanted = by_code[wanted].base
    return None


def _read_period(document: Document) -> Period:
    _refuse_unknown(document, {"kind", "count", "after", "rolls", "repeats"}, "clock")
    return Period(
        kind=PeriodKind(document["kind"]),
        count=document["count"],
        after=document.get("after"),
        rolls=document.get("rolls", True),
        repeats=document.get("repeats", False),
    )


def _read_value(value: object, unit: object) -> int | Decimal | str | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str):
        # Shares and money are written as strings, because a JSON number would become a float.
        return Decimal(value) if unit in ("share", "yuan") else value
    raise ValueError(f"a value is an integer or a string, got {value!r}")


def _refuse_unknown(document: Document, known: set[str], where: str) -> None:
    if unknown := sorted(set(document) - known):
        raise ValueError(f"{where}: unknown {', '.join(unknown)}")


def check_bases(packs: Sequence[Pack]) -> None:
    """Refuse packs whose base is missing or circular.

    Raises
    ------
    ValueError
        Naming the pack.
    """
    for pack in packs:
        # A rule that no pack holds walks the whole chain of bases.
        resolve(packs, pack.code, "", date.min)
