"""When it is time to look for themes."""

FEWEST = 30
"""Answers that fit no theme, from which a first look may find something."""
MORE = 25
"""Further answers that fit none, from which another look is worth an owner's time."""
MORE_SHARE = 0.25


def is_time_to_look(fits_none: int, left_last_time: int | None) -> bool:
    """Decide whether to look for themes among the answers that fit none.

    Parameters
    ----------
    fits_none : int
        Answers that fit no theme now.
    left_last_time : int or None
        How many did after the last look; None before the first.

    Returns
    -------
    bool
        True from 30 answers on, and then each time 25 more have come and a quarter more.
    """
    if left_last_time is None:
        return fits_none >= FEWEST
    more = fits_none - left_last_time
    return fits_none >= FEWEST and more >= max(MORE, MORE_SHARE * left_last_time)


def is_time_to_compare(answers: int, answers_last_time: int | None) -> bool:
    """Decide whether to look for what has come up of late among all answers.

    Parameters
    ----------
    answers : int
        Answers dealt with now.
    answers_last_time : int or None
        How many there were at the last look; None where nobody noted it.

    Returns
    -------
    bool
        True each time 25 more have come.
    """
    return answers_last_time is None or answers - answers_last_time >= MORE
