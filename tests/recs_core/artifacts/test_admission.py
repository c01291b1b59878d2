"""The gate lets in what is no worse, and says with figures why not."""

from __future__ import annotations

import pytest

from recs_core.artifacts.admission import MetricFloor, NotAdmittedError, admit
from recs_core.artifacts.bundle import Bundle
from recs_core.artifacts.meta import BundleMeta, MetricEstimate
from recs_core.errors import ParameterError


@pytest.fixture
def meta(bundle: Bundle) -> BundleMeta:
    return bundle.meta


def measured(
    meta: BundleMeta, mean: float, low: float | None = None, high: float | None = None
) -> BundleMeta:
    estimate = MetricEstimate(
        model=meta.model_name, metric="ndcg", k=10, cohort="all", mean=mean, low=low, high=high, users=60
    )
    return meta.model_copy(update={"metrics": (estimate,)})


def test_the_first_bundle_is_admitted(meta: BundleMeta) -> None:
    assert admit(meta, None) == "the first bundle, compared with none"


def test_what_is_as_good_is_admitted_with_its_figures(meta: BundleMeta) -> None:
    found = admit(measured(meta, 0.18, 0.17, 0.21), measured(meta, 0.2, 0.19, 0.21))
    assert found == "ndcg@10 0.1800 (0.1700 to 0.2100), the serving bundle's 0.2000 (0.1900 to 0.2100)"


def test_below_the_floor_is_refused(meta: BundleMeta) -> None:
    with pytest.raises(
        NotAdmittedError, match=r"0\.1790, the serving .* 0\.2000: below 0\.1800, which is 90%"
    ):
        admit(measured(meta, 0.179), measured(meta, 0.2))


def test_worse_beyond_both_intervals_is_refused_above_the_floor(meta: BundleMeta) -> None:
    serving = measured(meta, 0.2, 0.198, 0.202)
    with pytest.raises(NotAdmittedError, match="worse beyond both intervals"):
        admit(measured(meta, 0.195, 0.193, 0.197), serving)
    assert admit(measured(meta, 0.195, 0.193, 0.198), serving)


def test_another_share_may_be_lost(meta: BundleMeta) -> None:
    assert admit(measured(meta, 0.1), measured(meta, 0.2), MetricFloor(max_drop=0.5))
    with pytest.raises(ParameterError, match="max_drop must be from 0 to 1"):
        MetricFloor(max_drop=1.5)


def test_a_bundle_without_the_metric_is_refused_where_the_served_one_has_it(meta: BundleMeta) -> None:
    bare = meta.model_copy(update={"metrics": ()})
    with pytest.raises(NotAdmittedError, match="has no ndcg@10"):
        admit(bare, measured(meta, 0.2))
    assert "not compared" in admit(measured(meta, 0.2), bare)


def test_of_other_readers_and_lengths_the_estimate_that_is_named_counts(meta: BundleMeta) -> None:
    floor = MetricFloor(metric="recall", k=5, cohort="cold", max_drop=0)
    assert admit(meta, meta, floor).startswith("recall@5 of cold ")


def test_bundles_of_different_sources_are_not_compared(meta: BundleMeta) -> None:
    other = measured(meta, 0.9).model_copy(update={"source": "elsewhere"})
    assert admit(measured(meta, 0.1), other) == "not compared: of tiny, the serving bundle of elsewhere"
