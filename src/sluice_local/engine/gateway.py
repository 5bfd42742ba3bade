"""The ASGI application in front of MiniStack's: quotas, call counting, pages, faults, dropped polls.

AWS throttles each API: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html and
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html. MiniStack 1.5.33 throttles
nothing. It also does not notice that a client has gone, so that a task handed to a dropped long poll is
lost. Both are fixed by wrapping its ASGI application; nothing private is touched here.
"""

import asyncio

from sluice_local.calls import ApiGate, api_name
from sluice_local.engine.faults.calls import Call, FaultyCalls
from sluice_local.engine.http.asgi import Application, Receive, Scope, Send, headers_of, read_request, replay
from sluice_local.engine.http.pages import PAGE_PREFIX, Pages
from sluice_local.engine.http.refusals import send_refusal, throttling
from sluice_local.faults.in_force import FaultsInForce

_LONG_POLLS = {"States.GetActivityTask"}


class Gateway:
    """Admits, counts and forwards each request; has the pages under `/_sluice/` answered."""

    def __init__(self, app: Application, *, gate: ApiGate, pages: Pages, faults: FaultsInForce) -> None:
        self._app = app
        self._gate = gate
        self._pages = pages
        self._faults = faults
        self._faulty = FaultyCalls(faults, gate, self._serve_api)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith("/_ministack/"):
            await self._app(scope, receive, send)
        elif path.startswith(PAGE_PREFIX):
            await self._pages.serve(scope, receive, send)
        else:
            headers = headers_of(scope)
            api = api_name(scope["method"], scope["path"], headers)
            serve = self._faulty.serve if self._faults.active else self._serve_api
            await serve(Call(api, headers, scope, receive, send))

    async def _serve_api(self, call: Call) -> None:
        if not self._gate.admit(call.api):
            await send_refusal(call.send, throttling(call.api))
        elif call.api in _LONG_POLLS:
            await _until_disconnected(self._app, call)
        else:
            await self._app(call.scope, call.receive, call.send)


async def _until_disconnected(app: Application, call: Call) -> None:
    """Run `app` until it has answered or its client has gone, whichever comes first."""
    request = await read_request(call.receive)
    answering = asyncio.ensure_future(app(call.scope, replay(request), call.send))
    leaving = asyncio.ensure_future(_disconnected(call.receive))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        answering.cancel()
    await asyncio.wait({answering})
    if not answering.cancelled():
        answering.result()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
