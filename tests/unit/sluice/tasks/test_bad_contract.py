"""Whatever a task's input holds: it is a task that Batch takes, or its sender hears what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sluice.aws.tables.task_items import BRIEF, ROOMY_INPUT, intent, job_values
from sluice.tasks import completion
from sluice.tasks.contract import MAX_ARN, MAX_JOBS, check_requests, parse_task
from sluice.tasks.job_errors import MAX_REASON, named_error
from sluice.tasks.model import Succeeded, TaskRecord, TaskState
from sluice.tasks.parsing import InvalidTaskError, build_task
from sluice.tasks.submission import MAX_NAME, MAX_REQUEST_BYTES, NAME, submit_request
from tests.support.builders import EXECUTION, detail, ended, job, task_text
from tests.support.fakes import BATCH_MODEL, FakeBatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.tasks.model import Task

TOKEN = "AQCsecret" + "z" * 600
MAX_MESSAGE = 3_000
"""Characters: a name is shown to its 80th, a list of names to its 20th, and a job's name has 111 at most."""

JOB_ID = "5a5ebba5-aaf4-497d-b151-f28ca623d96f"
MAX_INPUT = 262_144
"""Bytes of a state's input: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

MAX_ITEM = 400 * 1024
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""


def refusal(text: str) -> str:
    said = answer(text)
    assert isinstance(said, str)
    return said


def answer(text: str) -> Task | str:
    """The task that the text is, or why it is none."""
    try:
        task = parse_task(TOKEN, text)
        check_requests(task, FakeBatch().complaint)
    except InvalidTaskError as error:
        return str(error)
    return task


def accepted(text: str) -> Task:
    said = answer(text)
    assert not isinstance(said, str), said
    return said


def of_one(**fields: Any) -> str:
    return task_text(job("align", **fields))


def raw(name: str, value: str, *, of: str = "align") -> str:
    """A task of one job of which one field is the given JSON text, valid or not."""
    return task_text(job(of, **{name: "@"})).replace('"@"', value)


BAD: dict[str, tuple[str, str]] = {
    # what is no JSON, or not the JSON that it seems to be
    "empty": ("", "not JSON"),
    "a blank": (" ", "not JSON"),
    "cut off": (of_one()[:-1], "not JSON"),
    "two values": (of_one() * 2, "not JSON"),
    "single quotes": ("{'jobs': []}", "not JSON"),
    "a byte order mark": ("\ufeff" + of_one(), "not JSON"),
    "a raw control character": (raw("jobQueue", '"\n"'), "not JSON"),
    "an integer of 5,000 digits": (raw("schedulingPriorityOverride", "9" * 5_000), "not JSON"),
    "a name given twice": (
        of_one().replace('"stateName"', '"stateName": "x", "stateName"'),
        'has the name "stateName" twice in one object',
    ),
    "a parameter given twice": (raw("parameters", '{"a": "1", "a": "2"}'), 'has the name "a" twice'),
    "null": ("null", "the input is null; it must be an object"),
    "a list": ("[]", "the input is []; it must be an object"),
    "true": ("true", "the input is true"),
    "no number": ("NaN", "the input is NaN"),
    # depth
    **{
        f"lists {depth} deep": (raw("jobQueue", "[" * depth + "]" * depth), "jobs[0]: jobQueue is [[[")
        for depth in (10, 500)
    },
    "lists 900 deep": (raw("jobQueue", "[" * 900 + "]" * 900), "jobs[0]: "),
    "lists 100,000 deep": (raw("jobQueue", "[" * 100_000 + "]" * 100_000), "the task's input is"),
    "objects 900 deep": (raw("tags", '{"a":' * 900 + "1" + "}" * 900), "jobs[0]: "),
    # size
    "256 KiB in a name that is unknown": (
        of_one(**{"x" * 256_000: 1}),
        "xx is not a field; there are: arrayProperties, ",
    ),
    "256 KiB in a queue's place": (
        raw("jobQueue", "[" + "1," * 127_000 + "1]"),
        "jobs[0]: jobQueue is [1, 1",
    ),
    "256 KiB in a state's name": (task_text(job("a"), stateName="s" * 256_000), "1 to 80 characters"),
    "parameters of 30 KiB": (
        of_one(parameters={"sample": "N" * 30_720}),
        f"bytes with what Sluice adds; Batch allows {MAX_REQUEST_BYTES}",
    ),
    "parameters of 30 KiB in the second job": (
        task_text(job("a"), job("b", "a", parameters={"sample": "N" * 30_720})),
        "jobs[1]: its SubmitJob request has 30",
    ),
    "parameters of 10,241 letters of three bytes": (
        of_one(parameters={"sample": "\N{SNOWMAN}" * 10_241}),
        "jobs[0]: its SubmitJob request has 30",
    ),
    "101 jobs": (task_text(*[job(f"a{index}") for index in range(101)]), "jobs has 101 entries; 1 to 100"),
    "120,000 empty jobs": (task_text().replace("[]", "[" + "1," * 119_999 + "1]"), "has 120000 entries"),
    "no job": (task_text(), "jobs has 0 entries"),
    "16,000 dependencies": (of_one(dependsOn=[{"jobId": "1"}] * 16_000), "Batch allows"),
    "an ARN of 257 characters": (
        task_text(job("a"), executionArn=EXECUTION + "x" * (257 - len(EXECUTION))),
        "an execution's ARN",
    ),
    # numbers
    "1 for true": (task_text(job("a"), failFast=1), "failFast is 1; it must be true or false"),
    "no number for a number": (
        of_one(timeout={"attemptDurationSeconds": float("nan")}),
        "attemptDurationSeconds is NaN; it must be an integer",
    ),
    "infinity for a number": (
        of_one(timeout={"attemptDurationSeconds": float("inf")}),
        "attemptDurationSeconds is Infinity; it must be",
    ),
    "a fraction": (
        of_one(arrayProperties={"size": 2.5}),
        "arrayProperties.size is 2.5; it must be an integer",
    ),
    "a whole number with a point": (
        of_one(arrayProperties={"size": 22.0}),
        "arrayProperties.size is 22.0; it must be",
    ),
    "a number in quotes": (
        of_one(timeout={"attemptDurationSeconds": "60"}),
        'jobs[0]: timeout.attemptDurationSeconds is "60"; it must be an integer',
    ),
    # other types than Batch's, at every depth
    "null for a field": (of_one(timeout=None), "jobs[0]: timeout is null; it must be an object"),
    "null for a required field": (of_one(jobQueue=None), "jobs[0]: jobQueue is null; it must be a string"),
    "a number for a parameter": (
        of_one(parameters={"depth": 0.4}),
        "parameters.depth is 0.4; it must be a string",
    ),
    "null for a parameter": (
        of_one(parameters={"depth": None}),
        "parameters.depth is null; it must be a string",
    ),
    "an object for a parameter": (
        of_one(parameters={"depth": {}}),
        "parameters.depth is {}; it must be a string",
    ),
    "a list for the parameters": (of_one(parameters=[]), "jobs[0].parameters is []; it must be an object"),
    "an object for a list": (of_one(dependsOn={"jobName": "b"}), "dependsOn is {"),
    "a string for a dependency": (of_one(dependsOn=["b"]), 'dependsOn[0] is "b"; it must be an object'),
    "a number for a dependency's name": (of_one(dependsOn=[{"jobName": 1}]), "dependsOn[0].jobName is 1"),
    "a number for a dependency's id": (
        of_one(dependsOn=[{"jobId": 1}]),
        "dependsOn[0].jobId is 1; it must be a string",
    ),
    "a number for a variable": (
        of_one(containerOverrides={"environment": [{"name": "DEPTH", "value": 4}]}),
        "jobs[0]: containerOverrides.environment[0].value is 4; it must be a string",
    ),
    "a string for a command": (of_one(containerOverrides={"command": "ls -l"}), "containerOverrides.command"),
    "a wrong third job": (
        task_text(job("a", "c"), job("b"), job("c", timeout=[])),
        "jobs[2]: timeout is []; it must be an object",
    ),
    # names that are not known
    "an unknown field of the task": (
        task_text(job("a"), failfast=True),
        "failfast is not a field; did you mean failFast?",
    ),
    "an unknown field of a job": (
        of_one(jobDefinitoin="x"),
        "jobDefinitoin is not a field; there are: arrayProperties, ",
    ),
    "an unknown field deep down": (
        of_one(containerOverrides={"enviroment": []}),
        "containerOverrides.enviroment is not a field; there are: command, environment",
    ),
    "an unknown field of a dependency": (
        of_one(dependsOn=[{"jobId": "1", "x": 1}]),
        "dependsOn[0].x is not a field; there are: jobId, type",
    ),
    "Batch's field in another case": (of_one(RetryStrategy={}), "not a field; did you mean retryStrategy?"),
    "a job in the spelling of batch:submitJob.sync": (
        task_text({"JobName": "a", "JobQueue": "q", "JobDefinition": "d"}),
        "jobs[0].JobName is not a field; did you mean jobName?",
    ),
    "a job in the spelling of Python": (
        task_text({"job_name": "a", "jobQueue": "q", "jobDefinition": "d"}),
        "jobs[0].job_name is not a field; did you mean jobName?",
    ),
    "a variable in the spelling of batch:submitJob.sync": (
        of_one(containerOverrides={"Environment": []}),
        "jobs[0]: containerOverrides.Environment is not a field; did you mean environment?",
    ),
    "a task in the spelling of batch:submitJob.sync": (
        task_text(job("a")).replace('"jobs"', '"Jobs"'),
        "Jobs is not a field; did you mean jobs?",
    ),
    "an unknown field of no letters": (
        of_one(**{"\u202e\ud800": 1}),
        "jobs[0]: \\u202e\\ud800 is not a field",
    ),
    "an empty field": (of_one(**{"": 1}), 'jobs[0]: "" is not a field'),
    # what is missing or empty
    "no queue": (
        task_text({"jobName": "a", "jobDefinition": "d"}),
        "jobs[0]: jobQueue is missing",
    ),
    "no definition": (task_text({"jobName": "a", "jobQueue": "q"}), "jobs[0]: jobDefinition is missing"),
    "a requirement without a value": (
        of_one(containerOverrides={"resourceRequirements": [{"type": "MEMORY"}]}),
        "containerOverrides.resourceRequirements[0].value is missing",
    ),
    "a tag without a name": (
        of_one(tags={"": "x"}),
        "tags (key: ) is too short; its length must be 1 or more",
    ),
    # Unicode
    **{
        f"{kind} in a job's name": (task_text(job(name)), "jobs[0].jobName is")
        for kind, name in {
            "an emoji": "align\N{DNA DOUBLE HELIX}",
            "a combining accent": "aligne\u0301",
            "a right-to-left override": "align\u202egnp",
            "a NUL": "align\x00",
            "a newline": "align\n",
            "half of a surrogate pair": "align\ud83e",
            "a digit of another script": "align\u0664",
            "a letter of another script": "\u0430lign",
            "a space": "align 1",
            "a path": "../align",
        }.items()
    },
    "an empty job's name": (task_text(job("")), "jobs[0].jobName is"),
    "a job's name that Sluice could not lengthen": (task_text(job("a" * (MAX_NAME + 1))), "1 to 111 of"),
    "half of a surrogate pair in a parameter": (
        of_one(parameters={"sample": "NA\ud800"}),
        'the last character of "eters\\":{\\"sample\\":\\"NA\\ud800"',
    ),
    "half of a surrogate pair in a parameter's name": (
        of_one(parameters={"\ud800": "x"}),
        "unpaired surrogate",
    ),
    "half of a surrogate pair in the state's name": (task_text(job("a"), stateName="\udfff"), "stateName is"),
    "half of a surrogate pair in the ARN": (
        task_text(job("a"), executionArn=EXECUTION + "\udfff"),
        "unpaired surrogate",
    ),
    "an ARN of something else": (
        task_text(job("a"), executionArn="arn:aws:states:us-east-1:000000000000:stateMachine:w"),
        "it must be an execution's ARN, $$.Execution.Id",
    ),
    "an ARN with a second line": (task_text(job("a"), executionArn=EXECUTION + "\nx"), "an execution's ARN"),
    # names of a task's jobs among each other
    "a name twice": (task_text(job("a"), job("a")), "jobName 'a' twice"),
    "a dependency on itself": (task_text(job("a", "a")), "in a cycle: a -> a"),
    "two that need each other": (task_text(job("a", "b"), job("b", "a")), "in a cycle"),
    "a circle of 100": (
        task_text(*[job(f"a{index}", f"a{(index + 1) % 100}") for index in range(100)]),
        "-> 81 more",
    ),
    "a dependency in another case": (
        task_text(job("Align"), job("impute", "align")),
        'jobs[1].dependsOn[0] names "align", no job of this task; there are: Align, impute',
    ),
    "a dependency of no name": (of_one(dependsOn=[{}]), "names no job"),
    "a dependency by name and id": (of_one(dependsOn=[{"jobId": "1", "jobName": "b"}]), "both"),
    "a dependency on nobody": (of_one(dependsOn=[{"jobName": "x" * 200_000}]), "no job of this task; there"),
    # what is Sluice's own
    "a task token of the sender's": (of_one(parameters={"taskToken": "mine"}), "is Sluice's own"),
    "a task's form of the sender's": (of_one(parameters={"taskForm": "sync"}), "is Sluice's own"),
    "a task's job of the sender's": (of_one(parameters={"taskJob": "mine"}), "is Sluice's own"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_said_in_few_words_of_plain_ascii(text: str, said: str) -> None:
    message = refusal(text)
    assert said in message
    assert len(message) < MAX_MESSAGE
    assert message.replace("…", "").isascii()
    assert TOKEN[:20] not in message


ODD: dict[str, str] = {
    "any text in a parameter": of_one(parameters={"sample": "\x00\u202e\N{DNA DOUBLE HELIX}e\u0301\ufeff"}),
    "an empty parameter": of_one(parameters={"sample": ""}),
    "a parameter of no name": of_one(parameters={"": "x"}),
    "a state's name of 80 letters of four bytes": task_text(job("a"), stateName="\N{DNA DOUBLE HELIX}" * 80),
    "an express execution of China": task_text(
        job("a"), executionArn="arn:aws-cn:states:cn-north-1:000000000000:express:w:1:2"
    ),
    "names that differ in case only": task_text(job("Align"), job("align", "Align"), job("ALIGN", "align")),
    "names that are one when cut": task_text(job("a" * 110 + "b"), job("a" * 110 + "c")),
    "a chain of 100": task_text(*[job(f"a{i}", *([f"a{i - 1}"] if i else [])) for i in reversed(range(100))]),
    "a dependency given twice": task_text(job("a"), job("b", "a", "a")),
    "a parameter that looks like SQL": of_one(parameters={"sample": "'; DROP TABLE tasks; --"}),
    "empty objects": of_one(
        parameters={}, tags={}, containerOverrides={}, retryStrategy={}, timeout={}, arrayProperties={}
    ),
}


FOR_BATCH_TO_REFUSE: dict[str, str] = {
    "an empty queue": of_one(jobQueue=""),
    "21 dependencies": of_one(dependsOn=[{"jobId": "1"}] * 21),
    "a dependency of another type": of_one(dependsOn=[{"jobId": "1", "type": "N"}]),
    "51 tags": of_one(tags={str(index): "" for index in range(51)}),
    "true for a number": of_one(schedulingPriorityOverride=True),
    "no attempt": of_one(retryStrategy={"attempts": 0}),
    "more than 32 bits": of_one(containerOverrides={"memory": 2**31}),
    "an array of one": of_one(arrayProperties={"size": 1}),
    "a minute less a second": of_one(timeout={"attemptDurationSeconds": 59}),
}
"""What botocore's model does not know: patterns, bounds, quotas."""


def requests(task: Task) -> list[dict[str, Any]]:
    """What Batch is asked for the task's jobs, in order."""
    job_ids: dict[str, str] = {}
    made = []
    for each in task.jobs:
        made.append(submit_request(task, each, job_ids))
        job_ids[each.name] = JOB_ID
    return made


def hold_to_what_is_promised(task: Task) -> None:
    """Holds each of a task's requests against what botocore and Batch's quotas say."""
    made = requests(task)
    names = [request["jobName"] for request in made]
    assert len({name.lower() for name in names}) == len(names) <= MAX_JOBS
    for request in made:
        assert FakeBatch().complaint(request) is None
        assert len(request["jobName"]) <= 128
        assert len(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()) <= 30 * 1024


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_what_is_odd_but_allowed_makes_requests_that_batch_takes(text: str) -> None:
    hold_to_what_is_promised(accepted(text))


@pytest.mark.parametrize("text", FOR_BATCH_TO_REFUSE.values(), ids=FOR_BATCH_TO_REFUSE.keys())
def test_what_batch_alone_knows_is_left_to_batch(text: str) -> None:
    hold_to_what_is_promised(accepted(text))


def test_a_request_as_large_as_batch_allows_is_let_through() -> None:
    (request,) = requests(accepted(of_one(parameters={"sample": ""})))
    room = MAX_REQUEST_BYTES - len(json.dumps(request, separators=(",", ":")))
    hold_to_what_is_promised(accepted(of_one(parameters={"sample": "N" * room})))
    assert "Batch allows" in refusal(of_one(parameters={"sample": "N" * (room + 1)}))


# ---------------------------------------------------------------- fuzzed: from what is right to what is not

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**63, 10**300, -1, 0, 1, 100])
    | st.floats()
    | st.text(st.characters(), max_size=6)  # with halves of surrogate pairs
    | st.sampled_from(["", "x" * 300, "\ud800", "N_TO_N", "SEQUENTIAL", EXECUTION, "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)

well_formed = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def values(shape: Any) -> st.SearchStrategy[Any]:
    """Values of a shape of botocore's."""
    match shape.type_name:
        case "list":
            return st.lists(values(shape.member), max_size=3)
        case "map":
            return st.dictionaries(values(shape.key), values(shape.value), max_size=3)
        case "structure":
            made = {name: values(each) for name, each in shape.members.items()}
            needed = {name: made.pop(name) for name in shape.required_members}
            return st.fixed_dictionaries(needed, optional=made)
        case "string":
            return well_formed.filter(lambda text: len(text) >= shape.metadata.get("min", 0))
    return scalars[shape.type_name]


scalars: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
}


def jobs_of_any_kind() -> st.SearchStrategy[dict[str, Any]]:
    """Jobs with whatever SubmitJob takes, but for what is Sluice's: their names and who needs whom."""
    shape: Any = BATCH_MODEL.operation_model("SubmitJob").input_shape
    members = {name: values(each) for name, each in shape.members.items() if name != "dependsOn"}
    members["jobName"] = st.from_regex(NAME, fullmatch=True)
    needed = {name: members.pop(name) for name in shape.required_members}
    return st.fixed_dictionaries(needed, optional=members)


any_job = jobs_of_any_kind()


@st.composite
def tasks(draw: st.DrawFn) -> dict[str, Any]:
    """A task as it should be: each job needs none but earlier ones."""
    jobs = draw(st.lists(any_job, min_size=1, max_size=4, unique_by=lambda each: each["jobName"]))
    for index, each in enumerate(jobs):
        needs = draw(st.sets(st.sampled_from([e["jobName"] for e in jobs[:index]]))) if index else set()
        if needs:
            each["dependsOn"] = [{"jobName": name} for name in sorted(needs)]
    return {"executionArn": EXECUTION, "stateName": "Align", "jobs": draw(st.permutations(jobs))}


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place inside of a value, as what holds it and under what."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *places(value[key])]]


@st.composite
def spoilt_tasks(draw: st.DrawFn) -> dict[str, Any]:
    """A task in which a few things were replaced, added, taken away or doubled."""
    task: dict[str, Any] = json.loads(json.dumps(draw(tasks())))
    for _ in range(draw(st.integers(1, 3))):
        found = places(task)
        if not found:
            break
        holder, key = draw(st.sampled_from(found))
        match draw(st.sampled_from(["replace", "add", "take away", "double"])):
            case "replace":
                holder[key] = draw(anything)
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(st.characters(), max_size=6))] = draw(anything)
            case "take away":
                del holder[key]
            case "double" if isinstance(holder, list):
                holder.append(holder[key])
    return task


def check(text: str) -> None:
    """Holds a task's requests, or the refusal's message, to what is promised of them."""
    answered = answer(text)
    if isinstance(answered, str):
        assert 10 < len(answered) < MAX_MESSAGE
        assert answered.replace("…", "").isascii()
        assert TOKEN[:20] not in answered
    else:
        hold_to_what_is_promised(answered)
        assert build_task(TOKEN, text) == answered


@given(tasks())
def test_every_task_of_the_contracts_shape_is_taken(task: dict[str, Any]) -> None:
    assume(not any({"taskToken", "taskJob"} & each.get("parameters", {}).keys() for each in task["jobs"]))
    hold_to_what_is_promised(accepted(json.dumps(task)))
    hold_to_what_is_promised(accepted(json.dumps(task, ensure_ascii=False)))


@given(spoilt_tasks())
@example({"executionArn": EXECUTION, "stateName": "s", "jobs": [job("a", timeout={"x": float("nan")})]})
def test_a_spoilt_task_is_refused_or_makes_requests_that_batch_takes(task: dict[str, Any]) -> None:
    check(json.dumps(task))


@given(tasks(), st.data())
def test_text_that_was_cut_or_garbled_is_refused_or_makes_requests_that_batch_takes(
    task: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(task)
    at = data.draw(st.integers(0, len(text)))
    rubbish = data.draw(
        st.text(st.characters(), max_size=3) | st.sampled_from(["NaN", "null", "{", "[" * 2000])
    )
    check(text[:at] + rubbish + text[at + data.draw(st.integers(0, 3)) :])


# ---------------------------------------------------------------- what is taken can be kept to its end


def item_bytes(value: Any) -> int:
    """The bytes of a value in an item, numbers at their largest.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    if isinstance(value, dict):
        return 3 + sum(len(name.encode()) + 1 + item_bytes(each) for name, each in value.items())
    return len(value.encode()) if isinstance(value, str) else 21


def largest_text(most: int = MAX_INPUT) -> str:
    """An input as large as Step Functions takes, or as given, with the most jobs of the longest names."""
    jobs = [job(f"{index:03}".ljust(MAX_NAME, "a"), parameters={"sample": ""}) for index in range(MAX_JOBS)]
    fields = {"executionArn": EXECUTION.ljust(MAX_ARN, "x"), "stateName": "\N{DNA DOUBLE HELIX}" * 80}
    room, rest = divmod(most - len(task_text(*jobs, **fields)), MAX_JOBS)
    for each in jobs:
        each["parameters"]["sample"] = "N" * room
    jobs[0]["parameters"]["sample"] += "N" * rest
    return task_text(*jobs, **fields)


def ended_at_length(task: Task, status: str, reason: str) -> Mapping[str, Any]:
    """The records of a task's jobs, each with as much to say as it can have."""
    stream = {"exitCode": 1, "logStreamName": "l" * 512, "reason": reason}
    return {
        each.name: replace(
            ended(each.name, JOB_ID, status, container=stream, statusReason=reason),
            error="Job.DependencyFailed",
        )
        for each in task.jobs
    }


@pytest.mark.parametrize("reason", ["r" * 5_000, "\N{DNA DOUBLE HELIX}" * 5_000, "\ud800" * 5_000])
def test_the_largest_task_fits_its_item_until_all_of_its_jobs_have_failed_at_length(reason: str) -> None:
    text = largest_text()
    assert len(text.encode()) == MAX_INPUT
    task = parse_task("t" * 2_048, text)
    records = ended_at_length(task, "FAILED", reason)
    kept = {name: job_values(each) for name, each in records.items()}
    item = {**intent(task, text, 0), "jobs": kept, "writer": "w" * 32, "closedAt": 0, "expiresAt": 0}
    assert item_bytes(item) <= MAX_ITEM


def test_the_largest_task_with_room_for_attempts_fits_its_item_with_them() -> None:
    attempts = [{"container": {"exitCode": 1, "reason": "r" * 90}}] * 10
    text = largest_text(ROOMY_INPUT)
    task = parse_task("t" * 2_048, text)
    records = ended_at_length(task, "FAILED", "r" * 5_000)
    details = completion.job_record("a", detail("1", attempts=attempts)).attempt_details
    assert completion.MAX_ATTEMPTS_BYTES * 0.8 < len(details or "") <= completion.MAX_ATTEMPTS_BYTES
    kept = {name: job_values(replace(each, attempt_details=details)) for name, each in records.items()}
    item = {**intent(task, text, 0), "jobs": kept, "writer": "w" * 32, "closedAt": 0, "expiresAt": 0}
    assert BRIEF not in item
    assert item_bytes(item) <= MAX_ITEM
    assert BRIEF in intent(task, largest_text(), 0)


def test_the_largest_task_has_an_output_that_step_functions_takes() -> None:
    task = parse_task("t" * 2_048, largest_text())
    records = ended_at_length(task, "SUCCEEDED", "r")
    outcome = completion.decide(TaskRecord(task, TaskState.OPEN, records, 0, 0))
    assert isinstance(outcome, Succeeded)
    assert len(outcome.output.encode()) <= MAX_INPUT


def test_what_batch_says_at_any_length_is_kept_within_bounds() -> None:
    long = detail("1", "FAILED", statusReason="Host EC2 " * 30_000, createdAt=10**400, stoppedAt=True)
    record = completion.job_record("align", {**long, "container": {"logStreamName": "x" * 5_000}})
    assert (record.created_at, record.stopped_at, record.log_stream_name) == (None, None, None)
    assert len(record.reason or "") == completion.MAX_TEXT_BYTES
    # patterns are sought in no more than this, as a search may take the square of it
    assert len(named_error(long)[1]) == MAX_REASON
