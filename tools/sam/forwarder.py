"""Lets containers reach a server that listens on 127.0.0.1 only.

A container's way to its host is the host's address on the container network, where Local AWS, for safety,
does not listen. While a forwarder is open that one address does, and passes every connection on.

Local AWS answers to its own address only (docs/local-aws.md). So the forwarder puts that in the place of its
own, and of no other: a web page that came by another name, or that says where it comes from, is refused by
Local AWS as ever.
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65536
_HEAD_BYTES_MAX = 65536
_END_OF_HEAD = b"\r\n\r\n"
_BACKLOG = 128


class Forwarder:
    """Passes HTTP requests to a free port of `host` on to a port of 127.0.0.1, inside a `with` block.

    A connection carries one request, as `Connection: close` tells the server; the client opens another one.

    Attributes:
        endpoint: the URL under which the server can be reached.
    """

    def __init__(self, host: str, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server((host, 0), backlog=_BACKLOG)
        self.endpoint = f"http://{host}:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()

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
            with contextlib.suppress(OSError):
                server.sendall(self._addressed(_read_head(client)))
            answers = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            answers.start()
            _pass_on(client, server)
            answers.join()
            self._open -= {client, server}

    def _addressed(self, request: bytes) -> bytes:
        """Put the server's address in the place of this one's, and have it close after its answer."""
        head, end, body = request.partition(_END_OF_HEAD)
        if not end:
            return request  # no request, or one of which the server will say that it is too long
        first, *lines = head.split(b"\r\n")
        headers = [self._readdressed(line) for line in lines if _name(line) != b"connection"]
        return b"\r\n".join([first, *headers, b"Connection: close"]) + end + body

    def _readdressed(self, line: bytes) -> bytes:
        own = self.endpoint.removeprefix("http://").encode()
        is_own = _name(line) == b"host" and line.partition(b":")[2].strip() == own
        return b"Host: %b:%d" % (self._target[0].encode(), self._target[1]) if is_own else line


def _read_head(client: socket.socket) -> bytes:
    """Read until a request's headers are there, and what of its body comes along."""
    read = b""
    while _END_OF_HEAD not in read and len(read) < _HEAD_BYTES_MAX:
        chunk = client.recv(_CHUNK_BYTES)
        if not chunk:
            break
        read += chunk
    return read


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Copy until the source ends, and tell the target so."""
    with contextlib.suppress(OSError):  # the other side went away
        while chunk := source.recv(_CHUNK_BYTES):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
