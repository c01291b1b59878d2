"""The metrics, one value a user; importing this registers them all, in the order of the reports."""

from recs_core.evaluation.metrics import accuracy, beyond_accuracy, exposure  # noqa: F401 - they register metrics
from recs_core.evaluation.metrics.judged import EvaluationData, Judged
from recs_core.evaluation.metrics.registry import METRICS, Metric

__all__ = ["METRICS", "EvaluationData", "Judged", "Metric"]
