"""Identity codes and their check characters: unified social credit code, GTIN, GLN.

A check tells three things apart: *problems* make a code invalid, *warnings* do not (real registers
hold such codes), and the *normalised* form is what is stored and compared.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Scheme(StrEnum):
    """Code systems known here."""

    USCC = "uscc"
    GTIN = "gtin"
    GLN = "gln"


class Flaw(StrEnum):
    """What can be wrong, or odd, with a code."""

    EMPTY = "empty"
    LENGTH = "length"
    CHARACTER = "character"
    REGION_NOT_DIGITS = "region-not-digits"
    CHECK = "check"
    AUTHORITY = "authority"
    PROVINCE = "province"
    INNER_CHECK = "inner-check"
    RESTRICTED = "restricted"
    VARIABLE_MEASURE = "variable-measure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem or warning.

    Parameters
    ----------
    flaw : Flaw
        Which one, for programs.
    message : str
        What it is and what to do, for people.
    """

    flaw: Flaw
    message: str


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """Result of checking one code.

    Parameters
    ----------
    scheme : Scheme
        The code system asked for.
    given : str
        The text as it came.
    normalised : str
        Without spaces and hyphens, half-width, upper case; a GTIN padded to 14 digits.
    problems : tuple of Finding
        Why the code is invalid; empty for a valid one.
    warnings : tuple of Finding
        What is odd about a valid code.
    """

    scheme: Scheme
    given: str
    normalised: str
    problems: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """True if nothing makes the code invalid."""
        return not self.problems


# GB 32100-2015, table of characters: digits and letters without I, O, S, V, Z.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_LENGTH = 18
# GB 32100-2015, table 1: 3^(i-1) mod 31 for places 1 to 17.
USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
# GB 11714-1997: eight places and a check character, weights as printed there.
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
# Place 1, registering authority; the letters came with amendments and later practice.
USCC_AUTHORITIES = frozenset("123456789ANY")
# First two digits of GB/T 2260; 10 is used for bodies registered by a central authority.
PROVINCES = frozenset(
    [
        "10",
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)
GTIN_LENGTHS = (8, 12, 13, 14)
GLN_LENGTH = 13

_SEPARATORS = re.compile(r"[\s\-‐‑‒–—−]+")


def normalise(text: str) -> str:
    """Half-width, upper-case form of a code without spaces and hyphens."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()


def uscc_check_character(first_17: str) -> str:
    """Eighteenth character of a unified social credit code.

    Parameters
    ----------
    first_17 : str
        Seventeen characters of `USCC_ALPHABET`.

    Returns
    -------
    str
        The check character.

    Raises
    ------
    ValueError
        If the length or a character is wrong.

    References
    ----------
    GB 32100-2015, 5.5: C18 = 31 - (sum C_i * W_i) mod 31, 31 written as 0.
    """
    if len(first_17) != USCC_LENGTH - 1:
        raise ValueError(f"a check character needs 17 characters, got {len(first_17)}")
    values = [USCC_ALPHABET.index(character) for character in first_17]
    total = sum(value * weight for value, weight in zip(values, USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[-total % 31]


def organisation_check_character(first_8: str) -> str:
    """Ninth character of an organisation code (组织机构代码).

    Parameters
    ----------
    first_8 : str
        Eight digits or letters.

    Returns
    -------
    str
        ``0`` to ``9`` or ``X``.

    Raises
    ------
    ValueError
        If the length or a character is wrong.

    References
    ----------
    GB 11714-1997: C9 = 11 - (sum C_i * W_i) mod 11, 10 written as X, 11 as 0; A = 10 … Z = 35.
    """
    if len(first_8) != len(ORGANISATION_WEIGHTS):
        raise ValueError(f"an organisation code needs 8 characters, got {len(first_8)}")
    values = [int(character, 36) for character in first_8]
    total = sum(value * weight for value, weight in zip(values, ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def make_uscc(*, authority: str, region: str, organisation: str) -> str:
    """Build a well-formed unified social credit code (for invented enterprises and tests).

    Parameters
    ----------
    authority : str
        Places 1 and 2, for example ``91`` (market regulation, company).
    region : str
        Places 3 to 8, six digits of GB/T 2260.
    organisation : str
        First eight places of the organisation code.

    Returns
    -------
    str
        Eighteen characters with both check characters right.

    Raises
    ------
    ValueError
        If the parts do not make a valid code.
    """
    body = authority + region + organisation + organisation_check_character(organisation)
    made = body + uscc_check_character(body)
    if not (check := check_uscc(made)).valid:
        raise ValueError(check.problems[0].message)
    return made


def check_uscc(text: str) -> CodeCheck:
    """Is this a unified social credit code (统一社会信用代码)?

    Parameters
    ----------
    text : str
        As typed; spaces, hyphens, full-width and lower-case characters are accepted.

    Returns
    -------
    CodeCheck
        Problems: length, a character outside the alphabet, places 3-8 not digits, check
        character. Warnings: unknown registering authority, unknown province, inner organisation
        code (places 9-17) that fails GB 11714.

    Notes
    -----
    It does not tell whether the code was ever issued, nor whether the full six-digit region
    existed: regions are dated and live in the region table.

    References
    ----------
    GB 32100-2015; GB 11714-1997.
    """
    code = normalise(text)
    if shape := _uscc_shape_problems(code):
        return CodeCheck(Scheme.USCC, text, code, shape, ())
    problems = []
    if not code[2:8].isdigit():
        problems.append(
            Finding(Flaw.REGION_NOT_DIGITS, f"Places 3 to 8 must be digits, got {code[2:8]}.")
        )
    expected = uscc_check_character(code[:-1])
    if expected != code[-1]:
        # The expected character is not told: it would turn a typing error into a "valid" code.
        problems.append(
            Finding(
                Flaw.CHECK,
                "The last character does not fit the others: compare each with the licence.",
            )
        )
    if problems:
        return CodeCheck(Scheme.USCC, text, code, tuple(problems), ())
    return CodeCheck(Scheme.USCC, text, code, (), _uscc_warnings(code))


def gtin_check_digit(body: str) -> str:
    """Check digit of a GS1 number (GTIN, GLN, SSCC).

    Parameters
    ----------
    body : str
        All digits but the last.

    Returns
    -------
    str
        One digit.

    Raises
    ------
    ValueError
        If `body` is empty or holds another character than 0-9.

    References
    ----------
    GS1 General Specifications, section 7.9: from the right, weights 3, 1, 3, 1, …
    """
    if not (body.isascii() and body.isdigit()):
        raise ValueError(f"a GS1 number has digits only, got {body!r}")
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def check_gtin(text: str) -> CodeCheck:
    """Is this a GTIN-8, -12, -13 or -14?

    Parameters
    ----------
    text : str
        As typed or scanned.

    Returns
    -------
    CodeCheck
        `normalised` is padded to 14 digits, so that one item has one form. Warnings: numbers for
        restricted circulation (inside one shop or country) and variable measure (indicator 9):
        neither names one product everywhere.

    Notes
    -----
    Eight digits are read as a GTIN-8; a zero-suppressed UPC-E must be expanded first.

    References
    ----------
    GS1 General Specifications, sections 1.4 (prefixes), 2.1, 7.9.
    """
    code = normalise(text)
    problems = _gs1_problems(code, GTIN_LENGTHS, "A GTIN has 8, 12, 13 or 14 digits")
    if problems:
        return CodeCheck(Scheme.GTIN, text, code, problems, ())
    padded = code.zfill(14)
    warnings = []
    # Prefix as in a GTIN-13: 02, 04 and 20-29 are for restricted circulation; GTIN-8: 0 and 2.
    prefix = code[0] if len(code) == 8 else padded[1:3]
    if prefix in ("0", "2") or (len(prefix) == 2 and (prefix in ("02", "04") or prefix[0] == "2")):
        warnings.append(
            Finding(
                Flaw.RESTRICTED,
                "The prefix is for use inside one shop or country: it does not name one product "
                "everywhere.",
            )
        )
    if padded[0] == "9":
        warnings.append(
            Finding(
                Flaw.VARIABLE_MEASURE,
                "Indicator 9 marks a trade item of variable measure: quantities need a weight.",
            )
        )
    return CodeCheck(Scheme.GTIN, text, padded, (), tuple(warnings))


def check_gln(text: str) -> CodeCheck:
    """Is this a global location number (13 digits)?

    Returns
    -------
    CodeCheck
        Problems: empty, length, character, check digit.

    References
    ----------
    GS1 General Specifications, sections 2.4, 7.9.
    """
    code = normalise(text)
    problems = _gs1_problems(code, (GLN_LENGTH,), "A GLN has 13 digits")
    return CodeCheck(Scheme.GLN, text, code, problems, ())


def _uscc_shape_problems(code: str) -> tuple[Finding, ...]:
    if not code:
        return (Finding(Flaw.EMPTY, "The code is empty."),)
    problems = []
    if len(code) != USCC_LENGTH:
        problems.append(Finding(Flaw.LENGTH, f"A credit code has 18 characters, got {len(code)}."))
    if strange := sorted(set(code) - set(USCC_ALPHABET)):
        problems.append(
            Finding(
                Flaw.CHARACTER,
                f"{'、'.join(strange)} cannot occur: the code uses digits and capital letters "
                "without I, O, S, V, Z (0 for O, 1 for I, 2 for Z, 5 for S).",
            )
        )
    return tuple(problems)


def _uscc_warnings(code: str) -> tuple[Finding, ...]:
    warnings = []
    if code[0] not in USCC_AUTHORITIES:
        warnings.append(
            Finding(Flaw.AUTHORITY, f"No registering authority has the sign {code[0]} (place 1).")
        )
    if code[2:4] not in PROVINCES:
        warnings.append(
            Finding(Flaw.PROVINCE, f"No province has the number {code[2:4]} (places 3 and 4).")
        )
    if organisation_check_character(code[8:16]) != code[16]:
        warnings.append(
            Finding(
                Flaw.INNER_CHECK,
                f"The organisation code inside ({code[8:17]}) fails its own check (GB 11714).",
            )
        )
    return tuple(warnings)


def _gs1_problems(code: str, lengths: tuple[int, ...], shape: str) -> tuple[Finding, ...]:
    if not code:
        return (Finding(Flaw.EMPTY, "The code is empty."),)
    if not (code.isascii() and code.isdigit()):
        return (Finding(Flaw.CHARACTER, f"{shape}, no other character."),)
    if len(code) not in lengths:
        return (Finding(Flaw.LENGTH, f"{shape}, got {len(code)}."),)
    if gtin_check_digit(code[:-1]) != code[-1]:
        return (
            Finding(Flaw.CHECK, "The last digit does not fit the others: compare with the label."),
        )
    return ()
