"""What the jobs themselves do: read and write the data bucket under their role."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from tests.contract.iam.probe import Probe, first_wrong
from tests.support.building import eventually

if TYPE_CHECKING:
    from tests.contract.iam.scene import Scene

PROGRAM: Final = """
import pathlib, sys
from lowpass.errors import ArgumentError
from lowpass.s3 import S3Objects

(bucket, _, key), here = sys.argv[1].removeprefix("s3://").partition("/"), pathlib.Path("object")
here.write_text("reads")
objects = S3Objects.of_environment()
steps = (
    (4, lambda: objects.upload(here, bucket, key)),
    (5, lambda: objects.download(bucket, key, here)),
    (6, lambda: objects.download(bucket, key + ".missing", here)),
)
for code, step in steps:
    try:
        step()
    except ArgumentError:
        continue
    except Exception as error:
        print(error)
        sys.exit(code)
"""
WRONG: Final = {
    4: "a job cannot write its results",
    5: "a job cannot read its data",
    6: "a missing object looks like a refusal",
}


def uses_the_bucket(scene: Scene) -> str | None:
    """A job writes an object, reads it, and is told that another is not there."""
    container = {
        "image": "any",
        "command": ["python", "-c", PROGRAM, "Ref::uri"],
        "jobRoleArn": f"arn:aws:iam::000000000000:role/{scene.physical('JobRole')}",
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
    }
    definition = scene.stack.batch.register_job_definition(
        jobDefinitionName="uses-the-bucket", type="container", containerProperties=container
    )["jobDefinitionArn"]
    job_id = scene.stack.batch.submit_job(
        jobName="uses-the-bucket",
        jobQueue=scene.stack.outputs["JobQueueArn"],
        jobDefinition=definition,
        parameters={"uri": f"s3://{scene.stack.outputs['DataBucketName']}/{uuid.uuid4().hex}"},
    )["jobId"]
    job = eventually(lambda: scene.stack.ended_job(job_id))
    code = job["container"].get("exitCode")
    return first_wrong((code == 0, WRONG.get(code, f"the job ended with {code}: {job['statusReason']}")))


PROBES: Final = (Probe("a job uses the data bucket", uses_the_bucket),)
