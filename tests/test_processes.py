"""What the web process must never carry, and what it may weigh."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROBE = """
import json, sys
from survey.app import create_app
create_app()
heavy = (
    "torch", "sentence_transformers", "transformers", "sklearn", "numpy", "scipy",
    "cryptography", "phonenumbers",  # of use to few requests, and loaded by those
)
print(json.dumps([name for name in heavy if name in sys.modules]))
"""


def test_the_web_process_never_loads_the_engine(tmp_path: Path, sqlite_url: str) -> None:
    env = os.environ | {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_DATABASE_URL": sqlite_url}
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []
