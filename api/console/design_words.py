"""Designs, their warnings and estimates in words that can be read aloud."""

from __future__ import annotations

from flask_babel import gettext as _

from sampling.maths.designs import Candidate, Concern
from sampling.queries.estimates import PlanEstimates


def design_words(design: str) -> tuple[str, str]:
    """What a design is called, and what it does."""
    words = {
        "planned": (_("As planned"), _("the quotas of the draft as they stand")),
        "proportional": (_("Proportional"), _("the same share of every stratum")),
        "neyman": (
            _("Neyman"),
            _("more where there are more enterprises and results differ more; sharpest rate"),
        ),
        "tiers": (
            _("Risk tiers"),
            _("each tier drawn twice as often as the one before; finds most"),
        ),
        "half-tiers": (_("Half and half"), _("half proportional, half by risk tiers")),
        "cost": (_("Best for the money"), _("the sharpest rate that the money buys")),
        "equal": (
            _("One urn"),
            _("everybody with the same chance, without strata; for comparison only"),
        ),
        "size": (_("By size"), _("chance in proportion to size; for comparison only")),
        "root-size": (
            _("By root of size"),
            _("chance in proportion to the root of size; for comparison only"),
        ),
        "half-size": (
            _("Half by size"),
            _("half equal, half by risk times size; for comparison only"),
        ),
    }
    return words.get(design, (design, ""))


def concern_words(concern: Concern) -> str:
    """A warning in a sentence."""
    facts = concern.facts
    told: str
    if concern.code == "left-out":
        told = _(
            "Stratum %(stratum)s with %(size)s enterprises is left out: nothing can be said of it, "
            "so there is no rate for the whole roster.",
            **facts,
        )
    elif concern.code == "no-chance":
        told = _(
            "Some enterprises can never be drawn, so there is no rate for the whole roster. Give "
            "everybody a chance above 0."
        )
    elif concern.code == "single-visit":
        told = _(
            "A single visit in stratum %(stratum)s: how results differ there stays unknown. "
            "Draw at least two.",
            **facts,
        )
    elif concern.code == "stratum-empty":
        told = _("Stratum %(stratum)s has no enterprise on the roster.", **facts)
    elif concern.code == "below-share":
        told = _(
            "%(visits)s visits are below the share of %(share)s that the rules ask for; "
            "at least %(needed)s are needed.",
            visits=facts["visits"],
            share=f"{100 * facts['share']:g}%",
            needed=facts["needed"],
        )
    elif concern.code == "floor":
        told = _(
            "Some enterprises are hardly ever drawn (chance %(smallest)s, an even share would be "
            "%(times)s times as much); one such finding moves the whole rate.",
            smallest=f"{100 * facts['smallest']:.3g}%",
            times=f"{facts['average'] / facts['smallest']:.0f}",
        )
    elif concern.code == "uneven-weights":
        told = _(
            "Very uneven weights (cv %(cv)s): the sample counts like one %(times)s times smaller.",
            cv=f"{facts['cv']:.2f}",
            times=f"{1 + facts['cv'] ** 2:.1f}",
        )
    elif concern.code == "poor-by-size":
        told = _(
            "A draw by size suits totals of money, not the share of failing enterprises: its "
            "error is %(times)s times that of the proportional design.",
            times=f"{facts['times']:.1f}",
        )
    else:
        told = _(
            "A poor design for the rate: its error is %(times)s times that of the proportional "
            "one.",
            times=f"{facts['times']:.1f}",
        )
    return told


def spoken_words(one: Candidate, size: int, confidence: float) -> str:
    """A design in one sentence that can be read aloud."""
    facts = {
        "visits": round(one.visits),
        "size": size,
        "failing": f"{one.expected_failing:.1f}",
        "rate": f"{100 * one.rate:.1f}%",
    }
    told: str
    if one.half_width is None:
        told = _(
            "With %(visits)s of %(size)s enterprises visited, about %(failing)s failing ones are "
            "found; the rate of the whole roster stays unknown.",
            **facts,
        )
    else:
        told = _(
            "With %(visits)s of %(size)s enterprises visited, about %(failing)s failing ones are "
            "found, and a failure rate near %(rate)s is known to within %(points)s percentage "
            "points, %(sure)s times in a hundred.",
            points=f"{100 * one.half_width:.1f}",
            sure=f"{100 * confidence:g}",
            **facts,
        )
    return told


def reading_words(found: PlanEstimates) -> str:
    """The result in words that can be read aloud."""
    rate, shown = found.inference.estimate, found.inference.shown
    told: str
    if rate is None or shown is None:
        told = _("No enterprise has been inspected yet, so nothing can be said of the roster.")
        return told
    facts = {
        "size": rate.size,
        "answers": found.answers,
        "failing": found.failing,
        "low": f"{100 * shown.lower:.1f}%",
        "high": f"{100 * shown.upper:.1f}%",
        "most": round(shown.upper * rate.size),
        "rate": f"{100 * rate.rate:.1f}%",
        "count": round(rate.rate * rate.covered),
        "covered": rate.covered,
        "sure": f"{100 * found.inference.confidence:g}",
    }
    if not found.failing:
        told = _(
            "None of the %(answers)s inspected enterprises failed. That does not prove that nobody "
            "on the roster of %(size)s would: up to %(high)s (%(most)s enterprises) may. Were "
            "there more, a draw like this would have met one %(sure)s times in a hundred.",
            **facts,
        )
    elif rate.silent:
        told = _(
            "%(failing)s of the %(answers)s inspected enterprises failed: an estimated %(rate)s of "
            "the %(covered)s enterprises in the strata visited so far. Of the others nothing is "
            "known, so for the whole roster of %(size)s the limits are %(low)s and %(high)s.",
            **facts,
        )
    else:
        told = _(
            "%(failing)s of the %(answers)s inspected enterprises failed. For the whole roster of "
            "%(size)s that is an estimated %(rate)s, about %(count)s enterprises. The limits are "
            "%(low)s and %(high)s; limits found like this hold the true rate %(sure)s times in a "
            "hundred.",
            **facts,
        )
    return told


def method_words(method: str) -> str:
    """How limits were found."""
    words: dict[str, str] = {
        "logit": _("usual limits on the logit scale, with the finite roster allowed for"),
        "exact-none-found": _(
            "exact upper limit after no finding, over the worst split of failing enterprises"
        ),
        "exact-joint": _(
            "exact limits of every stratum, holding jointly and added up: safe, rather too wide"
        ),
        "census": _("everybody was inspected: no limits are needed"),
        "effective": _("exact limits with the effective number of answers, for unequal chances"),
    }
    return words.get(method, method)
