"""'Nothing more was needed' goes first; a wish in polite words stays."""

import pytest

from survey.understand.nothing import answer_says_nothing, declines, says_nothing
from survey.understand.split import split

NOTHING = [
    "nothing", "Nothing.", "n/a", "N / A", "no", "None", "nope all good", "No complaints",
    "Can't think of anything", "nothing at all, thank you", "All good thanks", "👍", "...", "-",
    "I couldn't have asked for more", "couldnt fault it", "Everything was perfect thank you",
    "very happy with the service", "No suggestions for improvement", "Nothing more was needed",
    "Not applicable", "cheers", "No thanks, all sorted", "It couldn't have been better",
]  # fmt: skip
SOMETHING = [
    "Nothing was explained to me", "nobody rang me back", "More chairs", "no parking",
    "Nothing works in that office", "They did nothing", "not good", "A bit quicker please",
    "Nothing like what the advert said", "If only someone had told me the price",
    "It wasn't great", "Everything could be clearer", "no one at the desk", "No reply",
    "All good until the bill came", "fine but I waited two hours", "Less waiting",
]  # fmt: skip


@pytest.mark.parametrize("answer", NOTHING)
def test_an_answer_that_wants_nothing_is_set_aside(answer: str) -> None:
    assert answer_says_nothing(split(answer))


@pytest.mark.parametrize("answer", SOMETHING)
def test_an_answer_with_a_point_is_kept(answer: str) -> None:
    assert not answer_says_nothing(split(answer))


def test_a_blank_answer_says_nothing() -> None:
    assert answer_says_nothing(())


def test_declining_is_told_from_being_content() -> None:
    assert declines("n/a")
    assert declines("No comment.")
    assert declines("...")
    assert not declines("nothing at all")
    assert not declines("Excellent, thank you")


def test_other_scripts_are_not_nothing() -> None:
    assert not says_nothing("等太久了")


def test_an_answer_is_nothing_only_if_every_clause_is() -> None:
    assert says_nothing("All good thanks.")
    assert not answer_says_nothing(["All good thanks.", "The door sticks."])
