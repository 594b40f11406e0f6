"""What a test says: three verdicts, failed items, and what a re-test makes of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sampling.maths.procedure_words import Domain


class Verdict(StrEnum):
    """A verdict on one side of a sample, or on the whole."""

    PASS = "pass"  # noqa: S105 - a verdict, not a secret
    FAIL = "fail"
    NOT_JUDGED = "not_judged"


class Part(StrEnum):
    """The side of a sample that an item belongs to."""

    PHYSICAL = "physical"  # 实物
    LABEL = "label"  # 标签


@dataclass(frozen=True, slots=True)
class FailedItem:
    """One item that does not conform.

    Parameters
    ----------
    part : Part
        Physical or label.
    item : str
        Name of the item (检验项目).
    measured, standard : str
        What was measured and what is required, as the report words them.
    is_serious : bool
        Named as serious by the detailed rules.
    """

    part: Part
    item: str
    measured: str
    standard: str
    is_serious: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The three verdicts (实物判定, 标签判定, 综合判定) of one report.

    Parameters
    ----------
    physical, label : Verdict
        Each side by itself.
    overall : Verdict
        Fail if a side fails, else pass.
    failed : tuple of FailedItem
        Items that do not conform; each side that fails has some, no other has.

    Raises
    ------
    ValueError
        If the verdicts contradict each other or the items.
    """

    physical: Verdict
    label: Verdict
    overall: Verdict
    failed: tuple[FailedItem, ...] = ()

    def __post_init__(self) -> None:
        if self.physical == self.label == Verdict.NOT_JUDGED:
            raise ValueError("neither side was judged")
        if self.overall != overall(self.physical, self.label):
            raise ValueError(
                f"overall is {overall(self.physical, self.label)} where physical is "
                f"{self.physical} and label is {self.label}, got {self.overall}"
            )
        for part, verdict in ((Part.PHYSICAL, self.physical), (Part.LABEL, self.label)):
            if (verdict == Verdict.FAIL) != any(each.part == part for each in self.failed):
                raise ValueError(
                    f"the {part} side is {verdict}: a side that fails names its failed items, "
                    "no other does"
                )


def overall(physical: Verdict, label: Verdict) -> Verdict:
    """The verdict on the whole: fail if a side fails, else pass.

    References
    ----------
    Provincial data dictionary of 2018: three separate verdicts.
    """
    return Verdict.FAIL if Verdict.FAIL in (physical, label) else Verdict.PASS


def after_retest(first: Judgement, retest: Judgement, *, disputed: Collection[str]) -> Judgement:
    """What stands after a re-test of the disputed items only.

    Parameters
    ----------
    first, retest : Judgement
        The two reports.
    disputed : collection of str
        Names of the items that were tested again.

    Returns
    -------
    Judgement
        Items of the first report that were not disputed stand; of the disputed ones, what the
        re-test says.

    Raises
    ------
    ValueError
        If the re-test fails an item that was not disputed.

    References
    ----------
    SAMR Order 18, art. 42: disputed items only, on the retained sample; the result is final.
    """
    if strange := [each.item for each in retest.failed if each.item not in disputed]:
        raise ValueError(f"the re-test was of {', '.join(disputed)}, not of {', '.join(strange)}")
    kept = tuple(each for each in first.failed if each.item not in disputed)
    failed = (*kept, *retest.failed)

    def side(part: Part, before: Verdict, again: Verdict) -> Verdict:
        if any(each.part == part for each in failed):
            return Verdict.FAIL
        judged = Verdict.NOT_JUDGED not in (before, again) or before != again
        return Verdict.PASS if judged else Verdict.NOT_JUDGED

    physical = side(Part.PHYSICAL, first.physical, retest.physical)
    label = side(Part.LABEL, first.label, retest.label)
    return Judgement(physical, label, overall(physical, label), failed)


def retest_at_cost_of(first: Judgement, standing: Judgement) -> str:
    """Who pays for the re-test: the applicant where the result is the same, else the authority.

    References
    ----------
    SAMR Order 18, art. 43.
    """
    same = {(each.part, each.item) for each in first.failed} == {
        (each.part, each.item) for each in standing.failed
    }
    return "applicant" if same else "authority"


def parties_to_tell(
    *, domain: Domain, has_other_producer: bool, is_producer_elsewhere: bool, failed: bool
) -> tuple[str, ...]:
    """Whom the law wants told of a result, and may not be left out.

    Parameters
    ----------
    domain : Domain
        Where the sample was taken.
    has_other_producer : bool
        The stated producer (标称生产者) is not the sampled unit.
    is_producer_elsewhere : bool
        The stated producer sits outside the authority's area.
    failed : bool
        The result is a fail.

    References
    ----------
    SAMR Order 18, arts 35 (parties) and 44 (authority of the other area, 跨区域通报).
    """
    told: list[str] = ["sampled_unit"]
    if has_other_producer:
        told.append("producer")
    if domain == Domain.ONLINE:
        told.append("platform")
    if failed and has_other_producer and is_producer_elsewhere:
        told.append("authority")
    return tuple(told)


# The law gives these the right to object; platforms and other authorities are told, no more.
MAY_OBJECT = frozenset({"sampled_unit", "producer"})


def barred_testers(
    *, samplers: Sequence[str], testers: Sequence[str], is_test_on_site: bool
) -> tuple[str, ...]:
    """Who would test what they sampled (抽检分离); nobody conflicts in a test on site.

    References
    ----------
    SAMR Order 18, art. 9.
    """
    return () if is_test_on_site else tuple(sorted(set(samplers) & set(testers)))
