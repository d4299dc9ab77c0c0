"""A found theme is called by words that somebody typed; when they take them back, the name goes."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from survey.records.answering import GIVEN, Answer, AnswerText
from survey.records.deciding import Decision
from survey.records.theming import Assignment, Exemplar, Run, Theme, ThemeExample

NAMELESS = "A theme without a name yet"


@dataclass(frozen=True)
class _Saying:
    """Where the words of one answer may have gone."""

    workspace_id: int
    answer_id: int
    words: str  # of all versions, without letter case

    def holds(self, typed: str) -> bool:
        """Whether these words were typed there."""
        wanted = typed.strip().casefold()
        return bool(wanted) and wanted in self.words


def forget_names(
    session: Session, workspace_id: int, answer_id: int, bodies: Collection[str]
) -> None:
    """Take back names, definitions and examples of found themes that only this answer's words say.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, answer_id : int
        Which answer, its exemplars and assignments still there.
    bodies : collection of str
        What it says or said.

    Notes
    -----
    A phrase that another answer of the theme says too is nobody's alone and stays. So does a
    name that a person gave, and everything that the book brings.
    """
    saying = _Saying(workspace_id, answer_id, "\n".join(bodies).casefold())
    for theme in _themes_it_may_have_named(session, saying):
        if saying.holds(theme.name) and not _is_kept(session, saying, theme):
            _rename(session, theme, NAMELESS)
        quoted = _quoted(theme.definition)
        if saying.holds(quoted) and not _others_say(session, saying, theme.id, quoted):
            _set(session, theme, definition="")
        _forget_examples(session, saying, theme.id)


def _themes_it_may_have_named(session: Session, saying: _Saying) -> list[Theme]:
    placed, shown = (
        select(record.theme_id).where(
            record.workspace_id == saying.workspace_id, record.answer_id == saying.answer_id
        )
        for record in (Assignment, Exemplar)
    )
    query = select(Theme).where(
        Theme.workspace_id == saying.workspace_id,
        Theme.origin == "found",
        or_(Theme.id.in_(placed), Theme.id.in_(shown)),
    )
    return list(session.scalars(query))


def _is_kept(session: Session, saying: _Saying, theme: Theme) -> bool:
    """Whether a person chose the name, or others say the same."""
    chosen = select(Decision.id).where(
        Decision.workspace_id == theme.workspace_id,
        Decision.theme_id == theme.id,
        Decision.value == theme.name,
    )
    if session.scalar(chosen.limit(1)) is not None:
        return True
    return _others_say(session, saying, theme.id, theme.name)


def _others_say(session: Session, saying: _Saying, theme_id: int, phrase: str) -> bool:
    members = select(Assignment.answer_id).where(
        Assignment.workspace_id == saying.workspace_id, Assignment.theme_id == theme_id
    )
    query = (
        select(AnswerText.answer_id)
        .join(
            Answer,
            (Answer.workspace_id == AnswerText.workspace_id)
            & (Answer.id == AnswerText.answer_id)
            & (Answer.version == AnswerText.version),
        )
        .where(
            AnswerText.workspace_id == saying.workspace_id,
            AnswerText.answer_id != saying.answer_id,
            AnswerText.answer_id.in_(members),
            Answer.state == GIVEN,
            func.lower(AnswerText.body).contains(phrase.strip().lower(), autoescape=True),
        )
    )
    return session.scalar(query.limit(1)) is not None


def _quoted(definition: str) -> str:
    """Return what a found theme's definition quotes: “Answers like “…””."""
    return definition.partition("“")[2].rpartition("”")[0]


def _rename(session: Session, theme: Theme, name: str) -> None:
    before = theme.name
    _set(session, theme, name=name)
    for run in session.scalars(select(Run).where(Run.workspace_id == theme.workspace_id)):
        listed = run.summary.get("themes", [])
        if any(before in (one.get("name"), one.get("before")) for one in listed):
            renamed = [
                {key: name if value == before else value for key, value in one.items()}
                for one in listed
            ]
            session.execute(
                update(Run)
                .where(Run.workspace_id == run.workspace_id, Run.id == run.id)
                .values(summary={**run.summary, "themes": renamed})
                .execution_options(synchronize_session=False)
            )


def _set(session: Session, theme: Theme, **values: str) -> None:
    session.execute(
        update(Theme)
        .where(Theme.workspace_id == theme.workspace_id, Theme.id == theme.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _forget_examples(session: Session, saying: _Saying, theme_id: int) -> None:
    mine = (
        ThemeExample.workspace_id == saying.workspace_id,
        ThemeExample.theme_id == theme_id,
    )
    for number, example in session.execute(
        select(ThemeExample.number, ThemeExample.example).where(*mine)
    ).all():
        if saying.holds(example) and not _others_say(session, saying, theme_id, example):
            session.execute(delete(ThemeExample).where(*mine, ThemeExample.number == number))
