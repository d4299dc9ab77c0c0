"""What a URL may ask to see, and how it says so again."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from survey.errors import FieldError
from survey.records.filters import AnswerFilter
from survey.web.filters import view_from

TODAY = date(2026, 3, 31)


def _view(query: str) -> MultiDict[str, str]:
    from urllib.parse import parse_qsl

    return MultiDict(parse_qsl(query, keep_blank_values=True))


def test_an_empty_form_asks_for_everything() -> None:
    view = view_from(_view("since=&until=&days=&theme=&segment.Branch="), TODAY)
    assert view.wanted == AnswerFilter()
    assert view.query() == ""


def test_every_filter_is_read() -> None:
    view = view_from(
        _view(
            "since=2026-01-02&until=2026-02-03&theme=77&tone=wish&tone=unclear&segment.Branch=North"
        ),
        TODAY,
    )
    assert view.wanted == AnswerFilter(
        since=date(2026, 1, 2),
        until=date(2026, 2, 3),
        segments=(("Branch", "North"),),
        theme_id=77,
        tones=("wish", "unclear"),
    )


def test_the_last_days_count_from_today_and_stay_relative_in_links() -> None:
    view = view_from(_view("days=7"), TODAY)
    assert view.wanted.since == date(2026, 3, 25)
    assert view.wanted.until is None
    assert view.query(theme_id=5) == "?days=7&theme=5"


@pytest.mark.parametrize(
    "pile", ["nothing", "unsorted", "other_language", "in_theme", "sorted", "waiting"]
)
def test_a_pile_is_named_by_its_word(pile: str) -> None:
    assert view_from(_view(f"theme={pile}"), TODAY).wanted.pile == pile


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=yesterday", "since"),
        ("until=2026-02-30", "until"),
        ("since=2026-02-02&until=2026-02-01", "since"),
        ("days=0", "days"),
        ("days=99999999999999999999", "days"),
        ("days=000000000000001", "days"),
        ("days=²", "days"),
        ("theme=warmth!", "theme"),
        ("theme=99999999999999999999", "theme"),
        ("tone=angry", "tone"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(query: str, field: str) -> None:
    with pytest.raises(FieldError) as refused:
        view_from(_view(query), TODAY)
    assert refused.value.field == field


def test_the_year_9999_is_a_date_like_any_other() -> None:
    assert view_from(_view("until=9999-12-31"), TODAY).wanted.until == date(9999, 12, 31)


def test_text_that_no_database_keeps_is_replaced() -> None:
    view = view_from(MultiDict([("segment.A\0", "b\ud800\0")]), TODAY)
    assert view.wanted.segments == (("A�", "b��"),)


@given(
    st.builds(
        AnswerFilter,
        since=st.none() | st.dates(max_value=date(2020, 1, 1)),
        until=st.none() | st.dates(min_value=date(2020, 1, 1)),
        theme_id=st.none() | st.integers(0, 2**63 - 1),
        tones=st.sampled_from([(), ("wish",), ("wish", "unclear"), ("wish", "praise", "unclear")]),
        segments=st.sampled_from([(), (("Branch", "A&B=ü %"),), (("A", "1"), ("B", "2"))]),
        question_id=st.none() | st.integers(0, 2**63 - 1),
        with_theme_id=st.none() | st.integers(0, 2**63 - 1),
        channel=st.sampled_from([None, "phone", "a=b&c"]),
        served_by=st.sampled_from([None, "Zoë O'Neil"]),
        language=st.sampled_from([None, "cy"]),
        words=st.sampled_from([None, '"why me" wait%']),
    )
)
def test_a_view_written_into_a_link_is_read_back_the_same(wanted: AnswerFilter) -> None:
    from survey.web.filters import View

    assert view_from(_view(View(wanted).query().removeprefix("?")), TODAY).wanted == wanted


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("segment.Branch=A&segment.Branch=B", "segment.Branch", "‘Branch’ is given 2 times"),
        ("theme=5&theme=6", "theme", "please choose one"),
        ("served_by=Sam&served_by=Jo", "served_by", "please choose one"),
        ("theme=unsorted&tone=praise", "tone", "Only answers in themes wish or praise"),
        ("since=9999-12-31&until=0001-01-01", "since", "please swap the two"),
        ("q=%21%3F", "q", "at least one word"),
        ("q=" + "a" * 201, "q", "at most 200"),
        ("question=x", "question", "id of one of your questions"),
        ("with=-1", "with", "id of a theme"),
    ],
)
def test_filters_that_contradict_are_told_kindly(query: str, field: str, says: str) -> None:
    with pytest.raises(FieldError) as refused:
        view_from(_view(query), TODAY)
    assert refused.value.field == field
    assert says in str(refused.value)


def test_the_same_filter_twice_is_no_contradiction() -> None:
    assert view_from(_view("theme=5&theme=5&channel=a&channel=a"), TODAY).wanted.theme_id == 5
