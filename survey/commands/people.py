"""Commands about people: owners, and the keys by which programs come in."""

import argparse
import getpass
import secrets
import sys

from survey.account.actions import create_key, create_owner
from survey.account.queries import is_person
from survey.clock import utc_now
from survey.commands.opening import Commands, open_database
from survey.errors import InputError
from survey.records.workspaces import require_workspace


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
