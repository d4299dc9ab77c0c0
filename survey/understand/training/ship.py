"""Write what ships: the tuned layers at half precision, the head, and what is known of them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from survey.understand.book import shipped_book
from survey.understand.embed import PACKAGED_SHA256, file_sha256, open_model, packaged_folder
from survey.understand.second import BUCKETS
from survey.understand.split import split, word_count
from survey.understand.trained import MANIFEST, SHIPPED, WEIGHTS, inner_encoder
from survey.understand.training.second import write_look
from survey.understand.training.targets import label_names, output_names
from survey.understand.training.text import Labelled
from survey.understand.training.tune import Network

VERSION = 1
BACKGROUND = 400
RANK = 96
"""Directions kept of each matrix's difference: 8 MB in all, and as good as all 384 (21 MB)."""


def write_reader(
    network: Network,
    threshold: float,
    calibration: tuple[float, float],
    folder: Path = SHIPPED,
    rank: int = RANK,
) -> None:
    """Write the reader's files, with a second look that adds nothing yet.

    Parameters
    ----------
    network : Network
        As tuned on all authors.
    threshold : float
        The probability from which an output counts, the same for all.
    calibration : tuple of float
        Slope and shift of the log-odds.
    folder : Path
        Where to.
    rank : int
        How many directions of each matrix's difference to keep.
    """
    tensors = {
        name: tensor.detach().to(torch.float16).contiguous()
        for name, tensor in _tuned_tensors(network, rank)
    }
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt", "version": str(VERSION)})
    book = shipped_book()
    manifest = {
        "version": VERSION,
        "sha256": file_sha256(folder / WEIGHTS),
        "second_sha256": "",
        "base_sha256": PACKAGED_SHA256["model.safetensors"],
        "outputs": list(output_names()),
        "definitions": {theme.key: theme.definition_digest for theme in book.themes},
        "thresholds": {name: round(threshold, 3) for name in label_names()},
        "calibration": [round(number, 4) for number in calibration],
    }
    (folder / WEIGHTS).chmod(0o644)
    text = json.dumps(manifest, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    outputs, width = network.head.weight.shape
    nothing = np.zeros(outputs)
    write_look(np.zeros((BUCKETS, outputs)), np.zeros((width, outputs)), nothing, folder)


def write_background(answers: Sequence[Labelled], seed: int, folder: Path = SHIPPED) -> None:
    """Write clauses of many trades for `any_book` to hold other themes against.

    Parameters
    ----------
    answers : sequence of Labelled
        The training text.
    seed : int
        Of the choice.
    folder : Path
        Where to.
    """
    clauses = sorted(
        {
            " ".join(clause.text.split())
            for answer in answers
            for clause in split(answer.text)
            if 4 <= word_count(clause.text) <= 25
        }
    )
    rows = np.random.default_rng(seed).choice(
        len(clauses), size=min(BACKGROUND, len(clauses)), replace=False
    )
    lines = ["# Clauses of the training text; `make book` chooses them."]
    lines += [clauses[row] for row in sorted(rows.tolist())]
    (folder / "background.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _tuned_tensors(network: Network, rank: int) -> list[tuple[str, torch.Tensor]]:
    """Give the head, the tuned vectors, and of each tuned matrix the difference, in two factors."""
    tensors = [("head.weight", network.head.weight), ("head.bias", network.head.bias)]
    folder = str(packaged_folder())
    before = dict(inner_encoder(open_model(folder, torch.float32, offline=True)).named_parameters())
    for name, tensor in network.encoder.named_parameters():
        if not name.startswith("encoder."):
            continue
        if tensor.ndim == 1:
            tensors.append((name, tensor))
            continue
        left, strength, right = torch.linalg.svd(tensor - before[name], full_matrices=False)
        root = strength[:rank].sqrt()
        tensors.append((f"{name}.left", left[:, :rank] * root))
        tensors.append((f"{name}.right", right[:rank] * root[:, None]))
    return tensors
