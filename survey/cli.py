"""The command line's way in: one ``add_…`` and one ``run_…`` a command, nothing else.

What one command alone needs, it imports itself: the web process should not wait for the rest.
"""

import argparse
import getpass
import logging
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from survey.account.actions import create_key, create_owner, first_owner_link
from survey.account.queries import is_person
from survey.clock import day_in, utc_now
from survey.errors import AfterwordError, FileError, InputError
from survey.records.database import Database
from survey.records.migrate import (
    migrate,
    reachable,
    require_known_revision,
    require_newest_revision,
)
from survey.records.sealing_anew import seal_all_anew
from survey.records.workspaces import require_workspace
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
from survey.settings import Settings, key_kept_in, read_settings

Commands = argparse._SubParsersAction  # argparse has no public name for it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 2 with one line on stderr when it could not.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    given = build_parser().parse_args(arguments)
    os.umask(0o077)  # what is written holds customers' words; nobody else here need read them
    try:
        code: int = given.run(given)
    except AfterwordError as error:
        print(f"survey: {error}", file=sys.stderr)
        return 2
    return code


def build_parser() -> argparse.ArgumentParser:
    """Describe every command; one line each."""
    parser = argparse.ArgumentParser(prog="survey", description="Ask, understand, show.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_create_owner(commands)
    add_create_key(commands)
    add_import(commands)
    add_take_mail(commands)
    add_export(commands)
    add_serve(commands)
    add_web(commands)
    add_worker(commands)
    add_migrate(commands)
    add_check(commands)
    add_backup(commands)
    add_restore(commands)
    add_sort(commands)
    return parser


@contextmanager
def open_database() -> Iterator[Database]:
    """Give the database of the settings, at its newest revision."""
    settings = read_settings()
    database = Database(settings.database_url)
    try:
        _bring_up_to_date(database, settings)
        yield database
    finally:
        database.close()


def _bring_up_to_date(database: Database, settings: Settings) -> None:
    """Migrate, and seal anew what an older version sealed less tightly."""
    migrate(database.engine)
    seal_all_anew(database, settings.secret_key)


def add_create_owner(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey create-owner``."""
    command = commands.add_parser("create-owner", help="make a person the owner of a workspace")
    command.add_argument("email", metavar="EMAIL")
    command.add_argument("--workspace", required=True, metavar="NAME", help="made if it is new")
    command.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    command.set_defaults(run=run_create_owner)


def run_create_owner(given: argparse.Namespace) -> int:
    """Make the owner; a new one, without a terminal to ask at, gets a password that is shown."""
    with open_database() as database:
        with database.reading() as session:
            known = is_person(session, given.email)
        password, made = _owners_password(given, known=known)
        with database.writing() as session:
            person, workspace = create_owner(
                session, given.email, given.workspace, password, utc_now()
            )
    print(f"{person.email} is an owner of {workspace.name} (/w/{workspace.slug}/).")
    if made:
        print(f"Password: {password}")
    return 0


def _owners_password(given: argparse.Namespace, *, known: bool) -> tuple[str | None, bool]:
    """Return the password to set, if any, and whether it was made here."""
    if given.password_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if known:
        return None, False
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(15), True
    password = getpass.getpass("Password (at least 10 characters): ")
    if getpass.getpass("Once more: ") != password:
        raise InputError("The two passwords differ; nothing was changed.")
    return password, False


def add_create_key(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey create-key``."""
    command = commands.add_parser("create-key", help="make an API key and print it once")
    command.add_argument("--workspace", required=True, metavar="NAME")
    command.add_argument("--label", required=True, metavar="TEXT", help="what it is for")
    command.set_defaults(run=run_create_key)


def run_create_key(given: argparse.Namespace) -> int:
    """Print a new API key, alone on standard output."""
    with open_database() as database, database.writing() as session:
        workspace = require_workspace(session, given.workspace)
        key = create_key(session, workspace.id, given.label, utc_now())
    print(key)
    return 0


def add_import(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey import``."""
    command = commands.add_parser("import", help="bring in past answers from a CSV file")
    command.add_argument("file", metavar="FILE.csv", type=Path)
    command.add_argument("--workspace", required=True, metavar="NAME")
    command.add_argument("--text-column", metavar="C", help="holds the answers")
    command.add_argument("--id-column", metavar="C", help="the same id is never imported twice")
    command.add_argument("--date-column", metavar="C")
    command.add_argument("--date-format", metavar="F", help="like %%d/%%m/%%Y; ISO by default")
    command.add_argument(
        "--segment-column", metavar="C", action="append", default=[], help="may be given again"
    )
    command.add_argument("--encoding", default="utf-8", help="of the file; utf-8 by default")
    command.set_defaults(run=run_import)


def add_take_mail(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey take-mail``."""
    command = commands.add_parser("take-mail", help="file a reply that comes on standard input")
    command.set_defaults(run=run_take_mail)


def run_take_mail(_given: argparse.Namespace) -> int:
    """File one mail; 1 where it is left to whoever comes next, 75 where it should come again."""
    from survey.answer.by_mail import take_mail
    from survey.answer.incoming import LONGEST_MAIL

    raw = sys.stdin.buffer.read(LONGEST_MAIL)
    while sys.stdin.buffer.read(LONGEST_MAIL):
        pass  # attachments: whoever hands the mail over must not meet a closed pipe
    try:
        with open_database() as database:
            filed = take_mail(database, read_settings(), raw, utc_now())
    except SQLAlchemyError:
        print("survey: the mail could not be filed now; please hand it over again", file=sys.stderr)
        return os.EX_TEMPFAIL
    print(f"{filed.words}")
    return 1 if filed.is_left else 0


def add_export(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey export``."""
    command = commands.add_parser("export", help="write all answers with their themes to a file")
    command.add_argument("--workspace", required=True, metavar="NAME")
    command.add_argument("--out", required=True, metavar="FILE.(csv|xlsx|zip)", type=Path)
    command.set_defaults(run=run_export)


def run_export(given: argparse.Namespace) -> int:
    """Write the file."""
    from survey.export.answers_file import write_answers

    with open_database() as database:
        with database.reading() as session:
            workspace = require_workspace(session, given.workspace)
            workspace_id, today = workspace.id, day_in(utc_now(), workspace.time_zone)
        write_answers(database, workspace_id, given.out, today)
    return 0


def run_import(given: argparse.Namespace) -> int:
    """Import, and say what came in and what did not."""
    from survey.answer.csv_file import Wanted
    from survey.answer.import_file import import_file, import_report, nothing_kept

    wanted = Wanted(
        text=given.text_column,
        id=given.id_column,
        date=given.date_column,
        date_format=given.date_format,
        segments=tuple(given.segment_column),
        encoding=given.encoding,
    )
    with open_database() as database:
        done = import_file(database, given.file, given.workspace, wanted, utc_now())
    print("\n".join(import_report(done)))
    if done.kept_nothing:
        raise FileError(nothing_kept(done))
    return 0


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
            _bring_up_to_date(database, settings)
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


def add_migrate(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey migrate``."""
    command = commands.add_parser("migrate", help="bring the database to the newest revision")
    command.set_defaults(run=run_migrate)


def run_migrate(_given: argparse.Namespace) -> int:
    """Migrate, and say so."""
    settings = read_settings()
    with reachable(Database(settings.database_url)) as database:
        _bring_up_to_date(database, settings)
    print("The database is at the newest revision.")
    return 0


def add_check(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey check``."""
    command = commands.add_parser("check", help="name what is wrong, a line each")
    command.set_defaults(run=run_check)


def run_check(_given: argparse.Namespace) -> int:
    """Name the faults; 1 where there are any."""
    from survey.check import faults

    found = list(faults())
    for fault in found:
        print(fault)
    if not found:
        print("Settings, database, mail, model and worker are in order.")
    return 1 if found else 0


def add_backup(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey backup``."""
    command = commands.add_parser("backup", help="write the whole database to one file")
    command.add_argument("file", metavar="FILE", type=Path)
    command.set_defaults(run=run_backup)


def run_backup(given: argparse.Namespace) -> int:
    """Write the file, and say what is not in it."""
    from survey.records.backup import backup

    settings = read_settings()
    with reachable(Database(settings.database_url)) as database:
        require_known_revision(database)  # an older one, too: one backs up before one migrates
        url, key = settings.database_url, settings.secret_key
        backup(database, url, given.file, key, utc_now())
    print(f"Everything in the database is in {given.file}, readable by nobody else here.")
    print(f"The secret key is not: keep {key_kept_in(settings)} as well, apart from it.")
    return 0


def add_restore(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey restore``."""
    command = commands.add_parser("restore", help="put a backup in the database's place")
    command.add_argument("file", metavar="FILE", type=Path)
    command.add_argument(
        "--replace", action="store_true", help="even where the database holds data: they are lost"
    )
    command.set_defaults(run=run_restore)


def run_restore(given: argparse.Namespace) -> int:
    """Restore, and say whether the key is the one it was made with."""
    from survey.records.backup import restore

    settings = read_settings()
    with reachable(Database(settings.database_url)):
        pass
    done = restore(
        settings.database_url, given.file, settings.secret_key, utc_now(), replace=given.replace
    )
    print(f"Restored as it was on {done.manifest.made_at[:16].replace('T', ' at ')} (UTC).")
    if not done.same_key:
        print(
            "The secret key here is another one: links that were sent before open nothing, and "
            f"sealed originals stay sealed. Put the old key in {key_kept_in(settings)}."
        )
    return 0


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


def add_sort(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey sort``."""
    command = commands.add_parser(
        "sort", help="sort the answers of a CSV file into themes, with no database"
    )
    command.add_argument("file", metavar="FILE.csv", type=Path)
    command.add_argument("--text-column", required=True, metavar="C", help="holds the answers")
    command.add_argument("--id-column", metavar="C", help="its values are repeated in OUT.csv")
    books = command.add_mutually_exclusive_group()
    books.add_argument("--book", metavar="FILE.yaml", type=Path, help="instead of the shipped one")
    books.add_argument("--no-book", action="store_true", help="find all themes in the answers")
    command.add_argument(
        "--themes", metavar="N", type=_count_of_themes, help="about how many themes to find"
    )
    command.add_argument("--out", required=True, metavar="OUT.csv", type=Path)
    command.add_argument("--summary", metavar="OUT.json", type=Path)
    command.set_defaults(run=run_sort)


def run_sort(given: argparse.Namespace) -> int:
    """Sort a file; what the person should know goes to standard error."""
    # The engine loads only here: no other command needs it.
    from survey.understand.sort import SortRequest, sort_file

    request = SortRequest(
        file=given.file,
        text_column=given.text_column,
        id_column=given.id_column,
        book=given.book,
        no_book=given.no_book,
        themes=given.themes,
        out=given.out,
        summary=given.summary,
        model=os.environ.get("SURVEY_MODEL") or None,
    )
    sort_file(request, lambda line: print(f"survey: {line}", file=sys.stderr))
    return 0


def _count_of_themes(typed: str) -> int:
    if not typed.isdigit() or not 1 <= int(typed) <= 500:
        raise argparse.ArgumentTypeError(f"{typed!r} is not a number from 1 to 500")
    return int(typed)


if __name__ == "__main__":
    sys.exit(main())
