"""The command line's way in: compose the commands, run one, nothing else.

What one command alone needs, it imports itself: the web process should not wait for the rest.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from survey.commands.answers import add_export, add_import, add_sort, add_take_mail
from survey.commands.keeping import add_backup, add_check, add_migrate, add_restore
from survey.commands.people import add_create_key, add_create_owner, add_new_password
from survey.commands.running import add_serve, add_web, add_worker
from survey.errors import AfterwordError

_BUSY = (
    "The database is busy or out of reach just now, as while Afterword sets it up. Please try again"
    " in a minute; `survey check` tells whether it is there."
)


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
    except Exception as error:
        if not _passes(error):
            raise
        print(f"survey: {_BUSY}", file=sys.stderr)
        return 2
    return code


def _passes(error: Exception) -> bool:
    from survey.records.faults import passes  # only where something failed: it takes SQLAlchemy

    return passes(error)


def build_parser() -> argparse.ArgumentParser:
    """Describe every command; one line each."""
    parser = argparse.ArgumentParser(prog="survey", description="Ask, understand, show.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_create_owner(commands)
    add_new_password(commands)
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


if __name__ == "__main__":
    sys.exit(main())
