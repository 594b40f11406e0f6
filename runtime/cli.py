"""The ``zhiheng`` command. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.release import release

DESCRIPTION = """\
质衡 Zhiheng: product-quality supervision — verifiable random inspection, risk warning,
traceability, recalls.
"""

EPILOG = """\
environment:
  ZHIHENG_HOME   data folder (default ./var)
  DATABASE_URL   a PostgreSQL of your own, 15 or newer: postgresql+psycopg://user:password@host/name
  REDIS_URL      a Redis of your own: redis://host:6379/0
  ZHIHENG_HOST   where the web listens (default 127.0.0.1)
  ZHIHENG_PORT   its port (default 8808, or the next free one)

exit codes: 0 done, 1 failed or problems found, 2 refused, 3 already running
"""


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="zhiheng",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"zhiheng {release()}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    commands.add_parser("demo", help="start everything with an invented city to try things on")
    commands.add_parser("up", help="start everything for real data")
    commands.add_parser(
        "worker", help="start only the relay and the workers, against a database given or running"
    )
    migrate = commands.add_parser("migrate", help="bring the database to this release")
    migrate.add_argument("--down", metavar="REVISION", help="go back to a revision, or to 'base'")

    imports = commands.add_parser(
        "import",
        help="load a csv, xlsx or EPCIS file: all of it, or none and a list of problems",
    )
    imports.add_argument("kind", metavar="KIND", nargs="?", help="what the rows are")
    imports.add_argument("file", metavar="FILE", type=Path, nargs="?")
    imports.add_argument(
        "--mapping", metavar="M", help="a mapping file, or the name of one that comes with Zhiheng"
    )
    imports.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
    imports.add_argument(
        "--good-rows-only", action="store_true", help="store good rows although others have faults"
    )
    imports.add_argument("--list", action="store_true", help="show the kinds and the mappings")

    account = commands.add_parser("account", help="accounts of people and of machines")
    actions = account.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make an account; asks for the password")
    add.add_argument("login")
    add.add_argument("--role", required=True, help="such as administrator or lead_inspector")
    add.add_argument("--name", help="the name shown (default: the login)")
    add.add_argument("--enterprise", metavar="CODE", help="the enterprise it acts for")
    add.add_argument("--person", metavar="NUMBER", help="the inspector it belongs to")
    add.add_argument("--password-stdin", action="store_true", help="read the password from stdin")

    log_key = commands.add_parser("log-key", help="the key that signs the log of draws")
    log_key.add_argument("--rotate", metavar="REASON", help="sign with a new key from now on")

    trace = commands.add_parser("trace", help="the graph that large traces are answered from")
    ways = trace.add_subparsers(dest="action", metavar="ACTION", required=True)
    ways.add_parser("rebuild", help="work out the edges of all lots again, and mend what differs")
    ways.add_parser("snapshot", help="write a snapshot of the graph that is mapped into memory")

    commands.add_parser(
        "selfcheck", help="send a probe through database, relay, Redis and worker, and time it"
    )
    for name, words in (
        ("verify-draw", "recompute a draw bundle, offline"),
        ("verify-log", "check saved checkpoints and proofs of the log of draws, offline"),
        ("audit-draws", "frequencies of past or simulated draws against their stated chances"),
        ("validate", "recompute published reference values; one JSON line per file"),
    ):
        commands.add_parser(name, help=words, add_help=False)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # These have arguments of their own; only an audit of past draws needs the database.
        if given[:1] == ["verify-draw"]:
            from runtime.verify import main as verify_draw

            return verify_draw(given[1:])
        if given[:1] == ["verify-log"]:
            from runtime.verify_log import main as verify_log

            return verify_log(given[1:])
        if given[:1] == ["audit-draws"]:
            from runtime.audit_draws import main as audit_draws

            return audit_draws(given[1:])
        if given[:1] == ["validate"]:
            from runtime.validate import main as validate

            return validate(given[1:])
        return _run(parser().parse_args(given))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader had enough, as in ``zhiheng … | head``
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.command in ("up", "demo", "worker"):
        return _start(options.command)
    from runtime import commands

    return commands.run(options)


def _start(command: str) -> int:
    from core.config import settings
    from runtime.up import REFUSED, Wish, up
    from runtime.work import work

    if command == "worker":
        return work(settings())
    port = os.environ.get("ZHIHENG_PORT") or None
    if port is not None and not (port.isdecimal() and 0 < int(port) < 65536):
        print(f"ZHIHENG_PORT={port!r} is not a port; write a number.", file=sys.stderr)
        return REFUSED
    host = os.environ.get("ZHIHENG_HOST") or "127.0.0.1"
    return up(Wish(settings(), command == "demo", host, int(port) if port else None))


if __name__ == "__main__":
    raise SystemExit(main())
