"""How well words of danger are noticed: ``python -m survey.guard.measure CASES.tsv``.

The cases are lines of half, language, danger (``none`` for look-alikes) and text, after a heading.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from survey.guard.danger import HARMLESS, dangers_in


@dataclass(frozen=True)
class Case:
    """A written case."""

    half: str
    language: str
    danger: str
    text: str

    @property
    def is_danger(self) -> bool:
        """Whether it speaks of danger."""
        return self.danger != HARMLESS

    @property
    def is_noticed(self) -> bool:
        """Whether the rules say so."""
        return bool(dangers_in(self.text))


@dataclass(frozen=True)
class Score:
    """What came of some cases.

    Parameters
    ----------
    noticed, missed : int
        Of the dangerous ones.
    false_alarms, passed : int
        Of the harmless ones.
    """

    noticed: int
    missed: int
    false_alarms: int
    passed: int

    @property
    def precision(self) -> float:
        """The share of alarms that are right, 0 to 1; 1 without alarms."""
        alarms = self.noticed + self.false_alarms
        return self.noticed / alarms if alarms else 1.0

    @property
    def recall(self) -> float:
        """The share of dangers that are noticed, 0 to 1; 1 without dangers."""
        dangers = self.noticed + self.missed
        return self.noticed / dangers if dangers else 1.0


def read_cases(path: Path) -> list[Case]:
    """Read written cases from a file with a heading and four columns, tabs between them."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return [Case(*line.split("\t")) for line in lines]


def score(cases: Iterable[Case]) -> Score:
    """Count what the rules make of some cases."""
    told = [(case.is_danger, case.is_noticed) for case in cases]
    return Score(
        noticed=told.count((True, True)),
        missed=told.count((True, False)),
        false_alarms=told.count((False, True)),
        passed=told.count((False, False)),
    )


def report(cases: Sequence[Case]) -> list[str]:
    """Return the numbers of each half, and every case that is judged wrongly, a line each."""
    lines = []
    for half in dict.fromkeys(case.half for case in cases):
        of_half = [case for case in cases if case.half == half]
        found = score(of_half)
        lines.append(
            f"{half}: {len(of_half)} cases, precision {found.precision:.3f}, "
            f"recall {found.recall:.3f}, {found.missed} missed, "
            f"{found.false_alarms} false alarms among {found.false_alarms + found.passed} harmless"
        )
        lines += [
            f"  {'missed' if case.is_danger else 'false alarm'} ({case.language}): {case.text}"
            for case in of_half
            if case.is_danger != case.is_noticed
        ]
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(read_cases(Path(sys.argv[1])))) + "\n")
