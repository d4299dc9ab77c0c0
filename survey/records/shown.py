"""What is shown of an answer: what a run made of it, plus what people decided about it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from survey.records.deciding import TONE, DecidedAnswer, Decision
from survey.records.theming import THEMES, UNSORTED, Theme

Finals = Mapping[int, int | None]
"""Where a theme's answers are shown, for those that are not shown as themselves."""


@dataclass(frozen=True)
class Placing:
    """An answer in a theme.

    Parameters
    ----------
    theme_id : int
        The theme's row.
    start, end : int or None
        The clause that decided, in code points of the analysed text; None where none did.
    tone : str
        ``wish``, ``praise`` or ``unclear``.
    confidence : float
        0 to 1.
    """

    theme_id: int
    start: int | None
    end: int | None
    tone: str
    confidence: float


@dataclass(frozen=True)
class SortedAnswer:
    """What a run made of one version of an answer."""

    answer_id: int
    version: int
    outcome: str
    placings: tuple[Placing, ...] = ()


@dataclass(frozen=True)
class Word:
    """What a person said of one version of an answer: it belongs in a theme, or it does not; or,
    where `is_tone`, only which tone it has wherever it is in that theme.
    """

    theme_id: int
    version: int
    belongs: bool
    start: int | None
    end: int | None
    tone: str
    is_tone: bool = False
    number: int = 0  # of the step that said it

    @property
    def takes_out(self) -> bool:
        """Whether it says of the answer that a theme is not its own."""
        return not (self.belongs or self.is_tone)


def shown_of(made: SortedAnswer, words: Sequence[Word], finals: Finals) -> SortedAnswer:
    """Return what is shown of an answer.

    Parameters
    ----------
    made : SortedAnswer
        What the run made of it.
    words : sequence of Word
        What people said of it, the last word last.
    finals : mapping of int to int or None
        Where themes are shown that are part of another (None: nowhere).

    Returns
    -------
    SortedAnswer
        The surest placing of each theme; what a person put in has full confidence, and where a
        person said its tone, that one.
    """
    placed: dict[int, Placing] = {}
    for placing in sorted(made.placings, key=lambda one: (-one.confidence, one.theme_id)):
        theme_id = finals.get(placing.theme_id, placing.theme_id)
        if theme_id is None:
            continue
        placed.setdefault(theme_id, replace(placing, theme_id=theme_id))
    last: dict[int, Word] = {}
    tones: dict[int, str] = {}
    for word in words:
        theme_id = finals.get(word.theme_id, word.theme_id)
        if word.version != made.version or theme_id is None:
            continue
        if word.is_tone:
            tones[theme_id] = word.tone
        else:
            last[theme_id] = word
    for theme_id, word in last.items():
        there = placed.pop(theme_id, None)
        if word.belongs:
            by_hand = Placing(theme_id, word.start, word.end, word.tone, 1.0)
            placed[theme_id] = by_hand if there is None else replace(there, confidence=1.0)
    for theme_id in tones.keys() & placed.keys():
        placed[theme_id] = replace(placed[theme_id], tone=tones[theme_id])
    placings = tuple(placed[theme_id] for theme_id in sorted(placed))
    return replace(made, outcome=_outcome(made.outcome, bool(placings)), placings=placings)


def _outcome(made: str, has_themes: bool) -> str:
    if has_themes:
        return THEMES
    return UNSORTED if made == THEMES else made


def finals_of(session: Session, workspace_id: int) -> dict[int, int | None]:
    """Return where the themes of a workspace are shown that are not shown as themselves."""
    rows = session.execute(
        select(Theme.id, Theme.state, Theme.merged_into).where(
            Theme.workspace_id == workspace_id,
            or_(Theme.merged_into.is_not(None), Theme.state == "refused"),
        )
    )
    return {row.id: None if row.state == "refused" else row.merged_into for row in rows}


def words_about(
    session: Session,
    workspace_id: int,
    answer_ids: Collection[int],
    holding: Collection[int] | None = None,
) -> dict[int, list[Word]]:
    """Return what people said of answers, by answer, the last word last.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose.
    answer_ids : collection of int
        Some hundreds at most.
    holding : collection of int, optional
        The decisions that count; those that hold now by default.
    """
    query = (
        select(DecidedAnswer, Decision.kind, Decision.number)
        .join(
            Decision,
            and_(
                Decision.workspace_id == DecidedAnswer.workspace_id,
                Decision.id == DecidedAnswer.decision_id,
            ),
        )
        .where(DecidedAnswer.workspace_id == workspace_id, DecidedAnswer.answer_id.in_(answer_ids))
        # Within one step what an answer is put into counts over what it is taken out of.
        .order_by(Decision.number, DecidedAnswer.belongs)
    )
    if holding is None:
        query = query.where(Decision.holds.is_(True))
    found: dict[int, list[Word]] = {}
    for row, kind, number in session.execute(query):
        if holding is None or row.decision_id in holding:
            clause = (row.start, row.end, row.tone)
            word = Word(
                row.theme_id, row.version, row.belongs, *clause, is_tone=kind == TONE, number=number
            )
            found.setdefault(row.answer_id, []).append(word)
    return found
