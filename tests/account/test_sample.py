"""The sample business can be taken out again, and takes nothing else along."""

import re
from datetime import date, timedelta
from html import unescape

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.clock import utc_now
from survey.records import (
    Answer,
    AnswerText,
    Assignment,
    Bulletin,
    Interaction,
    Invitation,
    Question,
    Review,
    ReviewAnswer,
    Run,
    Theme,
    Workspace,
    new_id,
)
from survey.records.counts import Counted, Measure, count, counts_by_week, counts_now, rebuild
from survey.records.database import Database
from survey.records.runs import begin_run, propose_run
from survey.records.sample import load_sample, workspace_to_fill
from survey.show.tell.actions import store_week
from survey.show.tell.letter import Envelope, alert_letter, week_letter
from survey.show.tell.news import Risen, Week, measured_week
from tests.support.answers import make_run
from tests.support.browser import Browser
from tests.support.people import Business

STAFF = ["Sam", "Lorna", "Priya"]


def test_the_sample_goes_with_all_that_was_made_of_it(
    owner: Browser, teammate: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        load_sample(session, business.workspace_id, utc_now())
        make_run(session, business.workspace_id, utc_now())
    assert "Remove the sample" in owner.get(business.at()).get_data(as_text=True)
    assert "Remove the sample" not in teammate.get(business.at()).get_data(as_text=True)
    page = business.at("begin")
    sent = owner.send(page, **{"with": "no sample"})
    assert sent.location == business.at()
    assert "No answers yet" in owner.get(business.at()).get_data(as_text=True)
    with database.reading() as session:
        for table in (Answer, AnswerText, Interaction, Invitation, Theme):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert counts_now(session, business.workspace_id) == {}
        assert counts_by_week(session, business.workspace_id) == {}


def _text(browser: Browser, address: str) -> str:
    page = unescape(browser.get(address).get_data(as_text=True))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_every_page_says_whose_the_sample_is_and_how_it_goes(
    owner: Browser, teammate: Browser, business: Business, database: Database
) -> None:
    pages = ("", "answers", "search?q=sam", "map", "print", "ledger", "export", "replies", "news")
    told = "A sample is loaded: a made-up dental practice"
    assert told not in _text(owner, business.at())
    with database.writing() as session:
        load_sample(session, business.workspace_id, utc_now())
        make_run(session, business.workspace_id, utc_now())
        staff = set(session.scalars(select(Answer.served_by)))
    for page in pages:
        words = _text(owner, business.at(page))
        assert words.count(told) == 1, page
        assert f"staff ({', '.join(sorted(map(str, staff), key=STAFF.index))})" in words
        assert f"nobody of {business.name}." in words
        assert f'href="{business.at("begin")}">Remove the sample' in owner.get(
            business.at(page)
        ).get_data(as_text=True)
    assert "An owner can remove it." in _text(teammate, business.at())
    assert f"said to {business.name}" not in _text(owner, business.at("print"))
    chart = owner.get(business.at("charts/themes.svg")).get_data(as_text=True)
    assert "A sample: a made-up dental practice" in chart
    assert business.name not in chart
    owner.send(business.at("begin"), **{"with": "no sample"})
    assert told not in _text(owner, business.at("answers"))


def test_who_chooses_the_sample_reads_that_it_is_a_dental_practice(
    owner: Browser, business: Business
) -> None:
    page = _text(owner, business.at("begin"))
    assert "A made-up dental practice with customers, branches and staff of its own" in page


def test_news_of_the_sample_says_that_nobody_said_it_of_this_business() -> None:
    day = date(2026, 11, 16)
    week, risen = Week(day, day, 9, 9, 9, 0, 0, (), ()), Risen(1, "W", "wish", 6, 9, 1, 9, day)
    for has_sample in (True, False):
        to = Envelope("mo@example.org", "Mo", "Hill", "https://a.example", "", "<1@x>", has_sample)
        for mail in (week_letter(to, week, []), alert_letter(to, risen)):
            for part in (mail.text, mail.html or ""):
                assert ("figures of a made-up dental practice, not of" in part) is has_sample


def test_no_week_of_the_sample_stays_in_the_news_once_it_is_removed(
    owner: Browser, business: Business, database: Database
) -> None:
    now, inside = utc_now(), business.workspace_id
    yesterday = now.date() - timedelta(days=1)
    with database.writing() as session:
        run_id, _, own = _sample_and_an_own_answer(session, business)
        own.answered_on = yesterday + timedelta(days=20)
        session.flush()
        rebuild(session, inside)
        weeks = [yesterday + timedelta(days=days) for days in (0, 8, 21)]
        for last in weeks:
            store_week(session, inside, measured_week(session, inside, run_id, last), now)
    owner.send(business.at("begin"), **{"with": "no sample"})
    with database.reading() as session:
        kept = session.scalars(select(Bulletin)).all()
        assert [(one.last_day, one.figures["answered"]) for one in kept] == [(weeks[2], 1)]


def test_a_worker_that_comes_after_the_sample_was_removed_does_not_bring_it_back(
    owner: Browser, business: Business, database: Database
) -> None:
    owner.send(business.at("begin"), **{"with": "sample"})
    with database.reading() as session:
        to_fill = workspace_to_fill(session)
    assert to_fill == business.workspace_id
    owner.send(business.at("begin"), **{"with": "no sample"})
    with database.writing() as session:
        assert load_sample(session, to_fill, utc_now(), wished=True) == 0
    assert "A sample is loaded" not in _text(owner, business.at("answers"))


def test_a_newcomer_who_waits_for_the_sample_sees_it_come(
    owner: Browser, business: Business, database: Database
) -> None:
    assert "Refresh" not in owner.get(business.at()).headers
    with database.writing() as session:
        session.get_one(Workspace, business.workspace_id).is_sample = True
    waiting = owner.get(business.at())
    assert waiting.headers["Refresh"] == "5"
    assert "This page looks again by itself" in waiting.get_data(as_text=True)


def test_answers_of_their_own_stay_with_their_themes(
    owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        run_id, _, own = _sample_and_an_own_answer(session, business)
        counted = Counted(business.workspace_id, own.question_id, own.answered_on)
        count(session, 1, counted, [Measure("answered")])
        proposed = begin_run(session, business.workspace_id, "resort", "f" * 64, utc_now())
        propose_run(session, business.workspace_id, proposed, {"moved": 300}, utc_now())
    page = business.at("begin")
    owner.send(page, **{"with": "no sample"})
    with database.writing() as session:
        assert session.scalars(select(Answer.id)).all() == [own.id]
        assert session.scalars(select(Workspace.current_run_id)).one() == run_id
        assert session.scalars(select(Run.id)).all() == [run_id]  # what was proposed went along
        kept = counts_now(session, business.workspace_id)
        rebuild(session, business.workspace_id)
        assert counts_now(session, business.workspace_id) == kept


def _sample_and_an_own_answer(
    session: Session, business: Business
) -> tuple[int, dict[str, int], Answer]:
    """Load the sample, sort it, and give the business one answer of its own."""
    load_sample(session, business.workspace_id, utc_now())
    run_id, themes = make_run(session, business.workspace_id, utc_now())
    own = Answer(
        workspace_id=business.workspace_id,
        id=new_id(),
        question_id=session.scalars(select(Question.id)).one(),
        answered_on=utc_now().date(),
    )
    session.add(own)
    session.flush()
    return run_id, themes, own


def test_a_theme_found_in_the_sample_alone_goes_with_it(
    owner: Browser, business: Business, database: Database
) -> None:
    here = {"workspace_id": business.workspace_id}
    with database.writing() as session:
        run_id, _, own = _sample_and_an_own_answer(session, business)
        theirs, ours = (
            Theme(**here, id=new_id(), name=name, origin="found", created_at=utc_now())
            for name in ("The waiting room", "Parking")
        )
        session.add_all([theirs, ours])
        session.flush()
        of_ours = {"theme_id": ours.id, "version": 1, "tone": "wish", "confidence": 0.9}
        session.add(Assignment(**here, run_id=run_id, answer_id=own.id, **of_ours))
        of_the_book = select(func.count()).where(Theme.origin == "book")
        before = session.scalar(of_the_book)
    owner.send(business.at("begin"), **{"with": "no sample"})
    with database.reading() as session:
        found = session.scalars(select(Theme.name).where(Theme.origin == "found")).all()
        assert found == ["Parking"]
        assert session.scalar(of_the_book) == before


def test_a_check_that_drew_answers_of_the_sample_goes_with_it(
    owner: Browser, business: Business, database: Database
) -> None:
    here = {"workspace_id": business.workspace_id}
    with database.writing() as session:
        run_id, themes, own = _sample_and_an_own_answer(session, business)
        made_up = session.scalars(select(Answer.id).where(Answer.id != own.id).limit(1)).one()
        checks = [
            Review(
                **here, id=new_id(), theme_id=themes["waiting"], run_id=run_id, engine="e" * 64,
                seed=1, population=2, begun_at=utc_now(),
            )
            for _ in range(2)
        ]  # fmt: skip
        session.add_all(checks)
        session.flush()
        for check, answer_id in zip(checks, (made_up, own.id), strict=True):
            drawn = {"review_id": check.id, "place": 0, "answer_id": answer_id, "version": 1}
            session.add(ReviewAnswer(**here, **drawn))
        kept = checks[1].id
    owner.send(business.at("begin"), **{"with": "no sample"})
    with database.reading() as session:
        assert session.scalars(select(Review.id)).all() == [kept]


def test_before_there_is_an_owner_the_front_door_names_the_link(client: Browser) -> None:
    page = client.get("/", follow_redirects=True).get_data(as_text=True)
    assert "printed in the terminal" in page


def test_with_an_owner_the_front_door_says_nothing_of_it(client: Browser, owner: Browser) -> None:
    page = client.get("/", follow_redirects=True).get_data(as_text=True)
    assert "printed in the terminal" not in page
