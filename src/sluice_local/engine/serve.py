"""The server process: `python -m sluice_local.engine.serve SETTINGS-JSON`.

It binds 127.0.0.1, writes one JSON line `{"port": N}` to its standard output once it serves, and ends when
its standard input closes or a SIGTERM comes, so that it cannot outlive the process that started it. Its log
is its standard error. It expects to lead its process group and ends the whole group with itself.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any

from sluice_local.engine.http.asgi import Application, Message, Receive, Scope, Send
from sluice_local.engine.http.guard import Guard
from sluice_local.settings import ACCOUNT_ID, REGION, LocalSettings
from sluice_local.trust import Trust

# A burst of clients that connect at once must not be refused; the kernel caps it at somaxconn.
_BACKLOG = 1024
_GRACE_SECONDS = 0.5


def main() -> None:
    """Serve Local AWS as the first argument (settings as JSON) says."""
    settings = LocalSettings.from_json(sys.argv[1])
    listener = _bind(settings.port)
    _configure_ministack(listener.getsockname()[1], enforce_iam=settings.enforce_iam)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(_serve(settings, listener))


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        sys.exit(f"Port {port} on 127.0.0.1: {error.strerror}. Choose another port, or 0 for a free one.")
    listener.listen(_BACKLOG)
    return listener


def _configure_ministack(port: int, *, enforce_iam: bool) -> None:
    """Set what MiniStack reads from the environment while it is imported, and what the functions inherit."""
    os.environ.pop("PYTHONPATH", None)  # a function finds its modules in its own folder first
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),  # what queue URLs and the functions' AWS_ENDPOINT_URL name
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "LAMBDA_EXECUTOR": "local",
            "AUTH": str(enforce_iam).lower(),
            # These two listen on all interfaces.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            # It would remove containers of a Docker engine that it finds: let it find none.
            "DOCKER_HOST": f"unix://{os.devnull}/none",
        }
    )


async def _serve(settings: LocalSettings, listener: socket.socket) -> None:
    # MiniStack reads the environment while it is imported, so these imports come late.
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    from sluice_local.engine.install import install  # noqa: PLC0415

    gateway, engine = install(settings)
    guard = Guard(gateway, Trust(listener.getsockname()[1]))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.backlog = _BACKLOG
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.graceful_timeout = _GRACE_SECONDS
    app: Any = _announcing(guard, listener)  # hypercorn has scope types of its own
    ended = _ended_event()
    serving = asyncio.ensure_future(serve(app, config, shutdown_trigger=ended.wait))
    try:
        await _first_of(serving, asyncio.ensure_future(ended.wait()))
        # From Python 3.12 on, hypercorn waits for open connections, as a long poll keeps one for a minute.
        # https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.Server.wait_closed
        await asyncio.wait({serving}, timeout=2 * _GRACE_SECONDS)
    finally:
        for end in engine.exits:
            end()
    if serving.done():
        serving.result()
    _end_process_group()


def _announcing(app: Application, listener: socket.socket) -> Application:
    """Wrap `app` so that it tells its parent process when it is ready."""

    async def announcing(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                print(json.dumps({"port": listener.getsockname()[1]}), flush=True)  # noqa: T201 - the protocol
                os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever is printed later is log

        await app(scope, receive, tell if scope["type"] == "lifespan" else send)

    return announcing


def _ended_event() -> asyncio.Event:
    """Return what is set when this process is to end."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    threading.Thread(target=_wait_for_parent, args=(loop, ended), daemon=True).start()
    return ended


async def _first_of(*futures: "asyncio.Future[Any]") -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


def _wait_for_parent(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(ended.set)


def _end_process_group() -> None:
    """End the Lambda workers too; a thread that still runs one must not hold this process up."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main()
