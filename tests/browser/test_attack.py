"""A page of another site, in a browser on this machine, tries to run code on Local AWS."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from sluice_local.server import LocalAws
from tests.browser.chromium import complaints
from tests.browser.reading import tiles
from tests.support.building import ROLE_ARN, eventually, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

PROGRAM = "import pathlib\n\ndef handler(event, context):\n    pathlib.Path(event).touch()\n"
FAULTS = '{"seed": 1, "faults": []}'

PAGE = """<!doctype html><title>a page of another site</title><body><script>
const target = TARGET, creation = CREATION, ran = RAN, tried = {};
const simple = (name, body) => ({
  method: "POST", mode: "no-cors", headers: {"Content-Type": "text/plain"},
  body: body.replaceAll("NAME", name),
});
const functions = target + "/2015-03-31/functions";
const outcome = (name, promise) => promise.then(
  answer => { tried[name] = answer.type === "opaque" ? "opaque" : answer.status; },
  () => { tried[name] = "failed"; });
const loaded = (name, tag, source) => outcome(name, new Promise((done, failed) => {
  const element = document.createElement(tag);
  element.onload = () => done({status: "loaded"});
  element.onerror = failed;
  element.src = source;
  document.body.append(element);
}));
const form = name => new Promise(done => {
  const frame = document.createElement("iframe"), sent = document.createElement("form");
  frame.name = name;
  document.body.append(frame);
  Object.assign(sent, {method: "POST", enctype: "text/plain", action: functions, target: name});
  const field = document.createElement("input");
  // what comes out is JSON: the field's name, "=", its value
  field.name = creation.replaceAll("NAME", "by-form").slice(0, -1) + ',"Description":"';
  field.value = '"}';
  sent.append(field);
  document.body.append(sent);
  frame.onload = () => done({status: "sent"});
  sent.submit();
});
const socket = () => new Promise((done, failed) => {
  const opened = new WebSocket(target.replace("http:", "ws:") + "/_aws/execute-api/abcdef01/prod");
  opened.onopen = () => done({status: "opened"});
  opened.onerror = failed;
});
(async () => {
  await outcome("simple post", fetch(functions, simple("by-fetch", creation)));
  await outcome("invocation", fetch(functions + "/by-fetch/invocations", simple("", ran)));
  await outcome("invocation of a function that is there",
    fetch(functions + "/summary/invocations", simple("", ran)));
  await outcome("readable", fetch(functions, {mode: "cors"}));
  await outcome("preflighted", fetch(target + "/_sluice/faults", {method: "PUT", body: FAULTS}));
  await outcome("reset", fetch(target + "/_ministack/reset", {method: "POST", mode: "no-cors"}));
  const beacon = navigator.sendBeacon(functions, creation.replaceAll("NAME", "by-beacon"));
  await outcome("beacon", Promise.resolve({status: beacon}));
  await outcome("form", form("target"));
  await loaded("image", "img", target + "/?Action=CreateQueue&QueueName=by-image");
  await loaded("script", "script", target + "/?Action=CreateQueue&QueueName=by-script");
  await outcome("websocket", socket());
  document.title = JSON.stringify(tried);
})();
</script>"""


class Site:
    """Another site on this machine: it shows one page."""

    def __init__(self) -> None:
        site = self
        self.page = ""

        class Shown(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Shown)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture(scope="module")
def aws(chromium: Chrome) -> Iterator[LocalAws]:
    assert chromium.session_id
    with LocalAws() as aws:
        yield aws


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


def creation(name: str) -> dict[str, Any]:
    """What CreateFunction is asked with."""
    code = {"ZipFile": base64.b64encode(zipped(app=PROGRAM)).decode()}
    asked = {"FunctionName": name, "Handler": "app.handler", "Runtime": "python3.13", "Role": ROLE_ARN}
    return {**asked, "Code": code}


def written(page: str, **values: object) -> str:
    """The page with its capitals replaced by values of JavaScript."""
    for name, value in values.items():
        page = page.replace(name, json.dumps(value))
    return page


def tried(browser: Chrome, address: str) -> dict[str, Any]:
    """Open a page, and wait until it has said in its title what came of its attempts."""
    browser.get(address)
    found: dict[str, Any] = json.loads(eventually(lambda: browser.title if browser.title[:1] == "{" else ""))
    return found


def names(aws: LocalAws) -> list[str]:
    return [each["FunctionName"] for each in aws.client("lambda").list_functions()["Functions"]]


def test_the_page_of_another_site_can_do_nothing(
    browser: Chrome, aws: LocalAws, site: Site, tmp_path: Path
) -> None:
    # GIVEN a function of the person who runs Local AWS
    ran = tmp_path / "ran"
    given = creation("summary")
    aws.client("lambda").create_function(**{**given, "Code": {"ZipFile": zipped(app=PROGRAM)}})
    # WHEN they look at a page of another site
    site.page = written(
        PAGE,
        TARGET=aws.endpoint,
        CREATION=json.dumps(creation("NAME")),
        RAN=json.dumps(str(ran)),
        FAULTS=FAULTS,
    )
    outcome = tried(browser, site.address)
    # THEN it has tried everything, has read nothing, and nothing was made, run, changed or removed
    assert outcome == {
        "simple post": "opaque",
        "invocation": "opaque",
        "invocation of a function that is there": "opaque",
        "readable": "failed",
        "preflighted": "failed",
        "reset": "opaque",
        "beacon": True,
        "form": "sent",
        "image": "failed",
        "script": "failed",
        "websocket": "failed",
    }
    assert names(aws) == ["summary"]
    assert not ran.exists()
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def test_a_page_that_was_stored_in_a_bucket_can_do_nothing(browser: Chrome, aws: LocalAws) -> None:
    before = names(aws)
    script = (
        "fetch(TARGET + '/2015-03-31/functions', {method: 'POST', mode: 'no-cors', body: CREATION})"
        ".then(() => 'sent', () => 'failed').then(how => { document.title = JSON.stringify({how}); })"
    )
    page = written(script, TARGET=aws.endpoint, CREATION=json.dumps(creation("by-object")))
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="pages")
    s3.put_object(Bucket="pages", Key="a.html", Body=f"<script>{page}</script>", ContentType="text/html")
    assert tried(browser, f"{aws.endpoint}/pages/a.html")["how"] in {"sent", "failed"}
    assert names(aws) == before


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_live_page_goes_on_working(browser: Chrome, aws: LocalAws, name: str) -> None:
    browser.get(aws.endpoint.replace("127.0.0.1", name) + "/_sluice/")
    eventually(lambda: tiles(browser).get("jobs submitted") == "0")
    assert complaints(browser) == []
