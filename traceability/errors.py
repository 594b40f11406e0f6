"""What traceability refuses, in words."""

from __future__ import annotations

from core.errors import Conflict, Invalid, NotFound


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


# Reach


class NotThatManySeeds(Invalid):
    """A trace begins at some lots, and at no more than a person can mean."""

    code = "traceability/seed-count"
    message = "A trace begins at 1 to {most} lots, got {count}; ask in several."


class ReachMoved(Conflict):
    """The pages of an answer that can no longer be made."""

    code = "traceability/reach-moved"
    message = "Ledgers recorded since have changed this answer; ask again from its first page."
