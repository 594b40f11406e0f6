"""What walks work on and give back, compiled or not."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

Array = NDArray[Any]

MARK, FIRST, LAST, TIMELESS = 0, 1, 2, 3  # columns of the state of a node


class Way(NamedTuple):
    """One direction of a graph with what was added to it and taken from it since.

    Base times are codes of four bytes; those of added edges are the same codes in the upper half of
    eight bytes, with the order between two base times in the lower half.
    """

    starts: Array
    record: Array
    first_name: int
    names: Array
    wide: Array
    retracted: Array  # bits by place in the record; empty: none
    added_starts: Array
    added_neighbour: Array
    added_lo: Array
    added_hi: Array
    added_number: Array
    is_backward: bool


class Room(NamedTuple):
    """Columns of labels, kept from walk to walk and longer than they are filled."""

    node: Array
    parent: Array
    edge: Array
    arrival: Array


class Labels(NamedTuple):
    """What a walk found: labels by round, where rounds end, and why it stopped (0: at the end)."""

    room: Room
    made: int
    reached: int  # nodes; fewer than labels where some were reached again earlier
    ends: Array
    cut: int  # 1: longest, 2: most


class Found(NamedTuple):
    """Nodes by depth, then number: when they were reached, and how first."""

    node: Array
    depth: Array
    arrival: Array
    edge: Array
    before: Array
