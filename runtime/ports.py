"""The socket the web listens on."""

from __future__ import annotations

import errno
import socket

PREFERRED = 8808
TRIED = 50


class PortTaken(RuntimeError):
    """The port that was asked for belongs to another program."""


def listen(host: str, wanted: int | None) -> socket.socket:
    """A listening socket: on the wanted port, else on the first free one from 8808.

    It is bound here and handed to the web, so that nobody can take the port in between, neither
    now nor while the web is restarted.

    Raises
    ------
    PortTaken
        The wanted port, or every port tried, is in use.
    """
    candidates = [wanted] if wanted is not None else range(PREFERRED, PREFERRED + TRIED)
    for port in candidates:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            raise
        return listener
    if wanted is not None:
        raise PortTaken(f"Port {wanted} on {host} is taken; choose another with ZHIHENG_PORT.")
    raise PortTaken(f"All ports from {PREFERRED} to {PREFERRED + TRIED - 1} on {host} are taken.")
