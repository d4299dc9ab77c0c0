"""Commands of whoever keeps an installation: migrate, check, back up, restore."""

import argparse
from pathlib import Path

from survey.clock import utc_now
from survey.commands.opening import Commands, bring_up_to_date
from survey.records.database import Database
from survey.records.migrate import reachable, require_known_revision
from survey.settings import key_kept_in, read_settings


def add_migrate(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Describe ``survey migrate``."""
    command = commands.add_parser("migrate", help="bring the database to the newest revision")
    command.set_defaults(run=run_migrate)


def run_migrate(_given: argparse.Namespace) -> int:
    """Migrate, and say so."""
    settings = read_settings()
    with reachable(Database(settings.database_url)) as database:
        bring_up_to_date(database, settings)
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
