"""The tiny bookshop, made once."""

import pytest

from recs_core.artifacts.bundle import Bundle
from recs_core.data.catalogue import Catalogue
from recs_core.data.interactions import InteractionSet
from recs_core.features.content import ContentFeatures
from recs_core.testing.tiny import tiny_bundle, tiny_catalogue, tiny_features, tiny_interactions


@pytest.fixture(scope="session")
def interactions() -> InteractionSet:
    return tiny_interactions()


@pytest.fixture(scope="session")
def catalogue(interactions: InteractionSet) -> Catalogue:
    return tiny_catalogue(interactions.books)


@pytest.fixture(scope="session")
def features(catalogue: Catalogue) -> ContentFeatures:
    return tiny_features(catalogue)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "bundle")
