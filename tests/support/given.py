"""Answers given by a link, as the customer's page leaves them, and sorted as the engine does."""

from dataclasses import dataclass

from sqlalchemy import select

from survey.answer.actions import take_answer
from survey.answer.queries import opened_link
from survey.clock import utc_now
from survey.records import Answer, Theme, new_id
from survey.records.database import Database
from survey.records.runs import NewTheme, begin_sorting
from survey.records.sortings import Placing, SortedAnswer, write_sortings
from tests.support.invitations import Invited, invite
from tests.support.people import Business


@dataclass(frozen=True)
class Given:
    """An answer and the link it was given with."""

    id: int
    invited: Invited

    @property
    def link(self) -> str:
        """Return the path of the customer's page."""
        return self.invited.link


def give(database: Database, business: Business, words: str = "", **about: object) -> Given:
    """Ask a customer and let them answer; no words are "nothing, it was fine"."""
    invited = invite(database, business, **about)  # type: ignore[arg-type]
    now = utc_now()
    with database.looking() as straight:
        link = opened_link(straight, invited.token, now)
    assert link is not None
    with database.taking() as straight:
        assert take_answer(straight, link, words, now, nothing=not words)
    with database.reading() as session:
        found = select(Answer.id).where(Answer.invitation_id == invited.invitation_id)
        return Given(session.scalars(found).one(), invited)


def theme_of(database: Database, business: Business, name: str, **words: str) -> int:
    """Make a found theme of the workspace's current run."""
    now = utc_now()
    with database.writing() as session:
        run_id = begin_sorting(
            session, business.workspace_id, [NewTheme("Waiting", "book", "waiting")], "e" * 64, now
        )
        theme_id = new_id()
        session.add(
            Theme(
                workspace_id=business.workspace_id, id=theme_id, name=name, origin="found",
                run_id=run_id, created_at=now, **words,
            )
        )  # fmt: skip
        session.flush()
    return theme_id


def sort_into(database: Database, business: Business, theme_id: int, *answers: Given) -> None:
    """Let the current run put answers into a theme."""
    with database.writing() as session:
        run_id = begin_sorting(session, business.workspace_id, [], "e" * 64, utc_now())
        for answer in answers:
            version = session.get_one(Answer, (business.workspace_id, answer.id)).version
            placing = Placing(theme_id, 0, 3, "wish", 0.8)
            told = SortedAnswer(answer.id, version, "themes", (placing,))
            write_sortings(session, business.workspace_id, run_id, [told])
