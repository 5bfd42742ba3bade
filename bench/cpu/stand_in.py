"""Stands in for AWS over HTTPS in a process of its own, so that its CPU time is not the functions'.

It answers the calls that submit_jobs and handle_job_status make for tasks of one job, with headers and bodies
of AWS's size. It checks no condition but that of a rate item that is not there yet.
"""

import asyncio
import base64
import json
import secrets
import ssl
import sys
import time
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from bench.cpu.tasks import task_input
from sluice.aws.tables.attributes import from_item, to_item

POLL_SECONDS: Final = 1.0
"""How long a long poll finds nothing here, so that a round's end takes no minute."""

JOB: Final[Mapping[str, Any]] = json.loads(task_input(0))["jobs"][0]

TOKEN_BYTES: Final = 306
"""As Step Functions' tokens have them."""

Values = Mapping[str, Any]


class RefusedError(Exception):
    """Raised for a call that is answered with an error; its text is the error's code."""


@dataclass
class Account:
    """What the stand-in remembers: tasks that wait, and items by their key's text."""

    waiting: deque[str] = field(default_factory=deque)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)

    def prepare(self, asked: Values) -> Values:
        """Lets so many tasks wait; the bench's own call."""
        self.waiting.extend(_token() for _ in range(asked["tasks"]))
        return {}

    def submitted(self, _: Values) -> Values:
        """Lists each open task's token and its job's name and id; the bench's own call."""
        tasks = [item for item in self.items.values() if item.get("state") == "OPEN"]
        jobs = [
            [item["taskToken"], name, job["jobId"]]
            for item in tasks
            for name, job in item["jobs"].items()
            if "jobId" in job
        ]
        return {"jobs": jobs}

    def get_activity_task(self, _: Values) -> Values:
        """Hands out a task, or nothing."""
        if not self.waiting:
            return {}
        return {"taskToken": self.waiting.popleft(), "input": task_input(len(self.items))}

    def put_item(self, asked: Values) -> Values:
        """Keeps an item."""
        item = from_item(asked["Item"])
        self.items[_key(item)] = item
        return {}

    def update_item(self, asked: Values) -> Values:
        """Does what the expression says, for the expressions that the functions write."""
        key = from_item(asked["Key"])
        item = self.items.get(_key(key))
        if item is None:
            raise RefusedError("ConditionalCheckFailedException")
        names = asked.get("ExpressionAttributeNames", {})
        values = from_item(asked["ExpressionAttributeValues"])
        if "name" in key:
            _change(item, values)
        elif ":job" in values:
            item["jobs"][names["#name"]] = values[":job"]
        elif ":state" in values:
            item["state"] = values[":state"]
        else:
            item["jobs"][names["#0"]] = {"jobId": values[":0"]}
        return {"Attributes": to_item(item)} if asked.get("ReturnValues") == "ALL_NEW" else {}

    def query(self, _: Values) -> Values:
        """Finds no earlier try of a task."""
        return {"Items": [], "Count": 0, "ScannedCount": 0}

    def get_item(self, asked: Values) -> Values:
        """Finds an item."""
        item = self.items.get(_key(from_item(asked["Key"])))
        return {} if item is None else {"Item": to_item(item)}

    def submit_job(self, asked: Values) -> Values:
        """Takes a job."""
        job_id = str(uuid.uuid4())
        arn = f"arn:aws:batch:eu-west-1:123456789012:job/{job_id}"
        return {"jobArn": arn, "jobId": job_id, "jobName": asked["jobName"]}

    def describe_rule(self, _: Values) -> Values:
        """Names the queue of each task."""
        return {"EventPattern": json.dumps({"detail": {"jobQueue": [JOB["jobQueue"]]}})}

    def get_parameter(self, _: Values) -> Values:
        """Names the job definition of each task."""
        return {"Parameter": {"Value": JOB["jobDefinition"]}}

    def nothing(self, _: Values) -> Values:
        """Answers that all is well."""
        return {}


def _change(item: dict[str, Any], values: Values) -> None:
    """Changes an item of the rate table: that of a rate, or of a poller's slot."""
    if ":rate" in values:
        item["arrivalUs"] = values[":arrival"] if ":arrival" in values else item["arrivalUs"] + values[":by"]
        item["ratePerSecond"], item["changedUs"] = values[":rate"], values[":changed"]
    elif ":number" in values:
        item["resting"] = values[":number"]


def _key(item: Values) -> str:
    return str(item.get("taskToken") or item["name"])


def _token() -> str:
    return base64.b64encode(secrets.token_bytes(TOKEN_BYTES)).decode()


def operations(account: Account) -> dict[str, Callable[[Values], Values]]:
    """What is answered, by `X-Amz-Target`'s operation or the path."""
    return {
        "GetActivityTask": account.get_activity_task,
        "SendTaskSuccess": account.nothing,
        "PutItem": account.put_item,
        "UpdateItem": account.update_item,
        "Query": account.query,
        "GetItem": account.get_item,
        "DescribeRule": account.describe_rule,
        "GetParameter": account.get_parameter,
        "/v1/submitjob": account.submit_job,
        "/prepare": account.prepare,
        "/submitted": account.submitted,
    }


async def _serve(account: Account, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answers = operations(account)
    try:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            first, *lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            operation = headers.get("x-amz-target", "").rpartition(".")[2] or first.split(" ")[1]
            if operation == "GetActivityTask" and not account.waiting:
                await asyncio.sleep(POLL_SECONDS)
            act = answers.get(operation, partial(_refuse, operation))
            writer.write(_answer(headers, act, json.loads(body or b"{}")))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _refuse(operation: str, _: Values) -> Values:
    sys.stderr.write(f"AWS's stand-in knows no {operation}.\n")
    raise RefusedError("UnknownOperationException")


def _answer(headers: Values, act: Callable[[Values], Values], asked: Values) -> bytes:
    try:
        status, said = "200 OK", act(asked)
    except RefusedError as error:
        code = f"com.amazonaws.dynamodb.v20120810#{error}"
        status, said = "400 Bad Request", {"__type": code, "message": "The stand-in refuses it"}
    body = json.dumps(said, separators=(",", ":")).encode()
    lines = [
        f"HTTP/1.1 {status}",
        "Server: Server",
        time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
        f"Content-Type: {headers.get('content-type') or 'application/json'}",
        f"Content-Length: {len(body)}",
        "Connection: keep-alive",
        f"x-amzn-RequestId: {uuid.uuid4()}",
        f"x-amz-crc32: {zlib.crc32(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _main(certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    account = Account()
    server = await asyncio.start_server(
        lambda reader, writer: _serve(account, reader, writer), "127.0.0.1", 0, ssl=context
    )
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - what the bench reads
    # it ends with the bench, which holds the other end
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
