"""Arguments outside their range, named so that a person can mend them."""

from __future__ import annotations


class OutOfRange(ValueError):
    """An argument that cannot be meant.

    Parameters
    ----------
    field : str
        Name of the argument.
    bound : str
        What it must be.
    value : object
        What was given.
    advice : str
        The next step.
    """

    def __init__(self, field: str, bound: str, value: object, advice: str) -> None:
        super().__init__(f"{field} must be {bound}, got {value!r}; {advice}")
        self.field = field
        self.bound = bound
        self.value = value
        self.advice = advice

    def __reduce__(self) -> tuple[type[OutOfRange], tuple[str, str, object, str]]:
        return type(self), (self.field, self.bound, self.value, self.advice)


def whole(field: str, value: int, low: int, high: int, advice: str) -> int:
    """A whole number from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise OutOfRange(field, f"a whole number from {low} to {high}", value, advice)
    return value


def share(field: str, value: float, advice: str, *, open_ends: bool = False) -> float:
    """A share from 0 to 1; with ``open_ends``, neither 0 nor 1."""
    inside = 0 < value < 1 if open_ends else 0 <= value <= 1
    if not inside:
        bound = "more than 0 and less than 1" if open_ends else "from 0 to 1"
        raise OutOfRange(field, bound, value, advice)
    return value
