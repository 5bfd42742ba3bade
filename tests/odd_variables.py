"""Variables that a caller may have and that must change nothing."""

from __future__ import annotations

from typing import Final

ODD_VARIABLES: Final = {
    "AWS_PROFILE": "nobody",
    "AWS_REGION": "eu-north-1",
    "COLUMNS": "37",
    "FORCE_COLOR": "1",
    "LANG": "xx",
    "LC_ALL": "tr_TR.UTF-8",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "PYTHONHASHSEED": "7",
    "PYTHONUNBUFFERED": "0",
    "SERVICES": "s3",  # MiniStack reads this one and the next two
    "SFN_WAIT_SCALE": "0",
    "USE_SSL": "1",
    "TZ": "Asia/Kathmandu",
}
