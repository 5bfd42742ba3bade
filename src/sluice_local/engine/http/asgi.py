"""The words of ASGI that the server's layers share, https://asgi.readthedocs.io/en/latest/specs/www.html."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]


def headers_of(scope: Scope) -> dict[str, str]:
    """Return a request's headers, names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def send_json(send: Send, status: int, payload: object, headers: Headers = ()) -> None:
    """Answer with JSON."""
    await _send(
        send, status, json.dumps(payload).encode(), [(b"content-type", b"application/json"), *headers]
    )


async def send_html(send: Send, page: str) -> None:
    """Answer with a page for people."""
    await _send(send, 200, page.encode(), [(b"content-type", b"text/html; charset=utf-8")])


async def _send(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def read_request(receive: Receive) -> list[Message]:
    """Receive all messages of a request."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def replay(messages: list[Message]) -> Receive:
    """Return what receives `messages` again."""
    remaining = iter(messages)

    async def receive() -> Message:
        return next(remaining, {"type": "http.disconnect"})

    return receive
