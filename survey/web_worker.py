"""The web process: gunicorn with one worker, whose threads do not wait for ever for a slow sender.

It runs in the process that checked the settings, so that what was imported there is not imported
again: that is a third of the time until it serves. ``python -m survey.web_worker FD`` is the same
on a socket that was inherited, and with a number behind it waits so many seconds for the slow.
"""

import os
import sys
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

THREADS = 8

# Seconds between two pieces of a request or a response. A phone in a tunnel takes a few.
PATIENCE = 10.0


class PatientThreads(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's threads, each of which a silent sender can hold for ten seconds at most."""

    patience = PATIENCE

    def enqueue_req(self, conn: Any) -> None:
        """Submit a connection to the pool; its socket stops waiting once it has been opened."""
        if not hasattr(conn, "opened_plainly"):
            conn.opened_plainly = conn.init

            def open_with_patience() -> None:
                conn.opened_plainly()
                conn.sock.settimeout(self.patience)

            conn.init = open_with_patience
        super().enqueue_req(conn)


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """Gunicorn with our settings; its worker composes the application after the fork."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from survey.app import create_app

        return create_app()


def serve_web(socket_fd: int, patience: float = PATIENCE) -> None:
    """Serve the web on an open socket until a signal says stop; does not return.

    Parameters
    ----------
    socket_fd : int
        A listening socket's descriptor.
    patience : float
        Seconds between two pieces of a request.
    """
    PatientThreads.patience = patience
    options = {
        "bind": f"fd://{socket_fd}",
        "workers": 1,
        "threads": THREADS,
        "worker_class": PatientThreads,
        "timeout": 60,
        "graceful_timeout": 10,
        "keepalive": 5,
        "loglevel": "warning",
        "control_socket_disable": True,
    }
    if os.path.isdir("/dev/shm"):  # noqa: S108  where the worker's sign of life costs no disk
        options["worker_tmp_dir"] = "/dev/shm"  # noqa: S108
    _Gunicorn(options).run()


if __name__ == "__main__":
    serve_web(int(sys.argv[1]), *map(float, sys.argv[2:3]))
