"""Which requests Local AWS answers: those of programs on this machine and of its own page.

Local AWS runs commands and asks for no password, so no web page may call it. A browser tells who asks:
https://developer.mozilla.org/en-US/docs/Web/HTTP/Headers/Origin and
https://developer.mozilla.org/en-US/docs/Web/HTTP/Headers/Sec-Fetch-Site. A page whose own name was made to
lead here (DNS rebinding) is told by that name, which stands in `Host`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_HTTP_PORT: Final = 80
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_ENGINE_PREFIXES: Final = ("/_ministack", "/_localstack")
_ENGINE_PATHS: Final = frozenset({"/health"})
_GIVEN_OUT: Final = (
    ("GET", "/_ministack/lambda-code/"),
    ("GET", "/_ministack/lambda-layers/"),
    ("PUT", "/_ministack/cfn-response/"),
    ("PUT", "/_ministack/cfn-signal/"),
)
"""What the answers of APIs name: a function's or layer's content, and where a custom resource reports."""


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request counts here.

    Attributes:
        method: in capitals.
        path: decoded.
        headers: every header, names in lower case, in the order of the request.
    """

    method: str
    path: str
    headers: Sequence[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        """Return every value of a header, of which there may be several."""
        return [value for each, value in self.headers if each == name]


class Trust:
    """Decides for the server on a port of 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        if port == _HTTP_PORT:
            self._hosts |= set(_NAMES)
        self._origins = {f"http://{host}" for host in self._hosts}

    def complaint(self, request: Request) -> str | None:
        """Say why a request is refused, and what to do instead; None if it is answered."""
        return self._of_host(request) or self._of_page(request) or self._of_path(request)

    def _of_host(self, request: Request) -> str | None:
        hosts = request.values("host")
        # names of hosts are the same in capitals, RFC 9110, section 4.2.3
        if len(hosts) == 1 and hosts[0].lower() in self._hosts:
            return None
        return (
            f"Local AWS answers to {self._address} (or localhost), not to {_shown(hosts)}, so that no web "
            "page can reach it under a name of its own: set the endpoint (AWS_ENDPOINT_URL) to "
            f"{self._address}"
        )

    def _of_page(self, request: Request) -> str | None:
        foreign = [each for each in request.values("origin") if each not in self._origins]
        if foreign:
            return (
                f"Local AWS runs commands, so it answers no web page but its own; this request comes from a "
                f"page of {_shown(foreign)}. Use an AWS SDK or the AWS CLI."
            )
        if not _OWN_SITES.issuperset(request.values("sec-fetch-site")):
            return (
                "Local AWS runs commands, so it answers no web page but its own; a browser sent this request "
                f"for another page. To see the live page, type its address: {self._address}/_sluice/"
            )
        return None

    def _of_path(self, request: Request) -> str | None:
        method, path = request.method, request.path
        if method == "OPTIONS":
            return "Local AWS accepts no requests from pages of other sites, so it does not answer OPTIONS."
        if not path.startswith("/"):
            return f"Local AWS is not a proxy: request a path such as /, not {path!r}."
        is_engines = path.startswith(_ENGINE_PREFIXES) or path in _ENGINE_PATHS
        if is_engines and not any(method == verb and path.startswith(prefix) for verb, prefix in _GIVEN_OUT):
            return (
                f"Local AWS does not serve its engine's own pages, such as {path!r}. Watch it at "
                f"{self._address}/_sluice/; restart it to reset it."
            )
        return None


def _shown(values: Sequence[str]) -> str:
    return " and ".join(map(repr, values)) or "a request without a Host"
