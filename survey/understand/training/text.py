"""The labelled text: answers that people wrote and labelled by the coding frame.

One file an author, one line an answer: labels, trade and text, parted by tabs. A label is a key
with its tone (`-` wish, `+` praise, `?` unclear); `nothing` or `other`, with a tone where there is
one (`nothing+` is praise of nothing in particular). `any-` and `any+` tell the tone alone: of which
themes the answer is, nobody has said. ` / ` is a line break.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from survey.errors import EngineError
from survey.understand.book import shipped_book

FOLDER = Path(__file__).parent / "text"
BRIEF = Path(__file__).parent / "brief"
"""Short and plain answers, praise and wishes told at length, hurt and praise told calmly, and both
said to the business's face; the second look counts them more."""
UNTONED = frozenset({"nothing", "other"})
TONE_ALONE = "any"
SIGNS = {"-": "wish", "+": "praise", "?": "unclear"}
SHINGLE = 4
ALIKE = 0.5
"""Two texts are near-copies when they share this part of the shorter one's word runs."""


@dataclass(frozen=True)
class Labelled:
    """One answer; `labels` maps each key to its tone ('' where `nothing` or `other` has none)."""

    author: str
    trade: str
    text: str
    labels: Mapping[str, str]


def read_labelled(folder: Path = FOLDER) -> tuple[Labelled, ...]:
    """Read all authors' text.

    Parameters
    ----------
    folder : Path
        Holds one .tsv file an author.

    Returns
    -------
    tuple of Labelled
        In the order of files and lines.

    Raises
    ------
    EngineError
        With file and line of what cannot be read.
    """
    answers = [one for path in sorted(folder.glob("*.tsv")) for one in read_file(path)]
    if not answers:
        raise EngineError(f"There is no labelled text in {folder}: it holds one .tsv an author.")
    return tuple(answers)


def read_file(path: Path) -> tuple[Labelled, ...]:
    """Read one file of labelled answers.

    Parameters
    ----------
    path : Path
        UTF-8, three fields a line.

    Returns
    -------
    tuple of Labelled
        By line.

    Raises
    ------
    EngineError
        With the line that cannot be read.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    known = {*shipped_book().keys, *UNTONED, TONE_ALONE}
    return tuple(
        _read_line(line, path.stem, f"{path.name}, line {number}", known)
        for number, line in enumerate(lines, 1)
        if line.strip()
    )


def near_copies(answers: Sequence[Labelled]) -> list[tuple[int, int]]:
    """Find answers that are nearly another answer, within an author or across authors.

    Parameters
    ----------
    answers : sequence of Labelled
        Those that say nothing are not compared: there are only so many ways to say it.

    Returns
    -------
    list of tuple of int
        Pairs (later, earlier) of row numbers.
    """
    seen: dict[tuple[str, ...], list[int]] = {}
    runs: list[frozenset[tuple[str, ...]]] = []
    pairs = []
    for row, answer in enumerate(answers):
        mine = frozenset() if "nothing" in answer.labels else _runs(answer.text)
        shared: dict[int, int] = {}
        for run in mine:
            for other in seen.setdefault(run, []):
                shared[other] = shared.get(other, 0) + 1
            seen[run].append(row)
        runs.append(mine)
        alike = [k for k, n in shared.items() if n > ALIKE * min(len(mine), len(runs[k]))]
        if alike:
            pairs.append((row, min(alike)))
    return pairs


def without_copies(answers: Sequence[Labelled]) -> tuple[Labelled, ...]:
    """Leave out the later one of each pair of near-copies."""
    later = {row for row, _ in near_copies(answers)}
    return tuple(answer for row, answer in enumerate(answers) if row not in later)


def label_counts(answers: Iterable[Labelled]) -> dict[str, int]:
    """Count the answers of each label."""
    counts: dict[str, int] = {}
    for answer in answers:
        for key in answer.labels:
            counts[key] = counts.get(key, 0) + 1
    return counts


def _read_line(line: str, author: str, place: str, known: set[str]) -> Labelled:
    fields = line.split("\t")
    if len(fields) != 3 or not fields[2].strip():
        raise EngineError(f"{place}: a line has three fields parted by tabs: labels, trade, text.")
    labels = dict(_read_label(one.strip(), place, known) for one in fields[0].split(","))
    return Labelled(author, fields[1].strip(), fields[2].strip().replace(" / ", "\n"), labels)


def _read_label(label: str, place: str, known: set[str]) -> tuple[str, str]:
    tone = SIGNS.get(label[-1:], "")
    key = label[:-1] if tone else label
    if key not in known or label == "nothing-" or not (tone or key in UNTONED):
        raise EngineError(f"{place}: {label!r} is not a label; write a key and its tone sign.")
    return key, tone


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    if len(words) < SHINGLE:
        return frozenset({tuple(words)})
    return frozenset(tuple(words[k : k + SHINGLE]) for k in range(len(words) - SHINGLE + 1))
