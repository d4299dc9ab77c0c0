"""The command line's way in: one ``add_…`` and one ``run_…`` a command, nothing else."""

import argparse
import getpass
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from survey.account.actions import create_key, create_owner
from survey.account.queries import is_person
from survey.answer.csv_file import Wanted
from survey.answer.import_file import import_file, import_report
from survey.clock import utc_now
from survey.errors import AfterwordError, InputError
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.records.workspaces import find_workspace
from survey.settings import read_settings

Commands = argparse._SubParsersAction  # argparse has no public name for it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 2 with one line on stderr when it could not.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    parser = argparse.ArgumentParser(prog="survey", description="Ask, understand, show.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_create_owner(commands)
    add_create_key(commands)
    add_import(commands)
    given = parser.parse_args(arguments)
    try:
        code: int = given.run(given)
    except AfterwordError as error:
        print(f"survey: {error}", file=sys.stderr)
        return 2
    return code


@contextmanager
def open_database() -> Iterator[Database]:
    """Give the database of the settings, at its newest revision."""
    database = Database(read_settings().database_url)
    try:
        migrate(database.engine)
        yield database
    finally:
        database.close()


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
        workspace = find_workspace(session, given.workspace)
        if workspace is None:
            raise InputError(f"There is no workspace named {given.workspace!r}.")
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


def run_import(given: argparse.Namespace) -> int:
    """Import, and say what came in and what did not."""
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
