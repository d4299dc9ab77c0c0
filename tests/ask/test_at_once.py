"""People and programs who do the same at the same moment, and what neither may break."""

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from survey.ask.actions import unsubscribe
from survey.ask.wishes import Wishes, change_settings
from survey.clock import utc_now
from survey.records import Invitation, Question, QuestionVersion, Unsubscribed, Workspace
from survey.records.database import Database
from survey.records.runs import lock_current_run
from survey.tokens import make_token
from tests.ask.conftest import Asker
from tests.support.overlap import overlapping


def _wishes(question: str) -> Wishes:
    return Wishes("Hill Street Dental", "UTC", 0, {"en": question})


def test_an_owner_changes_the_question_while_an_answer_to_it_is_being_kept(
    asker: Asker, database: Database
) -> None:
    question = select(Question.id)
    with database.reading() as answering:  # as a new answer's foreign key locks its question
        answering.execute(question.with_for_update(read=True, key_share=True)).one()
        with database.writing() as session:
            if not database.on_sqlite:
                session.execute(text("SET LOCAL lock_timeout = '3s'"))
            assert change_settings(session, asker.place.id, _wishes("How was it?"), utc_now())


def test_a_new_answer_does_not_wait_for_a_step_of_the_ledger(
    asker: Asker, database: Database
) -> None:
    workspace = select(Workspace.id).where(Workspace.id == asker.place.id)
    with database.writing() as stepping:
        lock_current_run(stepping, asker.place.id)
        with database.reading() as answering:  # as a new answer's foreign key locks its workspace
            if not database.on_sqlite:
                answering.execute(text("SET LOCAL lock_timeout = '3s'"))
            locked = workspace.with_for_update(read=True, key_share=True)
            assert answering.scalar(locked) == asker.place.id


def test_two_owners_change_the_question_at_once(asker: Asker, database: Database) -> None:
    def ask(question: str) -> Any:
        wishes = _wishes(question)
        return lambda session: change_settings(session, asker.place.id, wishes, utc_now())

    assert overlapping(database, ask("How was it?"), ask("What was missing?")) == (True, True)
    with database.reading() as session:
        numbers = session.scalars(select(QuestionVersion.number).order_by(QuestionVersion.number))
        assert list(numbers) == [1, 2, 3]


def test_two_mail_programs_unsubscribe_at_once(asker: Asker, database: Database) -> None:
    recorded = asker.record()
    key = asker.settings.secret_key
    with database.reading() as session:
        nonce = session.scalars(select(Invitation.nonce)).one()
    token = make_token(key, "unsubscribe", recorded.invitation_id, nonce)

    def leave(session: Session) -> None:
        unsubscribe(session, token, secret_key=key, now=utc_now())

    overlapping(database, leave, leave)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Unsubscribed)) == 1
