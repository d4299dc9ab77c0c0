"""The CSV holds what the page shows, a row an answer, and no spreadsheet runs any of it."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.cli import main
from survey.csv_written import as_it_was, csv_lines, harmless
from survey.errors import FileError
from survey.export.answers_file import write_answers
from survey.records import Answer, Assignment, Workspace
from tests.export.conftest import ANSWERS, Program, database_of
from tests.support.browser import Browser
from tests.support.people import Business

TODAY = date(2026, 11, 22)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _download(browser: Browser, business: Business, query: str = "") -> list[dict[str, str]]:
    response = browser.get(business.at(f"export.csv{query}"))
    assert response.status_code == 200
    assert response.mimetype == "text/csv"
    return _rows(response.get_data(as_text=True))


@pytest.mark.usefixtures("themes")
def test_every_answer_is_one_row(teammate: Browser, business: Business) -> None:
    rows = _download(teammate, business)
    assert len(rows) == len({row["id"] for row in rows}) == ANSWERS
    days = [row["answered_on"] for row in rows]
    assert days == sorted(days, reverse=True)


@pytest.mark.usefixtures("themes")
def test_the_file_agrees_with_the_records(
    app: Flask, teammate: Browser, business: Business
) -> None:
    rows = _download(teammate, business)
    with database_of(app).reading() as session:
        assigned = session.scalar(select(func.count()).select_from(Assignment))
    assert sum(len(row["themes"].split(" | ")) for row in rows if row["themes"]) == assigned
    for row in rows:
        told = row["evidence"].split(" | ") if row["themes"] else []
        assert all(clause in row["answer"] for clause in told)
        assert bool(row["themes"]) == (row["sorted_as"] == "themes")


def test_a_filter_of_the_page_is_a_filter_of_the_file(
    teammate: Browser, business: Business, themes: dict[str, int]
) -> None:
    waiting = _download(teammate, business, f"?theme={themes['waiting']}")
    every = _download(teammate, business)
    assert waiting == [row for row in every if "waiting" in row["theme_ids"].split(" | ")]
    assert 0 < len(waiting) < len(every)
    riverside = _download(teammate, business, "?segment.Branch=Riverside")
    assert {row["segment.Branch"] for row in riverside} == {"Riverside"}


@pytest.mark.usefixtures("themes")
def test_the_page_says_how_many_and_links_the_same_view(
    teammate: Browser, business: Business
) -> None:
    rows = _download(teammate, business, "?segment.Branch=Riverside")
    page = teammate.get(business.at("export?segment.Branch=Riverside")).get_data(as_text=True)
    assert f"{len(rows)} answers in this view" in page
    assert 'name="segment.Branch" value="Riverside"' in page


@pytest.mark.usefixtures("themes")
def test_an_anonymous_answer_leaves_without_what_could_tell_who_it_was(
    app: Flask, teammate: Browser, business: Business
) -> None:
    with database_of(app).reading() as session:
        anonymous = session.scalar(select(Answer.id).where(Answer.anonymous))
    (row,) = [row for row in _download(teammate, business) if row["id"] == str(anonymous)]
    hidden = ("answered_at", "served_by", "channel", "reference", "segment.Branch")
    assert [row[name] for name in hidden] == [""] * 5


@pytest.mark.usefixtures("themes")
def test_a_program_gets_the_same_file(
    program: Program, teammate: Browser, business: Business
) -> None:
    by_key = program.get("/export.csv")
    assert _rows(by_key.get_data(as_text=True)) == _download(teammate, business)
    assert "attachment" in by_key.headers["Content-Disposition"]


@pytest.mark.usefixtures("themes")
def test_another_workspace_gets_none_of_it(
    outsider: Browser, elsewhere: Business, business: Business
) -> None:
    assert outsider.get(business.at("export.csv")).status_code == 404
    assert _download(outsider, elsewhere) == []


@pytest.mark.usefixtures("themes")
def test_for_excel_it_begins_with_a_byte_order_mark(teammate: Browser, business: Business) -> None:
    assert teammate.get(business.at("export.csv?excel=1")).data.startswith(b"\xef\xbb\xbfid,")
    assert teammate.get(business.at("export.csv")).data.startswith(b"id,")


@pytest.mark.usefixtures("themes")
def test_a_filter_that_cannot_be_is_refused_in_words(program: Program) -> None:
    response = program.get("/export.csv?since=yesterday")
    assert response.status_code == 422
    assert response.get_json()["error"]["field"] == "since"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+44 rang off", "'+44 rang off"),
        ("-nothing", "'-nothing"),
        ("@home", "'@home"),
        ("＝1+1", "'＝1+1"),
        ("-4.5", "-4.5"),
        ("fine = fine", "fine = fine"),
        ("", ""),
    ],
)
def test_no_cell_begins_a_formula(typed: str, written: str) -> None:
    assert harmless(typed) == written


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("=1+1", "'=1+1"),
        ("well;=1+1", "well;'=1+1"),
        ("well\n=1+1\r\n@x\t＋1", "well\n'=1+1\r\n'@x\t'＋1"),
        ("\t=1+1", "'\t'=1+1"),
        ("-4.5", "-4.5"),
        ("fine = fine; really", "fine = fine; really"),
    ],
)
def test_no_cell_begins_a_formula_in_an_excel_that_parts_cells_its_own_way(
    typed: str, written: str
) -> None:
    assert harmless(typed, for_excel=True) == written


def test_quotes_commas_and_new_lines_come_back_as_they_were() -> None:
    cell = 'She said "one moment",\nthen hung up; אָמַר 🙂'
    text = "".join(csv_lines([["answer"], [cell]]))
    assert _rows(text) == [{"answer": cell}]


@pytest.mark.usefixtures("themes")
def test_the_command_writes_the_same_rows(
    app: Flask, business: Business, teammate: Browser, tmp_path: Path
) -> None:
    out = tmp_path / "all.csv"
    write_answers(database_of(app), business.workspace_id, out, TODAY)
    assert _rows(out.read_text(encoding="utf-8")) == _download(teammate, business)
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_a_file_that_cannot_be_written_is_named(
    app: Flask, business: Business, tmp_path: Path
) -> None:
    with pytest.raises(FileError, match=r"cannot be written: No such file"):
        write_answers(database_of(app), business.workspace_id, tmp_path / "no" / "all.csv", TODAY)
    with pytest.raises(FileError, match=r"should end in \.csv, \.xlsx or \.zip"):
        write_answers(database_of(app), business.workspace_id, tmp_path / "all.ods", TODAY)


def test_the_command_refuses_an_unknown_workspace_in_one_line(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    assert main(["export", "--workspace", "nowhere", "--out", str(tmp_path / "a.csv")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_before_the_first_run_every_answer_waits(
    app: Flask, business: Business, themes: dict[str, int], teammate: Browser
) -> None:
    with database_of(app).writing() as session:
        session.get_one(Workspace, business.workspace_id).current_run_id = None
    rows = _download(teammate, business)
    assert {row["sorted_as"] for row in rows} == {"waiting"}
    assert {row["themes"] for row in rows} == {""}
    assert themes


@pytest.mark.parametrize(
    "typed", ["=1+1", "+49 30 1", "-", "-12.5", "@mo", "Mo", "", "'tis", "\tx"]
)
def test_what_was_made_harmless_is_read_as_it_was(typed: str) -> None:
    assert as_it_was(harmless(typed)) == typed
