"""Commands about people: owners, their passwords, and the keys by which programs come in."""

import argparse
import getpass
import secrets
import sys

from survey.account.actions import create_key, create_owner, set_password
from survey.account.passwords import hash_password
from survey.account.queries import is_person, person_of
from survey.clock import utc_now
from survey.commands.opening import Commands, open_database
from survey.errors import InputError
from survey.records.workspaces import require_workspace


def add_create_owner(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey create-owner``."""
    command = commands.add_parser("create-owner", help="make a person the owner of a workspace")
    command.add_argument("email", metavar="EMAIL")
    command.add_argument("--workspace", required=True, metavar="NAME", help="made if it is new")
    _offer_stdin(command)
    command.set_defaults(run=run_create_owner)


def _offer_stdin(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


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
    if known and not given.password_stdin:
        return None, False
    return _password(given)


def _password(given: argparse.Namespace) -> tuple[str, bool]:
    """Return a password, and whether it was made here for want of a terminal to ask at."""
    if given.password_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(15), True
    password = getpass.getpass("Password (at least 10 characters): ")
    if getpass.getpass("Once more: ") != password:
        raise InputError("The two passwords differ; nothing was changed.")
    return password, False


def add_new_password(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey new-password``."""
    command = commands.add_parser("new-password", help="for somebody who forgot theirs")
    command.add_argument("email", metavar="EMAIL")
    _offer_stdin(command)
    command.set_defaults(run=run_new_password)


def run_new_password(given: argparse.Namespace) -> int:
    """Set a person's password anew, and sign them out wherever they are."""
    with open_database() as database:
        with database.reading() as session:
            person_id = person_of(session, given.email)
        if person_id is None:
            raise InputError(f"nobody signs in as {given.email!r}; see `survey create-owner`")
        password, made = _password(given)
        kept = hash_password(password)
        with database.writing() as session:
            set_password(session, person_id, kept)
    print(f"{given.email} signs in with the new password from now on.")
    if made:
        print(f"Password: {password}")
    return 0


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
