"""A task as the low-pass workflow makes them, and the event of its job's end."""

import json
from typing import Any, Final

ACCOUNT: Final = "eu-west-1:123456789012"
ARN: Final = f"arn:aws:states:{ACCOUNT}"


def task_input(number: int) -> str:
    """The input of a sample's first task, as JSON text."""
    sample, bucket = f"NA{number:05d}", "s3://lowpass-data"
    return json.dumps(
        {
            "executionArn": f"{ARN}:execution:sluice-workflow:run-2026-11.1.{sample}",
            "stateName": "Align",
            "jobs": [
                {
                    "jobName": "align",
                    "jobQueue": f"arn:aws:batch:{ACCOUNT}:job-queue/sluice-lowpass",
                    "jobDefinition": f"arn:aws:batch:{ACCOUNT}:job-definition/sluice-align:7",
                    "tags": {"sample": sample, "cohort": "run-2026-11"},
                    "propagateTags": True,
                    "parameters": {
                        "sample": sample,
                        "reads": f"{bucket}/reads/{sample}.fastq.gz",
                        "reference": f"{bucket}/reference/chr20.fa",
                        "alignment": f"{bucket}/results/run-2026-11/{sample}.bam",
                    },
                    "containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "2048"}]},
                }
            ],
        }
    )


TIMES: Final = {
    "createdAt": 1_795_000_000_000,
    "startedAt": 1_795_000_060_000,
    "stoppedAt": 1_795_000_960_000,
}


def job_ended(token: str, name: str, job_id: str) -> dict[str, Any]:
    """An SQS record that holds the event of a job that succeeded, in the length of AWS's own."""
    event = {
        "version": "0",
        "id": job_id,
        "detail-type": "Batch Job State Change",
        "source": "aws.batch",
        "account": "123456789012",
        "time": "2026-11-23T10:16:42Z",
        "region": "eu-west-1",
        "resources": [f"arn:aws:batch:{ACCOUNT}:job/{job_id}"],
        "detail": _detail(token, name, job_id),
    }
    return {"messageId": job_id, "receiptHandle": token, "body": json.dumps(event)}


def _detail(token: str, name: str, job_id: str) -> dict[str, Any]:
    task = json.loads(task_input(0))["jobs"][0]
    container, reason = _container(job_id), "Essential container in task exited"
    return {
        "jobArn": f"arn:aws:batch:{ACCOUNT}:job/{job_id}",
        "jobName": f"{name}-0123456789abcdef",
        "jobId": job_id,
        "jobQueue": task["jobQueue"],
        "status": "SUCCEEDED",
        "attempts": [{"container": container, "statusReason": reason, **TIMES}],
        "statusReason": reason,
        **TIMES,
        "retryStrategy": {"attempts": 3, "evaluateOnExit": []},
        "dependsOn": [],
        "jobDefinition": task["jobDefinition"],
        "parameters": {**task["parameters"], "taskKey": token, "taskJob": name},
        "container": container,
        "timeout": {"attemptDurationSeconds": 3600},
        "tags": task["tags"],
        "propagateTags": True,
        "platformCapabilities": ["FARGATE"],
    }


def _container(job_id: str) -> dict[str, Any]:
    return {
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sluice-lowpass:1.0.0",
        "command": ["lowpass", "align", "--reads", "Ref::reads", "--output", "Ref::alignment"],
        "jobRoleArn": "arn:aws:iam::123456789012:role/sluice-JobRole",
        "executionRoleArn": "arn:aws:iam::123456789012:role/sluice-JobExecutionRole",
        "volumes": [],
        "environment": [],
        "mountPoints": [],
        "ulimits": [],
        "exitCode": 0,
        "taskArn": f"arn:aws:ecs:{ACCOUNT}:task/AWSBatch-sluice/{job_id.replace('-', '')}",
        "logStreamName": f"align/default/{job_id}",
        "networkInterfaces": [{"attachmentId": job_id, "privateIpv4Address": "10.0.12.34"}],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        "secrets": [],
        "networkConfiguration": {"assignPublicIp": "ENABLED"},
    }
