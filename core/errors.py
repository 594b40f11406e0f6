"""The six kinds of refusal. One class per reason; the entrance turns a kind into a status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of the input.

    ``message`` is an English template and ``facts`` fill it, so that it can be translated whole.
    """

    field: str
    message: str
    facts: dict[str, Any] | None = None

    def __str__(self) -> str:
        return self.message.format(**(self.facts or {}))


class Refusal(Exception):
    """Something the house will not do, with the reason in words and the facts as attributes."""

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "Refused."

    def __init__(self, *, fields: Sequence[FieldProblem] = (), **facts: Any) -> None:
        self.fields = tuple(fields)
        self.facts = facts
        super().__init__(self.message.format(**facts))

    def __getattr__(self, name: str) -> Any:
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)

    def __reduce__(self) -> Any:
        return (_rebuild, (type(self), self.fields, self.facts))


def _rebuild(
    cls: type[Refusal], fields: tuple[FieldProblem, ...], facts: dict[str, Any]
) -> Refusal:
    return cls(fields=fields, **facts)


class Invalid(Refusal):
    """The input is well formed and makes no sense (422)."""

    code = "invalid"
    message = "The input has problems; see the fields."


class Unauthenticated(Refusal):
    """Nobody is signed in, or the token is not known (401)."""

    code = "unauthenticated"
    message = "Sign in first."


class Forbidden(Refusal):
    """The actor may not do this (403)."""

    code = "forbidden"
    message = "This account may not do that."


class NotFound(Refusal):
    """There is no such thing, or none that the actor may see (404)."""

    code = "not-found"
    message = "Not found."


class Conflict(Refusal):
    """The thing is in a state that does not allow this (409)."""

    code = "conflict"
    message = "The present state does not allow this."


class Stale(Refusal):
    """The thing was changed by someone else meanwhile (412)."""

    code = "stale"
    message = "This record was changed meanwhile; read it again, compare, then save."
