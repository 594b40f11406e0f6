"""The folder of the private servers' sockets: short, ours alone, and found again."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

# sockaddr_un holds 108 bytes; servers truncate silently or refuse beyond it.
LONGEST_SOCKET_PATH = 100


class UnsafeSocketFolder(RuntimeError):
    """Somebody else prepared the folder our servers would listen in."""


def _place(home: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    name = f"zhiheng-{os.geteuid()}-{digest}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) + len("/.s.PGSQL.5432.lock") > LONGEST_SOCKET_PATH:
        folder = Path("/tmp") / name  # noqa: S108 - owner, mode and kind are checked below
    return folder


def remove_socket_folder(home: Path) -> None:
    """Leave nothing in the temporary directory once the servers have gone."""
    with suppress(OSError):  # not there, or a server was killed and left its socket
        _place(home).rmdir()


def socket_folder(home: Path) -> Path:
    """Make, or find again, the socket folder of a data folder.

    The data folder itself may lie too deep for a socket's address. Access to the servers is access
    to this folder, so it must be a real directory of ours with mode 0700.

    Raises
    ------
    UnsafeSocketFolder
        The name is taken by a link, another user, or a folder others may enter.
    """
    folder = _place(home)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise UnsafeSocketFolder(f"{folder} is not a folder of ours; remove it and start again.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise UnsafeSocketFolder(f"Others may enter {folder}; remove it and start again.")
    return folder
