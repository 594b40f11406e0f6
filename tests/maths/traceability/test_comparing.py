"""Differences of two answers: complete, and the same read backwards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from traceability.maths.comparing import Standing, compare

Facts = tuple[int, bool, str | None, str | None]

places = st.tuples(
    st.sampled_from(["seed", "upstream", "downstream"]), st.integers(1, 4), st.integers(1, 3)
)
facts = st.tuples(
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([None, "0", "5"]),
    st.sampled_from([None, "5"]),
)


def _standings(given_: dict[tuple[str, int, int], Facts]) -> list[Standing]:
    return [
        Standing(lot, party, side, depth, certain, (low, high), "C62")
        for (side, lot, party), (depth, certain, low, high) in given_.items()
    ]


standings = st.dictionaries(places, facts, max_size=8).map(_standings)


@given(standings, standings)
def test_a_difference_read_backwards_is_the_difference_backwards(
    one: list[Standing], other: list[Standing]
) -> None:
    there, back = compare(one, other), compare(other, one)
    assert there.added == back.gone
    assert there.gone == back.added
    assert [(each.before, each.after) for each in there.changed] == [
        (each.after, each.before) for each in back.changed
    ]
    assert compare(one, reversed(one)).is_empty
    kept = {each.place for each in one} - {each.place for each in there.gone}
    assert kept | {each.place for each in there.added} == {each.place for each in other}
