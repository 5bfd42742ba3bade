"""Downloads and uploads of whole S3 objects: the only file that knows boto3.

boto3 finds a local endpoint by `AWS_ENDPOINT_URL` on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import boto3
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from lowpass.errors import ArgumentError, LowpassError

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

# a job has one core, and its files are small
_ONE_THREAD = TransferConfig(use_threads=False)
_ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey"})


class S3Error(LowpassError):
    """Raised when S3 refuses or cannot be reached."""


class S3Objects:
    """The objects of the account that the process's own credentials belong to."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    @classmethod
    def of_environment(cls) -> Self:
        """Connect as the environment says: credentials, Region and endpoint."""
        return cls(boto3.client("s3"))

    def download(self, bucket: str, key: str, path: Path) -> None:
        """Copy the object to a local file.

        Raises:
            ArgumentError: when there is no such object.
            S3Error: when S3 refuses or cannot be reached.
        """
        uri = f"s3://{bucket}/{key}"
        try:
            self._client.download_file(bucket, key, str(path), Config=_ONE_THREAD)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                folder = uri.rsplit("/", 1)[0]
                raise ArgumentError(
                    f"there is no object {uri}; `aws s3 ls {folder}/` lists its folder"
                ) from error
            raise S3Error(f"S3 did not give {uri}: {error}; check the job's role") from error
        except BotoCoreError as error:
            raise S3Error(f"S3 could not be asked for {uri}: {error}") from error

    def upload(self, path: Path, bucket: str, key: str) -> None:
        """Copy a local file to the object, which appears complete or not at all.

        Raises:
            S3Error: when S3 refuses or cannot be reached.
        """
        try:
            self._client.upload_file(str(path), bucket, key, Config=_ONE_THREAD)
        except (S3UploadFailedError, ClientError, BotoCoreError) as error:
            raise S3Error(
                f"S3 did not take s3://{bucket}/{key}: {error}; check the bucket and the job's role"
            ) from error
