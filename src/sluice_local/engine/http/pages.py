"""The pages under `/_sluice/`: JSON for programs, of which some can be written, and HTML for people."""

from collections.abc import Callable, Mapping
from typing import Any

from sluice_local.engine.http.asgi import Receive, Scope, Send, read_request, send_html, send_json

PAGE_PREFIX = "/_sluice/"

Page = Callable[[], Any]
Document = Callable[[], str]
Change = Callable[[bytes], None]


class Pages:
    """Answers requests for pages.

    Args:
        shown: what each page shows, by name.
        documents: the HTML of each page for people, by name.
        changes: what PUT or DELETE does with a request's body, by method and name; it raises `ValueError`
            for a body that will not do.
    """

    def __init__(
        self,
        shown: Mapping[str, Page],
        documents: Mapping[str, Document],
        changes: Mapping[tuple[str, str], Change],
    ) -> None:
        self._shown = shown
        self._documents = documents
        self._changes = changes

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show a page, or change it and show what it has become."""
        name = scope["path"].removeprefix(PAGE_PREFIX)
        page, change = self._shown.get(name), self._changes.get((scope["method"], name))
        if name in self._documents and scope["method"] == "GET":
            await send_html(send, self._documents[name]())
        elif page is None:
            message = f"No page {name!r}; there are {sorted(self._shown)}."
            await send_json(send, 404, {"message": message})
        elif change is None and scope["method"] != "GET":
            await send_json(send, 405, {"message": f"Page {name!r} cannot be changed by {scope['method']}."})
        else:
            await _serve(page, change, receive, send)


async def _serve(page: Page, change: Change | None, receive: Receive, send: Send) -> None:
    if change is not None:
        body = b"".join(message.get("body", b"") for message in await read_request(receive))
        try:
            change(body)
        except ValueError as error:
            await send_json(send, 400, {"message": str(error)})
            return
    await send_json(send, 200, page())
