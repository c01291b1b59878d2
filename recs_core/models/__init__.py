"""One file a model. Importing this package registers them all."""

from recs_core.models import (
    als,
    bpr,
    bspm,
    content,
    ease,
    gf_cf,
    hybrid,
    item_knn,
    popularity,
    recbole,
    rp3beta,
    sparse_ease,
    trending,
    turbo_cf,
    user_knn,
)

__all__ = [
    "als",
    "bpr",
    "bspm",
    "content",
    "ease",
    "gf_cf",
    "hybrid",
    "item_knn",
    "popularity",
    "recbole",
    "rp3beta",
    "sparse_ease",
    "trending",
    "turbo_cf",
    "user_knn",
]
