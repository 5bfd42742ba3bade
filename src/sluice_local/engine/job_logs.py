"""What jobs print, in CloudWatch Logs.

AWS: the awslogs driver sends each line a few seconds after it was printed, to the log group of the job's
logConfiguration, https://docs.aws.amazon.com/batch/latest/userguide/using_cloudwatch_logs.html.

MiniStack 1.5.33: its Batch runs nothing, so nothing is printed.

Fixed by reading the files into which jobs print, every two seconds while they run and at
their end.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from sluice_local.batch.model import Job, JobStatus, Placement
from sluice_local.batch.running.log_places import log_group
from sluice_local.batch.running.runner import log_path
from sluice_local.engine import ministack

EVERY_SECONDS: Final = 2.0
BYTES_MAX: Final = 2**20
EVENTS_MAX: Final = 10_000
"""Of one call: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""

_logger = logging.getLogger(__name__)


class JobLogs:
    """Sends what is new in the jobs' files; every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the runner's."""
        self._folder = folder
        self._lock = threading.Lock()
        self._sent_bytes: dict[str, int] = {}
        self._in_scope = ministack.private("core.responses.request_scope")
        self._create_log_group = ministack.private("services.cloudwatch_logs._create_log_group")
        self._create_log_stream = ministack.private("services.cloudwatch_logs._create_log_stream")
        self._put_log_events = ministack.private("services.cloudwatch_logs._put_log_events")

    def follow(self, jobs: Callable[[], Iterable[Job]]) -> None:
        """Sends what the jobs print while they run, from now on."""

        def send() -> None:
            while True:
                time.sleep(EVERY_SECONDS)
                try:
                    for job in jobs():
                        if job.status is JobStatus.RUNNING and job.placement is not None:
                            self.keep(job, job.placement, is_over=False)
                except Exception:  # the top of a thread: the next lines must still go out
                    _logger.exception("The logs of running jobs could not be sent")

        threading.Thread(target=send, name="batch-logs", daemon=True).start()

    def keep(self, job: Job, placement: Placement, *, is_over: bool) -> None:
        """Sends what an attempt has printed since it was sent last."""
        stream = placement.log_stream
        with self._lock:
            path, sent_bytes = log_path(self._folder, stream), self._sent_bytes.get(stream, 0)
            lines, self._sent_bytes[stream] = new_lines(path, sent_bytes, is_over=is_over)
            if lines:
                self._send(job, placement, lines)

    def _send(self, job: Job, placement: Placement, lines: list[str]) -> None:
        stream = {"logGroupName": log_group(job.spec.container), "logStreamName": placement.log_stream}
        now_ms = time.time_ns() // 1_000_000
        with self._in_scope(job.spec.scope.account, job.spec.scope.region):
            # both refuse what is there already, which is as good
            self._create_log_group({"logGroupName": stream["logGroupName"]})
            self._create_log_stream(stream)
            events = [{"timestamp": now_ms, "message": line} for line in lines]
            self._put_log_events({**stream, "logEvents": events})


def new_lines(path: Path, sent_bytes: int, *, is_over: bool) -> tuple[list[str], int]:
    """Read the lines that came after `sent_bytes`, the last ones if they are too many for one call.

    Returns:
        The lines, an unfinished one only when the attempt is over, and how many bytes are dealt with now.
    """
    if not path.is_file():
        return [], sent_bytes
    begin = max(sent_bytes, path.stat().st_size - BYTES_MAX)
    with path.open("rb") as log:
        log.seek(begin)
        text = log.read()
    if not is_over:
        text = text[: text.rfind(b"\n") + 1]
    return text.decode(errors="replace").splitlines()[-EVENTS_MAX:], begin + len(text)
