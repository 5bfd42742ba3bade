"""What stands before everything that Local AWS serves.

AWS: asks every caller for a signature. MiniStack 1.5.33: asks nobody, answers whatever name it is called by,
lets the pages of every site read its answers (`Access-Control-Allow-Origin: *`), and resets all on a POST to
its own page.

Fixed by refusing what is not trusted before MiniStack sees it, and by taking the headers that let other
sites read out of every answer.
"""

from typing import Final

from sluice_local.engine.http.asgi import Application, Headers, Message, Receive, Scope, Send
from sluice_local.engine.http.pages import PAGE_PREFIX
from sluice_local.engine.http.refusals import Refusal, send_refusal
from sluice_local.trust import Request, Trust

_NAME: Final = "AccessDenied"
_SHARING: Final = b"access-control-"
# What somebody stored, as HTML in a bucket, would else be a page of this server's own, which is trusted.
# https://developer.mozilla.org/en-US/docs/Web/HTTP/Headers/Content-Security-Policy/sandbox
_STRANGE: Final = (b"content-security-policy", b"sandbox allow-scripts")


class Guard:
    """Refuses what is not trusted; lets an application answer the rest."""

    def __init__(self, app: Application, trust: Trust) -> None:
        self._app = app
        self._trust = trust

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] not in {"http", "websocket"}:  # what is left is the server's own start and end
            await self._app(scope, receive, send)
            return
        complaint = self._trust.complaint(_request(scope))
        if complaint is None:
            await self._app(scope, receive, _closed(send, scope["path"]))
        elif scope["type"] == "http":
            await send_refusal(send, _refusal(complaint))
        else:
            await send(
                {"type": "websocket.close"}
            )  # before it is accepted, which the server answers with 403


def _request(scope: Scope) -> Request:
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    return Request(scope.get("method", "GET"), scope["path"], headers)


def _refusal(complaint: str) -> Refusal:
    # JSON services name an error in `__type`, REST ones in a header
    payload = {"__type": _NAME, "message": complaint}
    return Refusal(403, payload, [(b"x-amzn-errortype", _NAME.encode())])


def _closed(send: Send, path: str) -> Send:
    """Wrap `send` so that no other site may read the answer, and nothing stored acts as our own page."""
    added: Headers = () if path.startswith(PAGE_PREFIX) else (_STRANGE,)

    async def closed(message: Message) -> None:
        if "headers" in message:
            kept = [each for each in message["headers"] if not bytes(each[0]).lower().startswith(_SHARING)]
            message = {**message, "headers": [*kept, *added]}
        await send(message)

    return closed
