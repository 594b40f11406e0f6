"""A line between a browser and the server that a test can cut.

A browser's own "offline" is asked too late for requests that are on their way through a service
worker; a cut wire is not.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

CHUNK = 65_536


class Line:
    """Passes bytes on, both ways, until it is cut; then every connection ends at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._answer, daemon=True).start()

    @property
    def address(self) -> str:
        """Where the browser goes."""
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def cut(self) -> None:
        """End what is on its way, and whatever comes."""
        with self._lock:
            self._is_cut = True
            for each in self._open:
                _end(each)
            self._open.clear()

    def mend(self) -> None:
        """Let through again."""
        with self._lock:
            self._is_cut = False

    def close(self) -> None:
        """Take the line away."""
        self.cut()
        self._door.close()

    def _answer(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:  # taken away
                return
            with self._lock:
                if self._is_cut:
                    _end(near)
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):  # cut, or hung up at the other end
            while data := one.recv(CHUNK):
                other.sendall(data)
        with self._lock:
            for each in (one, other):
                _end(each)
                self._open.discard(each)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
