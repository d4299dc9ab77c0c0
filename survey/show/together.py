"""Themes that come along with a theme: in the same answers."""

from collections import Counter
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from survey.records.faces import THEME
from survey.records.tallies import Sought, totals
from survey.show.exact import beyond_chance, change_chance
from survey.show.figures import Figures
from survey.show.queries import ThemeName

SHOWN = 5


@dataclass(frozen=True)
class Companion:
    """A theme in the same answers.

    Parameters
    ----------
    theme : ThemeName
        Which.
    count : int
        Answers in both.
    oftener : bool
        Whether it is said oftener here than in other answers, beyond chance.
    """

    theme: ThemeName
    count: int
    oftener: bool


def companions(
    session: Session, sought: Sought, theme_id: int, themes: list[ThemeName], figures: Figures
) -> tuple[Companion, ...]:
    """Return the themes that come along with a theme, the commonest first.

    Parameters
    ----------
    session : Session
        An open session.
    sought : Sought
        The measure ``theme`` of a run, in the days in view.
    theme_id : int
        The theme.
    themes : list of ThemeName
        What others are called.
    figures : Figures
        Of all answers in these days.
    """
    here = _by_theme(session, replace(sought, face=(THEME, str(theme_id))))
    all_over = {one.id: figures.theme(one.id).total for one in themes}
    inside, everywhere = figures.theme(theme_id).total, figures.answered.total
    found = [(one, here[one.id]) for one in themes if one.id != theme_id and here[one.id]]
    found.sort(key=lambda one: (-one[1], one[0].name.casefold()))
    elsewhere = everywhere - inside
    chances = [
        change_chance(count, inside, max(0, all_over[one.id] - count), elsewhere)
        if count * elsewhere > (all_over[one.id] - count) * inside
        else 1.0
        for one, count in found
    ]
    marked = zip(found, beyond_chance(chances), strict=True)
    return tuple(Companion(one, count, real) for (one, count), real in marked)[:SHOWN]


def _by_theme(session: Session, sought: Sought) -> Counter[int]:
    sums: Counter[int] = Counter()
    for (_, theme_id, _), answers in totals(session, sought).items():
        sums[theme_id] += answers
    return sums
