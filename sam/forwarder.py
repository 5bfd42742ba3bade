"""Lets containers reach a server that listens on 127.0.0.1 only.

A container's way to its host is the host's address on the container network, where Local AWS, for safety,
does not listen. While a forwarder is open that one address does, and passes every connection on.
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65536
_BACKLOG = 128


class Forwarder:
    """Passes TCP connections to a free port of `host` on to a port of 127.0.0.1, inside a `with` block."""

    def __init__(self, host: str, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server((host, 0), backlog=_BACKLOG)
        self._open: set[socket.socket] = set()

    @property
    def endpoint(self) -> str:
        """The URL under which the server can be reached."""
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in [self._listener, *self._open]:
            # it wakes the thread that waits for the socket, which closing alone does not
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            self._open |= {client, server}
            answers = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            answers.start()
            _pass_on(client, server)
            answers.join()
            self._open -= {client, server}


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Copy until the source ends, and tell the target so."""
    with contextlib.suppress(OSError):  # the other side went away
        while chunk := source.recv(_CHUNK_BYTES):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
