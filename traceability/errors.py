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
