"""What there is to tell of a week and of a rise: measured as numbers, named when it is told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.records import Bulletin, Theme
from survey.records.filters import AnswerFilter
from survey.records.praised import praised_name
from survey.records.telling import WEEK
from survey.show.coverage import Coverage
from survey.show.figures import Figures, figures_in_view
from survey.show.queries import PRAISE, WISHES, theme_names, theme_overview
from survey.show.quotes import Quote
from survey.show.span import span_of

FEWEST = 5  # answers in a week; with fewer, shares are not enough to say anything
TOLD_WISHES, TOLD_PRAISE = 5, 3
DAYS = 7
Names = Mapping[tuple[int, str], str]
"""What themes are called now, by theme and tone."""
Quotes = Mapping[tuple[int, str], tuple[Quote, ...]]
"""Customers' words by theme and tone, where they may be told; empty where not."""


@dataclass(frozen=True)
class Heard:
    """A theme in a week: how many answers spoke of it, in one tone."""

    theme_id: int
    name: str
    tone: str
    count: int
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True)
class Risen:
    """A theme that rises: so many of so many lately, so many of so many before."""

    theme_id: int
    name: str
    tone: str
    count: int
    of: int
    count_before: int
    of_before: int
    since: date
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True)
class Week:
    """Seven days as they are told.

    Parameters
    ----------
    first, last : date
        Both included.
    asked, answered, answered_before : int
        In these days, and in the seven before them.
    nothing, unsorted : int
        Answers that needed nothing more, and those in no theme yet.
    coverage : Coverage or None
        What became of all of them; None of a week that was measured before this was kept.
    wishes, praise : tuple of Heard
        The themes spoken of most.
    """

    first: date
    last: date
    asked: int
    answered: int
    answered_before: int
    nothing: int
    unsorted: int
    wishes: tuple[Heard, ...]
    praise: tuple[Heard, ...]
    coverage: Coverage | None = None

    @property
    def enough_to_say(self) -> bool:
        """Whether there are answers enough to speak of shares."""
        return self.answered >= FEWEST


@dataclass(frozen=True)
class News:
    """One bulletin, named: either a week or a rise."""

    id: int
    kind: str
    first_day: date
    last_day: date
    made_at: datetime
    changed_at: datetime
    ended_on: date | None
    week: Week | None = None
    risen: Risen | None = None


def measured_week(
    session: Session, workspace_id: int, run_id: int | None, last: date
) -> dict[str, Any]:
    """Count the seven days up to `last`, as numbers and ids alone, ready to be kept.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The current run.
    last : date
        The last of the days.
    """
    figures = _figures(session, workspace_id, run_id, last)
    before = _figures(session, workspace_id, run_id, last - timedelta(days=DAYS))
    ids = {name.id for name in theme_names(session, workspace_id, ())}
    return {
        "first": (last - timedelta(days=DAYS - 1)).isoformat(),
        "last": last.isoformat(),
        "asked": figures.asked.total,
        "answered": figures.answered.total,
        "answered_before": before.answered.total,
        "nothing": figures.nothing.total,
        "unsorted": figures.unsorted.total,
        "coverage": asdict(figures.coverage),
        "wish": _most(figures, ids, WISHES, TOLD_WISHES),
        "praise": _most(figures, ids, PRAISE, TOLD_PRAISE),
    }


def _figures(session: Session, workspace_id: int, run_id: int | None, last: date) -> Figures:
    first = last - timedelta(days=DAYS - 1)
    wanted = AnswerFilter(since=first, until=last)
    return figures_in_view(session, workspace_id, run_id, wanted, span_of(first, last))


def _most(
    figures: Figures, ids: Iterable[int], tones: Sequence[str], at_most: int
) -> list[list[int]]:
    heard = [[theme_id, figures.theme(theme_id, tones).total] for theme_id in ids]
    heard = [one for one in heard if one[1]]
    return sorted(heard, key=lambda one: (-one[1], one[0]))[:at_most]


def quotes_of(
    session: Session, workspace_id: int, run_id: int | None, first: date, last: date
) -> Quotes:
    """Return what customers said in some days, as the overview quotes it."""
    wanted = AnswerFilter(since=first, until=last)
    overview = theme_overview(session, workspace_id, run_id, wanted)
    if overview is None:
        return {}
    return {
        (row.theme.id, tone): row.quotes
        for tone, column in (("wish", overview.wishes), ("praise", overview.praise))
        for row in column.rows
    }


def named_week(measured: Mapping[str, Any], names: Names, quotes: Quotes | None = None) -> Week:
    """Return a measured week with the names its themes have now; one without a name is left out."""
    said = quotes or {}

    def heard(tone: str) -> tuple[Heard, ...]:
        return tuple(
            Heard(theme_id, names[theme_id, tone], tone, count, said.get((theme_id, tone), ()))
            for theme_id, count in measured[tone]
            if (theme_id, tone) in names
        )

    return Week(
        first=date.fromisoformat(measured["first"]),
        last=date.fromisoformat(measured["last"]),
        asked=measured["asked"],
        answered=measured["answered"],
        answered_before=measured["answered_before"],
        nothing=measured["nothing"],
        unsorted=measured["unsorted"],
        wishes=heard("wish"),
        praise=heard("praise"),
        coverage=Coverage(**measured["coverage"]) if "coverage" in measured else None,
    )


def named_rise(bulletin: Bulletin, names: Names, quotes: Quotes | None = None) -> Risen | None:
    """Return a rise with the name its theme has now, None where it is shown no longer."""
    theme_id, tone, kept = bulletin.theme_id or 0, bulletin.tone or "", bulletin.figures
    if (theme_id, tone) not in names:
        return None
    return Risen(
        theme_id=theme_id,
        name=names[theme_id, tone],
        tone=tone,
        count=kept["count"],
        of=kept["of"],
        count_before=kept["count_before"],
        of_before=kept["of_before"],
        since=date.fromisoformat(kept["since"]),
        quotes=(quotes or {}).get((theme_id, tone), ()),
    )


def named(bulletin: Bulletin, names: Names, quotes: Quotes | None = None) -> News | None:
    """Return a bulletin as it is told, None where its theme is shown no longer."""
    week = named_week(bulletin.figures, names, quotes) if bulletin.kind == WEEK else None
    risen = None if week else named_rise(bulletin, names, quotes)
    if week is None and risen is None:
        return None
    return News(
        id=bulletin.id,
        kind=bulletin.kind,
        first_day=bulletin.first_day,
        last_day=bulletin.last_day,
        made_at=bulletin.made_at,
        changed_at=bulletin.changed_at,
        ended_on=bulletin.ended_on,
        week=week,
        risen=risen,
    )


def names_now(session: Session, workspace_id: int) -> Names:
    """Return the names of the themes that are shown, as wishes and as praise."""
    query = select(Theme.id, Theme.key, Theme.name, Theme.run_id).where(
        Theme.workspace_id == workspace_id, Theme.state == "active"
    )
    return {
        (row.id, tone): name
        for row in session.execute(query)
        for tone, name in (
            ("wish", row.name),
            ("praise", praised_name(row.key, row.name, own=row.run_id is None)),
        )
    }
