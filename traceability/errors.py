"""What traceability refuses, in words."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Invalid, NotFound


class LotUnknown(NotFound):
    """No such lot, or none that the actor may see."""

    code = "traceability/lot-unknown"
    message = "No lot {lot} is known from any ledger; search by lot number, product or GTIN."


class LotAmbiguous(Conflict):
    """A lot number that several products have."""

    code = "traceability/lot-ambiguous"
    message = "The lot number {number} is used for {count} products; say the GTIN or the maker."


class HolderUnknown(NotFound):
    """The lot was never at this party."""

    code = "traceability/holder-unknown"
    message = "No ledger says that lot {lot} was ever at party {party_id}."


class UploadUnknown(NotFound):
    """No such upload, or none that the actor may see."""

    code = "traceability/upload-unknown"
    message = "No ledger upload {upload_id}."


class NotATraceSize(Invalid):
    """A bound on depth or size that no trace can have."""

    code = "traceability/trace-bounds"
    message = "{name} must lie between {least} and {most}, got {value}."


class FutureRecordTime(Invalid):
    """A record time that has not come."""

    code = "traceability/future-record-time"
    message = "The ledgers cannot be read as of {as_of}: that time has not come."


# Balances of enterprises


class NoLedgerOfFirm(NotFound):
    """No ledger speaks of an enterprise."""

    code = "traceability/no-ledger-of-firm"
    message = "No ledger speaks of enterprise {enterprise_id}; ask it to upload its flow ledger."


class PeriodReversed(Invalid):
    """A period that ends before it begins."""

    code = "traceability/period-reversed"
    message = "The period begins on {since} and ends on {until}; since must not be after until."


# Frozen traces and watches


class FreezeUnknown(NotFound):
    """No such frozen trace, or none that the actor may see."""

    code = "traceability/freeze-unknown"
    message = "No frozen trace {no}."


class AlertUnknown(NotFound):
    """No such alert, or none that the actor may see."""

    code = "traceability/alert-unknown"
    message = "No alert {alert_id} of a watch."


class TraceCut(Conflict):
    """A trace that a bound cuts is no ground for a decision."""

    code = "traceability/trace-cut"
    message = "The trace of {lot} is cut ({because}); narrow it to a holder or one direction first."


class WatchArmed(Conflict):
    """The frozen trace is watched already."""

    code = "traceability/watch-armed"
    message = "{no} is watched already."


class NotWatched(Conflict):
    """The frozen trace is not watched."""

    code = "traceability/not-watched"
    message = "{no} is not watched; arm it first."


class AlertSeen(Conflict):
    """Somebody has dealt with the alert."""

    code = "traceability/alert-seen"
    message = "Alert {alert_id} was noted already; read it again."


class WatchReasonMissing(Invalid):
    """A freeze, a disarming or a note without words."""

    code = "traceability/watch-reason-missing"
    message = "Say why, or what is done; the words are kept."


# From a sample to its lot


class LotNotNamed(Conflict):
    """A sampling case whose record names no lot."""

    code = "traceability/lot-not-named"
    message = "Case {number} names no lot; the sampling record has to say it before it is traced."


# EPCIS repository


class CaptureUnknown(NotFound):
    """No such capture job, or none that the actor may see."""

    code = "traceability/capture-unknown"
    message = "There is no capture {capture_id}."


class DocumentRefused(Invalid):
    """What was sent is no EPCIS document, or no event, that can be taken."""

    code = "traceability/document-refused"
    message = "Nothing was captured: {reason}"


class DocumentTooLarge(DocumentRefused):
    """A document with more events than are taken at once."""

    code = "traceability/document-too-large"


class EventKnown(Conflict):
    """The same event is in the repository."""

    code = "traceability/event-known"
    message = "This event is in the repository already, as {event_id}."


class EpcisEventUnknown(NotFound):
    """No event of this eventID, or none that the actor may see."""

    code = "traceability/event-unknown"
    message = "There is no event {event_id}."


class QueryRefused(Invalid):
    """A query that cannot be answered as it was asked."""

    code = "traceability/query-refused"
    message = "The query cannot be answered: {reason}"


class QueryTooLarge(Invalid):
    """More events than the one who asks wants at most (maxEventCount)."""

    code = "traceability/query-too-large"
    message = "More than {most} events match; narrow the query or raise maxEventCount."


class NamedQueryUnknown(NotFound):
    """No query of this name."""

    code = "traceability/named-query-unknown"
    message = "There is no query named {name}."


class NamedQueryKnown(Conflict):
    """A query of this name exists."""

    code = "traceability/named-query-known"
    message = "A query named {name} exists; delete it first or choose another name."


# Traces from several lots, and steps that end contamination.


class SeedsDoNotFit(Invalid):
    """Lots and holders that cannot be put together."""

    code = "traceability/seeds-do-not-fit"
    message = (
        "Got {lots} lots and {parties} holders; give at least one lot, and either no holder or one "
        "for each lot, in the same order."
    )


class TooManySeeds(Invalid):
    """More lots than one trace can start from."""

    code = "traceability/too-many-seeds"
    message = "A trace starts from at most {most} lots, got {value}; ask in parts."


class KillStepUnknown(NotFound):
    """No such step, or none that the actor may see."""

    code = "traceability/kill-step-unknown"
    message = "No cleaning or other step {step_id} is recorded."


class KillStepNotYours(Forbidden):
    """An enterprise speaks of another's station."""

    code = "traceability/kill-step-not-yours"
    message = "An enterprise records steps at its own stations only."


class KillStepInvalid(Invalid):
    """Fields of a step that cannot be meant like this."""

    code = "traceability/kill-step-invalid"
    message = "The step cannot be recorded like this; see the fields."


class KillStepWithdrawn(Conflict):
    """A step that no longer stands."""

    code = "traceability/kill-step-withdrawn"
    message = "Step {step_id} was withdrawn on {on}; record the right one anew."


class KillStepConfirmed(Conflict):
    """A step that was confirmed before."""

    code = "traceability/kill-step-confirmed"
    message = "Step {step_id} is confirmed already."


class NoLineKnown(Invalid):
    """Contact on lines, where no row names one."""

    code = "traceability/no-line-known"
    message = (
        "No row of these lots names a production line, so contact on lines cannot be told; "
        "ask for contact at stations."
    )


# Common sources


class NoFindings(Invalid):
    """Nothing failed, so nothing has a source."""

    code = "traceability/no-findings"
    message = "Name at least one lot that failed; several are needed to tell sources apart."


class TooManyTested(Invalid):
    """More tested lots than one answer compares."""

    code = "traceability/too-many-tested"
    message = (
        "{count} tested lots are more than {most}; leave out compliant lots of other products."
    )


# Reach


class NotThatManySeeds(Invalid):
    """A trace begins at some lots, and at no more than a person can mean."""

    code = "traceability/seed-count"
    message = "A trace begins at 1 to {most} lots, got {count}; ask in several."


class ReachMoved(Conflict):
    """The pages of an answer that can no longer be made."""

    code = "traceability/reach-moved"
    message = "Ledgers recorded since have changed this answer; ask again from its first page."
