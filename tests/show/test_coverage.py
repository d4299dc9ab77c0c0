"""How much is in themes is told honestly: of what says something, and so that it adds up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.show.coverage import Coverage
from tests.show.test_ledger_pages import Scene, scene, text
from tests.support.browser import Browser

__all__ = ["scene"]
FEW = st.integers(0, 5000)


@given(st.builds(Coverage, FEW, FEW, FEW, FEW, FEW))
def test_the_numbers_that_lead_to_answers_add_up_to_all_of_them(told: Coverage) -> None:
    led = {piece.pile: int(piece.text.replace(",", "")) for piece in told.pieces if piece.pile}
    assert sum(led.values()) == told.answers
    assert all(count for count in led.values())
    assert not told.words or told.words.endswith(".")
    assert "  " not in told.words


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        (
            Coverage(222, 44, 44, 2),
            "Of the 266 that say something and could be read, 222 are in a theme (83 %)"
            " and 44 fit none yet. 44 needed nothing more and 2 are in another language.",
        ),
        (
            Coverage(1, 1, 0, 0, 1),
            "Of the 2 that say something, 1 is in a theme and 1 fits none yet. 1 waits to be"
            " sorted.",
        ),
        (
            Coverage(300, 0, 5, 0, 2),
            "All 300 that say something are in a theme. 5 needed nothing more and 2 wait to be"
            " sorted.",
        ),
        (Coverage(1, 0, 0, 0), "The 1 that says something is in a theme."),
        (
            Coverage(0, 3, 1, 1, 1),
            "Of the 3 that say something and could be read, 0 are in a theme and 3 fit"
            " none yet. 1 needed nothing more, 1 is in another language and 1 waits to be sorted.",
        ),
        (Coverage(0, 0, 7, 0), "7 needed nothing more."),
        (Coverage(0, 0, 0, 0), ""),
    ],
)
def test_what_needs_no_theme_is_not_counted_as_sorted(coverage: Coverage, words: str) -> None:
    assert coverage.words == words


def test_overview_and_print_tell_it_in_the_same_words(owner: Browser, scene: Scene) -> None:
    words = "Of the 5 that say something, 4 are in a theme and 1 fits none yet."
    assert words in text(owner, scene.business.at())
    assert words in text(owner, scene.business.at("print"))
    page = owner.get(scene.business.at()).get_data(as_text=True)
    for pile, count in (("in_theme", 4), ("unsorted", 1)):
        there = scene.business.at(f"answers?theme={pile}")
        assert f'<a href="{there}">{count}</a>' in page
        assert re.search(rf"\b{count} answers?\b", text(owner, there))
    assert "sorted, " not in page


def test_a_view_of_one_theme_does_not_tell_it(owner: Browser, scene: Scene) -> None:
    waiting = scene.themes["waiting"]
    assert "that say something" not in text(owner, scene.business.at(f"?theme={waiting}"))
