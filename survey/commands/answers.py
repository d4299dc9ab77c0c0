"""Commands about answers: in by a file or a mail, out by a file, and sorted without a database."""

import argparse
import os
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from survey.clock import day_in, utc_now
from survey.commands.opening import Commands, open_database
from survey.errors import ConflictError, FileError
from survey.records.workspaces import require_workspace
from survey.settings import read_settings


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
    except (SQLAlchemyError, ConflictError):  # or a backup is being put in its place
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
