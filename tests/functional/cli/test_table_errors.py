"""What goes wrong with a table is said by the command line as any other call's trouble is."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from sluice_cli.aws.api import BotocoreApi
from sluice_cli.aws.ports import Target
from sluice_cli.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READS: dict[str, tuple[str, Callable[[BotocoreApi], object]]] = {
    "a cohort": ("GetItem", lambda api: api.cohorts("cohorts").cohort("run-42")),
    "samples, page by page": ("Query", lambda api: list(api.cohorts("cohorts").samples("run-42"))),
    "cohorts, page by page": ("Scan", lambda api: list(api.cohorts("cohorts").all_cohorts())),
    "tasks": ("Query", lambda api: api.tasks("tasks").history(["arn"])),
}


class Refusals(ThreadingHTTPServer):
    """A DynamoDB that refuses every call with one error."""

    code = ""


class Refuse(BaseHTTPRequestHandler):
    """Refuses a call.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    """

    server: Refusals

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"__type": f"com.amazon.coral.service#{self.server.code}", "message": "not you"})
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Refusals]:
    with Refusals(("127.0.0.1", 0), Refuse) as refusals:
        thread = threading.Thread(target=refusals.serve_forever)
        thread.start()
        yield refusals
        refusals.shutdown()
        thread.join()


@pytest.fixture
def api(server: Refusals, monkeypatch: pytest.MonkeyPatch) -> BotocoreApi:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    return BotocoreApi(Target("sluice", region="us-east-1"))


@pytest.mark.parametrize("read", READS)
def test_what_may_not_be_read_is_named_and_known_as_denied(
    server: Refusals, api: BotocoreApi, read: str
) -> None:
    server.code = "AccessDeniedException"
    operation, call = READS[read]
    with pytest.raises(AwsError) as caught:
        call(api)
    assert caught.value.is_denied
    assert str(caught.value) == (
        f"AWS refused a call. An error occurred (AccessDeniedException) when calling the {operation} "
        "operation: not you"
    )


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ExpiredTokenException", "Your credentials have expired: sign in again"),
        ("UnrecognizedClientException", "AWS does not know your credentials: check --profile"),
    ],
)
def test_credentials_that_do_not_work_have_their_way_out(
    server: Refusals, api: BotocoreApi, code: str, says: str
) -> None:
    server.code = code
    with pytest.raises(AwsError) as caught:
        api.cohorts("cohorts").cancel("run-42")
    assert str(caught.value).startswith(says)


def test_a_table_that_nobody_serves_gives_no_answer(
    server: Refusals, api: BotocoreApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.shutdown()
    server.server_close()
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(AwsError) as caught:
        api.tasks("tasks").history(["arn"])
    assert (caught.value.code, str(caught.value).startswith("AWS gave no answer (")) == ("", True)
    assert "AWS_ENDPOINT_URL" in str(caught.value)
