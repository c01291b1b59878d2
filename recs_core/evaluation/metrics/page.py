"""The page of the metrics, made of the registry.

python -m recs_core.evaluation.metrics.page > docs/metrics.md
"""

from __future__ import annotations

import sys

from recs_core.evaluation.metrics import METRICS

INTRODUCTION = """\
# The metrics

This page is made of the registry (`recs_core/evaluation/metrics/`) by
`python -m recs_core.evaluation.metrics.page`; a test holds the two together. What every metric has in common:

- A list is ranked already: a book's rank is its place, whatever its score, so ties are the model's business.
- A user with empty truth has no accuracy and is left out of the mean; one without a hit has 0.
- A list with fewer than k books keeps the denominator k where a metric divides by k. A mean over the listed books is
  one over the books that are there; a list without any has none.
- The value for all is the mean over the users who have one; beside it stands the 95 % interval
  (`recs_core/evaluation/bootstrap.py`): BCa bootstrap over users for means, the jackknife for metrics of all users at
  once.
- A metric is left out where the data does not have what it needs: genres, say.
- For a cohort of users a mean is over its users. For a cohort of books (head, torso, tail) only its books count as
  held out, and only users who have such a book are counted.

Every metric is tested beside an independent one over random lists with ties, short lists and empty truth: ranx for
accuracy, the published formula in plain Python for the rest (`tests/recs_core/evaluation/metrics/oracles.py`).
`python -m benchmarks.metrics` times 12 of them, at 10 and 20 for 50,000 users, beside RecTools, ranx and LensKit:
equal values in less than a thirtieth of the fastest library's time (`benchmarks/results/metrics.json`; other work ran
on the machine).

| metric | value for a user, or for all | better | needs | source |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page, Markdown."""
    rows = []
    for metric in METRICS.values():
        definition = metric.definition if metric.per_user else f"(all users) {metric.definition}"
        needs = ", ".join(metric.needs) or "the lists alone"
        rows.append(f"| `{metric.name}` | {definition} | {metric.better} | {needs} | {metric.source} |\n")
    return INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(page())
