"""What commands have in common: the database of the settings, at its newest revision."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from survey.records.database import Database
from survey.records.migrate import migrate
from survey.records.sealing_anew import seal_all_anew
from survey.settings import Settings, read_settings

Commands = argparse._SubParsersAction  # argparse has no public name for it


@contextmanager
def open_database() -> Iterator[Database]:
    """Give the database of the settings, at its newest revision."""
    settings = read_settings()
    database = Database(settings.database_url)
    try:
        bring_up_to_date(database, settings)
        yield database
    finally:
        database.close()


def bring_up_to_date(database: Database, settings: Settings) -> None:
    """Migrate a database, and seal anew what an older version sealed less tightly."""
    migrate(database.engine)
    seal_all_anew(database, settings.secret_key)
