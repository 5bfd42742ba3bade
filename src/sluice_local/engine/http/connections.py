"""Resets the connection of the request that is being served, as a broken network does.

An ASGI application cannot: whatever it does, hypercorn sends an answer, if only a 500. Here hypercorn's
server of one connection notes the connection's writer in the context of what it runs.
"""

import contextvars
import socket
import struct
from asyncio import StreamWriter

from hypercorn.asyncio import run as hypercorn_run
from hypercorn.asyncio.tcp_server import TCPServer

_NAME = "TCPServer"
_RESET = struct.pack("ii", 1, 0)  # linger for 0 s: what is unsent is thrown away, and the peer gets a reset

_writer: contextvars.ContextVar[StreamWriter] = contextvars.ContextVar("connection_writer")


class _NotedConnection(TCPServer):
    async def run(self) -> None:
        _writer.set(self.writer)
        await super().run()


def install() -> None:
    """Have every connection noted.

    Raises:
        LookupError: if hypercorn has no such server any more.
    """
    names = vars(hypercorn_run)
    if _NAME not in names:
        raise LookupError(f"hypercorn.asyncio.run is expected to have {_NAME}, and has not.")
    names[_NAME] = _NotedConnection


def reset_connection() -> None:
    """End the connection of the present request; its client reads a reset and no answer."""
    transport = _writer.get().transport
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
