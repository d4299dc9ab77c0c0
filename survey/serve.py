"""Serving on one machine: the web process and the worker, each started again when it ends."""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType

from survey.errors import SettingsError
from survey.records.database import sqlite_warning
from survey.settings import Settings

LOOK_EVERY = 0.2  # seconds between two looks at the processes
LONGEST_PAUSE = 30.0  # before a process that keeps ending is started again
STEADY_AFTER = 60.0  # a process that lived so long starts with a clean slate
STOP_WITHIN = 20.0
_BACKLOG = 512


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; the web process inherits it, so no connection falls between two.

    Parameters
    ----------
    host, port : str, int
        Where to listen.

    Raises
    ------
    SettingsError
        When the port is in use, or not ours to use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(_why_not(host, port, error)) from error
    listener.set_inheritable(True)
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; stop what runs there, or choose another with PORT=."
    if error.errno == errno.EACCES:
        return f"Port {port} is not ours to use; choose one above 1023 with PORT=."
    return f"Cannot listen on {host} port {port}: {error.strerror or error}."


def port_of(wished: str | None) -> int:
    """Return the port that ``--port`` or ``PORT`` names; 8000 by default.

    Raises
    ------
    SettingsError
        When it is no port.
    """
    text = wished or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise SettingsError("PORT: should be a whole number from 1 to 65535.")
    return int(text)


def web_command(listener: socket.socket) -> list[str]:
    """Return the command of a web process that serves a socket it inherits."""
    return [sys.executable, "-m", "survey.web_worker", str(listener.fileno())]


def worker_command() -> list[str]:
    """Return the command of a worker."""
    return [sys.executable, "-m", "survey.cli", "worker"]


def welcome(settings: Settings, first_owner_token: str | None) -> list[str]:
    """Return what the operator reads at start.

    Parameters
    ----------
    settings : Settings
        Where people come in, and whether mail goes out.
    first_owner_token : str or None
        Of the one-time link, while there is no owner.
    """
    lines = [f"Afterword is at {settings.base_url}/"]
    if first_owner_token:
        lines += [
            "There is no owner yet. This link makes the first one; it works once:",
            f"  {settings.base_url}/start/{first_owner_token}",
        ]
    if settings.smtp is None:
        lines.append("No mail server is set: mails are kept on the Outbox page, links and all.")
    warning = sqlite_warning() if settings.on_sqlite else None
    return [*lines, *([warning] if warning else []), "Ctrl-C stops it."]


def environment(settings: Settings, port: int) -> dict[str, str]:
    """Return the environment of the processes: what was decided here holds for them, too."""
    return os.environ | {"SURVEY_DATA_DIR": str(settings.data_dir), "PORT": str(port)}


@dataclass
class Child:
    """One process that should always run."""

    name: str
    command: list[str]
    fds: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = 0.0


@dataclass
class Supervisor:
    """Keeps processes running until told to stop, and then stops them all.

    Parameters
    ----------
    children : list of Child
        What should run.
    env : Mapping
        Their environment.
    say : callable
        Takes one line for the operator.
    """

    children: list[Child]
    env: Mapping[str, str]
    say: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Start all, and start again what ends, until `stop` is set."""
        try:
            while not self.stop.is_set():
                for child in self.children:
                    self._look_after(child)
                self.stop.wait(LOOK_EVERY)
        finally:
            self._stop_all()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            self._note_end(child, code, now)
        if now >= child.start_at:
            child.process = subprocess.Popen(  # noqa: S603  our own commands
                child.command,
                env=dict(self.env),
                pass_fds=child.fds,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop them in order
                preexec_fn=_die_with_parent,  # noqa: PLW1509  this process has one thread
            )
            child.started_at = now

    def _note_end(self, child: Child, code: int, now: float) -> None:
        child.process = None
        steady = now - child.started_at > STEADY_AFTER
        child.pause = 1.0 if steady else min(LONGEST_PAUSE, child.pause * 2 or 1.0)
        child.start_at = now + child.pause
        self.say(f"The {child.name} ended ({_how(code)}); it starts again in {child.pause:.0f} s.")

    def _stop_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + STOP_WITHIN
        for process in running:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()  # safe: whatever it held is due again when its lease ends
                process.wait()


def run_until_stopped(supervisor: Supervisor) -> None:
    """Run a supervisor until SIGINT or SIGTERM."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        supervisor.stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    supervisor.run()


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _die_with_parent() -> None:
    """On Linux, a child is told to stop when its supervisor is killed outright."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
