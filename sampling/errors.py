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


class OtherLogUnreadable(Invalid):
    """A pasted log of another draw cannot be read."""

    code = "sampling/other-log-unreadable"
    message = "The log cannot be read: {reason}."


class NothingClosed(Conflict):
    """A list that was public at once has no embargoed form."""

    code = "sampling/nothing-closed"
    message = "The list of plan {plan_no} was public at once; take the whole bundle."
