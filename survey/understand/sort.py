"""`survey sort`: the engine alone, from a CSV file to a CSV file, with no database."""

import csv
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from survey.csv_table import decoded, delimiter_of, header_of, lines_of, named_column, records_of
from survey.errors import FileError
from survey.understand.assign import Assignment
from survey.understand.book import Book, BookTheme, read_book, shipped_book
from survey.understand.embed import load_embedder
from survey.understand.found import FoundTheme
from survey.understand.model import VERSION, ThemeModel

COLUMNS = (
    "row",
    "id",
    "theme_id",
    "theme_name",
    "origin",
    "confidence",
    "evidence",
    "tone",
)


@dataclass(frozen=True)
class SortRequest:
    """What to sort and where to; `book` is a file, or None for the shipped one."""

    file: Path
    text_column: str
    out: Path
    id_column: str | None = None
    book: Path | None = None
    no_book: bool = False
    themes: int | None = None
    summary: Path | None = None
    model: str | None = None


@dataclass(frozen=True)
class Answers:
    """The rows of a file: texts, ids ('' without a column), and what is wrong with some rows."""

    texts: tuple[str, ...]
    ids: tuple[str, ...]
    faults: tuple[tuple[int, str], ...]
    encoding: str


def sort_file(request: SortRequest, say: Callable[[str], None]) -> None:
    """Sort the answers of a CSV file into themes.

    Parameters
    ----------
    request : SortRequest
        What to read, with which book, and what to write.
    say : callable
        Is told, a line at a time, what the person should know.

    Raises
    ------
    FileError
        When a file cannot be read or written, or holds no such column.
    EngineError
        When the model or the book cannot be used.
    """
    started = time.monotonic()
    book = _book(request)
    answers = read_table(request.file, request.text_column, request.id_column)
    for line in _remarks(request, answers):
        say(line)
    model = ThemeModel(load_embedder(request.model), book, themes=request.themes)
    broken = {row for row, _ in answers.faults}
    made = model.fit_assign(answers.texts)
    sorted_rows = [_unread(one.row) if one.row in broken else one for one in made]
    with written(request.out) as file:
        _write_rows(file, sorted_rows, answers)
    if request.summary is not None:
        seconds = time.monotonic() - started
        with written(request.summary) as file:
            json.dump(
                _summary(model, sorted_rows, answers, seconds), file, indent=1, ensure_ascii=False
            )
            file.write("\n")


def _book(request: SortRequest) -> Book | None:
    if request.no_book:
        return None
    return read_book(request.book) if request.book is not None else shipped_book()


def read_table(path: Path, text_column: str, id_column: str | None) -> Answers:
    """Read the answers of a CSV file, in UTF-8 or else in Windows' Western encoding.

    Parameters
    ----------
    path : Path
        The file.
    text_column : str
        The column of the answers.
    id_column : str or None
        The column of their ids, if there is one.

    Returns
    -------
    Answers
        Every row but blank lines; a broken row has an empty text and its fault.

    Raises
    ------
    FileError
        When the file is missing, empty, or lacks a column.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(
            f"{path} cannot be read: {error.strerror or error}; check the path."
        ) from error
    text, encoding = _text_of(raw, path.name)
    lines = lines_of(text)
    records = records_of(lines, delimiter_of(lines, text_column))
    header = header_of(records, path.name)
    texts_at = header.index(_column(header, path.name, "--text-column", text_column))
    ids_at = (
        header.index(_column(header, path.name, "--id-column", id_column)) if id_column else None
    )
    texts, ids, faults = [], [], []
    for row, (number, fields) in enumerate((n, f) for n, f in records if f):
        fault = _fault(fields, len(header))
        if fault or isinstance(fields, str):
            faults.append((row, f"Row {number} is not sorted: {fault}."))
        sound = not fault and not isinstance(fields, str)
        texts.append(fields[texts_at] if sound else "")
        ids.append(fields[ids_at] if sound and ids_at is not None else "")
    return Answers(tuple(texts), tuple(ids), tuple(faults), encoding)


def _text_of(raw: bytes, name: str) -> tuple[str, str]:
    try:
        return decoded(raw, name, "utf-8"), "utf-8"
    except FileError as error:
        if not isinstance(error.__cause__, UnicodeDecodeError):
            raise
    return decoded(raw, name, "cp1252"), "cp1252"


def _column(header: list[str], name: str, option: str, asked: str) -> str:
    return named_column(header, name, f"with {option}", asked) or asked


def _fault(fields: list[str] | str, width: int) -> str:
    if isinstance(fields, str):
        return fields
    if len(fields) < width or any(fields[width:]):
        return f"it has {len(fields)} fields where the first row has {width}"
    return ""


def _remarks(request: SortRequest, answers: Answers) -> Iterator[str]:
    if answers.encoding != "utf-8":
        yield f"{request.file.name} is not UTF-8; it was read as Windows text ({answers.encoding})."
    if not answers.texts:
        yield f"{request.file.name} has no rows below its first: there is nothing to sort."
    for _, fault in answers.faults:
        yield fault


def _unread(row: int) -> Assignment:
    return Assignment(row, "unsorted", "Not sorted", "unsorted")


@contextmanager
def written(path: Path) -> Iterator[IO[str]]:
    """Write a file beside its place and move it there when it is whole.

    Parameters
    ----------
    path : Path
        Where the file shall be; what is there stays until the new one is whole.

    Raises
    ------
    FileError
        When nothing can be written there.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent or Path(), prefix=f".{path.name}.")
    except OSError as error:
        raise FileError(
            f"{path} cannot be written: {error.strerror or error}; name another place."
        ) from error
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    except OSError as error:
        raise FileError(
            f"{path} cannot be written: {error.strerror or error}; name another place."
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_rows(file: IO[str], made: Sequence[Assignment], answers: Answers) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in made:
        text = answers.texts[one.row]
        evidence = text[one.start : one.end] if one.start is not None else ""
        confidence = "" if one.confidence is None else f"{one.confidence:.3f}"
        writer.writerow(
            (
                one.row,
                answers.ids[one.row],
                one.theme_id,
                one.theme_name,
                one.origin,
                confidence,
                evidence,
                one.tone,
            )
        )


def _summary(
    model: ThemeModel, made: Sequence[Assignment], answers: Answers, seconds: float
) -> dict[str, object]:
    counts: dict[str, set[int]] = {}
    for one in made:
        counts.setdefault(one.theme_id, set()).add(one.row)
    unsorted = len(counts.get("unsorted", ()))
    themes = [
        {
            "id": _id(theme),
            "name": theme.name,
            "origin": "found" if isinstance(theme, FoundTheme) else "book",
            "answers": len(counts.get(_id(theme), ())),
            "quotes": _quotes(theme, made, answers),
        }
        for theme in model.themes_
    ]
    rows = len(answers.texts)
    return {
        "rows": rows,
        "themes": themes,
        "coverage": round(1 - unsorted / rows, 4) if rows else 0.0,
        "engine": {
            "version": VERSION,
            "model": model.embedder.digest,
            "book": model.book.digest if model.book else None,
        },
        "seconds": round(seconds, 2),
    }


def _id(theme: BookTheme | FoundTheme) -> str:
    return theme.id if isinstance(theme, FoundTheme) else theme.key


def _quotes(
    theme: BookTheme | FoundTheme, made: Sequence[Assignment], answers: Answers
) -> list[str]:
    """Quote a found theme's exemplars, and of a book's theme the clauses it is surest of."""
    if isinstance(theme, FoundTheme):
        return list(theme.quotes)
    evidence = [
        (-(one.confidence or 0), one.row, answers.texts[one.row][one.start : one.end])
        for one in made
        if one.theme_id == theme.key and one.start is not None
    ]
    readable = [found for found in sorted(evidence) if 4 <= len(found[2].split()) <= 25]
    return list(dict.fromkeys(text for _, _, text in readable or sorted(evidence)))[:3]
