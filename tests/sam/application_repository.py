"""Stands in for the Serverless Application Repository's API, so that the genuine `sam publish` can be run.

https://docs.aws.amazon.com/serverlessrepo/latest/devguide/applications.html; it knows the two calls that the
first publication and its repetition make, and remembers what it was sent.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

APPLICATION = "arn:aws:serverlessrepo:us-east-1:000000000000:applications/"


class ApplicationRepository:
    """Serves on a free port of 127.0.0.1 inside a `with` block."""

    def __init__(self) -> None:
        self.applications: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, set[str]] = {}
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                _answer(self, *repository.create(_body(self)))

            def do_GET(self) -> None:
                _answer(self, *repository.read(self.path))

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def create(self, request: dict[str, Any]) -> tuple[int, dict[str, str]]:
        """CreateApplication: a name that is known already is a conflict."""
        arn = APPLICATION + request["name"]
        if arn in self.applications:
            return 409, _error("ConflictException", f"Application with id {arn} already exists")
        self.applications[arn] = request
        self.versions[arn] = {request["semanticVersion"]}
        return 201, {"applicationId": arn}

    def read(self, path: str) -> tuple[int, dict[str, str]]:
        """GetApplication with a version, by which `sam publish` finds out whether it was published."""
        asked = urlsplit(path)
        arn = unquote(asked.path).removeprefix("/applications/")
        if parse_qs(asked.query)["semanticVersion"][0] in self.versions.get(arn, set()):
            return 200, {"applicationId": arn}
        return 404, _error("NotFoundException", f"{arn} has no such version")


def _error(code: str, message: str) -> dict[str, str]:
    return {"errorCode": code, "__type": code, "message": message}


def _body(handler: BaseHTTPRequestHandler) -> Any:
    return json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))


def _answer(handler: BaseHTTPRequestHandler, status: int, payload: dict[str, str]) -> None:
    body = json.dumps(payload).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
