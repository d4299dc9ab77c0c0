"""What holds after a ledger's decisions, told from the decisions alone."""

from survey.records.settled import Entry, settle

WRITTEN = Entry(1, 1, "book", details={"added": [7]})
LEFT_OUT = Entry(2, 2, "accept_run", details={"refused": [7], "added": [8]})
TAKEN_BACK = Entry(3, 3, "book", details={"on": [7]})
UNDONE = Entry(4, 4, "undo", undoes_id=2)


def test_a_theme_of_ones_own_that_is_left_out_of_a_proposal_is_put_away() -> None:
    assert settle([WRITTEN]).gone == frozenset()
    assert settle([WRITTEN, LEFT_OUT]).gone == {7}


def test_it_comes_back_when_somebody_takes_it_back() -> None:
    assert settle([WRITTEN, LEFT_OUT, TAKEN_BACK]).gone == frozenset()


def test_it_is_in_the_book_again_when_the_yes_is_undone_and_what_the_yes_made_goes() -> None:
    assert settle([WRITTEN, LEFT_OUT, UNDONE]).gone == {8}


def test_a_found_theme_that_was_refused_stays_away_whatever_becomes_of_the_rest() -> None:
    assert settle([LEFT_OUT]).gone == settle([LEFT_OUT, UNDONE]).gone - {8} == {7}
