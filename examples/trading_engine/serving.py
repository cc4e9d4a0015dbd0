"""Starts the example server on the month, and stops it when you say so.

The server is a program of its own, build/llmlearn-server; the dashboard's files
are in build/dashboard. Every run has a new admin token, unless the environment
brings one. Whatever else the server reads from the environment it gets as it is.
"""

from __future__ import annotations

import json
import os
import secrets
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

from .console import Screen
from .llm_service import placeholders_of
from .prices import read_prices
from .signals import all_signals
from .stand_in import MODEL, StandIn

PORT = 8080
_STARTS_S = 20.0
_STOPS_S = 20.0
_SAYS = "listening on "
# Whatever becomes of us, the server is asked to stop; where there is no such program, by us alone.
_DIES_WITH_US = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


class ServerError(OSError):
    """The server did not start, or ended by itself."""


class Stopped(Exception):
    """Somebody wants it to end."""


def serve(screen: Screen, database: Path, server: Path, dashboard: Path) -> None:
    """Serves until a signal comes. Raises ServerError."""
    if not server.exists():
        raise ServerError(f"there is no {server}: 'make server' builds it")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    with ExitStack() as stack:
        env = _environment(os.environ, database, dashboard)
        stand_in = not env.get("LLMLEARN_LLM_URL")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if stand_in:
            env.update(_stand_in(stack, folder))
        env.setdefault("LLMLEARN_FIGURES", str(_figures(folder)))
        log_path = database.with_suffix(".log")
        log = stack.enter_context(log_path.open("wb"))
        # Its own session: Ctrl-C reaches this program alone, which then asks the server once.
        process = subprocess.Popen(
            [*_DIES_WITH_US, server],
            env=env,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        stack.callback(_end, process)
        with suppress(Stopped):
            address = _address_of(process, log_path)
            _say(screen, address, env["LLMLEARN_ADMIN_TOKEN"], dashboard, stand_in, log_path)
            status = process.wait()
            raise ServerError(f"the server ended by itself, with status {status}: see {log_path}")
        screen.line()
        screen.line("Stopping.")


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough
    raise Stopped


def _environment(env: Mapping[str, str], database: Path, dashboard: Path) -> dict[str, str]:
    own = {
        "LLMLEARN_DB": str(database),
        "LLMLEARN_ADMIN_TOKEN": secrets.token_urlsafe(32),
        "LLMLEARN_SERVER_PORT": str(PORT if _is_free(PORT) else 0),
    }
    if (dashboard / "index.html").exists():
        own["LLMLEARN_STATIC"] = str(dashboard)
    return {**own, **env, "LLMLEARN_DB": str(database)}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _stand_in(stack: ExitStack, folder: Path) -> dict[str, str]:
    """A model on this machine that answers POST /api/explanations."""
    model = stack.enter_context(StandIn())
    prices = folder / "prices.json"
    model.write_prices(prices)
    return {
        "LLMLEARN_LLM_URL": model.url,
        "LLMLEARN_LLM_MODEL": MODEL,
        "LLMLEARN_LLM_PRICES": str(prices),
    }


def _figures(folder: Path) -> Path:
    """The newest signals of each kind and stock, so that who asks for one need not bring them."""
    known: dict[str, dict[str, dict[str, str | float]]] = {}
    for signal in all_signals(read_prices()):
        figures = placeholders_of(signal)
        for named in ("ticker", "signal", "confidence"):
            figures.pop(named)
        by_ticker = known.setdefault(signal.name, {})
        by_ticker[signal.ticker] = {"confidence": signal.confidence, **figures}
    path = folder / "figures.json"
    path.write_text(json.dumps(known), encoding="utf-8")
    return path


def _address_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """What the server says when it is ready."""
    assert process.stdout is not None
    said, end = b"", time.monotonic() + _STARTS_S
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not said.endswith(b"\n"):
            if not selector.select(end - time.monotonic()):
                raise ServerError(f"the server was not ready within {_STARTS_S:g} s")
            got = os.read(process.stdout.fileno(), 4096)
            if not got:
                said = log.read_bytes()
                raise ServerError(f"the server did not start. It says: {_text(said)}")
            said += got
    line = _text(said)
    if not line.startswith(_SAYS):
        raise ServerError(f"the server says what nobody expected: {line}")
    return line.removeprefix(_SAYS)


def _text(said: bytes) -> str:
    return said.decode(errors="replace").strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOPS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _say(
    screen: Screen, address: str, token: str, dashboard: Path, stand_in: bool, log: Path
) -> None:
    screen.line()
    screen.line(screen.style(f"The server is at {address}", "bold"))
    screen.line()
    if (dashboard / "index.html").exists():
        screen.line(f"  explanations     {address}/")
        screen.line(f"  for the admin    {address}/analytics#token={token}")
    else:
        screen.note("No dashboard was built, so it serves the API alone.", indent="  ")
        screen.line(f"  admin token      {token}")
    screen.line(f"  its log          {log}")
    screen.line()
    if stand_in:
        screen.note(
            "Its model is a STAND-IN that understands nothing; LLMLEARN_LLM_URL names a real one.",
            indent="  ",
        )
    screen.line("  Ctrl-C stops it.")
