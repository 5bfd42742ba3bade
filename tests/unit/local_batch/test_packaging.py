"""Packaging a template."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from sluice_local.packaging import PackagingError, package, read_template, zip_folder

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {CodeUri: functions/}}
Resources:
  One: {Type: AWS::Serverless::Function, Properties: {Handler: one.app.lambda_handler}}
  Two: {Type: AWS::Serverless::Function, Properties: {CodeUri: ./functions}}
  Far: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://elsewhere/key.zip}}
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: flow.asl.json, DefinitionSubstitutions: {Arn: !GetAtt One.Arn}}
"""


@pytest.fixture
def template_path(tmp_path: Path) -> Path:
    functions = tmp_path / "functions"
    (functions / "one" / "__pycache__").mkdir(parents=True)
    (functions / "one" / "app.py").write_text("x = 1")
    (functions / "one" / "__pycache__" / "app.cpython-311.pyc").write_text("cache")
    (tmp_path / "flow.asl.json").write_text("{}")
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_local_paths_become_s3_locations_and_each_folder_goes_up_once(template_path: Path) -> None:
    uploads: list[str] = []
    packaged = package(template_path, bucket="b", upload=lambda key, _body: uploads.append(key))
    code, definition = uploads
    resources = packaged["Resources"]
    assert packaged["Globals"]["Function"]["CodeUri"] == f"s3://b/{code}"
    assert resources["Two"]["Properties"]["CodeUri"] == f"s3://b/{code}"
    assert resources["Far"]["Properties"]["CodeUri"] == "s3://elsewhere/key.zip"
    assert resources["Flow"]["Properties"] == {
        "DefinitionUri": {"Bucket": "b", "Key": definition},
        "DefinitionSubstitutions": {"Arn": {"Fn::GetAtt": ["One", "Arn"]}},
    }
    assert code.endswith(".zip")


def test_a_zip_holds_no_caches_and_is_the_same_for_the_same_content(template_path: Path) -> None:
    folder = template_path.parent / "functions"
    before = zip_folder(folder)
    os.utime(folder / "one" / "app.py", (1_000_000_000, 1_000_000_000))
    assert zip_folder(folder) == before
    assert zipfile.ZipFile(io.BytesIO(before)).namelist() == ["one/app.py"]
    (folder / "one" / "app.py").write_text("x = 2")
    assert zip_folder(folder) != before


def test_a_path_that_is_not_there_is_named(template_path: Path) -> None:
    (template_path.parent / "flow.asl.json").unlink()
    with pytest.raises(PackagingError, match=r"flow\.asl\.json, which is not there"):
        package(template_path, bucket="b", upload=lambda _key, _body: None)


def test_short_forms_are_written_out() -> None:
    text = "A: !If [Keep, !Ref AWS::NoValue, !Sub '${B}']\nVersion: 2010-09-09"
    assert read_template(text) == {
        "A": {"Fn::If": ["Keep", {"Ref": "AWS::NoValue"}, {"Fn::Sub": "${B}"}]},
        "Version": "2010-09-09",
    }
