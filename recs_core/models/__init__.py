"""One file a model. Importing this package registers them all."""

from recs_core.models import als, content, hybrid, item_knn, popularity, rp3beta

__all__ = ["als", "content", "hybrid", "item_knn", "popularity", "rp3beta"]
