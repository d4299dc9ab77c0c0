"""Anonymous answers: in company or not at all, and in no cut by segment."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text, update

from survey.answer.queries import opened_link
from survey.answer.unnamed import hold_from_link
from survey.records import (
    Answer,
    AnswerSegment,
    AnswerText,
    HeldAnswer,
    Link,
    Question,
    Workspace,
    new_id,
)
from survey.records.anonymity import (
    held_answers,
    let_go,
    let_in,
    ready_to_be_let_in,
    shuffle_held,
    week_of,
)
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.tokens import random_link_token
from tests.support.invitations import invite
from tests.support.people import Business, make_business

NOW = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)  # a Thursday


@pytest.fixture
def asking(database: Database) -> Business:
    return make_business(database, "Hill Street Dental")


def _hold(database: Database, asking: Business, *bodies: str, withdrawn: bool = False) -> int:
    with database.writing() as session:
        question_id = session.scalars(
            select(Question.id).where(Question.workspace_id == asking.workspace_id)
        ).one()
        session.add_all(
            HeldAnswer(
                workspace_id=asking.workspace_id,
                id=new_id(),
                question_id=question_id,
                body=body,
                withdrawn=withdrawn,
            )
            for body in bodies
        )
    return question_id


def _let_in(database: Database, asking: Business, question_id: int) -> int:
    with database.writing() as session:
        return let_in(session, asking.workspace_id, question_id, NOW)


def test_too_few_wait_and_nobody_sees_them(database: Database, asking: Business) -> None:
    question_id = _hold(database, asking, "One.", "Two.", "Three.", "Four.")
    _hold(database, asking, "", withdrawn=True)  # taken back: no company
    with database.reading() as session:
        assert ready_to_be_let_in(session) is None
        (waiting,) = held_answers(session, asking.workspace_id)
    assert (waiting.answers, waiting.smallest_group) == (4, 5)
    assert _let_in(database, asking, question_id) == 0
    with database.reading() as session:
        assert session.scalars(select(Answer)).all() == []


def _marks(database: Database, table: str, where: str = "true") -> list[str]:
    """Return what PostgreSQL itself notes of rows: in which transaction they were written."""
    with database.reading() as session:
        found = session.execute(text(f"SELECT xmin::text FROM {table} WHERE {where} ORDER BY ctid"))
        return list(found.scalars())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_postgres_notes_of_rows_joins_no_answer_with_its_link(
    database: Database, asking: Business
) -> None:
    with database.writing() as session:
        session.execute(update(Question).values(anonymous=True))
    bodies = [f"Number {n}." for n in range(5)]
    with database.writing() as session:
        assert not shuffle_held(session)
    for place, body in enumerate(bodies):
        _answer_by_link(database, asking, body)
        with database.writing() as session:
            assert shuffle_held(session) is (place > 0)  # one alone is known anyway
            assert not shuffle_held(session)
        used = _marks(database, "invitation", "state = 'answered'")
        assert len(used) == place + 1
        for table in ("held_answer", "link"):
            marks = _marks(database, table, "true" if table != "link" else "kind = 'receipt'")
            assert len(set(marks)) == 1
            assert place == 0 or not set(marks) & set(used)
    with database.reading() as session:
        stand = session.execute(text("SELECT id FROM held_answer ORDER BY ctid")).scalars()
        ids = list(stand)
        assert ids == sorted(ids)
        (waiting,) = held_answers(session, asking.workspace_id)
        assert waiting.answers == 5
    _let_in(database, asking, waiting.question_id)
    kept = _marks(database, "answer") + _marks(database, "link", "kind = 'receipt'")
    assert len(set(kept)) == 1
    assert not set(kept) & set(_marks(database, "invitation"))


def _answer_by_link(database: Database, asking: Business, body: str) -> None:
    invited = invite(database, asking)
    with database.looking() as straight:
        link = opened_link(straight, invited.token, NOW)
    assert link is not None
    with database.writing() as session:
        assert hold_from_link(session, link, random_link_token(), body, NOW) == "held"


def test_enough_are_let_in_together_with_nothing_that_could_tell(
    database: Database, asking: Business
) -> None:
    bodies = ["One.", "Two.", "Three.", "Four.", "Five."]
    question_id = _hold(database, asking, *bodies)
    _hold(database, asking, "", withdrawn=True)
    with database.reading() as session:
        assert ready_to_be_let_in(session) == (asking.workspace_id, question_id)
    assert _let_in(database, asking, question_id) == 6
    with database.reading() as session:
        answers = session.scalars(select(Answer).where(Answer.state == "given")).all()
        texts = session.scalars(select(AnswerText).where(AnswerText.body != "")).all()
        assert session.scalars(select(HeldAnswer)).all() == []
        counts = counts_now(session, asking.workspace_id)
        assert sorted(text.body for text in texts) == sorted(bodies)
        assert {text.written_at for text in texts} == {None}
        for answer in answers:
            told = (
                answer.invitation_id, answer.answered_at, answer.served_by, answer.channel,
                answer.reference, answer.language, answer.question_version_id,
            )  # fmt: skip
            assert answer.anonymous
            assert told == (None,) * 7
            assert answer.answered_on == date(2026, 11, 16)  # the Monday
    assert {cell[2]: amount for cell, amount in counts.items()} == {"answered": 5, "withdrawn": 1}


def test_rows_stand_in_the_order_of_their_random_ids(database: Database, asking: Business) -> None:
    if database.engine.dialect.name == "postgresql":  # else rows may fill gaps of earlier tests
        with database.writing() as session:
            session.execute(text("TRUNCATE answer CASCADE"))
    question_id = _hold(database, asking, *[f"Answer {n}." for n in range(12)])
    _let_in(database, asking, question_id)
    with database.reading() as session:
        ids = list(session.scalars(select(Answer.id)))
        assert ids == sorted(ids)


def test_one_alone_is_never_let_in_whatever_the_workspace_says(
    database: Database, asking: Business
) -> None:
    question_id = _hold(database, asking, "Only me.")
    with database.writing() as session:
        session.execute(update(Workspace).values(smallest_group=0))
    with database.reading() as session:
        assert ready_to_be_let_in(session) is None
    assert _let_in(database, asking, question_id) == 0


def test_another_workspaces_answers_are_no_company(database: Database, asking: Business) -> None:
    other = make_business(database, "Valley Boilers")
    question_id = _hold(database, asking, "One.", "Two.", "Three.")
    _hold(database, other, "Four.", "Five.", "Six.")
    with database.reading() as session:
        assert ready_to_be_let_in(session) is None
    assert _let_in(database, asking, question_id) == 0


def test_the_oracle_of_the_counts_cuts_no_anonymous_answer_by_segment(
    database: Database, asking: Business
) -> None:
    question_id = _hold(database, asking, *["Too long."] * 5)
    _let_in(database, asking, question_id)
    with database.writing() as session:
        for answer_id in session.scalars(select(Answer.id)):
            session.add(
                AnswerSegment(
                    workspace_id=asking.workspace_id,
                    answer_id=answer_id,
                    name="branch",
                    value="North",
                )
            )
        session.flush()
        before = counts_now(session, asking.workspace_id)
        rebuild(session, asking.workspace_id)
        assert counts_now(session, asking.workspace_id) == before


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 11, 16), date(2026, 11, 16)),
        (date(2026, 11, 22), date(2026, 11, 16)),
        (date(2027, 1, 1), date(2026, 12, 28)),
    ],
)
def test_a_week_begins_on_monday(day: date, monday: date) -> None:
    assert week_of(day) == monday


def test_what_never_finds_company_goes_with_age(database: Database, asking: Business) -> None:
    _hold(database, asking, "Old.", "New.")
    with database.writing() as session:
        session.execute(update(Workspace).values(keep_months=2))
        for body, since in (("Old.", date(2026, 9, 14)), ("New.", date(2026, 9, 21))):
            session.execute(update(HeldAnswer).where(HeldAnswer.body == body).values(since=since))
        old = session.scalars(select(HeldAnswer.id).where(HeldAnswer.body == "Old.")).one()
        for target, kind in ((old, "receipt"), (old, "place")):
            session.add(
                Link(
                    token_sha256=kind.encode(),
                    workspace_id=asking.workspace_id,
                    kind=kind,
                    target_id=target,
                )
            )
    with database.writing() as session:
        assert let_go(session, NOW, limit=10) == 1
    with database.reading() as session:
        assert session.scalars(select(HeldAnswer.body)).all() == ["New."]
        assert session.scalars(select(Link.kind)).all() == ["place"]


def test_many_that_were_taken_back_do_not_keep_the_others_out(
    database: Database, asking: Business
) -> None:
    _hold(database, asking, *[""] * 200, withdrawn=True)
    question_id = _hold(database, asking, "One.", "Two.", "Three.", "Four.", "Five.")
    assert _let_in(database, asking, question_id) > 5
    with database.reading() as session:
        assert len(session.scalars(select(Answer).where(Answer.state == "given")).all()) == 5
        assert ready_to_be_let_in(session) is None  # nobody else waits behind this question
