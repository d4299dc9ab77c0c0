"""The labelled text: enough of it, for every theme, by authors who did not copy."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from survey.errors import EngineError
from survey.understand.book import shipped_book
from survey.understand.training.targets import (
    figures,
    label_known,
    label_names,
    label_targets,
    tone_known,
    tone_targets,
)
from survey.understand.training.text import (
    Labelled,
    label_counts,
    near_copies,
    read_file,
    read_labelled,
    without_copies,
)
from survey.understand.training.train import calibrate, choose_threshold

DEV = Path(__file__).parent / "dev_set.tsv"


def test_there_is_enough_text_for_every_theme() -> None:
    answers = without_copies(read_labelled())
    counts = label_counts(answers)
    assert len(answers) >= 5000
    assert all(counts[key] >= 200 for key in (*shipped_book().keys, "nothing", "other"))
    assert len({answer.trade.lower() for answer in answers}) >= 40
    assert len({answer.author for answer in answers}) >= 5


def test_the_development_set_copies_nothing_of_the_text() -> None:
    dev, text = read_file(DEV), read_labelled()
    assert len(dev) >= 300
    assert not [pair for pair in near_copies([*text, *dev]) if pair[0] >= len(text) > pair[1]]


def test_near_copies_are_found_and_the_later_one_left_out() -> None:
    first = Labelled("a", "shop", "he kept me waiting an hour by the till", {"waiting": "wish"})
    copy = Labelled("b", "bank", "He kept me waiting an hour by the door!", {"waiting": "wish"})
    other = Labelled("b", "bank", "nobody picked up the phone all week", {"reachability": "wish"})
    assert near_copies([first, copy, other]) == [(1, 0)]
    assert without_copies([first, copy, other]) == (first, other)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("waiting-\tshop", "line 1: a line has three fields"),
        ("waiting\tshop\ttext", "line 1: 'waiting' is not a label"),
        ("nothing-\tshop\ttext", "'nothing-' is not a label"),
        ("rudeness-\tshop\ttext", "'rudeness-' is not a label"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.tsv").write_text(line + "\n")
    with pytest.raises(EngineError, match=message):
        read_labelled(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no labelled text"):
        read_labelled(tmp_path)


def test_labels_and_tones_become_targets(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("waiting-,warmth+\tshop\tslow / but kind\nnothing\tbank\tno\n")
    answers = read_labelled(tmp_path)
    names = label_names()
    assert answers[0].text == "slow\nbut kind"
    marked = [{names[k] for k in np.flatnonzero(row)} for row in label_targets(answers)]
    assert marked == [{"waiting", "warmth"}, {"nothing"}]
    assert tone_targets(answers).tolist() == [[1, 1], [0, 0]]


def test_of_a_line_that_tells_its_tone_alone_no_theme_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("any-\tgarage\tYou rushed me\nwarmth+\tvet\tKind man\n")
    answers = read_labelled(tmp_path)
    assert label_known(answers).tolist() == [[0.0] * len(label_names()), [1.0] * len(label_names())]
    assert tone_known(answers).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_figures_are_those_of_the_textbook() -> None:
    targets = np.zeros((4, 21), dtype=np.float32)
    targets[:2, 0] = targets[2, 20] = 1
    decided = np.zeros((4, 21), dtype=bool)
    decided[[0, 3], 0] = decided[2, 20] = True
    reached = figures(targets, decided)
    assert Counter(reached.f1) == {0.0: 19, 0.5: 1, 1.0: 1}
    assert (reached.micro_precision, reached.micro_recall) == (0.5, 0.5)


def test_threshold_and_calibration_follow_the_held_out_text() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(-2, 2, (500, 21)).astype(np.float32)
    targets = (rng.random((500, 21)) < 1 / (1 + np.exp(-2 * logits))).astype(np.float32)
    slope, shift = calibrate(targets, logits)
    assert slope == pytest.approx(2, abs=0.2)
    assert shift == pytest.approx(0, abs=0.2)
    assert 0.2 <= choose_threshold(targets, logits) <= 0.8
