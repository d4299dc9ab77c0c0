"""What an owner reads, opened as a browser without JavaScript opens it."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.answer.afterwards import change_answer
from survey.clock import utc_now
from survey.records import (
    Answer,
    AnswerText,
    Assignment,
    Decision,
    Flag,
    HeldAnswer,
    Run,
    Sorting,
    Theme,
    WorkerBeat,
    Workspace,
    new_id,
)
from survey.records.counts import rebuild
from survey.records.database import Database
from survey.records.workspaces import first_question
from survey.show.tell.news import names_now
from tests.support.answers import Said, add_answers, fill, make_run
from tests.support.browser import Browser
from tests.support.given import give
from tests.support.people import Business
from tests.support.sayings import FOREIGN

pytestmark = pytest.mark.long

TODAY = date(2026, 3, 31)
_COUNTED = re.compile(r"([\d,]+) answers?[,.]")


@pytest.fixture
def database(app: Flask) -> Database:
    """The application's own database."""
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def run(database: Database, business: Business) -> tuple[int, dict[str, int]]:
    """A current run with its themes, and no answers yet."""
    with database.writing() as session:
        return make_run(session, business.workspace_id, utc_now())


def _text(browser: Browser, address: str, status: int = 200) -> str:
    response = browser.get(address)
    assert response.status_code == status, address
    page = unescape(response.get_data(as_text=True))
    return re.sub(r"\s+", " ", re.sub(r"<(?!mark>|/mark>)[^>]+>", "", page))


def _add(
    database: Database,
    business: Business,
    run: tuple[int, dict[str, int]],
    *said: Said,
    day: date = TODAY,
) -> list[int]:
    import random

    with database.writing() as session:
        return add_answers(
            session, business.workspace_id, [(day, one) for one in said], run, random.Random(1)
        )


WAITED = Said((("waiting", "wish", "Twenty minutes past and nobody said a word."),))
KIND = Said((("warmth", "praise", "She rang me the day after just to ask."),))
BOTH = Said((*KIND.clauses, *WAITED.clauses))
FINE = Said((("", "", "Nothing."),), "nothing")
NEW = Said((("", "", "Just in."),), "waiting")


def test_an_empty_workspace_says_what_will_be_here_and_what_to_do(
    owner: Browser, business: Business
) -> None:
    page = _text(owner, business.at())
    assert "No answers yet" in page
    assert "Ask a first customer" in page


def test_the_overview_names_figures_themes_quotes_and_what_they_are_shares_of(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, WAITED, WAITED, KIND, BOTH, FINE)
    page = _text(owner, business.at())
    assert "What would have been more helpful" in page
    assert "What helped" in page
    assert "Waiting 3 answers 3 of 5" in page
    assert "Warmth 2 answers 2 of 5" in page
    assert "Twenty minutes past and nobody said a word." in page
    assert "Nothing more needed 1 1 of 5" in page
    assert "Every share is of the 5 answers in view" in page
    assert "An answer may have several themes" in page


def test_a_found_theme_stands_among_the_books_by_its_answers_and_pinned_ones_first(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    parked = Said((("parking", "wish", "Nowhere to leave the car within ten minutes."),))
    money = Said((("cost_shame", "wish", "I had to ask three times what it would cost."),))
    _add(database, business, run, WAITED, *[parked] * 3, *[money] * 2)
    names = re.compile(r'<h3 class="theme-name"><a [^>]+><bdi>([^<]+)</bdi></a>(.*?)</h3>')
    parking, cost, waiting = (_theme_name(database, run[1][key]) for key in (
        "parking", "cost_shame", "waiting",
    ))  # fmt: skip
    rows = names.findall(owner.get(business.at()).get_data(as_text=True))
    assert [name for name, _ in rows] == [parking, cost, waiting]
    assert ["found in your answers" in beside for _, beside in rows] == [True, False, False]
    with database.writing() as session:
        session.execute(update(Theme).where(Theme.id == run[1]["waiting"]).values(pinned=True))
    rows = names.findall(owner.get(business.at()).get_data(as_text=True))
    assert [name for name, _ in rows] == [waiting, parking, cost]
    for page in (business.at(), business.at("print")):
        assert f"{parking} found in your answers" in _text(owner, page)


def _theme_name(database: Database, theme_id: int) -> str:
    with database.reading() as session:
        return session.execute(select(Theme.name).where(Theme.id == theme_id)).scalar_one()


def test_every_number_leads_to_as_many_answers(
    owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        _, themes = fill(session, business.workspace_id, 150, utc_now().date(), days=100, seed=5)
    waiting, warmth, walked = themes["waiting"], themes["warmth"], 0
    for view in (
        "", "?segment.Branch=Riverside&days=60", "?served_by=Sam", "?tone=praise", "?theme=nothing",
        f"?theme={waiting}", f"?theme={waiting}&tone=wish", f"?theme={waiting}&with={warmth}",
        f"?with={warmth}&tone=wish", "?channel=phone&language=cy", "?q=the",
        f"themes/{waiting}?days=60", f"themes/{warmth}?served_by=Sam&tone=praise",
    ):  # fmt: skip
        page = owner.get(business.at(view)).get_data(as_text=True)
        numbers = re.findall(r'<a href="(/w/[^"]+/answers[^"]*)">([\d,]+)<', page)
        assert numbers, view
        walked += len(numbers)
        for address, number in numbers:
            counted = _COUNTED.search(_text(owner, unescape(address)))
            assert counted is not None
            assert counted.group(1) == number, (view, address)
    assert walked > 120


def test_answers_in_another_language_say_why_they_are_set_aside_and_what_can_be_done(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, WAITED, Said((("", "", FOREIGN[0]),), "other_language"))
    page = _text(owner, business.at("answers?theme=other_language"))
    assert FOREIGN[0] in page
    assert "they are set aside rather than guessed at" in page
    assert "SURVEY_MODEL" in page
    by_hand = business.at("pick?theme=other_language")
    assert owner.get(by_hand).status_code == 200
    assert "SURVEY_MODEL" not in _text(owner, business.at("answers"))


def test_what_helped_is_named_for_what_went_well_also_after_a_renaming(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    early = Said((("waiting", "praise", "In at nine on the dot, as I was told."),))
    _add(database, business, run, WAITED, early)
    waiting = update(Theme).where(Theme.id == run[1]["waiting"])
    for name, praised in (
        ("Being kept waiting", "Being seen on time"),
        ("Our clock", "Being seen on time"),
    ):
        with database.writing() as session:
            session.execute(waiting.values(name=name))
            told = names_now(session, business.workspace_id)
        assert told[run[1]["waiting"], "wish"] == name
        assert told[run[1]["waiting"], "praise"] == praised  # in the weekly letter, too
        for page in (business.at(), business.at("print")):
            wished, _, helped = _text(owner, page).partition("What helped")
            assert name in wished
            assert praised in helped
            assert name not in helped
        bars = owner.get(business.at("charts/themes.svg")).get_data(as_text=True)
        assert name in bars
        assert praised in bars
        theme = _text(owner, business.at(f"themes/{run[1]['waiting']}"))
        assert f"it is named “{praised}”" in theme
        for narrowed, heading in (
            (f"themes/{run[1]['waiting']}?tone=praise", praised),
            (f"answers?theme={run[1]['waiting']}&tone=praise", praised),
            (f"answers?theme={run[1]['waiting']}&tone=praise&tone=wish", name),
            (f"answers?theme={run[1]['waiting']}", name),
        ):
            assert f"<h1>{heading}</h1>" in owner.get(business.at(narrowed)).get_data(as_text=True)


def test_the_deciding_clause_is_marked_and_only_that(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, BOTH)
    page = _text(owner, business.at(f"answers?theme={run[1]['waiting']}"))
    assert "just to ask. <mark>Twenty minutes past and nobody said a word.</mark>" in page


def test_an_answer_says_when_its_customer_changed_it_unless_nobody_may_know(
    owner: Browser, business: Business, database: Database
) -> None:
    given = give(database, business, "Ring back.")
    with database.writing() as session:
        session.execute(update(Workspace).values(time_zone="Pacific/Auckland"))
    assert "changed by the customer" not in _text(owner, business.at("answers"))
    late = datetime(2026, 11, 12, 20, tzinfo=UTC)  # where the business is, the day after
    with database.writing() as session:
        change_answer(session, business.workspace_id, given.id, "Ring me back.", late, seen=1)
    page = _text(owner, business.at("answers"))
    assert "· changed by the customer on 13 Nov 2026" in page
    with database.writing() as session:
        session.execute(update(Answer).values(anonymous=True))
    assert "changed by the customer" not in _text(owner, business.at("answers"))


def test_what_customers_typed_is_never_markup(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, Said((("waiting", "wish", "<script>alert(1)</script> & so on"),)))
    with database.writing() as session:
        session.execute(
            update(Theme).where(Theme.id == run[1]["waiting"]).values(name="<b>" + "W" * 10_000)
        )
    for path in ("", "answers", f"themes/{run[1]['waiting']}"):
        page = owner.get(business.at(path)).get_data(as_text=True)
        assert "<script>alert" not in page
        assert "<b>W" not in page
        assert "&lt;b&gt;WWW" in page


def test_no_page_carries_an_inline_style_or_script(
    owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        _, themes = fill(session, business.workspace_id, 150, utc_now().date(), days=100, seed=5)
    theme = f"themes/{themes['waiting']}"
    for path in ("", "answers", theme, "proposals", "map", "news", "print"):
        page = owner.get(business.at(path)).get_data(as_text=True)
        inline = r'\sstyle=|<style|<script(?! src="/static/[^"]+" defer></script>)|\son\w+='
        assert not re.search(inline, page), path


def test_while_answers_wait_and_a_worker_is_there_the_page_says_so(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, WAITED, NEW, NEW)
    with database.writing() as session:
        session.add(WorkerBeat(name="w", beat_at=utc_now(), doing=""))
    page = _text(owner, business.at())
    assert "2 answers are being sorted now" in page
    assert "2 wait to be sorted." in page


def test_a_worker_that_is_gone_is_missed(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, NEW)
    assert "1 answer waits to be sorted, but the worker has not started" in _text(
        owner, business.at()
    )
    with database.writing() as session:
        session.add(WorkerBeat(name="w", beat_at=utc_now() - timedelta(minutes=9), doing=""))
    page = _text(owner, business.at())
    assert "the worker was last seen at" in page
    assert "Nothing is lost" in page


def test_what_failed_is_told_with_when_it_is_tried_again(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, WAITED)
    with database.writing() as session:
        session.execute(
            update(Workspace)
            .where(Workspace.id == business.workspace_id)
            .values(
                last_error="The model's file is damaged.",
                next_try_at=datetime(2026, 3, 31, 14, 20, tzinfo=UTC),
            )
        )
    page = _text(owner, business.at())
    assert "Sorting did not go through: The model's file is damaged." in page
    assert "tried again at 14:20 on 31 March" in page
    assert "Waiting 1 answer" in page  # what was sorted before stays


def test_a_view_without_answers_leads_back_to_everything(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, WAITED)
    assert "No answers in this view" in _text(owner, business.at("?since=9999-01-01"))
    assert "No answer is in this view" in _text(owner, business.at("answers?until=1999-01-01"))
    theme = f"themes/{run[1]['waiting']}"
    assert "No answers in this view" in _text(owner, business.at(f"{theme}?until=1999-01-01"))


@pytest.mark.parametrize("query", ["since=soon", "since=2026-02-02&until=2026-01-01", "theme=x"])
def test_a_filter_that_cannot_be_used_is_told_and_everything_is_shown(
    owner: Browser,
    business: Business,
    database: Database,
    run: tuple[int, dict[str, int]],
    query: str,
) -> None:
    _add(database, business, run, WAITED)
    for path in ("", "answers", f"themes/{run[1]['waiting']}"):
        page = _text(owner, business.at(f"{path}?{query}"))
        if path.startswith("themes") and query.startswith("theme="):
            continue
        assert "Here is everything meanwhile." in page
        assert "Twenty minutes past" in page


def test_a_page_mark_that_cannot_be_used_leads_to_the_first_page(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, WAITED)
    for after in ("x", "2026-01-01~", "~", "1e400~1", "nan~1", "2026-01-01~99999999999999999999"):
        assert "Twenty minutes past" in _text(owner, business.at(f"answers?after={after}"))
        address = f"themes/{run[1]['waiting']}?order=typical&after={after}"
        owner.get(business.at(address))


def test_a_theme_page_tells_trend_interval_and_segments(
    owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        _, themes = fill(session, business.workspace_id, 300, TODAY, days=180, seed=2)
    page = _text(owner, business.at(f"themes/{themes['waiting']}"))
    assert "Being kept waiting" in page
    assert "95 % interval" in page
    assert "By Branch" in page
    assert "Riverside" in page
    assert "Most typical" in page
    assert "<mark>" in page


def test_the_bars_of_all_segments_of_a_theme_have_one_scale(
    owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        _, themes = fill(session, business.workspace_id, 300, TODAY, days=180, seed=2)
    page = owner.get(business.at(f"themes/{themes['waiting']}")).get_data(as_text=True)
    tables = page.split('class="by-segment')[1:]
    assert len(tables) >= 2
    bars = r'<rect x="([\d.]+)%" y="6" width="([\d.]+)%"'
    ends = [[float(x) + float(w) for x, w in re.findall(bars, table)] for table in tables]
    assert max(max(some) for some in ends) == pytest.approx(98, abs=0.1)
    assert sum(max(some) > 97.9 for some in ends) == 1, "the widest of all, not of each"


def test_a_theme_with_few_answers_says_there_is_not_enough_to_say(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    _add(database, business, run, WAITED)
    assert "not enough to say" in _text(owner, business.at(f"themes/{run[1]['waiting']}"))


def test_a_real_rise_is_called_rising_and_a_quiet_view_calls_nothing(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    for week in range(20):
        many, few = (8, 2) if week < 4 else (1, 9)
        day = TODAY - timedelta(days=7 * week)
        _add(database, business, run, *[WAITED] * many, *[FINE] * few, day=day)
    assert re.search(r"Waiting 48 answers 24 % rising", _text(owner, business.at()))
    page = _text(owner, business.at(f"themes/{run[1]['waiting']}"))
    assert "Rising: 32 of 40 since 9 March 2026, 16 of 160 before." in page
    quiet = _text(owner, business.at("?until=2026-03-03"))
    assert " rising" not in quiet.replace("“Rising”", "")


def test_overview_and_theme_page_say_the_same_of_what_rises_and_falls(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    early = Said((("waiting", "praise", "In at nine on the dot, as I was told."),))
    for week in range(20):  # wishes take the place of praise: all tones together stand still
        wishes, praise = (8, 1) if week < 4 else (1, 8)
        day = TODAY - timedelta(days=7 * week)
        _add(database, business, run, *[WAITED] * wishes, *[early] * praise, FINE, day=day)
    waiting = f"themes/{run[1]['waiting']}"
    wished, _, helped = _text(owner, business.at()).partition("What helped")
    assert " rising" in wished
    assert " falling" in helped
    page = _text(owner, business.at(waiting))
    assert "Rising among wishes and complaints: 32 of 40 since 9 March 2026, 16 of 160" in page
    assert "Falling among praise: 4 of 40 since 9 March 2026, 128 of 160 before." in page
    for tone, says, not_this in (
        ("wish", "Rising: 32", "Falling"),
        ("praise", "Falling: 4", "Ris"),
    ):
        narrowed = _text(owner, business.at(f"{waiting}?tone={tone}"))
        assert says in narrowed
        assert not_this not in narrowed
        of_tone = _text(owner, business.at(f"?tone={tone}"))  # of other answers: it says nothing
        assert " rising" not in of_tone
        assert " falling" not in of_tone
        assert "on each theme’s own page" in of_tone


def test_somebody_elses_theme_is_not_found(
    owner: Browser,
    outsider: Browser,
    business: Business,
    elsewhere: Business,
    database: Database,
    run: tuple[int, dict[str, int]],
) -> None:
    theme = f"themes/{run[1]['waiting']}"
    _text(outsider, business.at(theme), 404)
    _text(outsider, elsewhere.at(theme), 404)
    _text(owner, business.at("themes/1"), 404)
    _text(owner, business.at(f"themes/{2**70}"), 404)


def test_an_anonymous_answer_is_in_no_view_of_a_segment(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    ids = _add(database, business, run, *[WAITED] * 12)
    with database.writing() as session:
        session.execute(update(Answer).where(Answer.id.in_(ids)).values(anonymous=True))
        rebuild(session, business.workspace_id)
    page = _text(owner, business.at("answers?segment.Branch=Riverside"))
    assert "Twenty minutes past" not in page
    theme = _text(owner, business.at(f"themes/{run[1]['waiting']}"))
    assert "By Branch" not in theme
    assert "Twenty minutes past" in _text(owner, business.at("answers"))


def test_words_changed_since_they_were_sorted_are_not_marked_or_quoted(
    owner: Browser, business: Business, database: Database, run: tuple[int, dict[str, int]]
) -> None:
    answer_id = _add(database, business, run, WAITED)[0]
    with database.writing() as session:
        session.execute(update(Answer).where(Answer.id == answer_id).values(version=2))
        session.add(
            AnswerText(
                workspace_id=business.workspace_id,
                answer_id=answer_id,
                version=2,
                body="All good in the end.",
                written_at=utc_now(),
            )
        )
    assert "Twenty minutes" not in _text(owner, business.at())
    page = _text(owner, business.at(f"answers?theme={run[1]['waiting']}"))
    assert "All good in the end." in page
    assert "<mark>" not in page


@pytest.fixture
def proposal(database: Database, business: Business, run: tuple[int, dict[str, int]]) -> int:
    """A proposed run."""
    run_id = new_id()
    themes = [
        {"fate": "new", "name": "Opening hours", "before": "", "joined": 31, "left": 0},
        {"fate": "renamed", "name": "Queues", "before": "Waiting", "joined": 4, "left": 1},
    ]
    with database.writing() as session:
        session.add(
            Run(
                workspace_id=business.workspace_id,
                id=run_id,
                kind="emerging",
                state="proposed",
                engine="e" * 64,
                started_at=utc_now(),
                finished_at=utc_now(),
                summary={"answers": 131, "moved": 4, "themes": themes},
            )
        )
    return run_id


def test_a_proposal_is_shown_with_its_counts_and_in_the_header(
    teammate: Browser, business: Business, proposal: int
) -> None:
    page = _text(teammate, business.at("proposals"))
    assert "1 new theme · 4 answers would move · 1 renamed" in page
    assert "Opening hours new, with 31 answers" in page
    assert "Proposals 1 waiting for you" in _text(teammate, business.at())


@pytest.mark.parametrize(("answer", "kind"), [("accept", "accept_run"), ("refuse", "refuse_run")])
def test_a_decision_is_written_once_with_who_and_when(
    owner: Browser,
    teammate: Browser,
    business: Business,
    database: Database,
    proposal: int,
    answer: str,
    kind: str,
) -> None:
    page, to = business.at("proposals"), business.at(f"proposals/{proposal}")
    assert owner.send(page, to, decision=answer).status_code == 303
    assert teammate.send(page, to, decision="refuse").status_code == 409
    with database.reading() as session:
        written = session.execute(
            select(Decision.kind, Decision.person_id).where(Decision.run_id == proposal)
        ).all()
    assert [(one.kind, one.person_id is not None) for one in written] == [(kind, True)]


def test_a_proposal_accepted_in_part_says_so_in_the_ledger(
    owner: Browser, business: Business, database: Database, proposal: int
) -> None:
    offered = ["71", "72", "73"]
    with database.writing() as session:
        themes = [
            {
                "theme": "71",
                "fate": "new",
                "name": "The lift",
                "before": "",
                "joined": 1,
                "left": 0,
            },
            {
                "theme": "72",
                "fate": "kept",
                "name": "Waiting",
                "before": "",
                "joined": 0,
                "left": 1,
            },
            {"theme": "73", "fate": "kept", "name": "Warmth", "before": "", "joined": 2, "left": 1},
        ]
        values = {"summary": {"answers": 30, "moved": 4, "themes": themes}}
        session.execute(update(Run).where(Run.id == proposal).values(**values))
    page = business.at("proposals")
    told = _text(owner, page)
    for words in ("The lift new, with 1 answer", "Waiting 1 goes out", "2 come in, 1 goes out"):
        assert words in told
    to = business.at(f"proposals/{proposal}")
    done = owner.send(page, to, decision="accept", offered=offered, theme=["71"])
    assert done.status_code == 303
    told = _text(owner, business.at("ledger"))
    assert "accepted a proposal in part: 2 themes left out (1 new theme)" in told


def test_a_proposal_tells_which_answers_would_move_and_where(
    teammate: Browser,
    outsider: Browser,
    business: Business,
    elsewhere: Business,
    database: Database,
    run: tuple[int, dict[str, int]],
    proposal: int,
) -> None:
    stays, moves, goes, _since = _add(database, business, run, WAITED, KIND, WAITED, KIND)
    themes = run[1]
    with database.writing() as session:
        now = {"workspace_id": business.workspace_id, "run_id": proposal, "version": 1}
        placing = {"start": None, "end": None, "tone": "wish", "confidence": 0.5}
        placed = [(stays, "waiting"), (moves, "waiting")]
        session.add_all(
            Sorting(**now, answer_id=one, outcome="themes" if one != goes else "nothing")
            for one in (stays, moves, goes)
        )
        session.flush()
        session.add_all(
            Assignment(**now, **placing, answer_id=one, theme_id=themes[key]) for one, key in placed
        )
    here = business.at(f"proposals/{proposal}")
    page = _text(teammate, business.at("proposals"))
    assert "Which answers of “Queues”" not in page  # its theme is not named by id here
    page = _text(teammate, here)
    assert page.count("· now: ") == 2
    assert "now: Warmth · then: Waiting" in page
    assert "now: Waiting · then: Nothing more needed" in page
    assert "Nothing has moved yet." in page
    assert _text(teammate, f"{here}?theme={themes['warmth']}").count("· now: ") == 1
    assert "No answer would move any more" in _text(teammate, f"{here}?after={2**63 - 1}")
    assert _text(teammate, f"{here}?theme=x&after=-1").count("· now: ") == 2
    assert outsider.get(elsewhere.at(f"proposals/{proposal}")).status_code == 404
    assert teammate.get(business.at(f"proposals/{2**70}")).status_code == 404


def test_answers_that_wait_for_company_are_told_of_and_nothing_they_say(
    owner: Browser, teammate: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        question = first_question(session, business.workspace_id)[0]
        session.add(
            HeldAnswer(
                workspace_id=business.workspace_id,
                id=new_id(),
                question_id=question,
                body="Nobody said a word.",
                since=TODAY,
            )
        )
    said = "1 anonymous answer is held until 5 to the same question have come."
    for reader in (owner, teammate):  # before any other answer, and without being a task
        page = _text(reader, business.at())
        assert said in page
        assert "Nobody said a word" not in page
        assert "Needs you" not in page
        assert ("Why, and how many it takes" in page) == (reader is owner)


def test_the_number_that_needs_you_is_the_sum_of_its_lines_and_of_the_headers_marks(
    owner: Browser,
    business: Business,
    database: Database,
    run: tuple[int, dict[str, int]],
    proposal: int,
) -> None:
    lost = Said((("", "", "The car park is a maze."),), "unsorted")
    speaks, *_ = _add(database, business, run, WAITED, WAITED, lost)
    with database.writing() as session:
        here = {"workspace_id": business.workspace_id, "answer_id": speaks}
        more = {"version": 1, "start": 0, "end": 4, "answered_on": TODAY}
        session.add_all(Flag(**here, **more, danger=one) for one in ("abuse", "self_harm"))
    page = owner.get(business.at()).get_data(as_text=True)
    header, main = page.split("<main")
    needs = main.split('class="needs"')[1].split("</section>")[0]
    total = re.search(r'class="waiting">(\d+)<', needs)
    assert total is not None
    lines = [int(one) for one in re.findall(r"<li><a [^>]+>(\d+) ", needs)]
    first_row = header.split('class="house-row within"')[0].split("<nav")[1]
    marks = [int(one) for one in re.findall(r'class="waiting">(\d+)<', first_row)]
    assert len(lines) == 2
    assert sum(lines) == sum(marks) == int(total[1])
    assert "no theme yet" not in needs  # no task, so not among them
    assert "1 answer fits no theme yet" in re.sub(r"<[^>]+>", "", main)


def test_only_members_decide_and_only_about_what_is_proposed(
    owner: Browser, outsider: Browser, business: Business, elsewhere: Business, proposal: int
) -> None:
    for page, to in (
        (elsewhere.at("ask"), business.at(f"proposals/{proposal}")),
        (elsewhere.at("ask"), elsewhere.at(f"proposals/{proposal}")),
    ):
        assert outsider.send(page, to, decision="accept").status_code == 404
    here = business.at("ask")
    assert owner.send(here, business.at("proposals/1"), decision="accept").status_code == 404
    wrong = owner.send(here, business.at(f"proposals/{proposal}"), decision="perhaps")
    assert wrong.status_code == 404
    assert owner.post(business.at(f"proposals/{proposal}"), data={}).status_code == 400


def test_the_header_offers_what_a_reader_may_open(
    owner: Browser, teammate: Browser, business: Business
) -> None:
    for_owner, for_teammate = _text(owner, business.at()), _text(teammate, business.at())
    assert "Settings" in for_owner
    assert "Settings" not in for_teammate
    assert "Answers" in for_teammate
