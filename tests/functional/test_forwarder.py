"""A forwarder passes connections on as they are, and ends with its block."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from sam.forwarder import Forwarder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shouting_port() -> Iterator[int]:
    """A server that answers with what it was sent, in capitals, once the sender has finished."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=shout, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def shout(listener: socket.socket) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=shout_at, args=(client,), daemon=True).start()


def shout_at(client: socket.socket) -> None:
    with client:
        heard = b"".join(iter(lambda: client.recv(65536), b""))
        client.sendall(heard.upper())


def connect(endpoint: str) -> socket.socket:
    address = urlsplit(endpoint)
    assert address.hostname is not None
    assert address.port is not None
    return socket.create_connection((address.hostname, address.port), timeout=10)


def ask(endpoint: str, question: bytes) -> bytes:
    with connect(endpoint) as connection:
        connection.sendall(question)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_what_is_sent_comes_back_answered(shouting_port: int) -> None:
    with Forwarder("127.0.0.1", shouting_port) as forwarder:
        assert ask(forwarder.endpoint, b"a sample") == b"A SAMPLE"
        assert ask(forwarder.endpoint, b"x" * 1_000_000) == b"X" * 1_000_000


def test_a_connection_does_not_wait_for_one_that_is_silent(shouting_port: int) -> None:
    with Forwarder("127.0.0.1", shouting_port) as forwarder, connect(forwarder.endpoint):
        assert ask(forwarder.endpoint, b"second") == b"SECOND"


def test_nothing_listens_after_the_block(shouting_port: int) -> None:
    with Forwarder("127.0.0.1", shouting_port) as forwarder:
        endpoint = forwarder.endpoint
    with pytest.raises(ConnectionRefusedError):
        ask(endpoint, b"too late")
