import configparser
import json
import pickle
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.cohort import Cohort
from bench.peers import redun, snakemake
from bench.peers.client import ClientRun
from bench.peers.outcome import ended, not_run
from bench.peers.plan import STEPS, JobSide, write_plan
from sluice_local.observing import JobRow

COHORT = Cohort(samples=2, seed=1, mean_seconds=1)
RUN = ClientRun(exit_code=0, started_s=100, ended_s=160, last_lines="done")


def row(job_id: str, status: str = "SUCCEEDED", command: str = "sleep 1") -> JobRow:
    return JobRow(job_id, "align", {}, command, status, created_s=100)


def test_the_plan_holds_the_cohorts_length_of_every_step(tmp_path: Path) -> None:
    plan = json.loads(write_plan(COHORT, tmp_path).read_text())["seconds"]
    assert list(plan) == ["s0000", "s0001"]
    assert tuple(plan["s0001"][step] for step in STEPS) == COHORT.seconds("s0001")


def test_a_sample_succeeds_when_its_three_jobs_have() -> None:
    samples = {"a": "s0000", "b": "s0000", "c": "s0000", "d": "s0001", "e": "s0001", "f": "s0001"}
    rows = [row("a"), row("b"), row("c"), row("d"), row("e"), row("f", "FAILED"), row("array parent")]
    told = ended(RUN, COHORT, rows=rows, samples=samples, note="version 1.")
    assert (told.succeeded, told.failed, told.note) == (1, 1, "version 1.")
    assert (told.started_s, told.ended_s) == (100, 160)


@pytest.mark.parametrize(
    ("exit_code", "words"), [(1, "ended with 1 after 60 s: oh no"), (None, "was stopped after 60 s: oh no")]
)
def test_the_note_holds_a_clients_last_words_when_it_did_not_succeed(
    exit_code: int | None, words: str
) -> None:
    told = ended(ClientRun(exit_code, 100, 160, "oh no"), COHORT, rows=[], samples={}, note="version 1.")
    assert told.note == f"version 1. The client {words}"
    assert told.failed == 2


def test_a_peer_that_did_not_run_says_why() -> None:
    told = not_run(COHORT, "not installed")
    assert (told.succeeded, told.failed, told.note) == (0, 2, "not installed")
    assert told.started_s == told.ended_s


def test_a_snakemake_jobs_sample_stands_in_its_command() -> None:
    command = "bash -c python -m snakemake --target-jobs 'align:sample=s0001' --cores all"
    assert snakemake.read_samples([row("a", command=command), row("b")]) == {"a": "s0001"}


def test_snakemake_is_given_no_option_that_has_a_default() -> None:
    names = {word for word in snakemake.options("us-east-1", "arn:q") if word.startswith("--")}
    assert names == {
        *("--executor", "--jobs", "--configfile"),
        *("--aws-batch-region", "--aws-batch-job-queue", "--aws-batch-job-role"),
        *("--default-storage-provider", "--default-storage-prefix"),
    }


def test_redun_is_configured_with_what_has_no_default() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(redun.configuration("arn:q", "/programs:/bin"))
    batch = dict(parser["executors.batch"])
    extra = json.loads(batch.pop("job_def_extra"))
    assert extra["containerProperties"]["environment"] == [{"name": "PATH", "value": "/programs:/bin"}]
    assert set(batch) == {"type", "image", "queue", "s3_scratch", "role"}
    assert batch["queue"] == "arn:q"


def test_a_redun_jobs_sample_is_the_first_argument_of_its_call(tmp_path: Path) -> None:
    database = tmp_path / "redun.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("""
            CREATE TABLE tag (entity_id, key, value);
            CREATE TABLE job (id, call_hash);
            CREATE TABLE argument (call_hash, arg_position, value_hash);
            CREATE TABLE value (value_hash, value);
            INSERT INTO tag VALUES ('j1', 'aws_batch_job', '"array:0"'), ('j1', 'aws_log_stream', '"x"');
            INSERT INTO job VALUES ('j1', 'c1');
            INSERT INTO argument VALUES ('c1', 0, 'v1'), ('c1', 1, 'v2');
        """)
        values = [("v1", pickle.dumps("s0003")), ("v2", pickle.dumps(1.5))]
        connection.executemany("INSERT INTO value VALUES (?, ?)", values)
        connection.commit()
    assert redun.read_samples(database) == {"array:0": "s0003"}


def test_a_redun_that_kept_nothing_has_no_samples(tmp_path: Path) -> None:
    assert redun.read_samples(tmp_path / "redun.db") == {}


def test_the_note_says_what_runs_inside_the_jobs() -> None:
    assert "stand-in" in JobSide.STAND_IN.note
    assert "stand-in" not in JobSide.PUBLISHED.note
