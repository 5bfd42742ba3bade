"""A forwarder passes requests on under the server's own address, and ends with its block."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tools.sam.forwarder import Forwarder

if TYPE_CHECKING:
    from collections.abc import Iterator


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked, and keeps a connection open unless it is told to close it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a request that has a body."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = json.dumps({"headers": self.headers.items(), "body": body}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def connect(endpoint: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)


def asked(connection: http.client.HTTPConnection, body: str, **headers: str) -> dict[str, Any]:
    """What the server was asked when a client asked this."""
    connection.request("POST", "/", body, headers)
    found: dict[str, Any] = json.load(connection.getresponse())
    return found


def hosts(found: dict[str, Any]) -> list[str]:
    return [value for name, value in found["headers"] if name == "Host"]


def test_a_request_arrives_under_the_servers_own_address(port: int) -> None:
    with Forwarder("127.0.0.1", port) as forwarder:
        found = asked(connect(forwarder.endpoint), "a sample", Origin="http://evil.example")
    assert (hosts(found), found["body"]) == ([f"127.0.0.1:{port}"], "a sample")
    assert ["Origin", "http://evil.example"] in found["headers"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost:4566"])
def test_a_request_under_another_name_keeps_it(port: int, host: str) -> None:
    with Forwarder("127.0.0.1", port) as forwarder:
        assert hosts(asked(connect(forwarder.endpoint), "", Host=host)) == [host]


def test_every_request_of_a_client_arrives_so(port: int) -> None:
    with Forwarder("127.0.0.1", port) as forwarder:
        client = connect(forwarder.endpoint)
        assert [hosts(asked(client, body)) for body in "ab"] == [[f"127.0.0.1:{port}"]] * 2


def test_only_the_first_request_of_a_connection_is_answered(port: int) -> None:
    with Forwarder("127.0.0.1", port) as forwarder:
        address = urlsplit(forwarder.endpoint)
        request = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 0\r\n\r\n".encode()
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
            connection.sendall(2 * request)
            connection.shutdown(socket.SHUT_WR)
            answers = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("size", [0, 1, 1_000_000])
def test_a_body_of_any_size_arrives_whole(port: int, size: int) -> None:
    with Forwarder("127.0.0.1", port) as forwarder:
        assert asked(connect(forwarder.endpoint), "x" * size)["body"] == "x" * size


def test_what_is_no_request_is_the_servers_to_refuse(port: int) -> None:
    with Forwarder("127.0.0.1", port) as forwarder:
        address = urlsplit(forwarder.endpoint)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
            connection.sendall(b"no request\r\n")
            connection.shutdown(socket.SHUT_WR)
            assert b"400" in b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_connection_does_not_wait_for_one_that_is_silent(port: int) -> None:
    with Forwarder("127.0.0.1", port) as forwarder:
        silent = connect(forwarder.endpoint)
        silent.connect()
        assert asked(connect(forwarder.endpoint), "second")["body"] == "second"


def test_nothing_listens_after_the_block(port: int) -> None:
    with Forwarder("127.0.0.1", port) as forwarder:
        endpoint = forwarder.endpoint
    with pytest.raises(ConnectionRefusedError):
        connect(endpoint).connect()
