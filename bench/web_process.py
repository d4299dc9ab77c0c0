"""How heavy the web process is, how soon it serves, and how large a customer's page is.

Run with ``python bench/web_process.py``; prints one line a figure.
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROUNDS = 5
REQUESTS = 300


def main() -> None:
    """Start the web process a few times and print what was measured."""
    with tempfile.TemporaryDirectory(prefix="afterword-bench-") as folder:
        env = os.environ | {"SURVEY_DATA_DIR": folder, "HF_HUB_OFFLINE": "1"}
        subprocess.run([sys.executable, "-m", "survey", "migrate"], env=env, check=True)
        rounds = [_one_round(env) for _ in range(ROUNDS)]
    starts = sorted(start for start, _, _ in rounds)
    print(f"serving after start: median {statistics.median(starts):.2f} s, most {starts[-1]:.2f} s")
    print(f"resident, each process (MiB): {rounds[-1][1]}")
    print(f"torch or numpy mapped: {rounds[-1][2]}")


def _one_round(env: dict[str, str]) -> tuple[float, list[int], bool]:
    port = _free_port()
    began = time.perf_counter()
    web = subprocess.Popen(
        [sys.executable, "-m", "survey", "web", "--port", str(port)],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_until_serving(port)
        took = time.perf_counter() - began
        for number in range(REQUESTS):
            _get(port, ["/sign-in", "/a/unknown", "/static/tokens.css"][number % 3])
        processes = [web.pid, *_children(web.pid)]
        return took, [_resident(pid) for pid in processes], any(map(_engine_mapped, processes))
    finally:
        web.terminate()
        web.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _get(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def _wait_until_serving(port: int) -> None:
    for _ in range(2000):
        try:
            if _get(port, "/sign-in") == 200:
                return
        except OSError:
            time.sleep(0.01)
    raise SystemExit("the web process did not serve within 20 s")


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return round(int(found.group(1)) / 1024) if found else 0


def _engine_mapped(pid: int) -> bool:
    maps = Path(f"/proc/{pid}/maps").read_text()
    return "libtorch" in maps or "numpy" in maps


if __name__ == "__main__":
    main()
