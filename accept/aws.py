"""AWS's API, as the environment says: an account, or the server that AWS_ENDPOINT_URL names."""

from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from accept.errors import AcceptError

_CONNECTIONS: Final = 64

Client = Any  # botocore makes its clients at run time


class Aws:
    """Clients, one a service.

    Raises:
        AcceptError: there is no Region, or there are no credentials that AWS knows.
    """

    def __init__(self) -> None:
        self._session = Session()
        self.client = cache(self._client)
        try:
            identity = self.client("sts").get_caller_identity()
            self.endpoint_url: str = self.client("sts").meta.endpoint_url
            self.region: str = self.client("sts").meta.region_name
        except (BotoCoreError, ClientError) as error:
            raise AcceptError(
                f"AWS cannot be asked: {error}\nSign in and set AWS_DEFAULT_REGION, or set "
                "AWS_ENDPOINT_URL and the other variables that `make local` prints."
            ) from error
        self.account: str = identity["Account"]

    @property
    def is_real(self) -> bool:
        """Whether it is AWS itself that answers, who sends a bill."""
        return "amazonaws.com" in self.endpoint_url or "api.aws" in self.endpoint_url

    def impatient(self, service: str) -> Client:
        """Return a client that shows each refusal instead of trying again."""
        return self._client(service, attempts=1)

    def as_role(self, credentials: dict[str, str], service: str) -> Client:
        """Return an impatient client with the credentials that AssumeRole gave."""
        return self._session.create_client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            config=_config(1),
        )

    def _client(self, service: str, attempts: int = 10) -> Client:
        return self._session.create_client(service, config=_config(attempts))


def _config(attempts: int) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=_CONNECTIONS,
        read_timeout=75,
    )


def code_of(error: ClientError) -> str:
    """Return the code of a refusal."""
    return str(error.response["Error"]["Code"])


def status_of(error: ClientError) -> int:
    """Return the HTTP status of a refusal."""
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
