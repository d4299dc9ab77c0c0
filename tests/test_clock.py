"""Days as a letter names them."""

from datetime import date

import pytest

from survey.clock import in_words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 17), "Tuesday 17 November"),
        (date(2026, 2, 1), "Sunday 1 February"),
        (date(2025, 11, 17), "Monday 17 November 2025"),
    ],
)
def test_a_day_gets_its_year_only_when_it_is_far_off(day: date, words: str) -> None:
    assert in_words(day, date(2026, 11, 21)) == words
