"""The ASGI application in front of MiniStack's: quotas, call counting, observation pages, dropped polls.

AWS throttles each API: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html and
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html. MiniStack 1.5.33 throttles
nothing. It also does not notice that a client has gone, so that a task handed to a dropped long poll is
lost. Both are mended by wrapping its ASGI application; nothing private is touched here.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sluice_local.calls import ApiGate, api_name
from sluice_local.engine.context import Page

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGE_PREFIX = "/_sluice/"
_LONG_POLLS = {"States.GetActivityTask"}


class Gateway:
    """Admits, counts and forwards each request; answers the pages under `/_sluice/` itself."""

    def __init__(self, app: Application, *, gate: ApiGate, pages: Mapping[str, Page]) -> None:
        self._app = app
        self._gate = gate
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith("/_ministack/"):
            await self._app(scope, receive, send)
        elif path.startswith(PAGE_PREFIX):
            await self._send_page(path.removeprefix(PAGE_PREFIX), send)
        else:
            await self._serve_api(scope, receive, send)

    async def _serve_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = api_name(scope["method"], scope["path"], _headers(scope))
        if not self._gate.admit(api):
            await _send_throttled(api, send)
        elif api in _LONG_POLLS:
            await _until_disconnected(self._app, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _send_page(self, name: str, send: Send) -> None:
        page = self._pages.get(name)
        if page is None:
            await _send_json(send, 404, {"message": f"No page {name!r}; there are {sorted(self._pages)}."})
        else:
            await _send_json(send, 200, page())


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _send_throttled(api: str, send: Send) -> None:
    """Answer as the service itself does: REST JSON by header and status, JSON 1.0 by `__type`."""
    if api.startswith("Batch."):
        headers = [(b"x-amzn-errortype", b"TooManyRequestsException")]
        await _send_json(send, 429, {"message": "Too Many Requests"}, headers)
    else:
        await _send_json(send, 400, {"__type": "ThrottlingException", "message": "Rate exceeded"})


async def _send_json(
    send: Send, status: int, payload: object, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    body = json.dumps(payload).encode()
    fixed = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fixed + (headers or [])})
    await send({"type": "http.response.body", "body": body})


async def _until_disconnected(app: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Run `app` until it has answered or its client has gone, whichever comes first."""
    request = await _read_request(receive)
    answering = asyncio.ensure_future(app(scope, _replay(request), send))
    leaving = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        answering.cancel()
    await asyncio.wait({answering})
    if not answering.cancelled():
        answering.result()


async def _read_request(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _replay(messages: list[Message]) -> Receive:
    remaining = iter(messages)

    async def receive() -> Message:
        return next(remaining, {"type": "http.disconnect"})

    return receive


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
