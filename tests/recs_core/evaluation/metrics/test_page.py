from pathlib import Path

from recs_core.evaluation.metrics.page import page

DOCS = Path(__file__).parents[4] / "docs/metrics.md"


def test_the_page_is_that_of_the_registry() -> None:
    assert DOCS.read_text() == page(), "run `python -m recs_core.evaluation.metrics.page > docs/metrics.md`"
