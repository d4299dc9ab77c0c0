"""A workbook and a ZIP hold the same rows as the CSV, and nothing in them runs."""

import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.cli import main
from survey.clock import utc_now
from survey.export.ledger_rows import DECISION_COLUMNS, THEME_COLUMNS
from survey.export.xlsx_file import LONGEST_CELL, write_xlsx
from survey.records import AnswerText, Workspace
from survey.show.ledger.actions import Hand, rename
from tests.export.conftest import ANSWERS, Program, database_of
from tests.support.browser import Browser
from tests.support.people import Business

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _sheet(raw: bytes, number: int = 1) -> list[dict[int, str]]:
    """Return the text of every cell by its column; a day as the number that it is."""
    with zipfile.ZipFile(io.BytesIO(raw)) as pack:
        assert pack.testzip() is None
        tree = ElementTree.fromstring(pack.read(f"xl/worksheets/sheet{number}.xml"))
    assert list(tree.iter(f"{_NS}f")) == []  # no formula anywhere
    return [
        {_column(cell.attrib["r"]): "".join(cell.itertext()) for cell in row.iter(f"{_NS}c")}
        for row in tree.iter(f"{_NS}row")
    ]


def _column(reference: str) -> int:
    number = 0
    for letter in re.sub(r"\d", "", reference):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _named(raw: bytes) -> list[dict[str, str]]:
    header, *rows = _sheet(raw)
    return [{header[at]: row.get(at, "") for at in header} for row in rows]


def _csv(browser: Browser, business: Business, query: str = "") -> list[dict[str, str]]:
    text = browser.get(business.at(f"export.csv{query}")).get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.usefixtures("themes")
def test_the_workbook_holds_the_rows_of_the_csv(
    app: Flask, teammate: Browser, program: Program, business: Business
) -> None:
    with database_of(app).writing() as session:
        one = session.scalars(select(AnswerText.answer_id).limit(1)).one()
        session.execute(
            update(AnswerText)
            .where(AnswerText.answer_id == one)
            .values(body="=1+1\n@home \U0001f642")
        )
    response = teammate.get(business.at("export.xlsx"))
    assert response.status_code == 200
    assert response.content_length == len(response.data)
    rows = {row["id"]: row for row in _named(response.data)}
    assert len(rows) == ANSWERS
    assert rows[str(one)]["answer"] == "=1+1\n@home \U0001f642"  # as it is: a text is no formula
    for told in _csv(teammate, business):
        row = rows[told["id"]]  # every digit of it
        day = date(1899, 12, 30) + timedelta(days=int(row.pop("answered_on")))
        assert day.isoformat() == told.pop("answered_on")
        if told["id"] != str(one):
            assert row == told
    by_key = program.get("/export.xlsx?segment.Branch=Riverside")
    some = _csv(teammate, business, "?segment.Branch=Riverside")
    assert [row["id"] for row in _named(by_key.data)] == [row["id"] for row in some]


def test_cells_that_no_workbook_can_hold_are_made_to_fit(tmp_path: Path) -> None:
    odd = ["\x00\x0b \ufffe\uffff", "x" * 40_000, "_x0041_", "https://example.org", "0012"]
    odd += ["\U0001f642" * 20_000]  # each is two of the units in which the format counts
    path = tmp_path / "odd.xlsx"
    with path.open("wb") as file:
        write_xlsx(file, [["a", "b", "c", "d", "e", "f"], odd])
    (row,) = _named(path.read_bytes())
    assert "\ufffd\ufffd" in row["a"]
    assert len(row["b"]) == LONGEST_CELL
    assert row["b"].endswith("…")
    assert row["c"].replace("_x005F", "") == "_x0041_"
    assert (row["d"], row["e"]) == ("https://example.org", "0012")
    assert len(row["f"].encode("utf-16-le")) // 2 == LONGEST_CELL
    assert row["f"].endswith("\U0001f642…")


def test_a_workbook_that_breaks_off_leaves_no_words_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows() -> Iterator[list[str]]:
        yield ["answer"]
        yield ["What a customer said"]
        raise OSError("the database went away")

    with pytest.raises(OSError, match="went away"):
        write_xlsx(io.BytesIO(), rows())
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_sheet_has_go_on_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.export.xlsx_file.MOST_ROWS", 3)
    path = tmp_path / "many.xlsx"
    with path.open("wb") as file:
        write_xlsx(file, [["answer"], *[[f"said {number}"] for number in range(3)]])
    raw = path.read_bytes()
    assert _sheet(raw) == [{0: "answer"}, {0: "said 0"}, {0: "said 1"}]
    assert _sheet(raw, 2) == [{0: "answer"}, {0: "said 2"}]


def test_the_zip_holds_answers_themes_and_decisions(
    app: Flask, owner: Browser, program: Program, business: Business, themes: dict[str, int]
) -> None:
    with database_of(app).writing() as session:
        hand = Hand(business.workspace_id, None, utc_now(), seen=0)
        rename(session, hand, themes["waiting"], "=Kept waiting")
    response = owner.get(business.at("export.zip"))
    with zipfile.ZipFile(io.BytesIO(response.data)) as pack:
        tables = {
            name: list(csv.DictReader(io.StringIO(pack.read(name).decode(), newline="")))
            for name in ("answers.csv", "themes.csv", "decisions.csv")
        }
        readme = pack.read("README.txt").decode()
        assert sorted(pack.namelist()) == ["README.txt", *sorted(tables)]
    assert tables["answers.csv"] == _csv(owner, business)
    assert tuple(tables["themes.csv"][0]) == THEME_COLUMNS
    assert tuple(tables["decisions.csv"][0]) == DECISION_COLUMNS
    waiting = next(row for row in tables["themes.csv"] if row["key"] == "waiting")
    assert waiting["name"] == "'=Kept waiting"
    placed = [row for row in tables["answers.csv"] if "waiting" in row["theme_ids"].split(" | ")]
    assert waiting["answers"] == str(len(placed))
    (step,) = tables["decisions.csv"]
    assert (step["kind"], step["theme_id"], step["holds"]) == ("rename", waiting["id"], "yes")
    assert json.loads(step["details"])["after"]["name"] == "=Kept waiting"
    assert "Hill Street Dental" in readme
    assert all(name in readme for name in tables)
    assert program.get("/export.zip").data.startswith(b"PK")


@pytest.mark.usefixtures("themes")
def test_the_command_writes_every_form(
    app: Flask, business: Business, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(database_of(app).engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SURVEY_DATABASE_URL", url)
    monkeypatch.setenv("SURVEY_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    for form in ("csv", "xlsx", "zip"):
        out = tmp_path / f"all.{form}"
        assert main(["export", "--workspace", business.name, "--out", str(out)]) == 0
        assert out.stat().st_size > 1000
    assert len(_named((tmp_path / "all.xlsx").read_bytes())) == ANSWERS


@pytest.mark.parametrize(
    ("masking", "said"),
    [
        ("keep", "it opens answer by answer, never in a file"),
        ("drop", "What was typed instead is not kept"),
        ("show", None),
    ],
)
@pytest.mark.usefixtures("themes")
def test_the_page_says_what_is_masked_and_how_to_see_what_was_typed(
    app: Flask, owner: Browser, business: Business, masking: str, said: str | None
) -> None:
    with database_of(app).writing() as session:
        session.get_one(Workspace, business.workspace_id).personal_data = masking
    page = owner.get(business.at("export")).get_data(as_text=True)
    assert ("stand as words in brackets" in page) == (said is not None)
    assert said is None or said in page
    for form in ("csv", "xlsx", "zip"):
        assert business.at(f"export.{form}") in page
