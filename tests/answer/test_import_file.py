"""Past answers come in from any tool's CSV: what is sound is kept, the rest is named."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.answer.csv_file import PastAnswers, Wanted, read_past_answers
from survey.answer.import_file import Imported, import_file, import_report
from survey.answer.past_answers import add_past_answers
from survey.errors import FieldError, FileError, NotFoundError
from survey.records import Answer, AnswerSegment, AnswerText, ImportBatch, Workspace
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.workspaces import create_workspace

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GOOD = (
    "id,day,branch,said\n"
    'a1,2026-01-05,Hill Street,"She rang back, twice."\n'
    "a2,2026-01-06,Mill Lane,Nothing\n"
    "a3,2026-02-07,,Tell me the price first\n"
)
WANTED = Wanted(text="said", id="id", date="day", segments=("branch",))


def _read(text: str | bytes, wanted: Wanted = WANTED, zone: str = "UTC") -> PastAnswers:
    raw = text.encode() if isinstance(text, str) else text
    return read_past_answers(raw, "past.csv", wanted, ZoneInfo(zone), NOW)


def _import(database: Database, path: Path, wanted: Wanted = WANTED) -> Imported:
    return import_file(database, path, "Hill Street Dental", wanted, NOW)


@pytest.fixture
def workspace(database: Database) -> Workspace:
    with database.writing() as session:
        return create_workspace(session, "Hill Street Dental", NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "past.csv"
    found.write_text(GOOD)
    return found


def test_answers_come_in_with_their_days_and_segments(
    database: Database, workspace: Workspace, path: Path
) -> None:
    done = _import(database, path)
    assert (done.imported, done.here_already, done.skipped) == (3, 0, ())
    with database.reading() as session:
        rows = session.execute(
            select(Answer.reference, Answer.answered_on, AnswerText.body, Answer.sorted_by)
            .join(AnswerText, AnswerText.answer_id == Answer.id)
            .order_by(Answer.reference)
        ).all()
        segments = session.execute(select(AnswerSegment.name, AnswerSegment.value)).all()
        changed = session.scalar(select(Workspace.answers_changed_at))
    assert rows == [
        ("a1", date(2026, 1, 5), "She rang back, twice.", None),
        ("a2", date(2026, 1, 6), "Nothing", None),
        ("a3", date(2026, 2, 7), "Tell me the price first", None),
    ]
    assert sorted(segments) == [("branch", "Hill Street"), ("branch", "Mill Lane")]
    assert changed == NOW


def test_imported_answers_are_counted_as_answered_and_never_as_asked(
    database: Database, workspace: Workspace, path: Path
) -> None:
    _import(database, path)
    with database.writing() as session:
        counted = counts_now(session, workspace.id)
        rebuild(session, workspace.id)
        assert counts_now(session, workspace.id) == counted
    assert {cell[2] for cell in counted} == {"answered"}
    assert sum(amount for cell, amount in counted.items() if cell[6] == "") == 3


def test_the_same_file_again_imports_nothing(
    database: Database, workspace: Workspace, path: Path
) -> None:
    _import(database, path)
    again = _import(database, path)
    assert (again.imported, again.here_already) == (0, 3)


def test_a_longer_file_with_the_same_ids_adds_only_what_is_new(
    database: Database, workspace: Workspace, path: Path
) -> None:
    _import(database, path)
    path.write_text(GOOD + "a4,2026-02-08,Mill Lane,A chair\n")
    again = _import(database, path)
    assert (again.imported, again.here_already) == (1, 3)


def test_without_ids_the_same_file_is_known_by_its_digest_and_rows(
    database: Database, workspace: Workspace, path: Path
) -> None:
    path.write_text("said\nSame words\nSame words\n")
    wanted = Wanted(text="said")
    assert _import(database, path, wanted).imported == 2
    assert _import(database, path, wanted).imported == 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 2


def test_an_import_broken_off_half_way_is_completed_by_running_it_again(
    database: Database, workspace: Workspace, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.answer.import_file.CHUNK", 2)
    calls: list[object] = []

    def breaks_in_the_second_chunk(session: Session, batch: ImportBatch, *rest: Any) -> int:
        calls.append(batch)
        added = add_past_answers(session, batch, *rest)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return added

    name = "survey.answer.import_file.add_past_answers"
    with monkeypatch.context() as patch:
        patch.setattr(name, breaks_in_the_second_chunk)
        with pytest.raises(KeyboardInterrupt):
            _import(database, path)
    done = _import(database, path)
    assert (done.imported, done.here_already) == (1, 2)


def test_an_unknown_workspace_is_named_with_what_to_do(database: Database, path: Path) -> None:
    with pytest.raises(NotFoundError, match="survey create-owner"):
        _import(database, path)


def test_a_missing_file_is_named(database: Database, workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"absent\.csv cannot be read \(no such file"):
        _import(database, tmp_path / "absent.csv")


def test_a_file_in_another_encoding_is_refused_with_its_line_and_then_read_by_name() -> None:
    text = "id,said\n1,fine\n2,couldn’t say\n"
    with pytest.raises(
        FileError, match=r"not written in utf-8: line 3 holds the byte 0x92.*cp1252"
    ):
        _read(text.encode("cp1252"), Wanted(text="said"))
    found = _read(text.encode("cp1252"), Wanted(text="said", encoding="cp1252"))
    assert [answer.text for answer in found.answers] == ["fine", "couldn’t say"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_what_a_file_is_written_in(encoding: str) -> None:
    found = _read("said\nça va\n".encode(encoding), Wanted(text="said"))
    assert found.answers[0].text == "ça va"


@pytest.mark.parametrize("encoding", ["utf-9", "punycode", "undefined", "hex", "utf\0"])
def test_an_unknown_encoding_or_one_that_is_not_of_files_is_refused(encoding: str) -> None:
    with pytest.raises(FieldError, match="There is no encoding"):
        _read(GOOD, Wanted(text="said", encoding=encoding))


def test_a_spreadsheet_is_not_a_csv() -> None:
    with pytest.raises(FileError, match="save it as CSV"):
        _read(b"PK\x03\x04rest of a workbook")


@pytest.mark.parametrize("raw", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_refused(raw: str) -> None:
    with pytest.raises(FileError, match=r"past\.csv is empty"):
        _read(raw)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(text="comment"),
        Wanted(text="said", id="number"),
        Wanted(text="said", date="when"),
        Wanted(text="said", segments=("town",)),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_those_that_are(wanted: Wanted) -> None:
    with pytest.raises(FileError, match="It has: id, day, branch, said"):
        _read(GOOD, wanted)


def test_a_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(FileError, match="2 columns 'said'"):
        _read("said,said\na,b\n", Wanted(text="said"))


def test_without_being_told_the_usual_names_are_looked_for() -> None:
    found = _read("ID;Date;Comment\n7;2026-01-02;Ring me\n", Wanted())
    assert (found.columns.text, found.columns.id, found.columns.date) == ("Comment", "ID", "Date")
    assert found.answers[0].said_on == date(2026, 1, 2)


def test_ragged_rows_are_named_and_the_good_ones_kept() -> None:
    found = _read(
        "id,day,branch,said\n"
        "1,2026-01-05,Hill,first\n"
        "2,2026-01-05,too,many,fields\n"
        "3,2026-01-05\n"
        "4,2026-01-05,Hill,an answer, cut in two by its comma,,\n"
        "\n"
        "6,2026-01-05,Hill,last\n"
    )
    assert [answer.row for answer in found.answers] == [2, 7]
    assert [(row.row, row.reason) for row in found.skipped] == [
        (3, "has 5 fields where the first row has 4"),
        (4, "has 2 fields where the first row has 4"),
        (5, "has 7 fields where the first row has 4"),
    ]


def test_a_quotation_mark_that_is_never_closed_costs_one_row() -> None:
    found = _read(
        "id,day,branch,said\n"
        '1,2026-01-05,Hill,"never closed\n'
        "2,2026-01-05,Hill,kept\n"
        '3,2026-01-05,Hill,"over two\nlines"\n'
        '4,2026-01-05,Hill,"says "hello" inside"\n'
        '5,2026-01-05,Hill,"says ""hello"" properly"\n'
    )
    assert [answer.text for answer in found.answers] == [
        "kept",
        "over two\nlines",
        'says "hello" properly',
    ]
    assert [row.row for row in found.skipped] == [2, 5]


def test_blank_and_ungiven_answers_are_skipped_with_that_reason() -> None:
    found = _read("said,x\n  ,1\nDid not answer,2\nN/A,3\n", Wanted(text="said"))
    assert [answer.text for answer in found.answers] == ["N/A"]
    assert [row.reason for row in found.skipped] == [
        "the answer is empty",
        "no answer was given ('Did not answer')",
    ]


def test_an_id_that_comes_twice_is_kept_once() -> None:
    found = _read("id,said\n1,first\n1,second\n", Wanted(text="said", id="id"))
    assert [answer.text for answer in found.answers] == ["first"]
    assert found.skipped[0].reason == "has the same id as row 2"


@pytest.mark.parametrize(
    "day", ["31/12/2025", "2026-02-30", "9999-01-01", "0001-01-01", "soon", ""]
)
def test_a_date_that_cannot_be_is_named(day: str) -> None:
    found = _read(f"id,day,branch,said\n1,{day},Hill,words\n2,2026-01-01,Hill,words\n")
    assert len(found.answers) == 1
    assert found.skipped[0].row == 2
    assert "date" in found.skipped[0].reason


@pytest.mark.parametrize(
    ("day", "date_format", "told"),
    [
        ("31/02/2026", "%d/%m/%Y", "is a day that does not exist"),
        ("02/30/2026", "%m/%d/%Y", "is a day that does not exist"),
        ("2026-02-29", None, "is a day that does not exist"),
        ("2026-02-30T10:30:00", None, "is a day that does not exist"),
        ("32.01.2026 14:30", "%d.%m.%Y %H:%M", "is a day that does not exist"),
        ("02/31/2026", "%d/%m/%Y", "is not like %d/%m/%Y"),
        ("31/02/26", "%d/%m/%Y", "is not like %d/%m/%Y"),
        ("28/02/2026 14:75", "%d/%m/%Y %H:%M", "is not like %d/%m/%Y %H:%M"),
        ("31/02/2026", None, "is not like 2021-10-31"),
        ("01.02.2026 10.75", "%d.%m.%Y %H.%M", "is not like %d.%m.%Y %H.%M"),
        ("28.02.2026 10.75", "%d.%m.%Y %H.%M", "is not like %d.%m.%Y %H.%M"),
        ("30.02.2026 10.45", "%d.%m.%Y %H.%M", "is a day that does not exist"),
    ],
)
def test_a_day_that_does_not_exist_is_no_matter_of_form(
    day: str, date_format: str | None, told: str
) -> None:
    raw = f"said,day\nx,{day}\n".encode()
    wanted = Wanted(text="said", date="day", date_format=date_format)
    found = read_past_answers(raw, "f.csv", wanted, ZoneInfo("Europe/London"), NOW)
    assert told in found.skipped[0].reason


def test_dates_are_read_in_the_form_that_is_named() -> None:
    wanted = Wanted(text="said", date="day", date_format="%d/%m/%Y %H:%M")
    found = _read("day,said\n05/01/2026 23:30,late\n2026-01-05,other\n", wanted, "Europe/Berlin")
    answer = found.answers[0]
    assert answer.said_on == date(2026, 1, 5)
    assert answer.said_at == datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
    assert "is not like %d/%m/%Y %H:%M" in found.skipped[0].reason


def test_a_moment_falls_on_the_workspaces_own_day() -> None:
    wanted = Wanted(text="said", date="day")
    found = _read("day,said\n2026-01-05T23:30:00+00:00,late\n", wanted, "Asia/Tokyo")
    assert found.answers[0].said_on == date(2026, 1, 6)


def test_text_is_kept_as_typed_but_for_what_cannot_be_stored() -> None:
    found = _read(b"said\n=1+1 \xf0\x9f\x99\x82 a\x00b\n", Wanted(text="said"))
    assert found.answers[0].text == "=1+1 🙂 a�b"


def test_an_answer_beyond_the_limit_is_named() -> None:
    found = _read(f"said\n{'a' * 20_001}\n{'b' * 20_000}\n", Wanted(text="said"))
    assert [len(answer.text) for answer in found.answers] == [20_000]
    assert "20,001 characters" in found.skipped[0].reason


def test_a_header_that_never_closes_its_quotation_mark_is_refused() -> None:
    with pytest.raises(FileError, match="never closed in its first row"):
        _read('id,"said\n1,words\n')


def test_the_report_names_columns_rows_and_reasons(
    database: Database, workspace: Workspace, path: Path
) -> None:
    path.write_text(GOOD + "a5,2026-02-08\n,,,\n")
    assert import_report(_import(database, path)) == [
        "Read answers from 'said', ids from 'id', dates from 'day', segment 'branch'.",
        "Imported 3 answers.",
        "Skipped 2:",
        "  1 × has 2 fields where the first row has 4: row 5",
        "  1 × the answer is empty: row 6",
    ]
