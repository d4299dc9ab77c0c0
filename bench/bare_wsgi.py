"""What the answer POST is measured against: one sqlite3 insert behind the same server.

It reads the form, inserts one row and commits it as durably as the product does (WAL,
synchronous=FULL), and queues its writers on a lock, which is the fastest way we know.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

_FILE = os.environ["BARE_DATABASE"]
_mine = threading.local()
_one_writer = threading.Lock()


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Insert what was posted, commit, and lead away, as the customer's page does."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    text = parse_qs(body.decode()).get("answer", [""])[0]
    connection = _connection()
    with _one_writer:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO answer (body) VALUES (?)", (text,))
        connection.execute("COMMIT")
    start_response("303 See Other", [("Location", environ["PATH_INFO"]), ("Content-Length", "0")])
    return [b""]


def _connection() -> sqlite3.Connection:
    found: sqlite3.Connection | None = getattr(_mine, "connection", None)
    if found is None:
        found = _mine.connection = sqlite3.connect(_FILE, isolation_level=None, timeout=10)
        found.execute("PRAGMA journal_mode=WAL")
        found.execute("PRAGMA synchronous=FULL")
        found.execute("CREATE TABLE IF NOT EXISTS answer (id INTEGER PRIMARY KEY, body TEXT)")
    return found
