"""A line between the web and the worker of one machine: loopback only, authenticated both ways.

Whoever connects proves with each question that it knows the installation's secret, and so does
whoever answers; both fold in a challenge that is never used twice. What is said is one line of JSON
each way. Where no worker listens, `ask` says so by None, at once.
"""

import hashlib
import hmac
import json
import os
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PATIENCE = 2.0  # seconds for a whole exchange, on either side
_CONNECT = 0.1  # seconds; on loopback an answer comes at once or never
_LONGEST = 1 << 20  # bytes of a line
_PORT = "meaning.port"

Exchange = dict[str, Any]


def ask(data_dir: Path, secret: bytes, question: Exchange) -> Exchange | None:
    """Ask the worker.

    Parameters
    ----------
    data_dir : Path
        Where the worker wrote down its port.
    secret : bytes
        The installation's.
    question : dict
        To be sent as JSON.

    Returns
    -------
    dict or None
        The answer; None where nobody listens, nobody knows the secret, or nobody answers in time.
    """
    try:
        port = int((data_dir / _PORT).read_text(encoding="ascii"))
        with socket.create_connection(("127.0.0.1", port), timeout=_CONNECT) as link:
            link.settimeout(PATIENCE)
            with link.makefile("rwb") as line:
                challenge = line.readline(100).strip()
                body = json.dumps(question).encode()
                line.write(_sealed(secret, b"question", challenge, body))
                line.flush()
                told = _opened(secret, b"answer", challenge, line.readline(_LONGEST))
    except (OSError, ValueError):
        return None
    return told


@contextmanager
def answering(
    data_dir: Path, secret: bytes, answer: Callable[[Exchange], Exchange]
) -> Iterator[None]:
    """Answer questions from other threads for the length of a block.

    Parameters
    ----------
    data_dir : Path
        Where to write down the port.
    secret : bytes
        The installation's.
    answer : callable
        Gives the answer to a question; what it raises is answered by silence.
    """

    class Handler(socketserver.StreamRequestHandler):
        timeout = PATIENCE

        def handle(self) -> None:
            challenge = secrets.token_hex(16).encode()
            with suppress(OSError, ValueError):
                self.wfile.write(challenge + b"\n")
                line = self.rfile.readline(_LONGEST)
                question = _opened(secret, b"question", challenge, line)
                body = json.dumps(answer(question)).encode()
                self.wfile.write(_sealed(secret, b"answer", challenge, body))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Be silent to the asker; what went wrong is the answerer's to log."""

    with Server(("127.0.0.1", 0), Handler) as server:
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _write_down(data_dir, port)
        try:
            yield
        finally:
            server.shutdown()
            with suppress(OSError, ValueError):
                if int((data_dir / _PORT).read_text(encoding="ascii")) == port:
                    (data_dir / _PORT).unlink()


def _write_down(data_dir: Path, port: int) -> None:
    fresh = data_dir / f"{_PORT}.{os.getpid()}"
    fresh.write_text(str(port), encoding="ascii")
    fresh.chmod(0o600)
    fresh.replace(data_dir / _PORT)


def _sealed(secret: bytes, kind: bytes, challenge: bytes, body: bytes) -> bytes:
    return _seal(secret, kind, challenge, body) + b" " + body + b"\n"


def _opened(secret: bytes, kind: bytes, challenge: bytes, line: bytes) -> Exchange:
    seal, _, body = line.rstrip(b"\n").partition(b" ")
    if not challenge or not hmac.compare_digest(seal, _seal(secret, kind, challenge, body)):
        raise ValueError("not from somebody who knows the secret")
    told = json.loads(body)
    if not isinstance(told, dict):
        raise ValueError("not an exchange")
    return told


def _seal(secret: bytes, kind: bytes, challenge: bytes, body: bytes) -> bytes:
    key = hashlib.sha256(b"loopback\0" + secret).digest()
    return hmac.new(key, b"\0".join((kind, challenge, body)), "sha256").hexdigest().encode()
