"""The shipped reader: the sentence model, tuned on our own labelled answers, with its head.

It serves the shipped book's themes, 'nothing more was needed', and the tone. Found themes and
other books keep the untuned vectors: a tuned encoder reads nothing else better.

What ships is how the encoder's layers differ from the packaged model's: for each matrix the
strongest directions of the difference, at half precision; and the head. The weights are derived
from all-MiniLM-L6-v2 (Apache-2.0, see shipped/NOTICE).
"""

import copy
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from survey.errors import EngineError
from survey.understand.book import Book
from survey.understand.embed import (
    PACKAGED_SHA256,
    READ_AT_MOST,
    cores,
    fastest_model,
    packaged_folder,
    run_in_batches,
    verify_files,
)
from survey.understand.second import added_by_words, share_for
from survey.understand.split import plain, word_count
from survey.understand.tails import without_tail

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

SHIPPED = Path(__file__).parent / "shipped"
MANIFEST = "reader.json"
WEIGHTS = "reader.safetensors"
SECOND = "second.safetensors"
NOTHING = "nothing"
TONES = ("wish", "praise")
TOKENS = 192
"""The tuned model was trained on, and reads, this many tokens of a text."""


@dataclass(frozen=True)
class Manifest:
    """What is known of the shipped weights.

    `outputs` are the head's columns; `thresholds` and the two numbers of `calibration` (slope
    and shift of the log-odds) were chosen by author-wise cross-validation on the training text.
    """

    version: int
    sha256: str
    second_sha256: str
    base_sha256: str
    outputs: tuple[str, ...]
    definitions: Mapping[str, str]
    thresholds: Mapping[str, float]
    calibration: tuple[float, float]

    @property
    def digest(self) -> str:
        """Name both files of weights."""
        return f"{self.sha256[:16]}-{self.second_sha256[:16]}"


@dataclass(frozen=True)
class Reader:
    """The tuned encoder, its head, and the second look: `added`, `shift` and `words`."""

    manifest: Manifest
    model: "SentenceTransformer"
    weight: "torch.Tensor"
    bias: "torch.Tensor"
    added: "torch.Tensor"
    shift: "torch.Tensor"
    words: NDArray[np.float32]
    threads: int

    def logits(
        self, texts: Sequence[str], answers: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """Read texts.

        Parameters
        ----------
        texts : sequence of str
            Answers or clauses, in the languages of the packaged model.
        answers : sequence of str, optional
            The answer that each text stands in; its length says how much the second look
            counts. Each text by itself if left out.

        Returns
        -------
        ndarray of float32, shape (len(texts), len(manifest.outputs))
            Log-odds of each output; -30 throughout for a text without a visible character.
        """
        cleaned = [plain(without_tail(text[:READ_AT_MOST])) for text in texts]
        rows = {text: row for row, text in enumerate(dict.fromkeys(filter(None, cleaned)))}
        width = len(self.manifest.outputs)
        first = np.full((len(rows) + 1, width), -30, dtype=np.float32)
        added = np.zeros((len(rows) + 1, width))
        if rows:
            heard = run_in_batches(self.model, list(rows), self.threads, self._head)
            first[:-1] = heard[:, :width]
            added[:-1] = heard[:, width:] + added_by_words(list(rows), self.words)
        places = [rows.get(text, len(rows)) for text in cleaned]
        counted = np.ones((len(texts), width))
        lengths = [word_count(text[:READ_AT_MOST]) for text in answers or texts]
        themes = [place for place, name in enumerate(self.manifest.outputs) if name not in TONES]
        counted[:, themes] = share_for(np.array(lengths, dtype=np.int64))[:, None]
        return np.asarray(first[places] + counted * added[places], dtype=np.float32)

    def serves(self, book: Book) -> dict[int, int]:
        """Tell which themes of a book were trained as they stand there.

        Parameters
        ----------
        book : Book
            Any book.

        Returns
        -------
        dict of int to int
            The theme's place in the book, and its column of `logits`.
        """
        return {
            place: self.manifest.outputs.index(theme.key)
            for place, theme in enumerate(book.themes)
            if self.manifest.definitions.get(theme.key) == theme.definition_digest
        }

    def _head(self, vectors: "torch.Tensor") -> "torch.Tensor":
        """Give the head's log-odds, and beside them what the second look adds."""
        import torch

        lengths = vectors.norm(dim=1, keepdim=True).clamp_min(1e-9)
        added = vectors / lengths @ self.added + self.shift
        return torch.cat([vectors @ self.weight + self.bias, added], dim=1)


def load_reader(folder: Path = SHIPPED, *, threads: int | None = None) -> Reader:
    """Load the shipped reader, checked by digest.

    Parameters
    ----------
    folder : Path
        Holds reader.json and reader.safetensors.
    threads : int, optional
        As for `load_embedder`.

    Returns
    -------
    Reader
        Ready to read.

    Raises
    ------
    EngineError
        If a file is missing or not the one it should be.
    """
    manifest = read_manifest(folder)
    verify_files(folder, {WEIGHTS: manifest.sha256, SECOND: manifest.second_sha256})
    verify_files(packaged_folder(), PACKAGED_SHA256)
    if manifest.base_sha256 != PACKAGED_SHA256["model.safetensors"]:
        raise EngineError(
            f"{folder / WEIGHTS} was trained on another sentence model: run `make book` again."
        )
    return _opened(manifest, folder, threads or cores())


def _opened(manifest: Manifest, folder: Path, threads: int) -> Reader:
    from safetensors.torch import load_file

    model, tensors = tuned_model(folder / WEIGHTS)
    second = load_file(folder / SECOND)
    return Reader(
        manifest=manifest,
        model=model,
        weight=tensors["head.weight"].float().T.contiguous(),
        bias=tensors["head.bias"].float(),
        added=second["vector"].float(),
        shift=second["bias"].float(),
        words=second["words"].float().numpy(),
        threads=threads,
    )


@functools.cache
def read_manifest(folder: Path = SHIPPED) -> Manifest:
    """Read what is known of the shipped weights, without loading them.

    Parameters
    ----------
    folder : Path
        Holds reader.json.

    Returns
    -------
    Manifest
        As written by `make book`.

    Raises
    ------
    EngineError
        If it cannot be read.
    """
    path = folder / MANIFEST
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            version=raw["version"],
            sha256=raw["sha256"],
            second_sha256=raw["second_sha256"],
            base_sha256=raw["base_sha256"],
            outputs=tuple(raw["outputs"]),
            definitions=raw["definitions"],
            thresholds=raw["thresholds"],
            calibration=(raw["calibration"][0], raw["calibration"][1]),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise EngineError(
            f"{path} cannot be read ({type(error).__name__}): run `make install` again."
        ) from error


def inner_encoder(model: "SentenceTransformer") -> "torch.nn.Module":
    """Give the transformer inside a sentence model, whose layers are tuned."""
    encoder: torch.nn.Module = model[0].get_submodule("auto_model")
    return encoder


def tuned_model(weights: Path) -> tuple["SentenceTransformer", dict[str, "torch.Tensor"]]:
    """Copy the packaged model and put the tuned layers in place of its own.

    Parameters
    ----------
    weights : Path
        The file of tuned layers.

    Returns
    -------
    SentenceTransformer
        Gives mean-pooled vectors of their own length.
    dict of str to torch.Tensor
        All that the file holds, the head among it.
    """
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file

    folder = packaged_folder()
    tensors = load_file(weights)
    model, dtype = fastest_model(str(folder))
    model = copy.deepcopy(model)
    del model[len(model) - 1]  # the head reads mean-pooled vectors of their own length
    model.max_seq_length = TOKENS
    own = dict(inner_encoder(model).named_parameters())
    with torch.no_grad(), safe_open(folder / "model.safetensors", framework="pt") as packaged:
        for name, tensor in tensors.items():
            if name.endswith(".left"):
                matrix = name.removesuffix(".left")
                change = tensor.float() @ tensors[f"{matrix}.right"].float()
                own[matrix].copy_((packaged.get_tensor(matrix).float() + change).to(dtype))
            elif name in own:
                own[name].copy_(tensor)
    return model, tensors
