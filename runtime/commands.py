"""The commands that work on the database: migrate, account, import."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from core import outbox
from core.actors import SYSTEM
from core.errors import Refusal
from core.unit_of_work import read_only, unit_of_work
from migrations.schema import downgrade
from registry import queries, service
from runtime.binaries import ServersUnavailable
from runtime.connect import connected
from runtime.locks import AlreadyRunning
from runtime.prepare import PRODUCTION, alone, furnish
from runtime.quiet import logged_to_file
from sampling.queries import log as log_queries
from sampling.service import log
from worker.probe import ProbeSent

FAILED = 1
REFUSED = 2
ALREADY_RUNNING = 3

SELFCHECK_PATIENCE_S = 30.0


def run(options: argparse.Namespace) -> int:
    """Run one command; refusals become words and an exit code."""
    command = COMMANDS[options.command]
    try:
        if options.command == "import" and (options.list or options.file is None):
            from runtime.import_files import list_kinds

            return list_kinds()
        with connected() as found, logged_to_file(found.home, options.command):
            return command(options)
    except AlreadyRunning as problem:
        print(problem, file=sys.stderr)
        return ALREADY_RUNNING
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        for field in refusal.fields:
            print(f"  {field.field}: {field}", file=sys.stderr)
        return REFUSED
    except DBAPIError as problem:
        print(f"The database did not answer; nothing was stored. {problem.orig}", file=sys.stderr)
        return FAILED
    except (ServersUnavailable, OSError) as problem:
        print(problem, file=sys.stderr)
        return FAILED


def migrate(options: argparse.Namespace) -> int:
    """Bring the database to this release, or back to an earlier revision."""
    if options.down:
        downgrade(options.down)
        print(f"the database is at {options.down}")
        return 0
    with alone():
        born = furnish(PRODUCTION)
    print(f"the database is up to date ({born})")
    return 0


def account(options: argparse.Namespace) -> int:
    """Make an account."""
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            print("The two passwords differ.", file=sys.stderr)
            return REFUSED
    with alone():
        furnish(PRODUCTION)
    with unit_of_work() as session:
        enterprise_id = person_id = None
        if options.enterprise:
            enterprise_id = queries.enterprise_by_code(session, options.enterprise).id
        if options.person:
            numbers = {each.number: each.person_id for each in queries.inspectors(session)}
            if options.person not in numbers:
                print(f"There is no inspector with number {options.person}.", file=sys.stderr)
                return REFUSED
            person_id = numbers[options.person]
        service.add_account(
            session,
            SYSTEM,
            login=options.login,
            display_name=options.name or options.login,
            password=password,
            role=options.role,
            enterprise_id=enterprise_id,
            person_id=person_id,
        )
    print(f"account {options.login} added ({options.role})")
    return 0


def load(options: argparse.Namespace) -> int:
    """Import a file."""
    from runtime import import_events
    from runtime.import_files import load_file  # every domain's parsers; other commands need none

    with alone():
        furnish(PRODUCTION)
    if options.kind == import_events.KIND:
        return import_events.load_events(
            options.file, dry_run=options.dry_run, good_events_only=options.good_rows_only
        )
    return load_file(
        options.kind,
        options.file,
        mapping=options.mapping,
        dry_run=options.dry_run,
        good_rows_only=options.good_rows_only,
    )


def selfcheck(options: argparse.Namespace) -> int:
    """Send a probe, and wait until its job has left its mark."""
    began_at_s = time.monotonic()
    with unit_of_work() as session:
        message_id = outbox.add(session, ProbeSent(f"selfcheck-{secrets.token_hex(4)}"))
    state = "waiting"
    while time.monotonic() - began_at_s < SELFCHECK_PATIENCE_S:
        with read_only() as session:
            runs = outbox.runs_of(session, message_id=message_id)
        state = runs[0].state if runs else "waiting"
        if state in outbox.FINISHED:
            break
        time.sleep(0.05)
    took_s = time.monotonic() - began_at_s
    if state == outbox.RunState.DONE:
        print(f"answered in {took_s:.1f} s: database, relay, Redis and worker are at work")
        return 0
    advice = {
        "waiting": "the relay did not take it; is 'zhiheng up' or 'zhiheng worker' running?",
        "sent": "it lies in the queue; no worker took it",
        "running": "a worker took it and did not end",
    }
    print(f"no answer in {took_s:.0f} s: {advice.get(state, state)}", file=sys.stderr)
    return FAILED


def log_key(options: argparse.Namespace) -> int:
    """Show the public keys of the log of draws, or change the key."""
    if options.rotate is not None:
        with unit_of_work() as session:
            log.rotate_key(session, reason=options.rotate)
            log.sign_log(session)
    with read_only() as session:
        for key in log_queries.log_keys(session):
            words = "signs" if key.is_current else "signed earlier"
            print(f"{key.key}  {words}, since {key.created_at.isoformat(timespec='seconds')}")
    return 0


def trace(options: argparse.Namespace) -> int:
    """Work out the edges of all lots again, or write a snapshot of them."""
    from runtime.bar import ProgressBar
    from traceability.service import graphing, snapshots  # numpy: other commands need none

    with unit_of_work() as session, ProgressBar() as bar:
        if options.action == "rebuild":
            done = graphing.rebuild(session, progress=bar)
            words = f"{done.added} edges added, {done.closed} closed; the rest was right"
        else:
            view = snapshots.build(session, progress=bar)
            words = f"snapshot {view.directory}: {view.edge_count} edges"
    print(words)
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "migrate": migrate,
    "account": account,
    "import": load,
    "selfcheck": selfcheck,
    "log-key": log_key,
    "trace": trace,
}
