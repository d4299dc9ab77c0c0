"""A file of past answers goes through the whole story, and every number of it agrees.

The file has the shape of a real one, blanks, repeated ids and impossible dates included; what
`make real` does with a file of the reader's own, this does with it.
"""

import io
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
ANSWERS = PROJECT / "tests" / "data" / "past_answers.csv"


@pytest.mark.model
def test_the_file_the_dashboard_and_the_csv_agree() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.real", "--no-picture", str(ANSWERS)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    told = done.stdout
    assert done.returncode == 0, told + done.stderr
    assert "DIFFERS" not in told
    assert "Everything agrees." in told
    for reason in (
        "no answer was given ('Did not answer')",
        "the answer is empty",
        "has the same id as row",
        "its date '31/03/2025' is not like 2021-10-31",
        "its date '9999-12-31' is not between 1970 and today",
        "has 3 fields where the first row has 7",
        "has 9 fields where the first row has 7",
    ):
        assert reason in told


def test_the_same_file_from_excel_on_windows_is_read_when_its_encoding_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from survey.cli import main

    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "from_excel.csv"
    text = ANSWERS.read_text(encoding="utf-8").replace(",", ";").replace("'", "’")
    path.write_bytes(text.encode("cp1252"))
    monkeypatch.setattr("sys.stdin", io.StringIO())  # no terminal to ask for a password
    assert main(["create-owner", "mo@example.org", "--workspace", "Tools"]) == 0
    capsys.readouterr()

    assert main(["import", str(path), "--workspace", "tools"]) == 2
    told = capsys.readouterr().err
    assert "not written in utf-8" in told
    assert "cp1252" in told

    assert main(["import", str(path), "--workspace", "tools", "--encoding", "cp1252"]) == 0
    assert "Imported" in capsys.readouterr().out
