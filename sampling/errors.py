"""What sampling refuses, in words."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Invalid, NotFound


class PlanUnknown(NotFound):
    """No such plan, or none that may be seen."""

    code = "sampling/plan-unknown"
    message = "There is no plan {plan_no}."


class PlanInvalid(Invalid):
    """What a plan asks for cannot be meant."""

    code = "sampling/plan-invalid"
    message = "The plan cannot be made like this; see the fields."


class StateForbids(Conflict):
    """The plan is in a state in which this cannot be done."""

    code = "sampling/state-forbids"
    message = "Plan {plan_no} is {state}; this can only be done while it is {needed}."


class AlreadyDrawn(Conflict):
    """A second draw for the same plan."""

    code = "sampling/already-drawn"
    message = (
        "Plan {plan_no} is already drawn; a draw cannot be repeated. "
        "Void it with a reason and make a new plan."
    )


class PlanVoid(Conflict):
    """The plan was voided."""

    code = "sampling/plan-void"
    message = "Plan {plan_no} is void since {voided_on}: {reason}"


class QuotaTooLarge(Invalid):
    """More units are asked for than a stratum has."""

    code = "sampling/quota-too-large"
    message = (
        "Stratum {stratum} has {size} enterprises, its quota is {quota}; "
        "lower the quota or widen the roster."
    )


class StratumWithoutQuota(Invalid):
    """Enterprises of a stratum that the plan does not name."""

    code = "sampling/stratum-without-quota"
    message = (
        "{size} enterprises are of stratum {stratum}, which the plan does not name; "
        "give it a quota, 0 to leave it out."
    )


class FrameEmpty(Invalid):
    """Nobody is left to draw from."""

    code = "sampling/frame-empty"
    message = (
        "No enterprise fits the plan's filters; {excluded} were excluded. "
        "Widen the filters or import the roster first."
    )


class CodeUnusable(Invalid):
    """An enterprise's code cannot enter a draw."""

    code = "sampling/code-unusable"
    message = "The code {unit_code} cannot enter a draw: {reason}"


class BeaconNotInFuture(Invalid):
    """The named public source is already known."""

    code = "sampling/source-not-in-future"
    message = (
        "{source} is known since {due_at}; a plan must name a source that does not exist yet. "
        "The next one is {suggestion}."
    )


class NoEligibleInspector(Invalid):
    """Units that could never get a team."""

    code = "sampling/no-eligible-inspector"
    message = (
        "{count} enterprises cannot get a team of {team_size}, among them {units}; "
        "see the fields for each inspector's reason."
    )


class TooFewVisits(Invalid):
    """All inspectors together may make fewer visits than the plan needs."""

    code = "sampling/too-few-visits"
    message = (
        "{visits} visits need {needed} seats; the {inspectors} inspectors may take {available} in "
        "all. Raise the cap of visits, name more inspectors, or draw fewer enterprises."
    )


class EntropyInvalid(Invalid):
    """A value that cannot be the source's."""

    code = "sampling/entropy-invalid"
    message = "{source} was not accepted: {reason}"


class NoSuchSource(Invalid):
    """The plan names no such source."""

    code = "sampling/no-such-source"
    message = "Plan {plan_no} names no {kind}."


class DiceDiffer(Conflict):
    """Two people typed different dice."""

    code = "sampling/dice-differ"
    message = (
        "The dice differ from what {first_person} typed at {places}. Look at the dice together; "
        "whoever mistyped enters them again. Nothing was stored."
    )


class SecondPersonNeeded(Conflict):
    """One person wanted to confirm the own dice."""

    code = "sampling/second-person-needed"
    message = "The dice must be typed by a second person; {first_person} typed them already."


class EntropySettled(Conflict):
    """The value stands already."""

    code = "sampling/entropy-settled"
    message = "The value of {source} stands since {settled_at} and cannot be changed."


class TooLate(Conflict):
    """Dice thrown after the public source was known."""

    code = "sampling/too-late"
    message = (
        "{source} is known since {due_at}, so dice thrown now could be chosen to fit it. "
        "Void plan {plan_no} and make a new one with a later source."
    )


class TooEarly(Conflict):
    """A value of a source that is not yet known."""

    code = "sampling/too-early"
    message = "{source} is not known before {due_at}; wait for it."


class EntropyMissing(Conflict):
    """Not all sources have a value yet."""

    code = "sampling/entropy-missing"
    message = "Plan {plan_no} cannot be drawn yet: {missing} is still missing."


class FrameChanged(Conflict):
    """The stored roster or plan is not what was committed."""

    code = "sampling/frame-changed"
    message = (
        "{part} of plan {plan_no} is no longer what was committed (hash {found}, committed "
        "{committed}). The draw is refused; void the plan and look into the change."
    )


class ReasonNeeded(Invalid):
    """A void or a replacement without a reason."""

    code = "sampling/reason-needed"
    message = "Give a reason in words; it will be published."


class UnitUnknown(NotFound):
    """The unit was not drawn in this plan, or is no longer visited."""

    code = "sampling/unit-unknown"
    message = "{unit_code} is not among the enterprises to visit of plan {plan_no}."


class NoReserveLeft(Conflict):
    """All reserves of the stratum are used."""

    code = "sampling/no-reserve-left"
    message = "Stratum {stratum} of plan {plan_no} has no reserve left."


class NoTeamForReserve(Conflict):
    """The next reserve cannot get a team."""

    code = "sampling/no-team-for-reserve"
    message = (
        "The next reserve {unit_code} cannot get a team; see the fields for each inspector's "
        "reason. Reserves cannot be skipped."
    )


class ResultKnown(Conflict):
    """The unit has its result already."""

    code = "sampling/result-known"
    message = "{unit_code} has its result already, recorded on {recorded_on}."


class NotYourTask(Forbidden):
    """An inspector wanted to record a result for a unit of others."""

    code = "sampling/not-your-task"
    message = (
        "{unit_code} is assigned to other inspectors; only they or a lead inspector record it."
    )


class NotDisclosed(Conflict):
    """The drawn list is not public yet."""

    code = "sampling/not-disclosed"
    message = "The drawn list of {plan_no} is disclosed on {disclose_on}."


class NotDrawnYet(Conflict):
    """There is no bundle before the draw."""

    code = "sampling/not-drawn-yet"
    message = "{plan_no} is not drawn yet; its commitment is public, the bundle follows the draw."


# Sampling records


class RecordUnknown(NotFound):
    """No such sampling record."""

    code = "sampling/record-unknown"
    message = "There is no sampling record {record_no}."


class RecordInvalid(Invalid):
    """What is to be written down cannot be meant."""

    code = "sampling/record-invalid"
    message = "The sampling record cannot be kept like this; see the fields."


class RecordIncomplete(Invalid):
    """A record that is not complete, or contradicts itself, was to be signed."""

    code = "sampling/record-incomplete"
    message = "Sampling record {record_no} cannot be signed yet: {count} things are to be mended."


class RecordFinal(Conflict):
    """A signed or discarded record was to be changed."""

    code = "sampling/record-final"
    message = (
        "Sampling record {record_no} is {state} and cannot be changed; "
        "correct a signed record by a new edition, with a reason."
    )


class NotYourRecord(Forbidden):
    """An inspector wanted to write in the record of others."""

    code = "sampling/not-your-record"
    message = (
        "Sampling record {record_no} belongs to other samplers; only they or a lead inspector "
        "write in it."
    )


class NotASampler(Forbidden):
    """Somebody wanted to sign as a sampler who is none of this record."""

    code = "sampling/not-a-sampler"
    message = "Only the samplers of record {record_no} sign it as samplers: {samplers}."


class SignedAlready(Conflict):
    """The same signature twice."""

    code = "sampling/signed-already"
    message = "Record {record_no} has this signature already, under the same words."


class TooFewSamplers(Invalid):
    """Fewer samplers than the law asks for."""

    code = "sampling/too-few-samplers"
    message = (
        "Record {record_no} names {found} samplers; at least {needed} must take a sample "
        "({source}, {article})."
    )


class SignatureMissing(Conflict):
    """A record was to be sealed before its samplers had signed what it says now."""

    code = "sampling/signature-missing"
    message = (
        "Record {record_no} cannot be sealed: sampler {sampler} has not signed what it says now."
    )


class UnitSignatureMissing(Conflict):
    """A record was to be sealed without the unit's word on what it says now."""

    code = "sampling/unit-signature-missing"
    message = (
        "Record {record_no} cannot be sealed: the sampled unit has neither signed what it says "
        "now nor refused before a witness."
    )


class WitnessNeeded(Invalid):
    """The unit refused to sign and nobody witnessed it."""

    code = "sampling/witness-needed"
    message = "A refusal to sign needs its reason and the name of a witness."


class CorrectionOpen(Conflict):
    """Two corrections of one record at the same time."""

    code = "sampling/correction-open"
    message = "Record {record_no} is being corrected already, as edition {edition}."


class AttachmentRefused(Invalid):
    """A file that cannot be taken as evidence."""

    code = "sampling/attachment-refused"
    message = "{name} is not taken: {reason}"


class AttachmentChanged(Conflict):
    """Stored bytes are no longer those that were attached."""

    code = "sampling/attachment-changed"
    message = (
        "The stored bytes of file {sha256} are no longer those that were attached to record "
        "{record_no}; they are not given out. Restore the file from a backup and look into it."
    )


class AttachmentUnknown(NotFound):
    """The record has no such file."""

    code = "sampling/attachment-unknown"
    message = "Sampling record {record_no} has no file {sha256}."
