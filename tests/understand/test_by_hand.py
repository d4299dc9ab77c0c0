"""What people do by hand teaches the worker: their themes take answers, and a cut is found."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, func, select

from survey.clock import utc_now
from survey.records import AnswerText, Assignment, Decision, Run, Theme, ThemeCut, Workspace
from survey.records.base import new_id
from survey.records.database import Database
from survey.records.ledger import Said, Step, take_step, undo_step
from survey.records.proposals import decide, open_proposals
from survey.records.workspaces import create_workspace
from survey.understand.by_hand import cut_in_two, parted, place_by_words
from survey.understand.corrections import Correction
from survey.understand.engine import Engine
from survey.understand.found import FoundTheme
from survey.understand.known import BOOK, FOUND, KnownAnswer, KnownTheme, Placed, Told
from survey.understand.work import Understanding
from tests.support.past import LONG_AGO, give_answers
from tests.understand.conftest import WordEmbedder
from tests.understand.listeners import RuleListener

RADIO = [f"loud radio adverts played during drilling session{number}" for number in range(6)]
FISH = [f"the tropical fish tank looked green and murky week{number}" for number in range(5)]


class Hands:
    """A worker, its database, and somebody who sorts by hand."""

    def __init__(self, database: Database, embedder: Any) -> None:
        self.database, self.embedder = database, embedder
        self.corrections: list[Sequence[Correction]] = []
        with database.writing() as session:
            self.workspace_id = create_workspace(session, "Hill Street Dental", LONG_AGO).id

    def engine(self) -> Engine:
        return Engine(self.embedder, self._listen)

    def _listen(self, _book: Any, _embedder: Any, corrections: Sequence[Correction]) -> Any:
        self.corrections.append(corrections)
        return RuleListener()

    def work(self, texts: Sequence[str] = ()) -> None:
        if texts:
            give_answers(self.database, self.workspace_id, texts)
        understanding = Understanding(self.database, load=self.engine)
        while any(one() for one in understanding.rounds()):
            pass

    def ids(self, texts: Sequence[str]) -> list[int]:
        with self.database.reading() as session:
            query = select(AnswerText.answer_id).where(AnswerText.body.in_(texts))
            return list(session.scalars(query))

    def make(self, texts: Sequence[str], *, split_from: int | None = None) -> tuple[int, int]:
        """Make a theme of some answers; return it and the step."""
        theme_id = new_id()
        ids = self.ids(texts)
        with self.database.writing() as session:
            session.add(
                Theme(
                    workspace_id=self.workspace_id, id=theme_id, name=f"Theme {theme_id}",
                    origin="found", created_at=utc_now(),
                )
            )  # fmt: skip
            session.flush()
            said = [Said(one, 1, theme_id, True) for one in ids]
            if split_from is not None:
                said += [Said(one, 1, split_from, False) for one in ids]
            step = (
                Step("new_theme", theme_id, said=tuple(said))
                if split_from is None
                else Step("split", split_from, theme_id, said=tuple(said))
            )
            done = take_step(session, self.workspace_id, step, None, utc_now())
        return theme_id, done.decision_id

    def teach(self, key: str, text: str) -> int:
        with self.database.writing() as session:
            theme = session.scalars(select(Theme).where(Theme.key == key)).one()
            said = (Said(self.ids([text])[0], 1, theme.id, True),)
            step = Step("belongs", theme.id, said=said)
            return take_step(session, self.workspace_id, step, None, utc_now()).decision_id

    def refuse(self, proposals: int) -> None:
        """Refuse what is proposed: so many, and one answer would move in each."""
        with self.database.reading() as session:
            proposed = open_proposals(session, self.workspace_id)
        assert [one.moved for one in proposed] == [1] * proposals
        for one in proposed:
            with self.database.writing() as session:
                decide(
                    session, self.workspace_id, one.run_id,
                    accept=False, person_id=None, now=utc_now(),
                )  # fmt: skip
        self.work()

    def accept(self) -> int:
        """Accept what is proposed, and let the worker put it in place; return the decision."""
        with self.database.writing() as session:
            (one,) = open_proposals(session, self.workspace_id)
            decide(
                session, self.workspace_id, one.run_id, accept=True, person_id=None, now=utc_now()
            )
        self.work()
        return list(self.ledger())[-1]

    def ledger(self) -> dict[int, int]:
        """Return how many answers each step moved, in their order."""
        with self.database.reading() as session:
            steps = session.execute(select(Decision.id, Decision.answers).order_by(Decision.number))
            return {row.id: row.answers for row in steps}

    def undo(self, decision_id: int) -> None:
        with self.database.writing() as session:
            undo_step(session, self.workspace_id, decision_id, None, utc_now())

    def shown(self, theme_id: int) -> set[str]:
        with self.database.reading() as session:
            query = (
                select(AnswerText.body)
                .join(Assignment, Assignment.answer_id == AnswerText.answer_id)
                .join(Workspace, Workspace.current_run_id == Assignment.run_id)
                .where(Assignment.theme_id == theme_id)
            )
            return set(session.scalars(query))


@pytest.fixture
def hands(database: Database, words: WordEmbedder) -> Hands:
    return Hands(database, words)


def test_a_theme_made_by_hand_takes_what_comes_later(hands: Hands) -> None:
    hands.work([*RADIO[:3], *FISH[:2]])
    radio, step = hands.make(RADIO[:3])
    assert hands.shown(radio) == set(RADIO[:3])
    hands.work(RADIO[3:])
    assert hands.shown(radio) == set(RADIO)
    hands.undo(step)
    hands.work(["loud radio adverts played during drilling session9"])
    assert hands.shown(radio) == set()


def test_a_cut_is_suggested_and_later_answers_find_their_part(hands: Hands) -> None:
    hands.work([*RADIO[:4], *FISH[:3]])
    both, _ = hands.make([*RADIO[:4], *FISH[:3]])
    hands.work()
    with hands.database.writing() as session:
        session.add(
            ThemeCut(workspace_id=hands.workspace_id, theme_id=both, asked_at=utc_now(), number=1)
        )
    hands.work()
    with hands.database.reading() as session:
        parts = session.scalars(select(ThemeCut.parts)).one() or []
    found = [set(part["answers"]) for part in parts]
    assert found == [set(hands.ids(RADIO[:4])), set(hands.ids(FISH[:3]))]
    assert len({part["name"] for part in parts}) == 2
    fish, step = hands.make(FISH[:3], split_from=both)
    hands.work()
    hands.work([RADIO[4], FISH[3]])
    assert hands.shown(fish) == set(FISH[:4])
    assert hands.shown(both) == set(RADIO[:5])
    hands.undo(step)
    assert hands.shown(both) == {*RADIO[:5], *FISH[:4]}


def test_what_people_say_of_the_books_themes_reaches_its_reader(hands: Hands) -> None:
    hands.work(RADIO[:2])
    step = hands.teach("waiting", RADIO[0])
    hands.work(RADIO[2:3])
    taught = (Correction(RADIO[0], "waiting", True),)
    assert taught in hands.corrections
    hands.undo(step)
    hands.corrections.clear()
    hands.work(RADIO[3:4])
    assert taught not in hands.corrections


def test_sorting_anew_is_asked_for_once_and_comes_with_what_was_taught(hands: Hands) -> None:
    hands.work(RADIO[:2])
    ended: list[str | None] = []
    for _ in range(2):
        with hands.database.writing() as session:
            workspace = session.get_one(Workspace, hands.workspace_id)
            workspace.resort_asked_at = utc_now()
        if _:
            hands.teach("waiting", RADIO[0])
        hands.work()
        with hands.database.reading() as session:
            engines = session.scalars(select(Run.engine).order_by(Run.started_at)).all()
            assert session.scalar(select(Workspace.resort_asked_at)) is None
            ended.append(session.scalars(select(Workspace.resort_outcome)).one())
            assert session.scalar(select(Workspace.resort_ended_at)) is not None
    assert ended == ["known", "nothing"]  # and the page says so
    assert len(engines) == 2  # the first asking brought nothing new
    assert engines[1].startswith(f"{engines[0]}+")
    with hands.database.reading() as session:
        assert session.scalar(select(func.count()).where(Run.state == "working")) == 0


def test_moves_that_were_refused_come_again_where_somebody_asks_and_not_by_themselves(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.work([*RADIO[:3], *FISH[:2]])
    radio, _ = hands.make(RADIO[:3])
    hands.work(RADIO[3:])
    with hands.database.writing() as session:  # as if an older engine had overlooked it
        (overlooked,) = hands.ids(RADIO[3:4])
        session.execute(delete(Assignment).where(Assignment.answer_id == overlooked))
    for version, proposals in (("newer", 1), ("newest", 0)):
        monkeypatch.setattr("survey.understand.model.VERSION", version)
        hands.work(["Nothing"])  # the engine is loaded with the first answer
        hands.refuse(proposals)
    for _ in range(2):  # nothing was taught between: who asks again has changed their mind
        with hands.database.writing() as session:
            session.get_one(Workspace, hands.workspace_id).resort_asked_at = utc_now()
        hands.work()
        with hands.database.reading() as session:
            assert session.scalar(select(Workspace.resort_outcome)) == "proposed"
        hands.refuse(1)
    assert RADIO[3] not in hands.shown(radio)
    with hands.database.reading() as session:
        states = session.scalars(select(Run.state).where(Run.kind == "resort")).all()
    assert states == ["refused"] * 4


def test_a_sorting_anew_that_moved_answers_is_undone_in_one_step_and_done_again(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.work([*RADIO[:3], *FISH[:2]])
    radio, _ = hands.make(RADIO[:3])
    hands.work(RADIO[3:])
    before = hands.shown(radio)
    with hands.database.writing() as session:  # as if an older engine had overlooked it
        (overlooked,) = hands.ids(RADIO[3:4])
        session.execute(delete(Assignment).where(Assignment.answer_id == overlooked))
    monkeypatch.setattr("survey.understand.model.VERSION", "newer")
    hands.work(["Nothing"])  # the engine is loaded with the first answer
    accepted = hands.accept()
    assert hands.shown(radio) == before
    assert hands.ledger()[accepted] == 1, "the ledger tells how many it moved"
    hands.undo(accepted)
    hands.work(["Nothing at all"])
    assert hands.shown(radio) == before - {RADIO[3]}
    with hands.database.reading() as session:
        assert open_proposals(session, hands.workspace_id) == (), "nor is it proposed again"
    for version in ("newest", "newest of all"):  # another engine keeps it, as it keeps every word
        monkeypatch.setattr("survey.understand.model.VERSION", version)
        hands.work(["Nothing"])
        assert hands.shown(radio) == before - {RADIO[3]}
    hands.undo(list(hands.ledger())[-1])
    assert hands.shown(radio) == before


def test_a_part_of_a_books_theme_takes_the_clauses_nearer_to_it(words: WordEmbedder) -> None:
    part = place_by_words([(text, None) for text in RADIO[:3]], words)
    rest = place_by_words([(text, text) for text in FISH[:3]], words)
    assert part
    assert rest
    themes = (
        KnownTheme(1, "noise", "Noise", "", "", (), BOOK),
        KnownTheme(
            2, None, "Radio", "", "", (), FOUND, part.anchor(), words.digest, 1, rest.anchor()
        ),
    )
    told = [
        Told(KnownAnswer(n, 1, text), "themes", (Placed(1, 0, len(text), "wish", 0.8),))
        for n, text in enumerate((RADIO[4], FISH[4]))
    ]

    def placed(theme: KnownTheme) -> FoundTheme:
        return FoundTheme.from_anchor(str(theme.id), theme.name, theme.anchor or b"")

    found = parted(told, themes, placed, words)
    assert [[one.theme_id for one in answer.placed] for answer in found] == [[2], [1]]
    assert parted(told, themes[:1], placed, words) == told


def test_too_few_answers_are_not_cut() -> None:
    assert cut_in_two(np.eye(5, dtype=np.float32)) is None
    assert cut_in_two(np.ones((9, 4), dtype=np.float32) / 2) is None


def test_answers_without_a_word_give_no_place(words: WordEmbedder) -> None:
    assert place_by_words([("", None)], words) is None
