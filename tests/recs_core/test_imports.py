"""What the serving path costs a process that never trains."""

import subprocess
import sys

from recs_core.artifacts.bundle import Bundle

SERVE = """
import sys
from pathlib import Path
import numpy as np
import recs_core.artifacts.bundle, recs_core.serving.recommender

bundle = recs_core.artifacts.bundle.open_bundle(Path(sys.argv[1]))
serving = recs_core.serving.recommender.ServingRecommender(bundle)
for user_id in ("u001", "nobody"):
    answer = serving.recommend(user_id, k=3)
    rows = np.array([book.book_row for book in answer.ranked], dtype=np.int32)
    serving.reasons(answer, rows, first=2)
    bundle.catalogue.records(rows)
serving.discovery.similar(str(bundle.books.array[0]), k=3)
grown = serving.with_newcomers({"new": {"title": "The dragon of the Harbour", "stock": 1, "year": 2026}})
assert grown.discovery.search("harbour", k=1)
grown.recommend("u001", k=3)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
TRAINING = {
    "pandas",
    "sklearn",
    "implicit",
    "torch",
    "recbole",
    "numba",
    "matplotlib",
    "IPython",
    "hypothesis",
    "pytest",
}


def test_serving_a_bundle_imports_nothing_that_only_training_or_tests_need(bundle: Bundle) -> None:
    command = [sys.executable, "-c", SERVE, str(bundle.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & TRAINING == set()
