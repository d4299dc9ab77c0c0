"""Finding answers by their words, in the word index of either kind of database."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from survey.records.answering import Answer

LONGEST_SEARCH = 200  # characters
_PARTS = re.compile(r'"([^"]*)"|([^\s"]+)')
# The signs above and below Latin letters with which SQLite's index does not end a word (those that
# it takes off), written as signs of their own; with any other a word ends there, as in Hindi.
_TAKEN_OFF = "\u0300-\u0304\u0306-\u030c\u030f\u0311\u031b\u0323-\u0328\u032d\u032e\u0330\u0331"
_SPOKEN = re.compile(rf"[^\W_](?:[^\W_]|[{_TAKEN_OFF}])*+")


def spoken(words: str) -> bool:
    """Whether there is anything in a search that can be looked up."""
    return _SPOKEN.search(words) is not None


@dataclass(frozen=True)
class Sought:
    """Words that have to stand one after another; the last one may go on."""

    words: tuple[str, ...]
    goes_on: bool


def sought(search: str) -> tuple[Sought, ...]:
    """Return what a search looks for, part by part, as `holding` reads it."""
    return tuple(Sought(tuple(_SPOKEN.findall(part)), goes_on) for part, goes_on in _parts(search))


def words_at(text: str) -> list[tuple[str, int, int]]:
    """Return the words of a text with where each begins and ends."""
    return [(found[0], *found.span()) for found in _SPOKEN.finditer(text)]


def _parts(search: str) -> list[tuple[str, bool]]:
    return [
        (quoted or bare, bool(bare))
        for quoted, bare in _PARTS.findall(search)
        if spoken(quoted or bare)
    ]


def holding(workspace_id: int, words: str) -> ColumnElement[bool]:
    """Return the condition that an answer holds all words of a search.

    Parameters
    ----------
    workspace_id : int
        Whose answers.
    words : str
        Words, of which each may go on (``wait`` finds ``waiting``), and "phrases between quotation
        marks", which may not. Signs between letters part words; other signs do not matter.

    Returns
    -------
    ColumnElement
        On `Answer`. A search without any word holds for every answer.
    """
    parts = _parts(words)
    if not parts:
        return literal(True)
    found = _Found(
        literal(workspace_id, BigInteger),
        literal(" ".join(_for_sqlite(*part) for part in parts), String),
        literal(" & ".join(_for_postgresql(*part) for part in parts), String),
    )
    return Answer.id.op("IN", is_comparison=True)(found)


def _for_sqlite(part: str, goes_on: bool) -> str:
    phrase = " ".join(_SPOKEN.findall(part))
    return f'"{phrase}"*' if goes_on else f'"{phrase}"'


def _for_postgresql(part: str, goes_on: bool) -> str:
    quoted = part.replace("\\", " ").replace("'", "''")
    return f"'{quoted}':*" if goes_on else f"'{quoted}'"


class _Found(FunctionElement[int]):
    """The ids that an index finds: workspace id, the search for SQLite, that for PostgreSQL."""

    type = BigInteger()
    inherit_cache = True
    name = "found"


@compiles(_Found, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    search = compiler.process(list(element.clauses)[1], **options)
    return f"(SELECT rowid FROM answer_search WHERE answer_search MATCH {search})"  # noqa: S608


@compiles(_Found, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    workspace_id, _, search = list(element.clauses)
    here = f"answer_search.workspace_id = {compiler.process(workspace_id, **options)}"
    holds = f"answer_search.document @@ to_tsquery('simple', {compiler.process(search, **options)})"
    return f"(SELECT answer_search.answer_id FROM answer_search WHERE {here} AND {holds})"  # noqa: S608
