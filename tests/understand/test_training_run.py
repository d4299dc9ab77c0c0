"""`make book` in small: the text goes in, a reader that loads comes out, the same each time."""

from pathlib import Path

import numpy as np
import pytest

from survey.understand.tone import tone_columns
from survey.understand.trained import load_reader, read_manifest
from survey.understand.training import second
from survey.understand.training.second import write_second
from survey.understand.training.ship import write_background, write_reader
from survey.understand.training.text import BRIEF, read_file, read_labelled
from survey.understand.training.train import HELD_OUT, train, train_and_check
from survey.understand.training.tune import Recipe, read_with

pytestmark = pytest.mark.model
TEXTS = ["He never rang back as he had promised.", "nothing", "so kind to my mother"]


def test_a_short_run_ships_a_reader_that_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second, "ROUNDS", 15)
    every = read_labelled()
    held = [one for one in every if one.author in HELD_OUT][:20]
    answers = [*every[:28], *held]
    said: list[str] = []
    brief = read_file(BRIEF / "plain.tsv")[:60]
    beside, threshold, (slope, _) = train_and_check(
        answers, brief[:8], Recipe(epochs=1), said.append
    )
    assert 0.2 <= threshold <= 0.8
    assert np.isfinite(slope)
    networks = [beside, train(answers, brief[:8], Recipe(epochs=1), said.append)]
    first, again = (read_with(network, TEXTS) for network in networks)
    assert (first == again).all()
    assert len(said) == 2

    write_reader(networks[0], 0.5, (1.0, 0.0), tmp_path, rank=384)
    write_background(answers, 0, tmp_path)
    read_manifest.cache_clear()
    shipped = load_reader(tmp_path).logits(TEXTS)
    assert shipped.shape == first.shape
    assert np.abs(shipped - first).max() < 0.1

    write_second(answers, brief, tmp_path)
    once = (tmp_path / "second.safetensors").read_bytes()
    write_second(answers, brief, tmp_path)
    assert (tmp_path / "second.safetensors").read_bytes() == once
    read_manifest.cache_clear()
    reader = load_reader(tmp_path)
    wish, praise = tone_columns(reader.manifest.outputs)
    polite = reader.logits([brief[0].text])[0]
    assert polite[praise] > polite[wish]
    assert len((tmp_path / "background.txt").read_text().splitlines()) > 20
