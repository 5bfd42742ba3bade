"""Staging of inputs and outputs, and what S3's answers mean."""

import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from types_boto3_s3 import S3Client

from lowpass.errors import ArgumentError
from lowpass.s3 import S3Error, S3Objects
from lowpass.storage import Workspace


class MemoryObjects:
    """Objects in a dictionary; `uploads` keeps their order."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {f"s3://bucket/{name}": body for name, body in objects.items()}
        self.uploads: list[str] = []

    def download(self, bucket: str, key: str, path: Path) -> None:
        uri = f"s3://{bucket}/{key}"
        if uri not in self.objects:
            raise ArgumentError(f"there is no object {uri}")
        path.write_bytes(self.objects[uri])

    def upload(self, path: Path, bucket: str, key: str) -> None:
        uri = f"s3://{bucket}/{key}"
        self.objects[uri] = path.read_bytes()
        self.uploads.append(uri)


def hidden_files(folder: Path) -> list[Path]:
    return list(folder.glob(".*"))


def test_a_local_input_is_used_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a.bam").touch()
    (tmp_path / "a.bam.bai").touch()

    with Workspace() as files:
        assert files.input(f"{tmp_path}/a.bam", [f"{tmp_path}/a.bam.bai"]) == tmp_path / "a.bam"


def test_a_missing_companion_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.bam").touch()

    with Workspace() as files, pytest.raises(ArgumentError, match=r"there is no file .*a\.bam\.bai"):
        files.input(f"{tmp_path}/a.bam", [f"{tmp_path}/a.bam.bai"])


def test_an_object_and_its_companions_are_staged_side_by_side_and_removed_in_the_end() -> None:
    objects = MemoryObjects(reads=b"reads", index=b"index")

    with Workspace(lambda: objects) as files:
        path = files.input("s3://bucket/reads", ["s3://bucket/index"])
        assert (path.read_bytes(), path.with_name("index").read_bytes()) == (b"reads", b"index")

    assert not path.parent.exists()


def test_an_output_appears_under_its_name_only_when_the_command_has_succeeded(tmp_path: Path) -> None:
    with Workspace() as files:
        files.output(f"{tmp_path}/a.bcf").write_text("whole")
        assert not (tmp_path / "a.bcf").exists()

    assert (tmp_path / "a.bcf").read_text() == "whole"
    assert hidden_files(tmp_path) == []


def test_a_command_that_fails_leaves_the_old_output_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.bcf").write_text("old")

    def fail() -> None:
        with Workspace() as files:
            files.output(f"{tmp_path}/a.bcf").write_text("half")
            raise ArgumentError("no")

    with pytest.raises(ArgumentError):
        fail()
    assert (tmp_path / "a.bcf").read_text() == "old"
    assert hidden_files(tmp_path) == []


def test_companions_are_uploaded_before_the_file_that_they_belong_to() -> None:
    objects = MemoryObjects()

    with Workspace(lambda: objects) as files:
        path = files.output("s3://bucket/a.bam", ["s3://bucket/a.bam.bai"])
        path.write_text("bam")
        path.with_name("a.bam.bai").write_text("index")
        assert objects.uploads == []

    assert objects.uploads == ["s3://bucket/a.bam.bai", "s3://bucket/a.bam"]
    assert not path.parent.exists()


def test_an_output_folder_that_does_not_exist_is_named_before_the_work_begins(tmp_path: Path) -> None:
    with Workspace() as files, pytest.raises(ArgumentError, match=r"nowhere of .* does not exist"):
        files.output(f"{tmp_path}/nowhere/a.bcf")


@pytest.mark.parametrize("uri", ["s3://", "s3://bucket", "s3://bucket/", "s3://bucket/folder/"])
def test_a_uri_without_a_key_is_refused_before_the_work_begins(uri: str) -> None:
    with Workspace(MemoryObjects) as files, pytest.raises(ArgumentError, match="s3://bucket/key"):
        files.output(uri)


@pytest.fixture
def client() -> S3Client:
    return boto3.client("s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def s3(client: S3Client) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_an_object_is_downloaded(tmp_path: Path, client: S3Client, s3: Stubber) -> None:
    s3.add_response("head_object", {"ContentLength": 5, "ETag": '"e"'})
    body = StreamingBody(io.BytesIO(b"reads"), 5)
    s3.add_response("get_object", {"Body": body, "ContentLength": 5, "ETag": '"e"'})

    S3Objects(client).download("bucket", "reads.fq", tmp_path / "reads.fq")

    assert (tmp_path / "reads.fq").read_bytes() == b"reads"


def test_an_object_that_is_not_there_is_the_users_mistake(
    tmp_path: Path, client: S3Client, s3: Stubber
) -> None:
    s3.add_client_error("head_object", "404", "Not Found", http_status_code=404)

    with pytest.raises(
        ArgumentError, match=r"no object s3://bucket/run/reads\.fq; `aws s3 ls s3://bucket/run/`"
    ):
        S3Objects(client).download("bucket", "run/reads.fq", tmp_path / "reads.fq")


def test_a_refused_download_names_the_object_and_the_role(
    tmp_path: Path, client: S3Client, s3: Stubber
) -> None:
    s3.add_client_error("head_object", "403", "Forbidden", http_status_code=403)

    with pytest.raises(S3Error, match=r"did not give s3://bucket/reads\.fq: .*Forbidden.*role"):
        S3Objects(client).download("bucket", "reads.fq", tmp_path / "reads.fq")


def test_a_refused_upload_names_the_object_and_the_bucket(
    tmp_path: Path, client: S3Client, s3: Stubber
) -> None:
    (tmp_path / "a.bcf").write_text("a")
    s3.add_client_error("put_object", "NoSuchBucket", "gone", http_status_code=404)

    with pytest.raises(S3Error, match=r"did not take s3://bucket/a\.bcf: .*check the bucket"):
        S3Objects(client).upload(tmp_path / "a.bcf", "bucket", "a.bcf")
