"""Sortings are written with their counts, and taken back with them."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from survey.errors import ConflictError, NotFoundError
from survey.records import (
    Answer,
    AnswerSegment,
    Assignment,
    Decision,
    Question,
    Run,
    Sorting,
    Theme,
    new_id,
)
from survey.records.counts import (
    Counted,
    Measure,
    count,
    counts_by_week,
    counts_now,
    fold,
    rebuild,
)
from survey.records.database import Database
from survey.records.ledger import entries_of
from survey.records.proposals import decide, open_proposals
from survey.records.sortings import Placing, SortedAnswer, forget_sortings, write_sortings
from survey.records.workspaces import create_workspace

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)


class Scene:
    """A workspace with a run, two themes and three answers."""

    def __init__(self, session: Session) -> None:
        self.workspace_id = create_workspace(session, "Hill Street Dental", NOW).id
        self.run_id, self.waiting, self.warmth = new_id(), new_id(), new_id()
        question_id = session.scalars(select(Question.id)).one()
        session.add(self._run())
        for theme_id, name in ((self.waiting, "Waiting"), (self.warmth, "Warmth")):
            session.add(
                Theme(
                    workspace_id=self.workspace_id,
                    id=theme_id,
                    name=name,
                    origin="book",
                    created_at=NOW,
                )
            )
        self.answers = [self._answer(session, question_id) for _ in range(3)]

    def _run(self) -> Run:
        return Run(
            workspace_id=self.workspace_id,
            id=self.run_id,
            kind="first",
            state="proposed",
            engine="e1",
            started_at=NOW,
            summary={"answers": 3, "moved": 1, "themes": []},
        )

    def _answer(self, session: Session, question_id: int) -> int:
        answer = Answer(
            workspace_id=self.workspace_id,
            id=new_id(),
            question_id=question_id,
            answered_on=DAY,
        )
        session.add(answer)
        session.flush()
        session.add(
            AnswerSegment(
                workspace_id=self.workspace_id, answer_id=answer.id, name="branch", value="Hill"
            )
        )
        segments = (("branch", "Hill"),)
        counted = Counted(self.workspace_id, question_id, DAY, segments)
        count(session, 1, counted, (Measure("answered"),))
        session.flush()
        return answer.id

    def sorted_answers(self) -> list[SortedAnswer]:
        wish = Placing(self.waiting, 0, 4, "wish", 0.9)
        praise = Placing(self.warmth, None, None, "praise", 0.5)
        return [
            SortedAnswer(self.answers[0], 1, "themes", (wish, praise)),
            SortedAnswer(self.answers[1], 1, "themes", (wish,)),
            SortedAnswer(self.answers[2], 1, "nothing"),
        ]


def _agrees_with_counting_from_scratch(session: Session, workspace_id: int) -> bool:
    counted = counts_now(session, workspace_id), counts_by_week(session, workspace_id)
    rebuild(session, workspace_id)
    return (counts_now(session, workspace_id), counts_by_week(session, workspace_id)) == counted


def test_counts_follow_what_a_run_writes(database: Database) -> None:
    with database.writing() as session:
        scene = Scene(session)
        write_sortings(session, scene.workspace_id, scene.run_id, scene.sorted_answers())
        while fold(session, limit=5) == 5:
            pass
        counted = counts_now(session, scene.workspace_id)
        assert _agrees_with_counting_from_scratch(session, scene.workspace_id)
    waiting = {
        cell[6]: amount
        for cell, amount in counted.items()
        if cell[3] == scene.waiting and (cell[6:8] != ("@theme", str(scene.waiting)))
    }
    assert waiting == {"": 2, "branch": 2, "@tone": 2, "@theme": 1}


def test_sorting_an_answer_again_replaces_what_was_made_of_it(database: Database) -> None:
    with database.writing() as session:
        scene = Scene(session)
        write_sortings(session, scene.workspace_id, scene.run_id, scene.sorted_answers())
        again = SortedAnswer(scene.answers[0], 1, "unsorted")
        write_sortings(session, scene.workspace_id, scene.run_id, [again])
        assert session.scalar(select(func.count()).select_from(Sorting)) == 3
        assert session.scalar(select(func.count()).select_from(Assignment)) == 1
        assert _agrees_with_counting_from_scratch(session, scene.workspace_id)


def test_forgetting_takes_the_counts_along(database: Database) -> None:
    with database.writing() as session:
        scene = Scene(session)
        write_sortings(session, scene.workspace_id, scene.run_id, scene.sorted_answers())
        forget_sortings(session, scene.workspace_id, scene.answers)
        counted = counts_now(session, scene.workspace_id)
        assert {cell[2] for cell in counted} == {"answered"}
        assert session.scalar(select(func.count()).select_from(Sorting)) == 0


@pytest.mark.parametrize(("accept", "said"), [(True, "accept"), (False, "refuse")])
def test_a_proposal_is_decided_once(database: Database, accept: bool, said: str) -> None:
    with database.writing() as session:
        scene = Scene(session)
        place = (session, scene.workspace_id, scene.run_id)
        assert [one.decided for one in open_proposals(session, scene.workspace_id)] == [None]
        decide(*place, accept=accept, person_id=None, now=NOW)
        assert [one.decided for one in open_proposals(session, scene.workspace_id)] == [said]
        with pytest.raises(ConflictError, match="already"):
            decide(*place, accept=not accept, person_id=None, now=NOW)
        assert session.scalar(select(func.count()).select_from(Decision)) == 1


@pytest.mark.parametrize(
    ("fate", "left", "without", "undoable"),
    [
        ("kept", 0, (), True),
        ("kept", 16, (), True),
        ("gone", 3, (), True),
        ("kept", 16, ("72",), True),  # left as it is
        ("kept", 16, ("71",), True),  # moves, and nothing new
        ("kept", 0, ("71",), False),  # a yes that changes nothing
    ],
)
def test_an_accepted_proposal_that_changes_anything_can_be_undone(
    database: Database, fate: str, left: int, without: tuple[str, ...], undoable: bool
) -> None:
    themes = [
        {"theme": "71", "fate": "new", "name": "Noise", "before": "", "joined": 9, "left": 0},
        {"theme": "72", "fate": fate, "name": "Room", "before": "", "joined": 0, "left": left},
    ]
    with database.writing() as session:
        scene = Scene(session)
        session.execute(update(Run).values(summary={"themes": themes, "moved": 9 + left}))
        decide(
            session, scene.workspace_id, scene.run_id, accept=True, person_id=None, now=NOW,
            without=without,
        )  # fmt: skip
        (entry,) = entries_of(session, scene.workspace_id)
        assert entry.can_be_undone is undoable


def test_another_workspaces_proposal_is_not_found(database: Database) -> None:
    with database.writing() as session:
        scene = Scene(session)
        other = create_workspace(session, "Elsewhere", NOW).id
        with pytest.raises(NotFoundError):
            decide(session, other, scene.run_id, accept=True, person_id=None, now=NOW)
        assert open_proposals(session, other) == ()
