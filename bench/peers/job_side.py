"""What stands in, inside a job, for the program that a peer starts there.

Both peers start themselves again inside every job: snakemake with a `pip install` and two starts of Python,
redun with one. On AWS that costs the job's own machine; here all jobs share one, and it would be measured
instead of the client. So a job may run this program under the peer's name: it sleeps as long as the cohort
says and leaves in S3 what the client waits for. The client is not touched and cannot tell.

Run as `python -I -S job_side.py snakemake|redun WORDS…` with the words that the peer gives to its own
program. It has to start quickly, so it imports the standard library only.
"""

import http.client
import json
import os
import pickle
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PLAN_VARIABLE = "COHORT_PLAN"
"""Names the variable that holds the path of the cohort's plan, the same file that the client reads."""
_REDUN_PICKLE_PROTOCOL = 3
"""Source: https://github.com/insitro/redun/blob/main/redun/utils.py (`PICKLE_PROTOCOL`)"""


def snakemake_job(words: Sequence[str]) -> None:
    """Do what `python -m snakemake --target-jobs RULE:sample=SAMPLE …` does for the client."""
    rule, _, wildcard = value_after("--target-jobs", words).partition(":")
    sample = wildcard.removeprefix("sample=")
    plan = json.loads(Path(os.environ[PLAN_VARIABLE]).read_text())
    time.sleep(plan["seconds"][sample][rule])
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
    time.sleep(seconds)
    _request("PUT", output, pickle.dumps(sample, protocol=_REDUN_PICKLE_PROTOCOL))


def value_after(flag: str, words: Sequence[str]) -> str:
    """Return the word that follows `flag`."""
    return words[words.index(flag) + 1]


def launchers(peer: str) -> dict[str, str]:
    """Return the shell scripts, by their names, that start this program in the place of a peer's own."""
    start = f'#!/bin/sh\nexec "{sys.executable}" -I -S "{__file__}" {peer} "$@"\n'
    if peer == "redun":
        return {"redun": start}
    # the workflow's files and its plugin are not needed
    unpacks = '#!/bin/sh\ncase " $* " in *" --deploy-sources "*) exit 0;; esac\n'
    return {"python": unpacks + start.partition("\n")[2], "pip": "#!/bin/sh\nexit 0\n"}


def install(peer: str, folder: Path) -> str:
    """Write a peer's launchers into `folder`; return the PATH that finds them first."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in launchers(peer).items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return os.pathsep.join((str(folder), os.environ.get("PATH", os.defpath)))


def _request(method: str, s3_uri: str, body: bytes = b"") -> bytes:
    """Call S3 at the endpoint that every job is told; it asks for no signature."""
    host = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, f"/{s3_uri.removeprefix('s3://')}", body)
    response = connection.getresponse()
    content = response.read()
    if response.status >= 300:
        sys.exit(f"{method} {s3_uri} answered {response.status}: {content.decode(errors='replace')}")
    return content


if __name__ == "__main__":
    {"snakemake": snakemake_job, "redun": redun_job}[sys.argv[1]](sys.argv[2:])
