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


class CertainUnknown(Invalid):
    """An enterprise is to be drawn with certainty and is not on the roster."""

    code = "sampling/certain-unknown"
    message = (
        "Not on the roster of plan {plan_no}, so they cannot be drawn with certainty: {codes}. "
        "Take them off that list, or see why they were left out."
    )


class ChancesImpossible(Invalid):
    """Chances in proportion to these sizes do not exist."""

    code = "sampling/chances-impossible"
    message = "Stratum {stratum} cannot have such chances: {reason}."


class GroupNotOpen(Conflict):
    """A coordinated plan comes too late, or names a plan of another group."""

    code = "sampling/group-not-open"
    message = (
        "Plan {plan_no} shares the tickets of {first_no}, which is {state}. Both must be committed "
        "before the first is drawn, with the same commitment and number of plans."
    )


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


# The transparency log


class LogBroken(Conflict):
    """What is stored is not what was signed; nothing more is signed."""

    code = "sampling/log-broken"
    message = (
        "Entry {sequence} of the log of draws does not follow from the one before it, or is not "
        "what an earlier checkpoint covers; no checkpoint is signed until this is explained."
    )


class LogEmpty(NotFound):
    """No checkpoint was signed yet."""

    code = "sampling/log-empty"
    message = "The log of draws has no signed checkpoint yet; the first follows the first plan."


class LogRange(Invalid):
    """A proof is asked for entries that no signed checkpoint covers."""

    code = "sampling/log-range"
    message = "{field} must lie in [{least}, {most}], got {value}; the log has {size} entries."


class LogKeyMissing(Conflict):
    """The secret of the key that signs is not at hand."""

    code = "sampling/log-key-missing"
    message = (
        "The log signs with the key {key}, whose secret is not kept here. Give it as "
        "ZHIHENG_LOG_KEY, or change the key: zhiheng log-key --rotate REASON."
    )


class LogKeyRetired(Conflict):
    """A key that was replaced may not sign again."""

    code = "sampling/log-key-retired"
    message = "The key {key} in ZHIHENG_LOG_KEY signed earlier and was replaced; give a new one."


class NotInRoster(NotFound):
    """The enterprise is not in the frozen roster."""

    code = "sampling/not-in-roster"
    message = "{unit_code} is not in the roster of plan {plan_no}; its filters are public."


class UnitExcluded(NotFound):
    """The enterprise was left out of the roster by name."""

    code = "sampling/unit-excluded"
    message = "{unit_code} was left out of the roster of plan {plan_no}: {reason}"


class TokenWrong(Forbidden):
    """The token does not belong to the code; the roster is not public yet."""

    code = "sampling/token-wrong"
    message = (
        "Until the roster of plan {plan_no} is public, an enterprise reads its own entry signed "
        "in, or with the code and the token it was given."
    )


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


# ---- what comes before the draw, and what is published ------------------------------------------


class PaperUnknown(NotFound):
    """No such paper, or none that may be seen."""

    code = "sampling/paper-unknown"
    message = "There is no paper {no}."


class PaperInvalid(Invalid):
    """A paper that does not say what it must."""

    code = "sampling/paper-invalid"
    message = "The paper cannot be kept like this; see the fields."


class PaperStateForbids(Conflict):
    """The edition is in a state in which this cannot be done."""

    code = "sampling/paper-state-forbids"
    message = (
        "Edition {edition} of {no} is {state}; this can only be done while it is {needed}. "
        "A published edition is amended by a new one, with a reason."
    )


class AnotherPersonNeeded(Forbidden):
    """The same person wanted to enter and to approve."""

    code = "sampling/another-person-needed"
    message = "{no} was entered by you; another person must review it."


class RowUnknown(NotFound):
    """The annual plan in force has no such row."""

    code = "sampling/annual-row-unknown"
    message = "The edition in force of annual plan {no} has no row {row_key}; it has {rows}."


class NotOnTheList(Conflict):
    """No item on the list, no check."""

    code = "sampling/not-on-the-list"
    message = (
        "Plan {plan_no} carries out no row of a published annual plan with an item of a published "
        "list, which the rule pack asks for. Name the row before the roster is locked."
    )


class ContractUnknown(NotFound):
    """No such contract."""

    code = "sampling/contract-unknown"
    message = "There is no contract {no}."


class ContractInvalid(Invalid):
    """A contract that may not be relied on."""

    code = "sampling/contract-invalid"
    message = "The contract cannot be kept like this; see the fields."


class ContractNotValid(Conflict):
    """No contract covers the agency on that day."""

    code = "sampling/contract-not-valid"
    message = (
        "{agency} has no contract that is valid on {on} and covers {scope}; "
        "record the signed contract first, or choose another body."
    )


class ContractEnded(Conflict):
    """The contract was ended before."""

    code = "sampling/contract-ended"
    message = "Contract {no} ended on {on} already."


class NoticeUnknown(NotFound):
    """No such notice, or the secret does not fit."""

    code = "sampling/notice-unknown"
    message = "There is no such notice; do not rely on the paper in your hand."


class NoticeInvalid(Invalid):
    """A notice that may not be shown at the door."""

    code = "sampling/notice-invalid"
    message = "The notice cannot be issued like this; see the fields."


class NoticeStands(Conflict):
    """The unit has a notice that stands."""

    code = "sampling/notice-stands"
    message = "{unit_code} has notice {no}, which stands; withdraw it first, with a reason."


class NoticeWithdrawn(Conflict):
    """The notice was withdrawn before."""

    code = "sampling/notice-withdrawn"
    message = "Notice {no} was withdrawn already."


class PublishedRecordUnknown(NotFound):
    """No such public record, or none that may be seen."""

    code = "sampling/published-record-unknown"
    message = "There is no published record {no}."


class PublishedRecordInvalid(Invalid):
    """A record that may not be made public like this."""

    code = "sampling/published-record-invalid"
    message = "The record cannot be kept like this; see the fields."


class RecordStateForbids(Conflict):
    """The record is in a state in which this cannot be done."""

    code = "sampling/record-state-forbids"
    message = "Record {no} is {state}; this step ({act}) is not open then."


class RecordStands(Conflict):
    """The result has its record already."""

    code = "sampling/record-stands"
    message = "{subject} has record {no} already; correct that one instead."


class ResultMissing(Conflict):
    """Nothing was found yet that could be published."""

    code = "sampling/result-missing"
    message = "{unit_code} of plan {plan_no} has no recorded result; record what was found first."


class NeverPublished(Conflict):
    """Risk monitoring is not the result of an enterprise."""

    code = "sampling/never-published"
    message = (
        "{subject} was taken for {purpose}: it is never published as the result of an enterprise."
    )


class NotConfirmed(Conflict):
    """An objection or a re-test can still change the result."""

    code = "sampling/not-confirmed"
    message = (
        "{subject} is {stage}: a result is published once it is confirmed or final, "
        "not while it can still be objected to or tested again."
    )


class StillKeptBack(Conflict):
    """The drawn list is not public yet, so no result of it can be."""

    code = "sampling/still-kept-back"
    message = (
        "The drawn list of {plan_no} is public from {disclose_on}; "
        "a result published today would name who was drawn."
    )


# Teams after the draw


class SeatUnknown(NotFound):
    """The inspector is not in the team of this unit (any more)."""

    code = "sampling/seat-unknown"
    message = "{inspector} is not in the team of {unit_code}; look at the team as it stands now."


class RecusalInvalid(Invalid):
    """What a recusal says cannot be meant."""

    code = "sampling/recusal-invalid"
    message = "The recusal cannot be declared like this; see the fields."


class NotYourSeat(Forbidden):
    """An inspector wanted to take a colleague out of a team."""

    code = "sampling/not-your-seat"
    message = "You may declare a recusal for yourself; for {inspector}, a lead inspector does."


class NobodyLeft(Conflict):
    """Nobody may take the seat."""

    code = "sampling/nobody-left"
    message = (
        "Nobody can take the seat of {inspector} at {unit_code}; see the field for each "
        "inspector's reason. Replace the enterprise by the next reserve, with the reason."
    )


class JointVisit(Conflict):
    """One result for a joint visit."""

    code = "sampling/joint-visit"
    message = "{unit_code} is a joint visit: each department records its own items ({departments})."


class NotJoint(NotFound):
    """The department takes no part in the visit."""

    code = "sampling/not-joint"
    message = "Plan {plan_no} sends no department {department}; it sends {departments}."


class DepartmentResultInvalid(Invalid):
    """What a department says it found contradicts itself."""

    code = "sampling/department-result-invalid"
    message = "The department's result cannot be like this; see the fields."


class DepartmentResultKnown(Conflict):
    """The department has recorded its result."""

    code = "sampling/department-result-known"
    message = "Department {department} has recorded {unit_code} on {recorded_on}."


class DepartmentResultMissing(NotFound):
    """There is nothing to publish yet."""

    code = "sampling/department-result-missing"
    message = "Department {department} has recorded nothing for {unit_code} yet."


class DepartmentResultPublished(Conflict):
    """It is published already."""

    code = "sampling/department-result-published"
    message = "Department {department} has published {unit_code} on {published_on}."


# Acceptance sampling


class AcceptanceInvalid(Invalid):
    """A plan, a curve or a lot that cannot be meant."""

    code = "sampling/acceptance-invalid"
    message = "This cannot be computed like this; see the fields."


class SeriesUnknown(NotFound):
    """No such series of lots."""

    code = "sampling/series-unknown"
    message = "There is no series {series_no}."


class SeriesOpen(Conflict):
    """There is an open series for the same thing."""

    code = "sampling/series-open"
    message = (
        "Series {series_no} is open for this enterprise, product and characteristic; "
        "record the lot there, or close it with a reason first."
    )


class SeriesClosed(Conflict):
    """The series takes no more lots."""

    code = "sampling/series-closed"
    message = "Series {series_no} is closed since {closed_on}: {reason}"


class LotKnown(Conflict):
    """The lot was judged already."""

    code = "sampling/lot-known"
    message = (
        "Lot {lot_no} was judged already, as number {position} of series {series_no}; a verdict is "
        "never changed. A lot that comes again after rejection is recorded as submitted again."
    )


class HistoryDiffers(Conflict):
    """The stored lots do not lead to what is stored about them."""

    code = "sampling/history-differs"
    message = (
        "Lot {position} of series {series_no} is stored with another verdict than its numbers "
        "give. Nothing is recorded; close the series and look into the change."
    )


# Estimates and the design advisor.


class VisitsOutOfRange(Invalid):
    """More visits than enterprises, or none."""

    code = "sampling/visits-out-of-range"
    message = (
        "{visits} visits cannot be drawn from a roster of {size} enterprises; ask for 1 to {size}."
    )


class RosterInvalid(Invalid):
    """A described roster cannot be meant."""

    code = "sampling/roster-invalid"
    message = "Designs cannot be compared for a roster like this; see the fields."


class BudgetTooSmall(Invalid):
    """The money does not pay for the least that a design needs."""

    code = "sampling/budget-too-small"
    message = (
        "A budget of {budget} does not pay for two visits in every stratum; most of it goes to "
        "stratum {stratum}. Raise the budget, or leave a stratum out of the plan."
    )


class CalibrationImpossible(Invalid):
    """No weights meet the known totals."""

    code = "sampling/calibration-impossible"
    message = "The results of plan {plan_no} cannot be calibrated: {reason}"


class OtherLogUnreadable(Invalid):
    """A pasted log of another draw cannot be read."""

    code = "sampling/other-log-unreadable"
    message = "The log cannot be read: {reason}."


# ---- sampling cases: the procedure after the draw ------------------------------------------------


class CaseUnknown(NotFound):
    """No such sampling case, or none that the actor may see."""

    code = "sampling/case-unknown"
    message = "No sampling case has the number {number}."


class CaseStateForbids(Conflict):
    """The act is not lawful in the present state."""

    code = "sampling/case-state-forbids"
    message = "Case {number} is in state {state}; “{act}” is not possible now."


class NotThisCaseParty(Forbidden):
    """The act belongs to somebody else."""

    code = "sampling/not-this-case-party"
    message = "“{act}” is for {parties}."


class NotThisPurpose(Conflict):
    """Supervision and monitoring samples are kept apart."""

    code = "sampling/not-this-purpose"
    message = (
        "Case {number} is of purpose {purpose}; “{act}” does not exist there. Monitoring samples "
        "get no verdict, no order and no publication."
    )


class NotThisDomain(Conflict):
    """The step belongs to another kind of sampling."""

    code = "sampling/not-this-domain"
    message = "Case {number} is sampled in {domain}; “{act}” does not exist there."


class VerdictForbids(Conflict):
    """The standing verdict does not lead there."""

    code = "sampling/verdict-forbids"
    message = "The standing verdict of case {number} is {verdict}; “{act}” needs {needed}."


class CaseEvidenceInvalid(Invalid):
    """Facts of an act are missing or cannot be meant."""

    code = "sampling/case-evidence-invalid"
    message = "“{act}” cannot be put on record like this; see the fields."


class TwoPeopleNeeded(Conflict):
    """A grave step is proposed by one person and approved by another."""

    code = "sampling/two-people-needed"
    message = "“{act}” needs two people: propose it, and let somebody else approve it."


class ProposalOpen(Conflict):
    """Something is proposed already."""

    code = "sampling/proposal-open"
    message = "“{act}” is proposed for case {number} already; approve or decline it first."


class NoProposal(Conflict):
    """Nothing is proposed."""

    code = "sampling/no-proposal"
    message = "Nothing is proposed for case {number}."


class OwnProposal(Forbidden):
    """Nobody approves the own proposal."""

    code = "sampling/own-proposal"
    message = "“{act}” was proposed by this account; another person approves it."


class TooFewOnSite(Invalid):
    """Fewer samplers than the rule wants."""

    code = "sampling/too-few-on-site"
    message = "{given} samplers are named, at least {needed} are needed ({source} {article})."


class SamplerUnknown(Invalid):
    """A person who is not on the register, or not active."""

    code = "sampling/sampler-unknown"
    message = "{numbers} is not on the register of people, or no longer active."


class SamplerNotDrawn(Conflict):
    """Other people than those who were drawn."""

    code = "sampling/sampler-not-drawn"
    message = (
        "{numbers} was not drawn for this unit (drawn: {team}); name the drawn team, or give the "
        "reason for standing in."
    )


class SamplersWouldTest(Conflict):
    """Who samples does not test (抽检分离)."""

    code = "sampling/samplers-would-test"
    message = "{numbers} took this sample and may not test it ({source} {article})."


class LaboratoryNotAccredited(Conflict):
    """The accreditation has ended."""

    code = "sampling/laboratory-not-accredited"
    message = "The accreditation of {laboratory} ended on {until}; choose another laboratory."


class SameLaboratory(Conflict):
    """The re-test goes to another laboratory."""

    code = "sampling/same-laboratory"
    message = (
        "{laboratory} tested first; name another laboratory, or say why it is the only qualified "
        "one."
    )


class PartiesMissing(Invalid):
    """The law names more parties than were told."""

    code = "sampling/parties-missing"
    message = "The result must also be told to: {missing}."


class PartyUnknown(Invalid):
    """Nobody with this role was told."""

    code = "sampling/party-unknown"
    message = "No {role} was told of the result of case {number}."


class AlreadyReceived(Conflict):
    """The receipt stands."""

    code = "sampling/already-received"
    message = "The {role} received the result on {received_on}; that cannot be changed."


class ObjectionLate(Conflict):
    """The time to object is over."""

    code = "sampling/objection-late"
    message = "The time to object ended on {due_on} ({source} {article})."


class ObjectionUnknown(Invalid):
    """No open objection has this number."""

    code = "sampling/objection-unknown"
    message = "Case {number} has no open objection {objection}."


class ObjectionKindForbids(Conflict):
    """Only disputes of the conclusion go to a re-test."""

    code = "sampling/objection-kind-forbids"
    message = (
        "Objection {objection} is about {kind}; only a dispute of the conclusion goes to a "
        "re-test, others are handled."
    )


class RetainedSampleGone(Conflict):
    """There is nothing to test again."""

    code = "sampling/retained-sample-gone"
    message = "No retained sample of case {number} is kept; the first result is final."


class NotDisputed(Invalid):
    """The re-test names items that did not fail."""

    code = "sampling/not-disputed"
    message = "{items} did not fail in the first test; the re-test is of disputed items only."


class StillOpen(Conflict):
    """Somebody may still object, or has objected."""

    code = "sampling/still-open"
    message = "Case {number} cannot be confirmed yet: {reason}"


class ObjectionUpheld(Conflict):
    """An upheld objection ends the case."""

    code = "sampling/objection-upheld"
    message = "Objection {objection} was upheld; case {number} can only be declared void."


class NothingUpheld(Conflict):
    """No objection was upheld."""

    code = "sampling/nothing-upheld"
    message = "No objection to case {number} was upheld; confirm the result instead."


class FormalitiesLate(Conflict):
    """The time for the formalities is over."""

    code = "sampling/formalities-late"
    message = "The formalities were due on {due_on}; the re-test is deemed waived."


class FormalitiesStillRun(Conflict):
    """The applicant still has time."""

    code = "sampling/formalities-still-run"
    message = "The applicant of case {number} has time until {due_on}."


class NotTheApplicant(Forbidden):
    """Only who objected pays for the re-test."""

    code = "sampling/not-the-applicant"
    message = "The re-test of case {number} was asked for by somebody else."


class CorrectionStillRuns(Conflict):
    """The unit still has time to correct."""

    code = "sampling/correction-still-runs"
    message = "The unit has time to correct until {due_on}, and has not reported yet."


class CorrectionReported(Conflict):
    """The correction was reported; a re-check decides."""

    code = "sampling/correction-reported"
    message = "The correction of case {number} was reported; check it again before escalating."


class WindowNotOpen(Conflict):
    """The second re-check lies within a window of days."""

    code = "sampling/window-not-open"
    message = "The second re-check may begin on {opens_on}, not before ({source} {article})."


class ProductNeeded(Invalid):
    """Nobody said what was sampled."""

    code = "sampling/product-needed"
    message = "Name the product of case {number}."


class CaseExists(Conflict):
    """One case for each unit and product."""

    code = "sampling/case-exists"
    message = "Unit {unit_code} has case {number} for this product already."


class RapidTestUnknown(NotFound):
    """No such rapid test."""

    code = "sampling/rapid-test-unknown"
    message = "No rapid test has the number {number}."


class RapidTestUsed(Conflict):
    """It led to a case already."""

    code = "sampling/rapid-test-used"
    message = "Rapid test {number} led to case {case_no} already."


class NothingClosed(Conflict):
    """A list that was public at once has no embargoed form."""

    code = "sampling/nothing-closed"
    message = "The list of plan {plan_no} was public at once; take the whole bundle."


class ActUnknown(NotFound):
    """The procedure has no such act."""

    code = "sampling/act-unknown"
    message = "The procedure has no act “{act}”."


class RecordNotForCase(Invalid):
    """The sampling record (抽样单) that an act names is not one of this case."""

    code = "sampling/record-not-for-case"
    message = "The sampling record does not fit case {number}; see the field."
