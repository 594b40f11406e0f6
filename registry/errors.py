"""What the registry refuses, in words."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class EnterpriseUnknown(NotFound):
    """No such enterprise."""

    code = "registry/enterprise-unknown"
    message = "No enterprise with code {code} is on the register."


class CategoryUnknown(NotFound):
    """No such category."""

    code = "registry/category-unknown"
    message = "No product category has the code {code}."


class RuleNotInForce(NotFound):
    """The rule packs say nothing for that day."""

    code = "registry/rule-not-in-force"
    message = "Rule {rule_id} of pack {pack} is not in force on {on}; load a pack that covers it."


class InvalidCode(Invalid):
    """A unified social credit code that cannot be one."""

    code = "registry/invalid-code"
    message = "{given} is not a valid unified social credit code: {reason}"


class WrongPassword(Unauthenticated):
    """Login and password do not fit together, or the account is closed."""

    code = "accounts/wrong-password"
    message = "Login or password is wrong."


class TooManyAttempts(Forbidden):
    """Too many failures in a short while."""

    code = "accounts/too-many-attempts"
    message = "Too many failed attempts; try again in {minutes} minutes."


class LoginTaken(Conflict):
    """Another account has this login."""

    code = "accounts/login-taken"
    message = "The login {login} is taken; choose another."


class UnknownRole(Invalid):
    """No such role."""

    code = "accounts/unknown-role"
    message = "There is no role {role}; the roles are {roles}."


class EnterpriseNeeded(Invalid):
    """An enterprise account without an enterprise, or another account with one."""

    code = "accounts/enterprise-needed"
    message = "An account of role enterprise needs an enterprise, and only such an account has one."
