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


class ActUnknown(NotFound):
    """The procedure has no such act."""

    code = "sampling/act-unknown"
    message = "The procedure has no act “{act}”."
