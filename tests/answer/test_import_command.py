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


def test_a_file_of_empty_answers_fails_and_says_nothing_of_dates(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "past.csv"
    path.write_text("answer,date\n,2026-01-25\n")
    assert main(["import", str(path), "--workspace", "Hill Street Dental"]) == 2
    told = capsys.readouterr().err
    assert "mend that" in told
    assert "--date-format" not in told
