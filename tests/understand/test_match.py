"""A proposal says exactly what would change."""

from hypothesis import given
from hypothesis import strategies as st

from survey.understand.match import Proposal, compare, in_words, match_themes

Sorting = dict[str, set[str]]
sortings = st.dictionaries(
    st.sampled_from("abcdef"), st.sets(st.sampled_from("123456789"), min_size=1), max_size=5
)


def proposal(before: Sorting, after: Sorting) -> Proposal:
    return compare(before, after, {key: key for key in before}, {key: key for key in after})


def test_a_theme_is_known_again_by_its_answers() -> None:
    assert match_themes({"old": {"1", "2", "3"}}, {"new": {"1", "2", "3", "4"}}) == {"new": "old"}


def test_themes_that_share_little_are_not_the_same() -> None:
    assert match_themes({"old": {"1", "2", "3", "4"}}, {"new": {"4", "5", "6"}}) == {}


def test_every_fate_is_counted() -> None:
    found = proposal(
        {"kept": {"1", "2", "7"}, "was": {"3", "4"}, "gone": {"5"}},
        {"kept": {"1", "2", "7"}, "is": {"3", "4"}, "new": {"6"}},
    )
    assert [change.kind for change in found.changes] == ["kept", "renamed", "new", "gone"]
    assert in_words(found) == "1 new theme, 1 theme renamed, 1 theme gone, 2 answers moved of 7."


def test_no_change_is_said_so() -> None:
    assert in_words(proposal({"a": {"1"}}, {"a": {"1"}})) == "Nothing would change."


@given(sortings, sortings)
def test_every_theme_has_one_fate(before: Sorting, after: Sorting) -> None:
    found = proposal(before, after)
    assert sorted(change.before for change in found.changes if change.before) == sorted(before)
    assert sorted(change.after for change in found.changes if change.after) == sorted(after)


@given(sortings)
def test_a_sorting_against_itself_moves_nobody(sorting: Sorting) -> None:
    assert proposal(sorting, sorting).moved == 0


@given(sortings, sortings)
def test_moves_count_the_same_both_ways(before: Sorting, after: Sorting) -> None:
    assert proposal(before, after).moved == proposal(after, before).moved
