"""The rows of an export: one an answer, with its themes side by side in the same order."""

from collections.abc import Iterable, Sequence

from survey.export.queries import ExportedAnswer

COLUMNS = (
    "id",
    "reference",
    "answered_on",
    "answered_at",
    "answer",
    "served_by",
    "channel",
    "sorted_as",
    "themes",
    "theme_ids",
    "tones",
    "confidences",
    "evidence",
)
BETWEEN = " | "
SEGMENT = "segment."


def columns(segments: Sequence[str]) -> list[str]:
    """Return the names of all columns; a segment's is ``segment.NAME``."""
    return [*COLUMNS, *(SEGMENT + name for name in segments)]


def row(answer: ExportedAnswer, segments: Sequence[str]) -> list[str]:
    """Return one answer as a row.

    Parameters
    ----------
    answer : ExportedAnswer
        The answer.
    segments : sequence of str
        The segments that have a column, in order.

    Returns
    -------
    list of str
        As long as `columns` of the same segments.
    """
    has = dict(answer.segments)
    themes = answer.themes
    return [
        str(answer.id),
        answer.reference or "",
        answer.answered_on.isoformat(),
        answer.answered_at.isoformat().replace("+00:00", "Z") if answer.answered_at else "",
        answer.text,
        answer.served_by or "",
        answer.channel or "",
        answer.outcome,
        _side_by_side(theme.name for theme in themes),
        _side_by_side(theme.key or str(theme.id) for theme in themes),
        _side_by_side(theme.tone for theme in themes),
        _side_by_side(f"{theme.confidence:.3f}" for theme in themes),
        _side_by_side(theme.evidence for theme in themes),
        *(has.get(name, "") for name in segments),
    ]


def _side_by_side(parts: Iterable[str]) -> str:
    return BETWEEN.join(part.replace("|", "/") for part in parts)
