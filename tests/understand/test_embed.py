"""Vectors: unit, finite, and of the text alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from survey.errors import EngineError
from survey.understand import embed
from survey.understand.embed import (
    PACKAGED_SHA256,
    Embedder,
    load_embedder,
    packaged_folder,
    stored,
    verify_files,
)
from survey.understand.trained import load_reader

TEXTS = ["He never rang back.", "ok", "The bill was twice the quote, and nobody said why. " * 8]
pytestmark = pytest.mark.model


def test_vectors_have_unit_length(embedder: Embedder) -> None:
    vectors = embedder.encode(TEXTS)
    assert vectors.shape == (3, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("blank", ["", "  \n", "<br>", "<p></p>"])
def test_a_blank_text_gives_a_zero_row(embedder: Embedder, blank: str) -> None:
    assert not embedder.encode([blank, "words"])[0].any()


def test_absurd_texts_give_finite_vectors(embedder: Embedder) -> None:
    texts = ["😀" * 50, "\0\0", "word " * 100_000, "<b>bold</b>", "等太久", "x" * 50_000]
    vectors = embedder.encode(texts)
    assert np.isfinite(vectors).all()


def test_no_text_gives_no_row(embedder: Embedder) -> None:
    assert embedder.encode([]).shape == (0, embedder.dimension)


def test_a_vector_depends_on_its_text_alone(embedder: Embedder) -> None:
    together = embedder.encode([*TEXTS, *(f"another answer, number {n}" for n in range(70))])
    alone = np.vstack([embedder.encode([text]) for text in TEXTS])
    assert (together[:3] == alone).all()


def test_threads_change_no_bit(embedder: Embedder) -> None:
    texts = [f"The man came {n} times and it still {'drips' * (n % 7)}" for n in range(90)]
    assert (load_embedder(threads=1).encode(texts) == load_embedder(threads=2).encode(texts)).all()


def test_the_model_is_opened_once_for_embedder_and_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    really_open = embed.open_model

    def counting(source: str, dtype: torch.dtype, *, offline: bool) -> SentenceTransformer:
        opened.append(source)
        return really_open(source, dtype, offline=offline)

    monkeypatch.setattr(embed, "open_model", counting)
    embed.fastest_model.cache_clear()
    before = load_embedder().encode(TEXTS)
    load_reader()
    assert (load_embedder().encode(TEXTS) == before).all()
    assert opened == [str(packaged_folder())]


def test_like_texts_lie_closer(embedder: Embedder) -> None:
    late, later, price = embedder.encode(
        ["The plumber came two hours late", "I waited ages for the plumber", "It cost too much"]
    )
    assert late @ later > late @ price


def test_the_stored_form_is_half_precision(embedder: Embedder) -> None:
    vectors = stored(embedder.encode(TEXTS))
    assert vectors.dtype == np.float16
    assert (stored(vectors) == vectors).all()


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineError, match=r"^config\.json .*wrong sha256"):
        verify_files(tmp_path, {"config.json": PACKAGED_SHA256["config.json"]})
    with pytest.raises(EngineError, match=r"lacks tokenizer\.json"):
        verify_files(tmp_path, {"tokenizer.json": "0"})


def test_the_packaged_files_are_as_measured() -> None:
    verify_files(packaged_folder(), PACKAGED_SHA256)


def test_a_model_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="could not be loaded"):
        load_embedder(str(tmp_path / "none"))
