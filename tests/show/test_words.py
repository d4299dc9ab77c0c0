"""Marks, quotes, trends and figures in words: pure functions with plain answers."""

import itertools
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.records.database import sqlite_module
from survey.records.finding import sought, words_at
from survey.show import words
from survey.show.charts import plot, spark
from survey.show.marks import MOST_FOUND, pieces, sentence_around, shown_part, words_found
from survey.show.quotes import Candidate, chosen_quotes
from survey.show.span import Point, Span, change, span_of, trend

MONDAY = date(2026, 1, 5)


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=5),
)
def test_marking_changes_no_character(body: str, marks: list[tuple[int, int]]) -> None:
    found = pieces(body, marks)
    assert "".join(piece.text for piece in found) == body
    assert all(piece.text for piece in found)
    assert all(a.marked != b.marked for a, b in itertools.pairwise(found))


def test_the_deciding_clause_is_marked() -> None:
    marked = [
        piece.text for piece in pieces("Nice, but I waited an hour.", [(10, 26)]) if piece.marked
    ]
    assert marked == ["I waited an hour"]


@given(
    st.text(alphabet="ab c.", max_size=40),
    st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 50)), max_size=5),
    st.text(alphabet='ab "', max_size=8),
)
def test_marking_what_was_searched_changes_no_character(
    body: str, marks: list[tuple[int, int]], search: str
) -> None:
    found = pieces(body, marks, words_found(body, sought(search)))
    assert "".join(piece.text for piece in found) == body
    of = [piece.text for piece in found if piece.marked]
    assert "".join(of) == "".join(piece.text for piece in pieces(body, marks) if piece.marked)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("wait", ["Waiting", "wait"]),
        ("WAIT an", ["Waiting", "wait", "an"]),
        ('"wait"', ["wait"]),
        ('"an hour"', ["an hour"]),
        ("cafe", ["Café"]),
        ("didn't", ["didn't"]),
        ("tea wait hour", ["Waiting", "wait", "hour"]),
        ("ait", []),
        ("* ( ) “”", []),
        ("", []),
    ],
)
def test_the_words_of_a_search_are_found_as_the_index_finds_them(
    search: str, found: list[str]
) -> None:
    body = "Waiting at the Café. I didn't wait there for an hour."
    spans = words_found(body, sought(search))
    assert [body[start:end] for start, end in sorted(spans)] == found


def test_a_word_is_marked_with_the_signs_above_its_letters() -> None:
    body = "Cafe\u0301, क्षमा करें"
    assert [body[slice(*span)] for span in words_found(body, sought("cafe"))] == ["Cafe\u0301"]
    assert [body[slice(*span)] for span in words_found(body, sought("क्षमा"))] == ["क्षमा"]


def test_signs_within_a_word_are_read_as_the_index_reads_them() -> None:
    for sign in map(chr, range(0x300, 0x370)):
        body = f"e{sign}te{sign} is summer"
        whole = f"e{sign}te{sign}"
        marked = [body[slice(*span)] for span in words_found(body, sought('"ete"'))]
        assert marked == ([whole] if _indexed_as(whole) == {"ete"} else [])
        words = [word for part in sought(whole) for word in part.words]
        assert len(_indexed_as(whole)) == len(set(words))


def _indexed_as(body: str) -> set[str]:
    """Return the words of a text in an index that is made as ours is."""
    with closing(sqlite_module().connect(":memory:")) as database:
        how = "tokenize='unicode61 remove_diacritics 2'"
        database.execute(f"CREATE VIRTUAL TABLE found USING fts5(body, {how})")
        database.execute("INSERT INTO found VALUES (?)", (body,))
        database.execute("CREATE VIRTUAL TABLE words USING fts5vocab(found, row)")
        return {row[0] for row in database.execute("SELECT term FROM words")}


def test_a_word_of_nothing_but_signs_marks_nothing() -> None:
    dots = "\uff9e"  # a letter to Unicode, which stands for two dots above another
    assert words_found(f"abc {dots} de", sought(dots)) == []
    assert words_found(f"abc {dots} de", sought(f'"abc {dots} de"')) == []


def test_a_long_search_takes_little_longer_than_parting_the_words() -> None:
    """Each part tried at each word took 140 times as long: 15 seconds for a page of answers."""
    letters = "a b c d e f g h i j "
    body, search = letters * 1000, sought(letters * 10)
    assert len(search) == 100
    bound = 20 * _fastest(lambda: words_at(body))
    assert _fastest(lambda: words_found(body, search)) < bound
    assert _fastest(lambda: words_found("a " * 10_000, sought(f'"{"a " * 90}b"'))) < bound


def _fastest(act: Callable[[], object]) -> float:
    taken = []
    for _ in range(5):
        begun = time.process_time()
        act()
        taken.append(time.process_time() - begun)
    return min(taken)


def test_the_first_few_hundred_places_are_marked() -> None:
    body = "wait and " * 1000
    spans = words_found(body, sought("and wait"))
    assert len(spans) == MOST_FOUND
    assert spans[:2] == [(0, 4), (5, 8)]
    assert max(end for _, end in spans) < 9 * MOST_FOUND / 2 + 1


def test_a_clause_and_a_word_in_it_are_told_apart() -> None:
    body = "Nice, but I waited an hour. I waited."
    cut = pieces(body, [(10, 27)], words_found(body, sought("waited")))
    assert [(piece.text, piece.marked, piece.found) for piece in cut] == [
        ("Nice, but ", False, False),
        ("I ", True, False),
        ("waited", True, True),
        (" an hour.", True, False),
        (" I ", False, False),
        ("waited", False, True),
        (".", False, False),
    ]


@pytest.mark.parametrize(
    ("confidence", "told"),
    [
        (1.0, "sure, 100 %"),
        (0.9996, "sure, over 99 %"),
        (0.85, "sure, 85 %"),
        (0.849, "sure, 85 %"),
        (0.844, "fairly sure, 84 %"),
        (0.6, "fairly sure, 60 %"),
        (0.31, "a guess, 31 %"),
        (0.0, "a guess, 0 %"),
    ],
)
def test_how_sure_the_sorting_is_stands_in_words_and_as_a_figure(
    confidence: float, told: str
) -> None:
    assert f"{words.sureness(confidence)}, {words.percent(confidence)}" == told


def test_a_long_answer_is_cut_around_its_mark() -> None:
    body = "word " * 3000 + "I waited." + " more" * 900
    start, end = shown_part(body, [(15_000, 15_009)])
    assert start < 15_000 < 15_009 < end
    assert end - start == 700


def test_a_short_answer_is_shown_whole() -> None:
    assert shown_part("I waited.", [(0, 9)]) == (0, 9)


def test_a_sentence_is_found_around_a_clause() -> None:
    body = "Hello. Twenty minutes past and nobody said a word. Bye"
    for clause, whole in (((31, 49), (6, 50)), ((0, 6), (0, 6))):
        assert sentence_around(body, *clause) == whole
    assert sentence_around("no stops here", 3, 8) == (0, 13)


def test_two_quotes_are_verbatim_short_and_different() -> None:
    bodies = [
        "I had to wait for an hour",
        "had to wait for an hour, too",
        "Nobody said why it took so long. And the rest was fine, fine, fine, fine, fine.",
        "no " * 60,
    ]
    candidates = [
        Candidate(number, body, 0, min(31, len(body))) for number, body in enumerate(bodies)
    ]
    quotes = chosen_quotes(candidates)
    assert [quote.answer_id for quote in quotes] == [0, 2]
    assert all(quote.text in bodies[quote.answer_id] for quote in quotes)


@pytest.mark.parametrize(
    ("body", "quoted"),
    [
        ("the appointment was at nine,", "the appointment was at nine"),
        ('"He never rang me back.', "He never rang me back."),
        ("He said never mind me”", "He said never mind me"),
        ("He said “never mind” to me", "He said “never mind” to me"),
        ("It's the lads' own van", "It's the lads' own van"),
    ],
)
def test_a_quote_ends_cleanly_and_stays_verbatim(body: str, quoted: str) -> None:
    assert [one.text for one in chosen_quotes([Candidate(1, body, None, None)])] == [quoted]


def test_where_nothing_better_was_said_a_word_is_quoted() -> None:
    assert [quote.text for quote in chosen_quotes([Candidate(1, "Parking!", None, None)])] == [
        "Parking!"
    ]


@pytest.mark.parametrize(
    ("count", "of", "said"),
    [
        (11, 131, "11 of 131"),
        (41, 131, "41 of 131"),
        (199, 199, "199 of 199"),
        (4, 200, "2 %"),
        (5, 100_000, "under 1 %"),
        (99_999, 100_000, "over 99 %"),
        (200, 200, "100 %"),
    ],
)
def test_shares_of_a_small_whole_are_said_in_numbers(count: int, of: int, said: str) -> None:
    assert words.share(count, of) == said


def test_figures_and_days_are_said_plainly() -> None:
    assert words.figure(2282) == "2,282"
    assert words.counted(1, "answer") == "1 answer"
    assert words.counted(3, "answer") == "3 answers"
    assert words.day_words(date(2026, 11, 21)) == "21 November 2026"
    assert words.between(0.042, 0.146) == "4–15 %"


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(0, 2500))
def test_steps_cover_every_day_of_a_span_once(first: date, days: int) -> None:
    span = span_of(first, first + timedelta(days=days))
    steps = span.steps
    assert steps[0].first == span.first
    assert steps[-1].last == span.last
    for step, following in itertools.pairwise(steps):
        assert step.last + timedelta(days=1) == following.first
    assert all((step.last - step.first).days + 1 == span.width for step in steps[1:-1])
    if span.width > 1:
        assert all(step.last.weekday() == 6 for step in steps[:-1])


def test_a_trend_has_no_more_points_than_its_answers_carry() -> None:
    span = Span(MONDAY, MONDAY + timedelta(days=181), 7)
    few, many = [1] * 26, [40] * 26
    assert trend(span, [0] * 26, few) == ()
    points = trend(span, [10] * 26, many)
    assert len(points) == 26
    assert points[0].share == 0.25
    assert sum(point.of for point in trend(span, [2] * 26, [5] * 26)) == 130


def test_a_point_of_too_few_answers_says_nothing() -> None:
    point = Point(MONDAY, MONDAY, 1, 4)
    assert point.share is None
    assert point.interval is None


def test_a_line_breaks_where_there_is_not_enough_to_say() -> None:
    of = [20, 20, 2, 20, 20]
    points = [Point(MONDAY, MONDAY, 5 if n > 4 else 1, n) for n in of]
    drawn, plotted = spark(points), plot(points)
    assert drawn is not None
    assert plotted is not None
    assert len(drawn.lines) == len(plotted.lines) == len(plotted.bands) == 2
    assert len(plotted.dots) == 4


def test_a_theme_nobody_spoke_of_has_no_line() -> None:
    assert spark([Point(MONDAY, MONDAY, 0, 20)] * 4) is None
    assert spark([]) is None
    assert plot([]) is None


def test_the_newest_four_weeks_are_compared_with_those_before() -> None:
    span = Span(MONDAY, MONDAY + timedelta(days=83), 7)
    found = change(span, [1] * 8 + [5] * 4, [10] * 12)
    assert found is not None
    assert (found.count, found.of, found.count_before, found.of_before) == (20, 40, 8, 80)
    assert found.since == MONDAY + timedelta(days=56)
    assert found.word == "rising"
    assert found.chance < 0.001


def test_a_long_view_compares_the_same_four_weeks() -> None:
    span = span_of(MONDAY, MONDAY + timedelta(days=700))
    found = change(span, [0] * 25 + [3], [10] * 26)
    assert found is not None
    assert found.since == MONDAY + timedelta(days=700 - 21)
    assert (found.count, found.of) == (3, 10)


def test_a_short_view_compares_nothing() -> None:
    assert change(span_of(MONDAY, MONDAY + timedelta(days=40)), [1] * 6, [2] * 6) is None
