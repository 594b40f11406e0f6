"""Becomes another program that dies with its starter, and need not be root.

Run by path as a script, on the standard library alone, and replaced by the program at once:

    python -I -S leash.py SIGNAL PARENT-PID IDENTITY NICENESS -- PROGRAM ARGS…

A process that is killed with ``kill -9`` cannot stop its children, so the kernel is asked to do it
(``PR_SET_PDEATHSIG``). The request is lost when a process changes its user, so it is made after
that change, and therefore in here rather than between fork and exec of the starter.

PostgreSQL refuses to run as root. Identities that let root start it all the same:

``self``
    Whoever we are.
``namespace``
    A user namespace in which root is called 65534. Files stay root's.
``nobody``
    User 65534 that keeps the single capability to pass directory permissions, for containers that
    forbid namespaces. Its files belong to nobody, yet may lie below a private folder such as /root.
"""

from __future__ import annotations

import ctypes
import os
import sys

NOBODY = 65534
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CLONE_NEWUSER = 0x10000000
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _checked(outcome: int, what: str) -> None:
    if outcome != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def enter_namespace(libc: ctypes.CDLL) -> None:
    """Rename ourselves to 65534 in a user namespace of our own."""
    user, group = os.geteuid(), os.getegid()
    _checked(libc.unshare(CLONE_NEWUSER), "unshare")
    _write("/proc/self/setgroups", "deny")  # the kernel demands it before a group map
    _write("/proc/self/uid_map", f"{NOBODY} {user} 1")
    _write("/proc/self/gid_map", f"{NOBODY} {group} 1")


def become_nobody(libc: ctypes.CDLL) -> None:
    """Give root up for user 65534, keeping only CAP_DAC_OVERRIDE where we have it."""
    _checked(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keepcaps")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    mask = 1 << CAP_DAC_OVERRIDE
    sets = (_CapabilitySets * 2)(_CapabilitySets(mask, mask, mask), _CapabilitySets(0, 0, 0))
    if libc.capset(ctypes.byref(header), sets) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
    # Where even that is not ours, nobody still works in folders that everybody may enter.


def die_with(libc: ctypes.CDLL, parent: int, number: int) -> None:
    """Ask for a signal on the parent's death; leave at once if that has already happened."""
    _checked(libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0), "pdeathsig")
    if os.getppid() != parent:
        raise SystemExit(1)


def main(arguments: list[str]) -> None:
    """Change identity, ask for the leash, become the program."""
    number, parent, identity, niceness, _, *program = arguments
    os.nice(int(niceness))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if identity == "namespace":
            enter_namespace(libc)
        elif identity == "nobody":
            become_nobody(libc)
        die_with(libc, int(parent), int(number))
    os.execvp(program[0], program)  # noqa: S606 - becoming the program is the point


if __name__ == "__main__":
    main(sys.argv[1:])
