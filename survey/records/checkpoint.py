"""Moving SQLite's write-ahead log into the database file while nobody waits for it.

SQLite does this inside every so-manieth commit, for thirty milliseconds and more, with everybody
queueing behind. A thread of our own does it beside the commits; only once the log has grown long
does it take the write lock for the small rest, because the log starts anew only when all of it
was moved.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

EVERY_COMMITS = 64
LONG_LOG_PAGES = 8_000  # 32 MB
BACKSTOP_PAGES = 40_000  # where SQLite itself steps in, should the thread be gone

log = logging.getLogger(__name__)


class Checkpoints:
    """A thread that starts with the first raced commit of a process.

    Parameters
    ----------
    connect : callable
        Gives a driver's connection of the thread's own.
    write_lock : threading.Lock
        Held by whoever writes in this process.
    """

    def __init__(self, connect: Callable[[], Any], write_lock: threading.Lock) -> None:
        self._connect = connect
        self._write_lock = write_lock
        self._commits = 0
        self._due = threading.Event()
        self._over = False
        self._thread: threading.Thread | None = None

    def committed(self) -> None:
        """Count a commit; the caller holds the write lock."""
        self._commits += 1
        if self._commits % EVERY_COMMITS:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
            self._thread.start()
        self._due.set()

    def close(self) -> None:
        """End the thread."""
        self._over = True
        self._due.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            connection = self._connect()
            try:
                while self._wait():
                    self._move(connection)
            finally:
                connection.close()
        except Exception:
            log.exception("checkpoints ended; SQLite makes its own from now on")

    def _wait(self) -> bool:
        self._due.wait()
        self._due.clear()
        return not self._over

    def _move(self, connection: Any) -> None:
        if _checkpoint(connection) > LONG_LOG_PAGES:
            with self._write_lock:
                _checkpoint(connection)


def _checkpoint(connection: Any) -> int:
    """Move what can be moved without waiting for anybody; return how long the log is, in pages."""
    cursor = connection.cursor()
    _busy, pages, _moved = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    cursor.close()
    return int(pages)
