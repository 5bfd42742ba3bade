"""What stands in, inside a job, for the program that a peer starts there.

Both peers start themselves again inside every job: snakemake with a `pip install` and two starts of Python,
redun with one. On AWS that costs the job's own machine; here all jobs share one, and it would be measured
instead of the client. So a job may run this program under the peer's name: it sleeps as long as the cohort
says and leaves in S3 what the client waits for. The client is not touched and cannot tell.

Run as `python -I -S job_side.py snakemake|redun WORDS…` with the words that the peer gives to its own
program. A hundred of them start at once, so it imports only what is quick to import.
"""

import json
import os
import pickle
import socket
import sys
import time
from collections.abc import Sequence

PLAN_VARIABLE = "COHORT_PLAN"
"""Names the variable that holds the path of the cohort's plan, the same file that the client reads."""
_REDUN_PICKLE_PROTOCOL = 3
"""Source: https://github.com/insitro/redun/blob/main/redun/utils.py (`PICKLE_PROTOCOL`)"""


def snakemake_job(words: Sequence[str]) -> None:
    """Do what `python -m snakemake --target-jobs RULE:sample=SAMPLE …` does for the client."""
    rule, _, wildcard = value_after("--target-jobs", words).partition(":")
    sample = wildcard.removeprefix("sample=")
    plan = json.loads(_read(os.environ[PLAN_VARIABLE]))
    _sleep(plan["seconds"][sample][rule])
    _request("PUT", f"{value_after('--default-storage-prefix', words)}/{sample}/{rule}")


def redun_job(words: Sequence[str]) -> None:
    """Do what `redun oneshot … --input S3 --output S3 TASK` does for the client.

    With --array-job both files are lists with an entry a job: https://insitro.github.io/redun/executors.html
    """
    stored = _request("GET", value_after("--input", words))
    arguments, _keywords = pickle.loads(stored)  # noqa: S301 - the client of this very run wrote it
    output = value_after("--output", words)
    if "--array-job" in words:
        index = int(os.environ["AWS_BATCH_JOB_ARRAY_INDEX"])
        arguments, output = arguments[index], json.loads(_request("GET", output))[index]
    sample, seconds = arguments
    _sleep(seconds)
    _request("PUT", output, pickle.dumps(sample, protocol=_REDUN_PICKLE_PROTOCOL))


def value_after(flag: str, words: Sequence[str]) -> str:
    """Return the word that follows `flag`."""
    return words[words.index(flag) + 1]


def _sleep(seconds: float) -> None:
    """Sleep until the job is this old; the time that this program took to start is a part of its length."""
    time.sleep(max(0.0, seconds - _age_seconds()))


def _age_seconds() -> float:
    """Tell how long ago this process was started, from Linux's clock ticks since boot; 0 elsewhere.

    Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html (`starttime`, the 22nd field)
    """
    try:
        after_name = _read("/proc/self/stat").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    started_s = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started_s


def _read(path: str) -> str:
    with open(path) as file:  # noqa: PTH123 - importing pathlib would take longer than all the rest
        return file.read()


def _request(method: str, s3_uri: str, body: bytes = b"") -> bytes:
    """Call S3 at the endpoint that every job is told; it asks for no signature."""
    address = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    host, _, port = address.partition(":")
    path = s3_uri.removeprefix("s3://")
    head = f"{method} /{path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(2**16), b""))
    status_line, content = answer.split(b"\r\n", 1)[0], answer.partition(b"\r\n\r\n")[2]
    if not status_line.split()[1].startswith(b"2"):
        sys.exit(f"{method} {s3_uri} was answered with {status_line.decode()}")
    return content


if __name__ == "__main__":
    {"snakemake": snakemake_job, "redun": redun_job}[sys.argv[1]](sys.argv[2:])
