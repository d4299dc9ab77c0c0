"""The web process's kind of worker: threads that do not wait for ever for a slow sender."""

from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# Seconds between two pieces of a request or a response. A phone in a tunnel takes a few.
PATIENCE = 10.0


class PatientThreads(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threads, each of which a silent sender can hold for ten seconds at most."""

    def enqueue_req(self, conn: Any) -> None:
        """Submit a connection to the pool; its socket stops waiting once it has been opened."""
        if not hasattr(conn, "opened_plainly"):
            conn.opened_plainly = conn.init

            def open_with_patience() -> None:
                conn.opened_plainly()
                conn.sock.settimeout(PATIENCE)

            conn.init = open_with_patience
        super().enqueue_req(conn)
