"""Importing past answers in the browser, without JavaScript: choose, look, import."""

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey.answer import import_pages, uploads
from survey.answer.csv_file import Wanted
from survey.answer.import_file import import_file
from survey.answer.import_plan import Plan, likely, plan_of
from survey.answer.import_work import ImportRound
from survey.clock import utc_now
from survey.days_typed import likely_date_format
from survey.records import Answer, AnswerSegment, ImportBatch, ImportFile, ImportPart
from survey.records.database import Database
from tests.support.browser import Browser
from tests.support.people import Business

GOOD = (
    "nr,on,branch,comment\n"
    '1,13.01.2026,Hill,"Ring back, please"\n'
    "2,14.01.2026,Hill,Sit down\n"
    "3,soon,Mill,Listen\n"
    "4,15.01.2026,Mill,too,many\n"
    "5,16.01.2026,Mill,\n"
)


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


def _upload(owner: Browser, business: Business, raw: bytes, name: str = "past.csv") -> str:
    sent = owner.send(business.at("import"), file=(io.BytesIO(raw), name))
    assert sent.status_code == 303, sent.get_data(as_text=True)
    return str(sent.location)


def _page(owner: Browser, address: str) -> str:
    page = owner.get(address)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", page.get_data(as_text=True))


def _work(database: Database) -> bool:
    return ImportRound(database, lambda: False)()


def _count(database: Database, record: type) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(record)).scalar_one()


def test_a_file_is_looked_at_then_imported(
    owner: Browser, business: Business, database: Database
) -> None:
    address = _upload(owner, business, GOOD.encode())
    page = _page(owner, address)
    assert '<td role="cell" data-column="comment"><bdi>Ring back, please</bdi></td>' in page
    assert "<strong>3 answers would be imported.</strong> 2 rows would be left out." in page
    assert "has 5 fields where the first row has 4: row 5" in page
    assert "the answer is empty: row 6" in page
    assert _count(database, Answer) == 0  # looking imports nothing
    owner.send(address, text="comment", date="", id="nr", segment=["branch"], do="look")
    page = _page(owner, address)
    assert "<strong>3 answers would be imported.</strong>" in page
    assert "branch: Hill" in page
    chosen: dict[str, Any] = {"text": "comment", "id": "nr", "segment": ["branch"], "date": "on"}
    owner.send(address, **chosen, date_format="%d.%m.%Y", do="look")
    page = _page(owner, address)
    assert "Tuesday 13 January" in page
    assert "its date &#39;soon&#39; is not like 22.11.2026: row 4" in page
    assert owner.send(address, do="import").location == address
    waiting = owner.get(address)
    assert waiting.headers["Refresh"] == "2"
    assert "The worker, which imports it, is not running" in waiting.get_data(as_text=True)
    assert _work(database)
    page = _page(owner, address)
    assert "Imported 2 answers. 3 rows were left out." in page
    assert "Read answers from &#39;comment&#39;, ids from &#39;nr&#39;" in page
    assert not owner.get(address).headers.get("Refresh")
    with database.reading() as session:
        rows = session.execute(select(Answer.reference, Answer.origin).order_by(Answer.reference))
        assert [tuple(row) for row in rows] == [("1", "import"), ("2", "import")]
        assert set(session.scalars(select(AnswerSegment.value))) == {"Hill"}
    assert _count(database, ImportPart) == 0  # the file itself is forgotten
    assert "2 answers, 3 rows left out" in _page(owner, business.at("import"))


def test_what_is_ticked_before_importing_is_looked_at_first(
    owner: Browser, business: Business, database: Database
) -> None:
    address = _upload(owner, business, GOOD.encode())
    page = _page(owner, address)
    assert "Not kept: <bdi>nr</bdi>, <bdi>on</bdi>, <bdi>branch</bdi>." in page
    assert '<button form="choose" name="do" value="import">' in page
    ticked: dict[str, Any] = {"text": "comment", "date": "", "id": "nr", "segment": ["branch"]}
    owner.send(address, **ticked, do="import")
    page = _page(owner, address)
    assert "this is what would happen now" in page
    assert "branch: Hill" in page
    assert "Not kept: <bdi>on</bdi>." in page
    owner.send(address, **ticked, do="import")
    assert _work(database)
    with database.reading() as session:
        assert set(session.scalars(select(AnswerSegment.value))) == {"Hill", "Mill"}


def _rows(*columns: str, rows: int = 12) -> bytes:
    """Write columns as ``name:value/value``, whose values come again and again."""
    named = [
        (name, values.split("/")) for name, _, values in (one.partition(":") for one in columns)
    ]
    lines = ["comment," + ",".join(name for name, _ in named)]
    for at in range(rows):
        cells = (values[at % len(values)] for _, values in named)
        lines.append(f"Ring me back sooner than day {at},{','.join(cells)}")
    return "\n".join(lines).encode()


def test_a_column_with_few_values_is_ticked_and_said_to_be_a_guess(
    owner: Browser, business: Business, database: Database
) -> None:
    address = _upload(owner, business, _rows("Service:Crown/Cleaning", "Branch:Hill/Mill/Quay"))
    page = _page(owner, address)
    assert page.count("checked>") == 2
    assert "Those ticked are a guess" in page
    assert "Service: Crown" in page  # as it would be kept
    owner.send(address, text="comment", date="", id="", segment=["Branch"], do="look")
    page = _page(owner, address)
    assert page.count("checked>") == 1
    assert "a guess" not in page  # now somebody chose
    owner.send(address, do="import")
    assert _work(database)
    with database.reading() as session:
        assert set(session.scalars(select(AnswerSegment.name))) == {"Branch"}


@pytest.mark.parametrize(
    "column",
    [
        "source:web",  # one value compares nothing
        "who:a/b/c/d/e/f",  # twice each: too few rows to tell
        "note:" + "/".join(("a" * 61, "b" * 61)),  # too long to be the name of anything
        "x" * 61 + ":a/b",  # a name that could not be kept
        "seen://///a",  # mostly empty
        "on:2026-01-02/2026-01-03",  # days, whether or not they are chosen as such
        "id:a/b",
        "e-mail:home/work",
        "CustomerName:Mo/Li",
        "Name:Mo/Li",
        "Customer’s first name:Mo/Li",
        "who:mo@example.org/li@example.org",
        "call:020 7946 0958/020 7946 0959",
        "ring:555-0187/555-0188",  # of a country that nobody told
        "paid:4111 1111 1111 1111/5500 0000 0000 0004",
    ],
)
def test_what_is_no_plain_segment_is_not_ticked(
    owner: Browser, business: Business, column: str
) -> None:
    page = _page(owner, _upload(owner, business, _rows(column)))
    assert "checked>" not in page
    assert "a guess" not in page


@pytest.mark.parametrize("column", ["Customer type", "Branch name", "Staff", "served by", "Score"])
def test_who_served_and_what_kind_somebody_is_are_compared_by(column: str) -> None:
    raw = _rows(f"{column}:a/b")
    assert likely(raw, "past.csv", Wanted(), ZoneInfo("UTC")).segments == (column,)


@pytest.mark.parametrize("later", [["x" * 201], [f"unforeseen {at}" for at in range(11)]])
def test_a_column_is_ticked_only_where_all_rows_keep_to_few_short_values(later: list[str]) -> None:
    first = _rows("branch:Hill/Mill", rows=300)
    raw = first + "".join(f"\nRing me,{value}" for value in later).encode()
    ticked = [likely(one, "past.csv", Wanted(), ZoneInfo("UTC")).segments for one in (first, raw)]
    assert ticked == [("branch",), ()]


def test_where_very_many_columns_have_few_values_only_the_first_are_ticked(
    owner: Browser, business: Business
) -> None:
    columns = [f"rating {number}:1/2/3" for number in range(30)]
    assert _page(owner, _upload(owner, business, _rows(*columns))).count("checked>") == 5


def test_every_message_about_a_file_says_what_to_do_next(
    owner: Browser, business: Business, database: Database
) -> None:
    for raw, said in (
        (b'nr,"comment\n1,Ring back\n', "in its first row. Mend that row."),
        (b"\n\n", "Choose another file."),
        (b"nr,on,comment\n1,soon\n", "mend these rows in it and choose it again"),
        (b"a,b\n1,2\n", "choose what is asked for above under"),
        (b"PK\x03\x04sheet", "mend the file as it says above and choose it again"),
    ):
        assert said in _page(owner, _upload(owner, business, raw)), raw
    for said in ("1 answer would be imported", "There is nothing left to do: leave the file"):
        address = _upload(owner, business, b"id,comment\n1,Ring back\n")
        assert said in _page(owner, address)
        owner.send(address, do="import")
        _work(database)
    address = _upload(owner, business, b"id,comment\n1,Ring back\n2,\n")
    owner.send(address, do="import")
    _work(database)
    assert "copy these rows with the first one into a file" in _page(owner, address)


def test_a_page_tells_each_piece_of_an_import_that_goes_on_beside_it(
    owner: Browser, business: Business, database: Database, tmp_path: Path
) -> None:
    address = _upload(owner, business, GOOD.encode())
    owner.send(address, text="comment", id="nr", date="", do="look")
    began, piece = utc_now(), tmp_path / "piece.csv"
    for number, left in ((1, "2 answers"), (2, "1 answer")):
        piece.write_text(f"nr,comment\n{number},Ring me back\n", encoding="utf-8")
        import_file(database, piece, business.slug, Wanted(text="comment", id="nr"), began)
        assert f"{left} would be imported" in _page(owner, address)


def test_a_page_that_is_opened_again_reads_the_whole_file_only_where_something_changed(
    owner: Browser, business: Business, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(*given: Any, **more: Any) -> Plan:
        made.append(given)
        return plan_of(*given, **more)

    monkeypatch.setattr(import_pages, "plan_of", counted)
    address = _upload(owner, business, GOOD.encode())
    first, again = (re.sub(r'name="csrf_token"[^>]*', "", _page(owner, address)) for _ in "ab")
    assert (again, len(made)) == (first, 1)  # but for the token, which tells the second
    owner.send(address, text="comment", segment=["branch"], date="", do="look")
    assert "branch: Hill" in _page(owner, address)
    assert len(made) == 2
    other = _upload(owner, business, GOOD.encode(), "other.csv")
    for do in ("look", "import"):
        owner.send(other, text="comment", id="nr", date="", do=do)
    owner.send(address, text="comment", id="nr", date="", do="look")
    assert "3 answers would be imported" in _page(owner, address)
    while _work(database):
        pass
    assert "Nothing would be imported" in _page(owner, address)  # they are here by now


def test_the_same_file_again_imports_nothing_twice(
    owner: Browser, business: Business, database: Database
) -> None:
    for said in ("3 answers would be imported", "Nothing would be imported"):
        address = _upload(owner, business, GOOD.encode())
        assert said in _page(owner, address)
        owner.send(address, do="import")
        _work(database)
    assert "Imported 0 answers. 3 were here already" in _page(owner, address)
    assert _count(database, Answer) == 3


def test_columns_and_dates_with_usual_names_are_found(owner: Browser, business: Business) -> None:
    raw = b"Response ID,Submitted at,Feedback\n7,01/25/2026,Ring back\n8,01/03/2026,Sit down\n"
    page = _page(owner, _upload(owner, business, raw))
    assert "2 answers would be imported" in page
    assert "Saturday 3 January" in page
    assert re.search(r"<option selected>Feedback</option>", page)
    assert re.search(r'value="%m/%d/%Y" selected', page)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (["2026-01-03", "2026-01-25T10:00"], None),
        (["03/01/2026", "25/01/2026"], "%d/%m/%Y"),
        (["03.01.2026 10:20"], "%d.%m.%Y %H:%M"),
        (["1/25/2026 2:05:33 PM"], "%m/%d/%Y %I:%M:%S %p"),
        (["31/02/2026"], "%d/%m/%Y"),
        (["whenever"], None),
        ([], None),
    ],
)
def test_how_dates_are_written_is_guessed(typed: list[str], found: str | None) -> None:
    assert likely_date_format(typed, ZoneInfo("UTC")) == found


UNREADABLE = (
    ("comment\nGr\u00fc\u00dfe\n".encode("cp1252"), "is not written in utf-8: line 2"),
    (b"PK\x03\x04sheet", "is a spreadsheet, not a CSV"),
    (b"a,b\n1,2\n", "Name one under “The answers”"),
    (b"answer,answer\n1,2\n", "2 columns"),
    (b"\n\n", "is empty"),
)


def test_a_file_that_cannot_be_read_is_said_and_can_be_left(
    owner: Browser, business: Business, database: Database
) -> None:
    for raw, said in UNREADABLE:
        address = _upload(owner, business, raw)
        page = _page(owner, address)
        assert said in page
        words = re.sub(r"<[^>]*>", " ", page.split("<main")[1].split("</main>")[0])
        assert "--" not in words  # no command line's option; a form's token may hold two dashes
        assert 'value="import"' not in page
        assert "<title>Please check:" in page
        assert owner.send(address, do="leave").status_code == 303
        assert _count(database, ImportFile) == _count(database, ImportPart) == 0
        assert owner.get(address).status_code == 404
    address = _upload(owner, business, UNREADABLE[0][0])  # and another encoding is chosen
    owner.send(address, encoding="cp1252", text="comment", do="look")
    assert "Gr\u00fc\u00dfe" in _page(owner, address)


def test_a_file_that_is_too_large_is_refused_with_a_sentence(
    app: Flask,
    owner: Browser,
    business: Business,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view: Any = app.view_functions["past.post_file"]
    assert view.takes_up_to == (import_pages.LARGEST, import_pages.TOO_LARGE)
    monkeypatch.setattr(view, "takes_up_to", (2_000, import_pages.TOO_LARGE))
    raw = b"comment\n" + b"Ring back\n" * 2_000
    sent = owner.send(business.at("import"), file=(io.BytesIO(raw), "past.csv"))
    assert sent.location == business.at("import")
    assert "more than 10 MB, which is more than this page takes" in _page(owner, sent.location)
    assert _count(database, ImportFile) == 0


def test_a_file_of_very_many_lines_or_columns_holds_nobody_up(
    owner: Browser, business: Business, database: Database
) -> None:
    raw = b"comment\n" + b"a\n" * 100_000
    sent = owner.send(business.at("import"), file=(io.BytesIO(raw), "past.csv"))
    assert (sent.status_code, "more than 100,000 lines" in sent.text) == (422, True)
    assert _count(database, ImportFile) == _count(database, ImportPart) == 0
    address = _upload(owner, business, b"," * 20_000 + b"comment\n")
    assert "has 20,001 columns: at most 16,384 are read" in _page(owner, address)


def test_no_answer_waits_while_a_file_is_read(
    owner: Browser, business: Business, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = _upload(owner, business, GOOD.encode())
    free: list[bool] = []

    def looked(*given: Any) -> Any:
        free.append(not database._write_lock.locked())
        return likely(*given)

    monkeypatch.setattr(import_pages, "likely", looked)
    owner.send(address, do="import")
    assert len(free) >= 1
    assert all(free)


def test_a_file_that_is_just_being_imported_is_not_forgotten(
    owner: Browser, business: Business, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = _upload(owner, business, GOOD.encode())
    forget = uploads._forget

    def too_late(session: Session, workspace_id: int, *which: Any) -> None:
        session.execute(update(ImportFile).values(state="due"))  # by another process, between
        forget(session, workspace_id, *which)

    monkeypatch.setattr(uploads, "_forget", too_late)
    with database.writing() as session:
        session.execute(update(ImportFile).values(created_at=utc_now() - timedelta(days=2)))
    ImportRound(database, lambda: False).forget_old()
    assert owner.get(address).status_code == 200


def test_a_file_comes_in_piece_by_piece(
    owner: Browser, business: Business, database: Database
) -> None:
    raw = b"comment\n" + b"Ring back please and be soon.\n" * 12_000
    address = _upload(owner, business, raw)
    assert _count(database, ImportPart) == 3
    assert "12,000 answers would be imported" in _page(owner, address)


def test_no_file_and_an_empty_one_are_named(owner: Browser, business: Business) -> None:
    none = owner.send(business.at("import"))
    assert (none.status_code, "Please choose a file first." in none.text) == (422, True)
    empty = owner.send(business.at("import"), file=(io.BytesIO(b""), "empty.csv"))
    assert (empty.status_code, "This file is empty. Please choose another" in empty.text) == (
        422,
        True,
    )


def test_an_import_that_was_broken_off_goes_on_where_it_ended(
    owner: Browser, business: Business, database: Database
) -> None:
    raw = "comment\n" + "".join(f"Ring back {number}\n" for number in range(120))
    address = _upload(owner, business, raw.encode())
    owner.send(address, do="import")
    asked = iter([False, False, True])
    assert ImportRound(database, lambda: next(asked))()  # told to stop after the first fifty
    assert _count(database, Answer) == 50
    assert "50 answers so far" in _page(owner, address)
    assert _work(database)
    assert "Imported 120 answers." in _page(owner, address)
    assert _count(database, Answer) == 120
    with database.reading() as session:
        assert session.scalars(select(ImportBatch.imported)).one() == 120
    assert not _work(database)


def test_a_file_is_imported_once_however_often_one_presses(
    owner: Browser, business: Business, database: Database
) -> None:
    address = _upload(owner, business, GOOD.encode())
    assert owner.send(business.at("import"), to=address, do="import").status_code == 303
    again = owner.send(business.at("import"), to=address, do="import")
    assert again.status_code == 409
    assert owner.send(business.at("import"), to=address, do="leave").status_code == 409
    assert _work(database)
    assert not _work(database)


def test_what_nobody_imports_is_forgotten_after_a_day(
    owner: Browser, business: Business, database: Database
) -> None:
    address = _upload(owner, business, GOOD.encode())
    round_ = ImportRound(database, lambda: False)
    assert not round_.forget_old()
    with database.writing() as session:
        session.execute(update(ImportFile).values(created_at=utc_now() - timedelta(days=2)))
    assert round_.forget_old()
    assert owner.get(address).status_code == 404
    assert _count(database, ImportPart) == 0


def test_newcomers_are_led_to_it_and_a_file_of_others_is_not_there(
    owner: Browser, outsider: Browser, elsewhere: Business, business: Business
) -> None:
    for page in ("begin", "ask", ""):
        assert f'href="{business.at("import")}"' in _page(owner, business.at(page))
    address = _upload(owner, business, GOOD.encode())
    assert outsider.get(address.replace(business.slug, elsewhere.slug)).status_code == 404


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"nr,What would help?,branch\n1,Ring me back please,Hill\n2,Tell me the price,Mill\n", 1),
        (b"nr,Said,Also said\n1,Ring me back please,Do tell me\n2,Sit down a bit,Be kind now\n", 0),
        (b"nr,who,branch\n1,Ann,Hill\n2,Bo,Mill\n", 0),
        (b"nr,who\n", 0),
    ],
)
def test_answers_in_a_column_of_another_name_are_known_by_their_many_words(
    owner: Browser, business: Business, raw: bytes, found: bool
) -> None:
    page = _page(owner, _upload(owner, business, raw))
    assert ("<option selected>What would help?</option>" in page) == bool(found)
    assert ("2 answers would be imported" in page) == bool(found)
    assert ("Please choose</option>" in page) != bool(found)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (b"2026-08-03,7\n" * 9 + b"last week,9\n", True),
        (b"2026-08-03,7\n" * 8 + b"last week,8\nsoon,9\n", False),  # two rows would be lost
        (b"03/08/2026,7\n14/08/2026,8\n", True),
        (b"20260803,7\n20260804,8\n", False),  # as likely numbers of some kind
        (b"2026-08-03,2026-08-01\n2026-08-04,2026-08-02\n", False),  # two to choose from
        (b"Monday,7\nTuesday,8\n", False),
    ],
)
def test_dates_in_a_column_of_another_name_are_known_by_their_looks(
    owner: Browser, business: Business, rows: bytes, found: bool
) -> None:
    lines = b"".join(b"%b,Ring me back please\n" % row for row in rows.splitlines())
    page = _page(owner, _upload(owner, business, b"seen,nr,comment\n" + lines))
    assert ("<option selected>seen</option>" in page) == found
