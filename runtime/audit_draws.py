"""``zhiheng audit-draws``: draws counted against their stated chances, past or simulated."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date

from sampling.maths import draw_audit
from sampling.maths.draw_audit import Design, equal_design, pareto_design
from sampling.maths.history_audit import HistoryAudit, MonteCarloTest, Rate, Waits, audited

FINE, ODD, REFUSED = 0, 1, 2
ODD_BELOW = 0.001  # one honest audit in a thousand

HELP = """\
Without --simulate: the draws in this installation's database. Inclusion frequencies against
stated chances, enterprises drawn again, inspectors who meet an enterprise again, replacements,
void plans, and the time between commitment, dice and draw.

With --simulate: many draws of invented rosters through the product's own draw.

exit codes: 0 nothing odd, 1 a test has p below 0.001 or something impossible happened,
            2 the arguments make no sense or the database cannot be reached
"""

SMALL = {"A": (12, 4), "D": (8, 2)}
LARGE = {"A": (2000, 100), "B": (700, 60), "D": (300, 40)}


def designs() -> list[tuple[Callable[[], Design], bool]]:
    """What is simulated: how to make it, and whether its roster is large. Add designs here."""
    return [
        (lambda: equal_design(SMALL), False),
        (lambda: equal_design(SMALL, "sm3"), False),
        (lambda: pareto_design(range(1, 41), 12), False),
        (lambda: equal_design(LARGE), True),
        (lambda: pareto_design([1 + n * n % 997 for n in range(3000)], 200), True),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit, and print what was found."""
    parser = argparse.ArgumentParser(
        prog="zhiheng audit-draws",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--simulate", action="store_true", help="draw invented rosters")
    parser.add_argument("--draws", type=int, default=200_000, help="of the small roster")
    parser.add_argument("--large-draws", type=int, default=2_000, help="of the large roster")
    parser.add_argument("--from", dest="since", type=date.fromisoformat, metavar="DAY")
    parser.add_argument("--to", dest="until", type=date.fromisoformat, metavar="DAY")
    options = parser.parse_args(arguments)
    if options.draws < 1 or options.large_draws < 1:
        print("--draws and --large-draws must be at least 1", file=sys.stderr)
        return REFUSED
    if options.simulate:
        return simulate(options.draws, options.large_draws)
    return past(options.since, options.until)


def simulate(draws: int, large_draws: int) -> int:
    """Draw invented rosters many times."""
    status = FINE
    print(f"{'design':44} {'draws':>8} {'χ²':>10} {'df':>6} {'χ²/df':>7} {'p':>8} {'max|z|':>7}")
    for make, is_large in designs():
        design, began = make(), time.perf_counter()
        found = draw_audit.simulated(design, draws=large_draws if is_large else draws)
        took = time.perf_counter() - began
        print(
            f"{found.name:44} {found.draws:8} {found.chi2:10.1f} {found.df:6} {found.ratio:7.3f}"
            f" {found.p:8.4f} {found.largest_z:7.2f}   {took:.1f} s"
        )
        if found.wrong_sizes or found.impossible:
            print(f"  {found.wrong_sizes} draws of a wrong size, {found.impossible} impossible")
        if found.p < ODD_BELOW or found.wrong_sizes or found.impossible:
            status = ODD
    return status


def past(since: date | None, until: date | None) -> int:
    """Audit this installation's own draws."""
    from sqlalchemy.exc import DBAPIError

    from core.unit_of_work import read_only
    from runtime.binaries import ServersUnavailable
    from runtime.connect import connected
    from runtime.locks import AlreadyRunning
    from sampling.queries.history import past_draws

    try:
        with connected(), read_only() as session:
            history = past_draws(session, since=since, until=until)
    except (AlreadyRunning, ServersUnavailable, OSError, DBAPIError) as problem:
        print(problem, file=sys.stderr)
        return REFUSED
    found = audited(
        history.draws,
        void_when_decided=history.void_when_decided,
        committed=history.committed,
        void=history.void,
    )
    _print(found, history.left_out)
    odd = any(test.p < ODD_BELOW for test in found.tests)
    return ODD if odd else FINE


def _print(found: HistoryAudit, left_out: Sequence[str]) -> None:
    print(f"{found.draws} draws with equal chances, {found.units_drawn} units drawn")
    if found.df:
        print(f"χ² {found.chi2:.1f}, df {found.df}, χ²/df {found.chi2 / found.df:.3f}")
    for test in found.tests:
        print(_test_line(test))
    print(f"replaced      {_rate_words(found.replaced)}")
    for no, count, of in found.by_plan:
        print(f"  {no}  {count} of {of}")
    print(f"void plans    {_rate_words(found.void)}")
    for no in found.void_when_decided:
        print(f"  {no}  void after every source was known: its outcome could be computed")
    for words, waits in (
        ("commitment to dice", found.commit_to_dice),
        ("dice to draw", found.dice_to_draw),
    ):
        print(f"{words:18} {_wait_words(waits)}")
    for note in found.notes:
        print(note)
    if left_out:
        print(f"left out, unequal chances: {', '.join(left_out)}")


def _test_line(test: MonteCarloTest) -> str:
    return (
        f"{test.name:40} observed {test.observed:.1f}, by chance {test.expected:.1f}, "
        f"p {test.p:.4f} ({test.simulations} simulations)"
    )


def _rate_words(rate: Rate) -> str:
    if not rate.of:
        return "none"
    share = rate.count / rate.of
    return f"{rate.count} of {rate.of} = {share:.1%} (95 %: {rate.low:.1%} to {rate.high:.1%})"


def _wait_words(waits: Waits | None) -> str:
    if waits is None:
        return "not known"
    return (
        f"{waits.count} times; minutes: least {waits.least:.1f}, median {waits.median:.1f}, "
        f"most {waits.most:.1f}"
    )
