"""Lists as odd as spreadsheets make them: columns named alike, and cells that go on and on."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from survey import days_typed
from survey.ask.list_file import likely_choice, read_list

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
