"""The theme engine's speed and memory beside its rivals, on the same vectors, in the same run.

    python bench/themes.py                       1k, 10k, 100k and 1M clauses
    python bench/themes.py --clauses 1000 10000

The vectors are made up: mixtures of directions, uneven in size as people's themes are, with the
spread that real clauses have. Each measurement runs in a process of its own, so that peaks of
memory do not mix; an engine is warmed up (compiled) on 500 rows before its clock starts. One that
has not ended after `--limit` seconds of wall clock is stopped, and that is said in its place.
Processor time is the better measure where the machine has other work.
How well found themes agree with people is
measured by bench/found_themes.py.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

DIMENSION = 384
RIVALS_AT_MOST = 100_000
TOPICS = 60


def made_up(clauses: int, seed: int = 0) -> NDArray[np.float16]:
    """Make unit rows around uneven directions; cosine within a theme about .45, as in real ones."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((TOPICS, DIMENSION), dtype=np.float32)
    weights = 1 / np.arange(1, TOPICS + 1)
    rows = np.empty((clauses, DIMENSION), dtype=np.float16)
    for start in range(0, clauses, 65536):
        count = min(65536, clauses - start)
        theme = chance.choice(TOPICS, count, p=weights / weights.sum())
        noise = chance.standard_normal((count, DIMENSION), dtype=np.float32)
        block = centres[theme] + 1.1 * noise
        block /= np.linalg.norm(block, axis=1, keepdims=True)
        rows[start : start + count] = block
    return rows


def ours(vectors: NDArray[np.float16]) -> int:
    """Find themes, and let every clause join."""
    from survey.understand.discover import find_groups

    return find_groups(vectors, themes=24).count


def umap_hdbscan(vectors: NDArray[np.float16]) -> int:
    """Do what BERTopic does between vectors and words, with its defaults."""
    import hdbscan
    import umap

    reduced = umap.UMAP(
        n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", low_memory=False
    ).fit_transform(vectors.astype(np.float32))
    labels = hdbscan.HDBSCAN(min_cluster_size=10, prediction_data=True).fit_predict(reduced)
    return int(labels.max()) + 1


def bertopic(vectors: NDArray[np.float16]) -> int:
    """Run BERTopic with its defaults on ready vectors and stand-in texts."""
    from bertopic import BERTopic

    texts = [f"clause {row % 997} about {row % 89}" for row in range(len(vectors))]
    topics, _ = BERTopic(calculate_probabilities=False).fit_transform(
        texts, vectors.astype(np.float32)
    )
    return len(set(topics) - {-1})


ENGINES: dict[str, Callable[[NDArray[np.float16]], int]] = {
    "ours": ours,
    "umap+hdbscan": umap_hdbscan,
    "bertopic": bertopic,
}


def measure(engine: str, clauses: int) -> None:
    """Measure one engine at one size, and print it as JSON."""
    run = ENGINES[engine]
    run(made_up(500, seed=1))
    vectors = made_up(clauses)
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    themes = run(vectors)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "engine": engine,
                "clauses": clauses,
                "themes": themes,
                "seconds": round(seconds, 2),
                "cpu_seconds": round(_spent(after) - _spent(before), 2),
                "peak_mb": after.ru_maxrss // 1024,
            }
        )
    )


def _spent(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def assign_one() -> dict[str, float]:
    """Measure how long one new answer takes to join, once its vector is there."""
    from survey.understand.blocks import unit
    from survey.understand.embed import stored
    from survey.understand.found import FoundTheme, Places

    rows = stored(unit(made_up(3000).astype(np.float32)))
    places = Places(
        [FoundTheme(str(n), "", rows[n], rows[60 + 3 * n : 63 + 3 * n], 0.3) for n in range(60)]
    )
    times = []
    for row in range(2000):
        started = time.perf_counter()
        places.join(rows[row : row + 1])
        times.append(time.perf_counter() - started)
    low, high = np.percentile(times, [50, 99])
    return {"median_ms": round(float(low) * 1000, 3), "p99_ms": round(float(high) * 1000, 3)}


def in_own_process(engine: str, clauses: int, limit: float) -> dict[str, object]:
    """Run one measurement in a fresh process; whatever becomes of it, say so."""
    which: dict[str, object] = {"engine": engine, "clauses": clauses}
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", __file__, "--measure", engine, str(clauses)],
            capture_output=True,
            text=True,
            check=False,
            timeout=limit,
            env={**os.environ, "TOKENIZERS_PARALLELISM": "false"},
        )
    except subprocess.TimeoutExpired:
        return which | {"stopped": f"no end within {limit:.0f} seconds"}
    told = [line for line in done.stdout.splitlines() if line.startswith('{"engine"')]
    if done.returncode or not told:
        reason = done.stderr.strip()[-200:] or "no output"
        return which | {"failed": f"exit {done.returncode}: {reason}"}
    result: dict[str, object] = json.loads(told[-1])
    return result


def main() -> None:
    """Print one line a measurement, then what one new answer costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clauses", type=int, nargs="+", default=[1_000, 10_000, 100_000, 10**6])
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--limit", type=float, default=600, metavar="SECONDS")
    parser.add_argument("--measure", nargs=2, metavar=("ENGINE", "CLAUSES"))
    given = parser.parse_args()
    if given.measure:
        measure(given.measure[0], int(given.measure[1]))
        return
    for clauses in given.clauses:
        for engine in given.engines:
            if engine == "ours" or clauses <= RIVALS_AT_MOST:
                print(json.dumps(in_own_process(engine, clauses, given.limit)), flush=True)
    print(json.dumps({"one new answer": assign_one()}), flush=True)


if __name__ == "__main__":
    main()
