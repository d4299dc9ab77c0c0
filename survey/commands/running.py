"""Commands that run until told to stop: the web process, the worker, or both."""

import argparse
import logging
import os
import socket
import sys

from survey.account.actions import first_owner_link
from survey.clock import utc_now
from survey.commands.opening import Commands, bring_up_to_date
from survey.records.database import Database
from survey.records.migrate import reachable, require_newest_revision
from survey.serve import (
    Child,
    Supervisor,
    environment,
    listen,
    port_of,
    run_until_stopped,
    web_command,
    welcome,
    worker_command,
)
from survey.settings import Settings, read_settings


def add_serve(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey serve``."""
    command = commands.add_parser("serve", help="run the web process and the worker, supervised")
    _add_address(command)
    command.set_defaults(run=run_serve)


def run_serve(given: argparse.Namespace) -> int:
    """Migrate, say where to go first, and keep both processes running until told to stop."""
    settings, listener, port = _listening(given)
    with listener:
        with reachable(Database(settings.database_url)) as database:
            bring_up_to_date(database, settings)
            with database.writing() as session:
                token = first_owner_link(session, utc_now())
        for line in welcome(settings, token):
            print(line, flush=True)
        _warn_of_strangers(given.host)
        children = [
            Child("web process", web_command(listener), fds=(listener.fileno(),)),
            Child("worker", worker_command()),
        ]
        run_until_stopped(Supervisor(children, environment(settings, port), _tell))
    _tell("Stopped.")
    return 0


def add_web(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey web``."""
    command = commands.add_parser("web", help="run the web process alone")
    _add_address(command)
    command.set_defaults(run=run_web)


def run_web(given: argparse.Namespace) -> int:
    """Become a web process."""
    from survey.web_worker import serve_web

    settings, listener, port = _listening(given)
    with listener:
        with reachable(Database(settings.database_url)) as database:
            require_newest_revision(database)
        os.environ.update(environment(settings, port))
        serve_web(listener.detach())  # gunicorn closes it
    return 0


def add_worker(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey worker``."""
    command = commands.add_parser("worker", help="run a worker alone; any number may run")
    command.set_defaults(run=run_worker_command)


def run_worker_command(_given: argparse.Namespace) -> int:
    """Work until told to stop."""
    from survey.worker import run_worker

    settings = read_settings()
    with reachable(Database(settings.database_url)) as database:
        require_newest_revision(database)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("survey").setLevel(logging.INFO)  # libraries tell only what is wrong
    return run_worker(settings)


def _add_address(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1", help="127.0.0.1 by default")
    command.add_argument("--port", help="PORT, or 8000, by default")


def _listening(given: argparse.Namespace) -> tuple[Settings, socket.socket, int]:
    port = port_of(given.port or os.environ.get("PORT"))
    settings = read_settings({**os.environ, "PORT": str(port)})
    return settings, listen(given.host, port), port


def _warn_of_strangers(host: str) -> None:
    if host not in ("127.0.0.1", "::1", "localhost"):
        _tell(f"Anybody who reaches {host} talks to this process itself; put a buffering proxy")
        _tell("like nginx or Caddy in front, with https, before strangers come.")


def _tell(line: str) -> None:
    print(f"survey: {line}", file=sys.stderr, flush=True)
