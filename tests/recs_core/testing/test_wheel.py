from pathlib import Path

from recs_core.data.arrays import file_digest
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.kcore import k_core
from recs_core.data.sources.book_crossing import BookCrossing
from recs_core.testing.wheel import FILENAME, REQUIREMENT, tiny_wheel


def test_the_same_seed_makes_the_same_wheel_and_the_digest_is_its_own(tmp_path: Path) -> None:
    one, two = tiny_wheel(tmp_path / "one" / FILENAME), tiny_wheel(tmp_path / "two" / FILENAME)
    assert one == two == file_digest(tmp_path / "one" / FILENAME)
    assert tiny_wheel(tmp_path / "three" / FILENAME, seed=8) != one


def test_a_core_of_its_ratings_is_left_for_a_pipeline(tmp_path: Path) -> None:
    sha256 = tiny_wheel(tmp_path / FILENAME, n_users=60, n_books=40)
    tables = BookCrossing(REQUIREMENT, FILENAME, sha256).load(tmp_path, Preparation(), say=lambda _: None)
    core = k_core(tables.interactions, per_user=5, per_book=5)
    assert core.to_set().matrix.shape == (60, 40)
    assert core.user_counts.min() >= 10
