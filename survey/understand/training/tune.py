"""Tune the sentence model end to end on labelled answers.

All six layers learn, the lower ones more slowly; the word embeddings stay as they are, so that
rare words keep their place. The head reads the mean of the token vectors and gives, for each
label, its log-odds; two more outputs tell whether a wish and whether praise is in the answer.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from survey.understand.embed import open_model, packaged_folder
from survey.understand.split import plain
from survey.understand.trained import TOKENS, inner_encoder

FIRST_MASKABLE = 200
"""Token numbers below this are marks of the tokeniser, not words."""


@dataclass(frozen=True)
class Recipe:
    """What was found to serve best; see docs/decisions."""

    epochs: int = 7
    batch: int = 16
    rate: float = 3e-4
    head_rate: float = 3e-3
    layer_decay: float = 0.85
    weight_decay: float = 0.01
    masked: float = 0.1
    tone_weight: float = 1.0
    brief_counts: float = 1.5
    warm_up: float = 0.1
    seed: int = 0


class Network(nn.Module):
    """The packaged encoder with a head of `outputs` log-odds."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        model = open_model(str(packaged_folder()), torch.float32, offline=True)
        self.tokenizer = model.tokenizer
        self.encoder = inner_encoder(model)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(int(model.get_embedding_dimension() or 0), outputs)
        nn.init.constant_(self.head.bias, -3.0)
        for parameter in self.encoder.get_submodule("embeddings").parameters():
            parameter.requires_grad = False

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Give the log-odds of a padded batch, shape (n, outputs)."""
        hidden = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
        weights = mask[..., None].float()
        mean = (hidden * weights).sum(1) / weights.sum(1)
        result: Tensor = self.head(self.drop(mean))
        return result.float()

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Turn texts into token numbers as the reader will."""
        cleaned = [plain(text) for text in texts]
        tokenizer: Any = self.tokenizer
        rows: list[list[int]] = tokenizer(cleaned, truncation=True, max_length=TOKENS)["input_ids"]
        return rows


def tune(
    texts: Sequence[str],
    targets: NDArray[np.float32],
    weights: NDArray[np.float32],
    recipe: Recipe,
    say: Callable[[str], None],
) -> Network:
    """Train a network.

    Parameters
    ----------
    texts : sequence of str
        Answers.
    targets : ndarray of float32, shape (n, outputs)
        1 where the output should fire.
    weights : ndarray of float32, shape (n, outputs)
        How much each target counts; 0 where it is not known.
    recipe : Recipe
        How to train; its seed decides all that is random.
    say : callable
        Is told of each epoch.

    Returns
    -------
    Network
        Ready to read, not to train on.
    """
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(recipe.seed)
    network = Network(targets.shape[1])
    tokens = network.tokenise(texts)
    optimiser = torch.optim.AdamW(_groups(network, recipe), weight_decay=recipe.weight_decay)
    steps = recipe.epochs * math.ceil(len(texts) / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: _pace(step, steps, recipe.warm_up)
    )
    for epoch in range(recipe.epochs):
        network.train()
        total, count = 0.0, 0
        for rows in _batches(tokens, recipe.batch, rng):
            ids, mask = _padded([tokens[row] for row in rows])
            loss = _loss(network, _masked(ids, recipe.masked), mask, targets[rows], weights[rows])
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total, count = total + float(loss.detach()), count + 1
        say(f"epoch {epoch + 1} of {recipe.epochs}: loss {total / count:.3f}")
    return network.eval()


def read_with(network: Network, texts: Sequence[str]) -> NDArray[np.float32]:
    """Give the log-odds of texts, shape (n, outputs), without training."""
    tokens = network.tokenise(texts)
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
    result: NDArray[np.float32] | None = None
    for rows in _chunks(order, 32):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(*_padded([tokens[row] for row in rows])).numpy()
        if result is None:
            result = np.zeros((len(texts), logits.shape[1]), dtype=np.float32)
        result[rows] = logits
    assert result is not None
    return result


def _loss(
    network: Network,
    ids: Tensor,
    mask: Tensor,
    targets: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(ids, mask)
    each = functional.binary_cross_entropy_with_logits(
        logits, torch.from_numpy(targets), weight=torch.from_numpy(weights), reduction="none"
    )
    return each.sum(1).mean()


def _groups(network: Network, recipe: Recipe) -> list[dict[str, object]]:
    """Give each layer its own rate: the nearer to the words, the slower."""
    layers = list(network.encoder.get_submodule("encoder.layer").children())
    groups: list[dict[str, object]] = [
        {"params": list(network.head.parameters()), "lr": recipe.head_rate}
    ]
    for depth, layer in enumerate(reversed(layers)):
        rate = recipe.rate * recipe.layer_decay**depth
        groups.append({"params": list(layer.parameters()), "lr": rate})
    return groups


def _pace(step: int, steps: int, warm_up: float) -> float:
    """Rise over the warm-up, then fall in a straight line to nothing."""
    rise = max(warm_up * steps, 1.0)
    return min((step + 1) / rise, max(0.0, (steps - step) / max(steps - rise, 1.0)))


def _batches(
    tokens: Sequence[list[int]], size: int, rng: np.random.Generator
) -> Iterator[list[int]]:
    """Shuffle, then group texts of like length within stretches of twenty batches."""
    order = rng.permutation(len(tokens)).tolist()
    stretches = [
        sorted(part, key=lambda row: len(tokens[row])) for part in _chunks(order, 20 * size)
    ]
    batches = [part for stretch in stretches for part in _chunks(stretch, size)]
    for place in rng.permutation(len(batches)).tolist():
        yield batches[place]


def _chunks(rows: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _padded(rows: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    length = max(map(len, rows))
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    mask = torch.zeros(len(rows), length, dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    return ids, mask


def _masked(ids: Tensor, share: float) -> Tensor:
    """Hide some words, so that no single one decides."""
    hidden = (torch.rand(ids.shape) < share) & (ids > FIRST_MASKABLE)
    return torch.where(hidden, torch.tensor(103), ids)
