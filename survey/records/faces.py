"""By what answers are counted besides their day: segments, and what every answer has of its own.

A face is a name and a value. A segment's face bears the segment's name; the others begin with
``@``, so a segment that a business calls the same gets a second ``@``.
"""

import json
from collections.abc import Iterable

Face = tuple[str, str]

EVERYTHING: Face = ("", "")
CHANNEL, SERVED_BY, LANGUAGE = "@channel", "@served_by", "@language"
THEME, TONE = "@theme", "@tone"  # only of what a run made of an answer
LONGEST_NAME, LONGEST_VALUE = 70, 200


def segment_name(name: str) -> str:
    """Return the name of a segment's face."""
    return f"@{name}" if name.startswith("@") else name


def faces_of(
    segments: Iterable[tuple[str, str]],
    *,
    channel: str | None = None,
    served_by: str | None = None,
    language: str | None = None,
) -> tuple[Face, ...]:
    """Return the faces of an answer or an asking; what is unknown has none.

    Parameters
    ----------
    segments : iterable of (str, str)
        Names and values.
    channel, served_by, language : str or None
        As the answer or the interaction has them.
    """
    own = ((CHANNEL, channel), (SERVED_BY, served_by), (LANGUAGE, language))
    named = [(segment_name(name), value) for name, value in segments]
    known = [(name, value[:LONGEST_VALUE]) for name, value in (*named, *own) if value]
    return tuple(sorted(set(known)))


def written(faces: Iterable[Face]) -> str:
    """Return faces as a waiting change keeps them: JSON, so that `needle` finds one in it."""
    return json.dumps([list(face) for face in faces], ensure_ascii=False, separators=(",", ":"))


def needle(face: Face) -> str:
    """Return one face as it stands in `written`; no other text there can hold it.

    Notes
    -----
    It begins with a bracket and a bare quotation mark; inside a string the mark is escaped.
    """
    return json.dumps(list(face), ensure_ascii=False, separators=(",", ":"))


def read(kept: str) -> tuple[Face, ...]:
    """Return the faces that `written` wrote."""
    return tuple((name, value) for name, value in json.loads(kept))
