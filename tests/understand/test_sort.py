"""`survey sort`: any CSV in, one row an answer and theme out, and a clear word on what is wrong."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from survey.cli import main
from survey.understand import model, sort
from survey.understand.sort import COLUMNS
from tests.understand.conftest import WordEmbedder
from tests.understand.listeners import RuleListener

ANSWERS = [
    *[f"Nobody answered the telephone {word}" for word in ("today", "again", "at noon", "ever")],
    *[f"Waited an hour on the telephone {word}" for word in ("today", "again", "twice")],
    *[f"The car park was full {word}" for word in ("today", "again", "on Monday", "as ever")],
    *[f"More spaces in the car park {word}" for word in ("please", "today", "for vans")],
    "Nothing",
    "",
]


@pytest.fixture(autouse=True)
def _stand_in_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sort, "load_embedder", lambda name=None: WordEmbedder())
    monkeypatch.setattr(model, "listener_for", lambda *given: RuleListener())


def a_file(folder: Path, answers: list[str], encoding: str = "utf-8") -> Path:
    path = folder / "in.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "said"])
        writer.writerows(enumerate(answers))
    return path


def run(path: Path, *options: str) -> int:
    out = path.parent / "out.csv"
    return main(
        ["sort", str(path), "--text-column", "said", "--no-book", "--out", str(out), *options]
    )


def rows(path: Path) -> list[dict[str, str]]:
    with (path.parent / "out.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames or ()) == COLUMNS
        return list(reader)


def test_every_row_appears_and_evidence_is_verbatim(tmp_path: Path) -> None:
    path = a_file(tmp_path, ANSWERS)
    assert run(path, "--id-column", "number") == 0
    found = rows(path)
    assert {int(row["row"]) for row in found} == set(range(len(ANSWERS)))
    assert all(row["evidence"] in ANSWERS[int(row["row"])] for row in found)
    assert all(row["id"] == row["row"] for row in found)


def test_a_blank_answer_is_nothing(tmp_path: Path) -> None:
    path = a_file(tmp_path, ANSWERS)
    run(path)
    assert [row["theme_id"] for row in rows(path)][-2:] == ["nothing", "nothing"]


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    path = a_file(tmp_path, ANSWERS)
    run(path)
    first = (tmp_path / "out.csv").read_bytes()
    run(path)
    assert (tmp_path / "out.csv").read_bytes() == first


def test_another_encoding_is_read_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_file(tmp_path, ["The café was shut"], encoding="cp1252")
    assert run(path) == 0
    assert "not UTF-8" in capsys.readouterr().err


def test_ragged_rows_are_named_and_the_good_ones_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("number,said\n1,Nothing\n2\n3,None\n4,a,b,c\n")
    assert run(path) == 0
    assert [row["origin"] for row in rows(path)] == ["nothing", "unsorted", "nothing", "unsorted"]
    said = capsys.readouterr().err
    assert "Row 3 is not sorted: it has 1 fields where the first row has 2" in said
    assert "Row 5" in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"number,answer\n1,x\n", "no column 'said'"),
        (b"PK\x03\x04", "spreadsheet"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, sentence: str
) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    assert run(path) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path / "absent.csv") == 2


def test_a_place_that_cannot_be_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_file(tmp_path, ANSWERS)
    out = tmp_path / "absent" / "out.csv"
    assert main(["sort", str(path), "--text-column", "said", "--no-book", "--out", str(out)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_with_no_rows_gives_no_rows(tmp_path: Path) -> None:
    path = a_file(tmp_path, [])
    assert run(path) == 0
    assert rows(path) == []


def test_a_killed_run_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("of yesterday")
    program = (
        "import os, sys; from pathlib import Path; from survey.understand.sort import written\n"
        "with written(Path(sys.argv[1])) as file:\n"
        "    file.write('half a ro'); file.flush(); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(out)], check=False)
    assert killed.returncode == -9
    assert out.read_text() == "of yesterday"
