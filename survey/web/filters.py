"""Filters in the URL: read from it, and written back into every link of a page."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from survey.errors import FieldError
from survey.records.filters import PILES, TONES, AnswerFilter, Pile, Tone
from survey.records.finding import LONGEST_SEARCH, spoken
from survey.records.text import as_stored

SEGMENT = "segment."
SPANS = range(1, 36_501)  # days
LARGEST_ID = 2**63 - 1
OWN = ("channel", "served_by", "language")  # what every answer has of its own
_ONCE = ("since", "until", "days", "theme", "with", "question", "q", *OWN)


@dataclass(frozen=True)
class View:
    """What a URL asks to see.

    Parameters
    ----------
    wanted : AnswerFilter
        The answers in view.
    days : int or None
        "The last so many days", kept as such, so that a bookmark goes along with time.
    """

    wanted: AnswerFilter
    days: int | None = None

    def query(self, **changes: object) -> str:
        """Return this view as a query string (``?since=…``, or nothing), with some changes.

        Parameters
        ----------
        **changes : object
            Fields of `AnswerFilter` to replace.
        """
        wanted = replace(self.wanted, **changes)  # type: ignore[arg-type]
        pairs = list(_pairs(wanted, self.days))
        return f"?{urlencode(pairs)}" if pairs else ""

    @property
    def is_unlimited(self) -> bool:
        """Whether it shows everything, whatever theme it is about."""
        return replace(self.wanted, theme_id=None) == AnswerFilter()

    def unlimited(self) -> str:
        """Return this view as a query string with its theme, pile and tones alone."""
        wanted = self.wanted
        return View(
            AnswerFilter(theme_id=wanted.theme_id, pile=wanted.pile, tones=wanted.tones)
        ).query()

    def pairs(self, *without: str) -> list[tuple[str, str]]:
        """Return this view's parameters for a form's hidden fields, some names left out."""
        return [
            (name, value)
            for name, value in _pairs(self.wanted, self.days)
            if name.partition(".")[0] not in without
        ]


def view_from(args: MultiDict[str, str], today: date) -> View:
    """Read a view from a URL's parameters; unknown parameters are left alone.

    Parameters
    ----------
    args : MultiDict
        ``since`` and ``until`` (ISO dates, both included) or ``days``; ``theme`` (an id, or
        ``nothing``, ``unsorted``, ``other_language``, ``in_theme``, ``sorted``,
        ``waiting``); ``tone``, once or
        more; ``with`` (the id of a second theme); ``segment.NAME``; ``question`` (an id),
        ``channel``, ``served_by``, ``language``; ``q`` (words). Empty values
        count as absent, as an unfilled form sends them.
    today : date
        The workspace's own day.

    Returns
    -------
    View
        What to show.

    Raises
    ------
    FieldError
        Naming the parameter that cannot be used and what it should look like, or two that no
        answer can meet at once.
    """
    given = MultiDict(
        (as_stored(name), as_stored(value.strip()))
        for name, value in args.items(multi=True)
        if value.strip()
    )
    _refuse_contradictions(given)
    days = _days(given.get("days"))
    since = _day("since", given.get("since"))
    until = _day("until", given.get("until"))
    if since or until:
        days = None
    if since and until and since > until:
        raise FieldError("since", "The first day comes after the last; please swap the two.")
    theme_id, pile = _theme(given.get("theme"))
    wanted = AnswerFilter(
        since=today - timedelta(days=days - 1) if days else since,
        until=until,
        segments=_segments(given),
        theme_id=theme_id,
        pile=pile,
        tones=_tones(given.getlist("tone")),
        question_id=_id("question", given.get("question"), "one of your questions"),
        with_theme_id=_id("with", given.get("with"), "a theme"),
        words=_words(given.get("q")),
        **{name: given.get(name) for name in OWN},
    )
    _refuse_tones_of_a_pile(wanted)
    return View(wanted, days)


def _refuse_contradictions(given: MultiDict[str, str]) -> None:
    for name in given:
        values = set(given.getlist(name))
        if (name in _ONCE or name.startswith(SEGMENT)) and len(values) > 1:
            shown = name.removeprefix(SEGMENT)
            raise FieldError(
                name, f"‘{shown}’ is given {len(values)} times, differently; please choose one."
            )


def _refuse_tones_of_a_pile(wanted: AnswerFilter) -> None:
    if wanted.tones and wanted.pile not in (None, "in_theme", "sorted"):
        raise FieldError(
            "tone", "Only answers in themes wish or praise; please choose a tone or this pile."
        )


def _day(name: str, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise FieldError(name, f"Please give ‘{name}’ as a date like 2026-03-31.") from error


def _days(value: str | None) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 5 and int(value) in SPANS):
        raise FieldError("days", f"Please give ‘days’ as a number from 1 to {SPANS[-1]}.")
    return int(value)


def _theme(value: str | None) -> tuple[int | None, Pile | None]:
    if value is None:
        return None, None
    if value in PILES:
        return None, value
    if value.isascii() and value.isdigit() and len(value) <= 19 and int(value) <= LARGEST_ID:
        return int(value), None
    raise FieldError("theme", f"‘theme’ is a theme's id, or one of: {', '.join(PILES)}.")


def _id(name: str, value: str | None, what: str) -> int | None:
    if value is None:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 19 and int(value) <= LARGEST_ID:
        return int(value)
    raise FieldError(name, f"‘{name}’ is the id of {what}.")


def _words(value: str | None) -> str | None:
    if value is None:
        return None
    if len(value) > LONGEST_SEARCH:
        raise FieldError("q", f"Please search for at most {LONGEST_SEARCH} characters.")
    if not spoken(value):
        raise FieldError("q", "Please search for at least one word.")
    return value


def _tones(values: Iterable[str]) -> tuple[Tone, ...]:
    chosen = {part for value in values for part in value.split(",") if part}
    if not chosen <= set(TONES):
        raise FieldError("tone", f"‘tone’ is one or more of: {', '.join(TONES)}.")
    return tuple(tone for tone in TONES if tone in chosen)


def _segments(given: MultiDict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            (name.removeprefix(SEGMENT), value)
            for name, value in given.to_dict().items()
            if name.startswith(SEGMENT) and name != SEGMENT
        )
    )


def _pairs(wanted: AnswerFilter, days: int | None) -> Iterable[tuple[str, str]]:
    theme = wanted.pile if wanted.theme_id is None else wanted.theme_id
    single = (
        ("days", days),
        ("since", None if days else wanted.since),
        ("until", None if days else wanted.until),
        *((SEGMENT + name, value) for name, value in wanted.segments),
        ("question", wanted.question_id),
        *((name, getattr(wanted, name)) for name in OWN),
        ("q", wanted.words),
        ("theme", theme),
        ("with", wanted.with_theme_id),
        *(("tone", tone) for tone in wanted.tones),
    )
    for name, value in single:
        if value is not None and value != "":
            yield name, value.isoformat() if isinstance(value, date) else str(value)
