"""What recall refuses, in words."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Invalid, NotFound


class RecallUnknown(NotFound):
    """No such recall, or none that the actor may see."""

    code = "recall/unknown"
    message = "No recall has the number {number}."


class NotThisState(Conflict):
    """The move is not lawful in the present state."""

    code = "recall/not-this-state"
    message = "Recall {number} is in state {state}; “{action}” is not possible now."


class NotThisParty(Forbidden):
    """The move belongs to somebody else."""

    code = "recall/not-this-party"
    message = "“{action}” is for {parties}."


class EvidenceMissing(Invalid):
    """The move needs facts that did not come with it."""

    code = "recall/evidence-missing"
    message = "“{action}” needs: {missing}."


class ScopePending(Conflict):
    """The trace has not answered yet."""

    code = "recall/scope-pending"
    message = "The scope of recall {number} is still being traced; try again in a moment."


class NoticeNotFit(Invalid):
    """The text may not go to the public as it is."""

    code = "recall/notice-not-fit"
    message = "The notice of recall {number} cannot be published: {count} points to mend."


class FoundInTheFuture(Invalid):
    """A defect cannot be found tomorrow."""

    code = "recall/found-in-the-future"
    message = "The day of finding, {found_on}, is later than today, {today}."


class AlreadyRecalled(Conflict):
    """This lot is being recalled."""

    code = "recall/already-recalled"
    message = "Lot {lot_no} of this product is already recalled under {number}."


class InvalidGtin(Invalid):
    """A number that cannot be a GTIN."""

    code = "recall/invalid-gtin"
    message = "{given} is not a valid GTIN: {reason}"


class ProductUnknown(Invalid):
    """The product is not on the register of this enterprise."""

    code = "recall/product-unknown"
    message = "This enterprise has no product {given} on the register."


class DayPassed(Invalid):
    """A new day that is not in the future."""

    code = "recall/day-passed"
    message = "The new day, {due_on}, must be later than today."


class NegativeQuantity(Invalid):
    """Less than nothing was made."""

    code = "recall/negative-quantity"
    message = "The quantity must be at least 0, got {given}."


class UnitUnknown(Invalid):
    """A unit of quantity that cannot be read."""

    code = "recall/unit-unknown"
    message = "The unit “{given}” is not known: {reason}"


class TooManyItems(Invalid):
    """A check of too many items at once."""

    code = "recall/too-many-items"
    message = "{given} items in one check; at most {limit}."
