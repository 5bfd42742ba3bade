"""The Sheets port: sample sheets in S3, or in the request itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sluice.aws.errors import translated
from sluice.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from sluice.cohorts.request import SheetPlace

MAX_SHEET_BYTES: Final = 64 * 1024 * 1024
"""As much as start_samples can read and check in its memory (template.yaml)."""


@dataclass(frozen=True)
class S3Sheets:
    """Sheets in S3; implements cohorts.ports.Sheets. The client is made when a sheet is in S3."""

    client: Callable[[], S3Client]

    def read(self, place: SheetPlace) -> bytes:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html."""
        if place.bucket is None or place.key is None:
            return (place.inline or "").encode(errors="surrogatepass")
        with translated():
            answer = self.client().get_object(Bucket=place.bucket, Key=place.key)
            size = answer["ContentLength"]
            if size > MAX_SHEET_BYTES:
                where = f"s3://{place.bucket}/{place.key}"
                raise RejectedError(f"{where} has {size} bytes; a sheet may have {MAX_SHEET_BYTES}")
            return answer["Body"].read()
