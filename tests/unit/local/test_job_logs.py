"""What is read of a job's log while it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice_local.batch.running.log_places import log_group, log_stream
from sluice_local.engine.job_logs import BYTES_MAX, EVENTS_MAX, new_lines

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_is_sent_when_it_is_finished_and_only_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntw")
    lines, sent = new_lines(log, 0, is_over=False)
    assert (lines, sent) == (["one"], 4)
    log.write_text("one\ntwo\nthree")
    assert new_lines(log, sent, is_over=False) == (["two"], 8)
    assert new_lines(log, 8, is_over=True) == (["three"], 13)


def test_a_job_that_has_printed_nothing_has_no_lines(tmp_path: Path) -> None:
    assert new_lines(tmp_path / "none", 0, is_over=True) == ([], 0)


def test_of_a_flood_the_last_lines_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"{number}\n" for number in range(400_000)))
    assert log.stat().st_size > BYTES_MAX
    lines, sent = new_lines(log, 0, is_over=False)
    assert (len(lines), lines[-1], sent) == (EVENTS_MAX, "399999", log.stat().st_size)


def test_the_job_s_log_configuration_names_its_group_and_prefix() -> None:
    options = {"awslogs-group": "/sluice/jobs", "awslogs-stream-prefix": "align"}
    container = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    assert log_group(container) == "/sluice/jobs"
    assert log_stream(container, "sluice-align", "7") == "align/default/7"


def test_without_one_the_group_is_batch_s_own_and_the_prefix_the_job_definition() -> None:
    assert log_group({}) == "/aws/batch/job"
    assert log_stream({"logConfiguration": None}, "sluice-align", "7") == "sluice-align/default/7"
