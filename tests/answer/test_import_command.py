"""``survey import``: exit 0 with a report, exit 2 with one line."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from survey.cli import main
from survey.records import Answer, ImportBatch
from survey.records.database import Database
from survey.records.workspaces import create_workspace


@pytest.fixture
def database(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    opened = Database(sqlite_url)
    with opened.writing() as session:
        create_workspace(session, "Hill Street Dental", datetime(2026, 1, 1, tzinfo=UTC))
    return opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "past.csv"
    found.write_text("nr,on,branch,said\n1,05.01.2026,Hill,Ring back\n2,soon,Hill,Sit down\n")
    return found


def _answers(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Answer)) or 0


def test_a_file_is_imported_and_reported(
    database: Database, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--text-column", "said", "--id-column", "nr", "--date-column", "on"]
    options += ["--date-format", "%d.%m.%Y", "--segment-column", "branch"]
    assert main(["import", str(path), "--workspace", "hill-street-dental", *options]) == 0
    told = capsys.readouterr().out
    assert "Imported 1 answer." in told
    assert "its date 'soon' is not like %d.%m.%Y: row 3" in told
    assert _answers(database) == 1


def test_a_file_without_the_column_is_refused_in_one_line_and_nothing_comes_in(
    database: Database, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--workspace", "Hill Street Dental", "--text-column", "comment"]
    assert main(["import", str(path), *options]) == 2
    told = capsys.readouterr().err
    assert "It has: nr, on, branch, said" in told
    assert told.count("\n") == 1
    assert _answers(database) == 0


def test_a_file_with_any_name_is_imported(database: Database, path: Path) -> None:
    odd = path.rename(path.with_name(os.fsdecode(b"past \xff.csv")))
    options = ["--workspace", "Hill Street Dental", "--text-column", "said"]
    assert main(["import", str(odd), *options]) == 0
    assert _answers(database) == 2
    with database.reading() as session:
        assert session.scalars(select(ImportBatch.file_name)).one() == "past \ufffd.csv"


def test_a_file_that_gives_no_answer_fails_and_names_the_form_of_its_dates(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "past.csv"
    path.write_text("answer,date\nRing back,25/01/2026\nSit down,26/01/2026\n")
    arguments = ["import", str(path), "--workspace", "Hill Street Dental"]
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert "its date '25/01/2026' is not like 2021-10-31" in told.out
    assert told.err == (
        "survey: nothing was imported: no row of the file could be used. "
        "Its dates are read with --date-format '%d/%m/%Y'.\n"
    )
    for _again in range(2):  # what is here already was kept, too
        assert main([*arguments, "--date-format", "%d/%m/%Y"]) == 0
    assert _answers(database) == 2


@pytest.mark.parametrize(
    "row",
    [
        ",2026-01-25",
        ",25/01/2026",  # another form would read the date, and the answer were still empty
        "Ring back,05/02/2090",  # as would be a day to come
    ],
)
def test_a_file_that_no_form_of_dates_would_help_fails_and_says_nothing_of_dates(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str
) -> None:
    path = tmp_path / "past.csv"
    path.write_text(f"answer,date\n{row}\n")
    assert main(["import", str(path), "--workspace", "Hill Street Dental"]) == 2
    told = capsys.readouterr().err
    assert "mend that" in told
    assert "--date-format" not in told


@pytest.mark.parametrize(
    ("typed", "given", "advice"),
    [
        ("2026-01-05T10:00", "%Y-%m-%d", "Its dates are read where --date-format is left out."),
        ("2026-01-05", "%d/%m/%Y", "Its dates are read where --date-format is left out."),
        (
            "03/04/2026",
            None,
            "Its dates may be --date-format '%d/%m/%Y' or '%m/%d/%Y', which give other days: "
            "name the true one.",
        ),
        ("5 May 2026", None, "Its dates are read with --date-format '%d %b %Y'."),
    ],
)
def test_the_advice_on_dates_is_what_helps_and_no_guess(
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    given: str | None,
    advice: str,
) -> None:
    path = tmp_path / "past.csv"
    path.write_text(f"answer,date\nRing back,{typed}\n")
    options = ["--date-format", given] if given else []
    assert main(["import", str(path), "--workspace", "Hill Street Dental", *options]) == 2
    assert capsys.readouterr().err.endswith(f"could be used. {advice}\n")


def test_a_file_without_rows_is_said_to_have_none_and_is_no_failure(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "past.csv"
    path.write_text("answer,date\n\n")
    assert main(["import", str(path), "--workspace", "Hill Street Dental"]) == 0
    told = capsys.readouterr()
    assert told.out.endswith("The file has no rows below the names of its columns.\n")
    assert told.err == ""
