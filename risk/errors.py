"""What risk refuses, in words."""

from __future__ import annotations

from core.errors import Conflict, Invalid, NotFound


class SignalUnknown(NotFound):
    """No such signal."""

    code = "risk/signal-unknown"
    message = "There is no warning {number}."


class SignalClosed(Conflict):
    """The signal is closed; nothing more is decided about it."""

    code = "risk/signal-closed"
    message = "Warning {number} is closed; a closed warning is not decided again."


class AlreadyConfirmed(Conflict):
    """A second confirmation would say nothing new."""

    code = "risk/already-confirmed"
    message = "Warning {number} is already confirmed."


class OwnerUnknown(Invalid):
    """The account to take the signal does not exist, or is closed."""

    code = "risk/owner-unknown"
    message = "There is no active staff account {login}; choose another owner."


class WeekNotOver(Invalid):
    """The week still runs, so that its counts are too small."""

    code = "risk/week-not-over"
    message = "Week {week} ends on {ends_on}; a week is judged when it is over."


class NotAWeek(Invalid):
    """Not the name of a week."""

    code = "risk/not-a-week"
    message = "{given} is not a week; write it like 2026-W47."


class NoData(Conflict):
    """There is nothing to detect anything in."""

    code = "risk/no-data"
    message = "There are no incidents and no inspection results yet; import some first."


class IncidentKnown(Conflict):
    """The same report came twice."""

    code = "risk/incident-known"
    message = "{source} {source_no} is already recorded as {number}."


class IncidentInvalid(Invalid):
    """Some fields of an incident do not fit together."""

    code = "risk/incident-invalid"
    message = "The incident has problems; see the fields."
