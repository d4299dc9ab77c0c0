"""What is new since a reader's last visit."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.records import Theme
from survey.records.filters import AnswerFilter
from survey.records.tallies import Sought, totals
from survey.show.figures import answers_counted
from survey.show.queries import ThemeName, theme_names

_SHOWN = 3


@dataclass(frozen=True)
class News:
    """What has come since a day, that day included.

    Parameters
    ----------
    since : date
        The day of the last visit.
    answers : int
        Answers since.
    most : tuple of (ThemeName, int)
        The themes most of them are in, with how many.
    new_themes : tuple of ThemeName
        Themes that were not there before.
    """

    since: date
    answers: int
    most: tuple[tuple[ThemeName, int], ...]
    new_themes: tuple[ThemeName, ...]


def news_since(session: Session, workspace_id: int, run_id: int | None, since: date) -> News:
    """Return what is new in a workspace since a day.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    run_id : int or None
        The current run.
    since : date
        In the workspace's own days.
    """
    answers = answers_counted(session, workspace_id, run_id, AnswerFilter(since=since)) or 0
    themes = {one.id: one for one in theme_names(session, workspace_id, ())}
    counts: dict[int, int] = {}
    if run_id is not None:
        sought = Sought(workspace_id, ("theme",), run_id, since=since)
        for (_, theme_id, _), amount in totals(session, sought).items():
            counts[theme_id] = counts.get(theme_id, 0) + amount
    heard = sorted(
        ((themes[key], count) for key, count in counts.items() if key in themes and count > 0),
        key=lambda one: (-one[1], one[0].name.casefold()),
    )
    return News(since, answers, tuple(heard[:_SHOWN]), _made_since(session, themes, since))


def _made_since(
    session: Session, themes: dict[int, ThemeName], since: date
) -> tuple[ThemeName, ...]:
    rows = session.execute(select(Theme.id, Theme.created_at).where(Theme.id.in_(themes)))
    new = [themes[row.id] for row in rows if row.created_at.date() > since]
    if len(new) == len(themes):
        return ()  # all of them: they are the first ones, and no news
    return tuple(sorted(new, key=lambda one: one.name.casefold()))
