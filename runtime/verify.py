"""``zhiheng verify-draw``: a draw bundle recomputed here, without database or network."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from sampling.maths.bundle import packed, unpacked
from sampling.maths.embargo import WAITS, check_disclosed, check_embargoed
from sampling.maths.inclusion import check_inclusion
from sampling.maths.log_check import check_against_log
from sampling.maths.other_logs import OtherMethod, check_log
from sampling.maths.replay import PartCheck, check_bundle

AGREES, DIFFERS, UNREADABLE = 0, 1, 2

HONESTY = """\
Every part follows from the others. Whether this commitment was public before the dice were
thrown, only you can say: compare it with the value you noted at that time (--commitment)."""

INCLUSION_HONESTY = """\
Whether this commitment was public before the dice were thrown, only you can say: compare it with
the value you noted at that time (--commitment)."""

OTHER_HONESTY = """\
The picks follow from seed and list. Whether the list was fixed before the seed was known, this
method cannot show."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a bundle.

    ``notes`` say what is worth knowing and is no fault of the draw.
    """

    checks: tuple[PartCheck, ...]
    notes: tuple[str, ...]
    plan_no: str | None
    commitment: str | None

    @property
    def agrees(self) -> bool:
        """Whether every part agrees."""
        return all(check.agrees for check in self.checks)


def verify(path: Path, *, commitment: str = "", log: Path | None = None) -> Report:
    """Recompute a bundle: the zip, the public JSON, or a folder of unpacked parts.

    Parameters
    ----------
    commitment : str
        The value noted before the draw, in hexadecimal.
    log : Path, optional
        Entries of the log of draws, to see whether the bundle leaves anything out.

    Raises
    ------
    ValueError
        If this is none of them.
    OSError
        If it cannot be read.
    """
    parts = read_parts(path)
    container: tuple[PartCheck, ...] = ()
    if path.is_file() and path.read_bytes().lstrip()[:1] != b"{":
        container = _container(parts, path.read_bytes())
    checks = (*check_bundle(parts, commitment), *container)
    if log is not None:
        checks = (*checks, *check_against_log(parts, _entries(log)))
    return Report(checks, _notes(parts), *_told(parts))


def read_parts(path: Path) -> dict[str, bytes]:
    """The parts of a bundle: the zip, the public JSON, or a folder.

    Raises
    ------
    ValueError, OSError
        It is none of them, or cannot be read.
    """
    if path.is_dir():
        return {one.name: one.read_bytes() for one in sorted(path.iterdir()) if one.is_file()}
    content = path.read_bytes()
    return _from_json(content) if content.lstrip()[:1] == b"{" else unpacked(content)


def print_checks(checks: Sequence[PartCheck]) -> None:
    """A line for each check."""
    for check in checks:
        print(f"{'ok' if check.agrees else 'DIFFERS':8} {check.part:16} {check.detail}".rstrip())


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = told["items"] if isinstance(told, dict) else told
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path.name} does not hold entries of the log: {error}") from None
    if not (isinstance(found, list) and all(isinstance(one, dict) for one in found)):
        raise ValueError(f"{path.name} does not hold entries of the log")
    return found


def _from_json(content: bytes) -> dict[str, bytes]:
    try:
        told = json.loads(content)["parts"]
        return {str(name): text.encode() for name, text in told.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this JSON is not that of a public draw: {error}") from None


def _container(parts: Mapping[str, bytes], content: bytes) -> tuple[PartCheck, ...]:
    """A zip made by us has the same bytes everywhere; others were packed again, or changed."""
    if packed(parts) == content:
        return ()
    told = "the zip is not the one that these parts make: it was packed anew, or changed outside"
    return (PartCheck("(zip)", False, told),)


def _notes(parts: Mapping[str, bytes]) -> tuple[str, ...]:
    notes = []
    own = resources.files("sampling.verifier").joinpath("verify_draw.py").read_bytes()
    if parts.get("verify_draw.py", own) != own:
        notes.append("verify_draw.py inside is not the one of this release.")
    try:
        sources = json.loads(parts["plan.json"])["entropy"]
        if any(source["kind"] == "demo" for source in sources):
            notes.append("DEMONSTRATION: one source of entropy is invented; this binds nobody.")
        history = json.loads(parts["history.json"])
        if history["void"]:
            notes.append(f"VOID: {history['void']['reason']}")
        blocking = json.loads(parts["assignment.json"])["blocking"]
        if blocking:
            notes.append(f"No teams could be formed; in the way: {', '.join(blocking)}.")
    except (ValueError, LookupError, TypeError):
        pass  # the checks name the part that cannot be read
    return tuple(notes)


def _told(parts: Mapping[str, bytes]) -> tuple[str | None, str | None]:
    try:
        plan, said = json.loads(parts["plan.json"]), json.loads(parts["commitment.json"])
        return str(plan["no"]), str(said["commitment"])
    except (ValueError, LookupError, TypeError):
        return None, None


def verify_embargoed(path: Path, disclosed: Path | None, noted: str) -> int:
    """Verify the form of a closed list; with its bundle, that both are the same draw."""
    try:
        form = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as problem:
        raise ValueError(f"this is not JSON: {problem}") from None
    checks = check_embargoed(form, noted)
    if disclosed is not None:
        report = verify(disclosed, commitment=noted)
        checks = (*checks, *report.checks)
        if report.agrees:
            parts = read_parts(disclosed)
            checks = (*checks, *check_disclosed(form, parts))
    print_checks(checks)
    agrees = all(check.agrees for check in checks)
    if agrees and disclosed is None:
        print("Not to be verified until the list is public:")
        for words in WAITS:
            print(f"  {words}")
    elif agrees:
        print("The bundle is the draw that the embargoed form stood for.")
    return AGREES if agrees else DIFFERS


def verify_inclusion(path: Path, noted: str) -> int:
    """Verify the proof of one enterprise, and print its chance."""
    try:
        proof = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as problem:
        raise ValueError(f"this is not JSON: {problem}") from None
    try:
        found = check_inclusion(proof, noted)
    except ValueError as problem:
        print(f"DIFFERS  inclusion        {problem}")
        return DIFFERS
    print(f"ok       inclusion        {found.code} was in the roster of plan {found.plan_no}")
    chance = "not computed for the method of this plan"
    if found.probability is not None:
        chance = f"{found.quota}/{found.size} = {float(found.probability):.6g}"
    print(
        f"stratum {found.stratum}: {found.size} enterprises, {found.quota} drawn, chance {chance}"
    )
    print(f"commitment {found.commitment}")
    print("The commitment is the one you noted." if noted else INCLUSION_HONESTY)
    return AGREES


def verify_other(method: OtherMethod, path: Path) -> int:
    """Recompute the published log of a draw by another method; a line for each pick."""
    try:
        found = check_log(method, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as problem:
        raise ValueError(f"this is not text: {problem}") from None
    for pick in found.picks:
        mark = "ok" if pick.agrees else "DIFFERS"
        words = f"published {pick.published}, recomputed {pick.recomputed}, {pick.detail}"
        print(f"{mark:8} {pick.number:5} {words}")
    for note in found.notes:
        print(note)
    print(f"{len(found.picks)} picks from {found.size} by {method.value}")
    if found.agrees:
        print(OTHER_HONESTY)
    return AGREES if found.agrees else DIFFERS


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    found = argparse.ArgumentParser(
        prog="zhiheng verify-draw",
        description="Recompute a draw from its proof bundle; no database, no network.",
        epilog="exit codes: 0 all parts agree, 1 a part differs, 2 not a bundle",
    )
    found.add_argument("file", type=Path, help="bundle zip, public JSON, or unpacked folder")
    found.add_argument(
        "--log",
        type=Path,
        metavar="ENTRIES",
        help="JSON of /api/v1/public/draws/log/entries: was anything left out of the bundle?",
    )
    found.add_argument(
        "--disclosed",
        type=Path,
        metavar="BUNDLE",
        help="with --embargoed: the full bundle, to see that it is the same draw",
    )
    kinds = found.add_mutually_exclusive_group()
    kinds.add_argument(
        "--inclusion", action="store_true", help="FILE proves that one enterprise was in a roster"
    )
    kinds.add_argument(
        "--embargoed", action="store_true", help="FILE is the form of a list that is still closed"
    )
    for method in OtherMethod:
        kinds.add_argument(
            f"--{method.value}",
            dest="other",
            action="store_const",
            const=method,
            help="FILE is the published log of such a draw, as JSON or plain lines",
        )
    found.add_argument(
        "--commitment", default="", metavar="HEX", help="the value you noted before the draw"
    )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify one file and print a line for each part.

    Returns
    -------
    int
        0 if all agrees, 1 if a part differs, 2 if there is nothing that could be verified.
    """
    options = parser().parse_args(arguments)
    try:
        if options.other is not None:
            return verify_other(options.other, options.file)
        if options.embargoed:
            return verify_embargoed(options.file, options.disclosed, options.commitment)
        if options.inclusion:
            return verify_inclusion(options.file, options.commitment)
        report = verify(options.file, commitment=options.commitment, log=options.log)
    except (OSError, ValueError) as problem:
        print(f"{options.file}: {problem}", file=sys.stderr)
        return UNREADABLE
    print_checks(report.checks)
    for note in report.notes:
        print(note)
    if report.agrees:
        print(f"plan {report.plan_no}, commitment {report.commitment}")
        print("The commitment is the one you noted." if options.commitment else HONESTY)
    return AGREES if report.agrees else DIFFERS
