"""Local AWS runs commands, so it answers programs on this machine and its own page, and no other web page."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ResponseReceived

from tests.support.building import ROLE_ARN, Functions, zipped

if TYPE_CHECKING:
    from pathlib import Path

    from sluice_local.server import LocalAws

Headers = list[tuple[str, str]]
Answer = tuple[int, http.client.HTTPMessage, bytes]

EVIL = "http://evil.example"
HERE = ("Host", "127.0.0.1:{port}")
OWN = ("Origin", "http://127.0.0.1:{port}")
FOREIGN = ("Origin", EVIL)
PROGRAM = "import pathlib\n\ndef handler(event, context):\n    pathlib.Path(event).touch()\n"

REFUSED: list[tuple[str, str, str, Headers]] = [
    # what a page of another site sends by itself
    ("another site's page", "POST", "/", [HERE, FOREIGN]),
    ("its page elsewhere on this machine", "POST", "/", [HERE, ("Origin", "http://127.0.0.1:1")]),
    ("its page under https", "POST", "/", [HERE, ("Origin", "https://127.0.0.1:{port}")]),
    ("a page without an origin", "POST", "/", [HERE, ("Origin", "null")]),
    ("an empty origin", "POST", "/", [HERE, ("Origin", "")]),
    (
        "its own origin and more",
        "POST",
        "/",
        [HERE, ("Origin", "http://127.0.0.1:{port}.example")],
    ),
    (
        "an own and a foreign origin",
        "POST",
        "/",
        [HERE, OWN, FOREIGN],
    ),
    ("an image of another site", "GET", "/", [HERE, ("Sec-Fetch-Site", "cross-site")]),
    ("a page of another port", "GET", "/", [HERE, ("Sec-Fetch-Site", "same-site")]),
    ("an unknown site", "GET", "/", [HERE, ("Sec-Fetch-Site", "elsewhere")]),
    ("two sites", "GET", "/", [HERE, ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site")]),
    (
        "a preflight",
        "OPTIONS",
        "/",
        [HERE, FOREIGN, ("Access-Control-Request-Method", "PUT")],
    ),
    ("an OPTIONS without an origin", "OPTIONS", "/bucket/key", [HERE]),
    ("an OPTIONS of an API", "OPTIONS", "/_aws/execute-api/abcdef01/prod/", [HERE]),
    # names that lead here, of which a browser takes every one for its own site
    ("another name (DNS rebinding)", "GET", "/", [("Host", "evil.example:{port}")]),
    ("a name that begins like ours", "GET", "/", [("Host", "127.0.0.1.evil.example:{port}")]),
    ("a name below localhost", "GET", "/", [("Host", "bucket.localhost:{port}")]),
    ("a bucket's name", "GET", "/", [("Host", "bucket.s3.localhost:{port}")]),
    ("an API's name", "GET", "/", [("Host", "abcdef01.execute-api.127.0.0.1:{port}")]),
    ("every address", "GET", "/", [("Host", "0.0.0.0:{port}")]),
    ("another address of this machine", "GET", "/", [("Host", "127.0.0.2:{port}")]),
    ("another port", "GET", "/", [("Host", "127.0.0.1:1")]),
    ("no port", "GET", "/", [("Host", "127.0.0.1")]),
    ("a dot at the end", "GET", "/", [("Host", "localhost.:{port}")]),
    ("a user", "GET", "/", [("Host", "evil.example@127.0.0.1:{port}")]),
    ("an empty host", "GET", "/", [("Host", "")]),
    ("no host", "GET", "/", []),
    ("two hosts", "GET", "/", [HERE, ("Host", "evil.example")]),
    ("a whole address for a path", "GET", "http://evil.example/", [HERE]),
    # the engine's own administration
    ("the engine's reset", "POST", "/_ministack/reset", [HERE]),
    ("the engine's reset, written otherwise", "POST", "/%5Fministack/reset", [HERE]),
    ("the engine's settings", "POST", "/_ministack/config", [HERE]),
    ("the engine's state", "GET", "/_ministack/health", [HERE]),
    ("the engine's readiness", "GET", "/_ministack/ready", [HERE]),
    ("the engine's sent mail", "GET", "/_ministack/ses/messages", [HERE]),
    ("the engine's queues", "GET", "/_ministack/sqs/messages", [HERE]),
    ("the engine's logins", "POST", "/_ministack/rds/iam-auth", [HERE]),
    ("the engine's code, to be changed", "POST", "/_ministack/lambda-code/x", [HERE]),
    ("the engine's other name", "GET", "/_localstack/health", [HERE]),
    ("the engine's short name", "GET", "/health", [HERE]),
    # our own pages
    ("faults by another site", "PUT", "/_sluice/faults", [HERE, FOREIGN]),
    ("healing by another site", "DELETE", "/_sluice/faults", [HERE, FOREIGN]),
    ("the live page in a frame", "GET", "/_sluice/", [HERE, ("Sec-Fetch-Site", "cross-site")]),
    ("the figures by another name", "GET", "/_sluice/live", [("Host", "evil.example:{port}")]),
]

ALLOWED: list[tuple[str, str, str, Headers]] = [
    ("a program", "GET", "/", [HERE]),
    ("a program by name", "GET", "/", [("Host", "localhost:{port}")]),
    ("a program by name in capitals", "GET", "/", [("Host", "LocalHost:{port}")]),
    ("a program by its IPv6 address", "GET", "/", [("Host", "[::1]:{port}")]),
    ("a person who types the address", "GET", "/_sluice/", [HERE, ("Sec-Fetch-Site", "none")]),
    (
        "the live page's own requests",
        "GET",
        "/_sluice/live",
        [HERE, ("Sec-Fetch-Site", "same-origin")],
    ),
    (
        "the live page under another name",
        "GET",
        "/_sluice/live",
        [("Host", "localhost:{port}"), ("Origin", "http://localhost:{port}")],
    ),
    ("an own origin", "DELETE", "/_sluice/faults", [HERE, OWN]),
    ("an own origin by IPv6", "GET", "/", [("Host", "[::1]:{port}"), ("Origin", "http://[::1]:{port}")]),
    ("a custom resource's answer", "PUT", "/_ministack/cfn-response/unknown", [HERE]),
]


def named(table: list[tuple[str, str, str, Headers]]) -> list[Any]:
    return [pytest.param(*request, id=name) for name, *request in table]


def port_of(aws: LocalAws) -> int:
    port = urlsplit(aws.endpoint).port
    assert port is not None
    return port


def ask(aws: LocalAws, method: str, path: str, headers: Headers, body: bytes = b"") -> Answer:
    """Send a request with exactly these headers (and a length)."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(aws), timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value.replace("{port}", str(port_of(aws))))
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, answer.headers, read


def cors(headers: http.client.HTTPMessage) -> list[str]:
    return [name for name in headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(("method", "path", "headers"), named(REFUSED))
def test_what_is_refused(local_aws: LocalAws, method: str, path: str, headers: Headers) -> None:
    status, answered, body = ask(local_aws, method, path, headers)
    # a request that is no HTTP, as one of two hosts, is the HTTP server's to refuse
    assert status in ({400} if not_http(headers) else {403})
    assert cors(answered) == []
    if status == 403:
        assert "Local AWS" in json.loads(body)["message"]


def not_http(headers: Headers) -> bool:
    return [name for name, _ in headers].count("Host") != 1


@pytest.mark.parametrize(("method", "path", "headers"), named(ALLOWED))
def test_what_is_allowed(local_aws: LocalAws, method: str, path: str, headers: Headers) -> None:
    status, answered, _ = ask(local_aws, method, path, headers)
    assert status == 200
    assert cors(answered) == []


def creation(name: str, source: str = PROGRAM) -> bytes:
    """The body of CreateFunction, as any program or page can write it."""
    code = {"ZipFile": base64.b64encode(zipped(app=source)).decode()}
    named = {"FunctionName": name, "Handler": "app.handler", "Runtime": "python3.13", "Role": ROLE_ARN}
    return json.dumps({**named, "Code": code}).encode()


def function_names(aws: LocalAws) -> set[str]:
    return {each["FunctionName"] for each in aws.client("lambda").list_functions()["Functions"]}


def test_a_web_page_cannot_run_code(local_aws: LocalAws, unique: str, tmp_path: Path) -> None:
    # WHEN a page of another site posts what needs no preflight: a function, and its invocation
    simple = [HERE, FOREIGN, ("Content-Type", "text/plain")]
    created = ask(local_aws, "POST", "/2015-03-31/functions", simple, creation(unique))
    event = json.dumps(str(tmp_path / "ran")).encode()
    invoked = ask(local_aws, "POST", f"/2015-03-31/functions/{unique}/invocations", simple, event)
    # THEN neither is done
    assert (created[0], invoked[0]) == (403, 403)
    assert unique not in function_names(local_aws)
    assert not (tmp_path / "ran").exists()


def test_the_same_is_done_for_a_program(local_aws: LocalAws, unique: str, tmp_path: Path) -> None:
    plain = [HERE, ("Content-Type", "text/plain")]
    assert ask(local_aws, "POST", "/2015-03-31/functions", plain, creation(unique))[0] == 201
    event = json.dumps(str(tmp_path / "ran")).encode()
    assert ask(local_aws, "POST", f"/2015-03-31/functions/{unique}/invocations", plain, event)[0] == 200
    assert (tmp_path / "ran").exists()


def test_a_request_that_names_no_host_is_refused(local_aws: LocalAws) -> None:
    with socket.create_connection(("127.0.0.1", port_of(local_aws)), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1:{port}", 200), ("evil.example:{port}", 403)])
def test_http2_is_no_way_round(local_aws: LocalAws, host: str, status: int) -> None:
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    authority = host.replace("{port}", str(port_of(local_aws)))
    asked = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", authority)]
    client.send_headers(1, asked, end_stream=True)
    with socket.create_connection(("127.0.0.1", port_of(local_aws)), timeout=30) as connection:
        connection.sendall(client.data_to_send())
        assert answered(client, connection) == status


def answered(client: H2Connection, connection: socket.socket) -> int:
    """Read on until the answer's status comes."""
    while read := connection.recv(65536):
        for event in client.receive_data(read):
            if isinstance(event, ResponseReceived):
                return int(dict(event.headers)[b":status"])
        connection.sendall(client.data_to_send())
    raise AssertionError("no answer came")


@pytest.mark.parametrize(
    "page",
    [[HERE, FOREIGN], [("Host", "abcdef01.execute-api.127.0.0.1:{port}")]],
    ids=["of another site", "of another name"],
)
def test_a_websocket_is_refused_to_a_page(local_aws: LocalAws, page: Headers) -> None:
    upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    with socket.create_connection(("127.0.0.1", port_of(local_aws)), timeout=30) as connection:
        lines = [f"{name}: {value}" for name, value in [*page, *upgrade]]
        head = "\r\n".join(["GET /_aws/execute-api/abcdef01/prod HTTP/1.1", *lines, "", ""])
        connection.sendall(head.replace("{port}", str(port_of(local_aws))).encode())
        read = b"".join(iter(lambda: connection.recv(65536), b""))
    assert read.startswith(b"HTTP/1.1 403 ")


def test_what_is_stored_does_not_act_as_the_servers_own_page(local_aws: LocalAws, unique: str) -> None:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=unique)
    s3.put_object(Bucket=unique, Key="page.html", Body=b"<script></script>", ContentType="text/html")
    opened = [HERE, ("Sec-Fetch-Site", "none")]
    status, headers, body = ask(local_aws, "GET", f"/{unique}/page.html", opened)
    assert (status, body) == (200, b"<script></script>")
    assert headers["Content-Security-Policy"] == "sandbox allow-scripts"
    assert "Content-Security-Policy" not in ask(local_aws, "GET", "/_sluice/", opened)[1]


def test_a_buckets_own_rules_share_nothing(local_aws: LocalAws, unique: str) -> None:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=unique)
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
    s3.put_bucket_cors(Bucket=unique, CORSConfiguration={"CORSRules": [rule]})
    own = [HERE, OWN]
    status, headers, _ = ask(local_aws, "GET", f"/{unique}", own)
    assert (status, cors(headers)) == (200, [])


def test_the_address_of_a_functions_code_leads_to_it(local_aws: LocalAws, functions: Functions) -> None:
    arn = functions.create(PROGRAM)
    location = local_aws.client("lambda").get_function(FunctionName=arn)["Code"]["Location"]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(location, timeout=30) as answer:
        assert answer.read() == zipped(app=PROGRAM)


def test_a_refusal_reaches_the_caller_of_an_sdk_as_a_sentence(local_aws: LocalAws) -> None:
    client = local_aws.client("stepfunctions", Config(retries={"total_max_attempts": 1}))
    client.meta.events.register(
        "before-send", lambda request, **_: request.headers.__setitem__("Host", "mine")
    )
    with pytest.raises(ClientError, match=r"AccessDenied.* set the endpoint \(AWS_ENDPOINT_URL\) to http://"):
        client.list_activities()


def test_an_sdk_may_call_the_server_localhost(local_aws: LocalAws) -> None:
    # as an SDK with this endpoint does, but without a look-up: a minimal machine has no file of hosts
    host = f"localhost:{port_of(local_aws)}"
    client = local_aws.client("sts")
    client.meta.events.register("before-send", lambda request, **_: request.headers.__setitem__("Host", host))
    assert client.get_caller_identity()["Account"] == "000000000000"
