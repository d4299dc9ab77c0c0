"""Lists as odd as spreadsheets make them: columns named alike, and cells that go on and on."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from survey import days_typed
from survey.ask.list_file import Chosen, likely_choice, read_list
from survey.ask.list_people import LeftOut, rows_to_mend
from survey.csv_written import csv_lines

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    "header",
    [
        "a,a (2),a,a",
        "a,a,a (2)",
        "Column 2,,Column 2",
        "a (2),a (2),a,a",
        "a (2),,a,a",
        "a (3),a,a,a,a",
    ],
)
def test_columns_named_alike_are_told_from_each_other(header: str) -> None:
    names = read_list(f"{header}\n1,2,3\n").header
    assert len({*names}) == len(names) == header.count(",") + 1
    assert all(names)


def test_a_long_cell_full_of_numbers_is_not_tried_as_a_date_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def reads(*one: object) -> bool:
        tried.append(one)
        return False

    monkeypatch.setattr(days_typed, "reads", reads)
    people = read_list(f"email,when\nmo@example.org,{'31/' * 1000}\n")
    likely_choice(people, UTC, date(2026, 11, 23))
    assert len(tried) < 100


def test_rows_that_were_mended_are_read_as_the_list_was_that_they_came_from() -> None:
    people = read_list("Mail,Spanner,Postcode,Job\nbea at example.org,Tomasz,BN1,brakes\n")
    chosen = Chosen({"email": "Mail", "served_by": "Spanner", "about": "Job"}, None, ("Postcode",))
    left = (LeftOut(2, ("bea@example.org", "Tomasz", "BN1", "brakes"), "", "A bad address."),)
    mended = read_list("".join(csv_lines(rows_to_mend(people, left, chosen), for_excel=True)))
    again = likely_choice(mended, UTC, date(2026, 11, 23))
    assert again.columns == chosen.columns
    assert again.segments == chosen.segments
    assert mended.header[1:] == people.header


def test_a_column_that_only_looks_marked_keeps_its_name_in_any_other_list() -> None:
    people = read_list("email,Rating (Notes)\nmo@example.org,5\n")
    assert people.header == ("email", "Rating (Notes)")
    assert "note" not in likely_choice(people, UTC, date(2026, 11, 23)).columns
