"""The sample business can be taken out again, and takes nothing else along."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.clock import utc_now
from survey.records import (
    Answer,
    AnswerText,
    Assignment,
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
from survey.records.sample import load_sample
from tests.support.answers import make_run
from tests.support.browser import Browser
from tests.support.people import Business


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
