"""The bundle: everything that the server needs, in one verified directory.

An array folder (`recs_core.data.arrays`) with the id maps, the readers' histories, the served model's state, lists
that are ready for the most active readers, the books' content vectors, the index of the search, counts of readers,
the catalogue as an Arrow file, and in the manifest what they are and how they measured. Its version is a digest of
the manifest, which holds the digest of every file: equal versions are equal bytes. What may differ between two builds
of the same bytes (git revision, dvc.lock, time) is not in it but beside it, in the published copy's
`provenance.json`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

import recs_core.models  # noqa: F401 - registers the models that a bundle may hold
from recs_core.artifacts.meta import (
    SCHEMA_VERSION,
    BundleMeta,
    CohortBounds,
    MetricEstimate,
    NamedModel,
)
from recs_core.artifacts.models import model_spec
from recs_core.artifacts.precomputed import PrecomputeConfig, PrecomputedLists
from recs_core.artifacts.precomputed import precompute as precompute_lists
from recs_core.artifacts.quantise import Storage, dequantise, quantise
from recs_core.artifacts.reading import (
    EVER,
    newest_time,
    reading_arrays,
    reading_counts,
    reading_from_arrays,
)
from recs_core.data.arrays import (
    MANIFEST,
    canonical_json,
    read_arrays,
    read_manifest,
    replacing_folder,
    save_array,
    write_manifest,
)
from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet, csr_from_arrays, csr_to_arrays
from recs_core.errors import ArtifactError, BookverseError, describe
from recs_core.features.content import ContentFeatures
from recs_core.features.indexer import ContentIndexer
from recs_core.features.joined_search import JoinedSearch
from recs_core.features.search_index import SearchConfig, SearchIndex
from recs_core.features.stored_indexer import save_indexer
from recs_core.models.base import Recommender
from recs_core.models.registry import any_model_class, model_config
from recs_core.models.transductive import AnyModel, Transductive

__all__ = [
    "CATALOGUE",
    "CURRENT",
    "INDEXER",
    "SCHEMA_VERSION",
    "Bundle",
    "BundleMeta",
    "CohortBounds",
    "MetricEstimate",
    "NamedModel",
    "bundle_version",
    "open_bundle",
    "read_meta",
    "write_bundle",
]

CATALOGUE = "catalogue.arrow"
CURRENT = "CURRENT"
"""The file in a folder of published bundles that names the version to serve."""
MODEL, PRECOMPUTED, CONTENT, SEARCH, READING = "model.", "precomputed.", "content.", "search.", "reading."
"""What the names of the arrays of the model, the lists, the content vectors, the search and the counts begin with."""
INDEXER = "indexer."
"""What the names of the files of the content indexer begin with."""

NOBODY = PrecomputeConfig()
SEARCH_DEFAULTS = SearchConfig()
COHORT_DEFAULTS = CohortBounds()
NO_LISTS = PrecomputedLists.from_arrays({}, "")


@dataclass(frozen=True)
class Bundle:
    """An opened bundle; its arrays are memory-mapped and read-only.

    Args:
        path: where it lies.
        version: digest of its content, 16 hexadecimal digits.
        meta: what it says of itself.
        users, books: the id maps.
        history: everything known of each reader.
        model: the served model.
        precomputed: lists of the most active readers, equal to what `model` answers to their histories.
        vectors: `float32[n_books, d]`, content vectors of length 1 or 0.
        catalogue: the books, in the order of `books`.
        search: the index of `catalogue`.
        reading: window to `int32[n_books]`, readers of each book in it, see `reading_counts`; "all" is always there.
    """

    path: Path
    version: str
    meta: BundleMeta
    users: IdMap
    books: IdMap
    history: InteractionSet
    model: AnyModel
    precomputed: PrecomputedLists
    vectors: NDArray[np.float32]
    catalogue: Catalogue
    search: SearchIndex | JoinedSearch
    reading: Mapping[str, NDArray[np.int32]]


def write_bundle(
    path: Path,
    *,
    model_name: str,
    model: AnyModel,
    history: InteractionSet,
    features: ContentFeatures,
    catalogue: Catalogue,
    metrics: Sequence[dict[str, Any]],
    source: str,
    seed: int,
    data_digest: str,
    storage: Storage = "float32",
    precompute: PrecomputeConfig = NOBODY,
    search: SearchConfig = SEARCH_DEFAULTS,
    cohorts: CohortBounds = COHORT_DEFAULTS,
    models: Sequence[NamedModel] = (),
    indexer: ContentIndexer | None = None,
    pseudonym_key_id: str | None = None,
) -> str:
    """Write a bundle and return its version.

    Args:
        path: the directory, replaced whole.
        model_name: the served model's key in params.yaml.
        model: the fitted model.
        history: everything known of each reader; readers are counted by its times, where it has any.
        features: of the books of `history`, in their order; their vectors are stored.
        catalogue: the books of `history`, in their order.
        metrics: estimates with the model's name, as `MetricEstimate` has them.
        source: the data source's name.
        seed: the pipeline's seed.
        data_digest: digest of the interactions that were read.
        storage: how the matrices are stored; the metrics are those of float32.
        precompute: for whom lists are made; a transductive model serves lists of its own, so none are made of it.
        search: how the catalogue is searched.
        cohorts: of the readers that `metrics` has.
        models: of the pipeline, in the order of params.yaml; the served one alone where none are given.
        indexer: what made `features`, so that a server can take in books that are new; it takes none without.
        pseudonym_key_id: the key by which the readers of `history` have pseudonyms.

    Raises:
        ArtifactError: the parts are not of the same books, or the model was trained with other users.
    """
    if {catalogue.books.digest, features.books.digest} != {history.books.digest}:
        raise ArtifactError("a bundle's histories, features and catalogue must be of the same books")
    _check_fits(model, history, where="the bundle that is written")
    meta = BundleMeta(
        model_name=model_name,
        model=model_spec(model),
        storage=storage,
        precompute=precompute,
        source=source,
        seed=seed,
        users_digest=history.users.digest,
        books_digest=history.books.digest,
        data_digest=data_digest,
        metrics=tuple(MetricEstimate.model_validate(entry) for entry in metrics),
        cohorts=cohorts,
        models=tuple(models) or (NamedModel(name=model_name, kind=model.kind),),
        search=search,
        indexer=None if indexer is None else indexer.config,
        newest=None if (newest := newest_time(history)) is None else str(newest.astype("datetime64[D]")),
        pseudonym_key_id=pseudonym_key_id,
    )
    stored = quantise(model.state(), storage)
    lists = NO_LISTS
    if isinstance(model, Recommender):
        served = type(model).from_state(model.config, dequantise(stored))
        lists = precompute_lists(served, history, precompute)
    reading = reading_counts(history)
    arrays = {
        "users": history.users.array,
        "books": history.books.array,
        **csr_to_arrays(history.matrix, "history."),
        **{f"{MODEL}{name}": array for name, array in stored.items()},
        **{
            f"{CONTENT}{name}": array
            for name, array in quantise({"vectors": features.vectors}, storage).items()
        },
        **lists.arrays(PRECOMPUTED),
        **SearchIndex.build(catalogue, reading[EVER], search).arrays(SEARCH),
        **reading_arrays(reading, READING),
    }
    with replacing_folder(path) as folder:
        for name, array in arrays.items():
            save_array(folder / f"{name}.npy", array)
        catalogue.save(folder / CATALOGUE)
        if indexer is not None:
            save_indexer(folder, indexer, prefix=INDEXER)
        write_manifest(folder, meta.model_dump(mode="json"))
    return bundle_version(path)


def bundle_version(path: Path) -> str:
    """The version of the bundle at `path`: the first 16 digits of the SHA-256 of its manifest."""
    return hashlib.sha256(canonical_json(read_manifest(path))).hexdigest()[:16]


def read_meta(facts: Mapping[str, Any], *, where: str) -> BundleMeta:
    """What a bundle says of itself.

    Args:
        facts: the "meta" of its manifest.
        where: the bundle, for messages.

    Raises:
        ArtifactError: it is of another schema version, or a fact is wrong.
    """
    # first, for another schema has other keys
    if (schema := facts.get("schema_version")) != SCHEMA_VERSION:
        raise ArtifactError(f"{where} has bundle schema {schema}; this version reads {SCHEMA_VERSION}")
    try:
        return BundleMeta.model_validate(facts)
    except ValidationError as error:
        raise ArtifactError(f"{where}/{MANIFEST}: {describe(error, where='meta')}") from None


def open_bundle(path: Path) -> Bundle:
    """Verify a bundle and open it.

    Raises:
        ArtifactError: it is missing, a file of it is damaged (which is named), it is of another schema version,
            or its parts do not fit together.
    """
    if not path.is_dir():
        raise ArtifactError(f"there is no bundle at {path}; `dvc repro` makes one")
    meta = read_meta(read_manifest(path)["meta"], where=str(path))
    arrays, _ = read_arrays(path)
    try:
        users, books = IdMap(arrays["users"], space="user"), IdMap(arrays["books"], space="book")
        matrix = csr_from_arrays(arrays, n_columns=len(books), prefix="history.")
        config = model_config(meta.model, where=str(path / MANIFEST))
        model = any_model_class(meta.model.kind).from_state(config, dequantise(_beginning(MODEL, arrays)))
        vectors = dequantise(_beginning(CONTENT, arrays))["vectors"]
        history = InteractionSet(users, books, matrix)
        precomputed = PrecomputedLists.from_arrays(arrays, PRECOMPUTED)
        catalogue = Catalogue.load(path / CATALOGUE)
        search = SearchIndex.from_arrays(arrays, SEARCH)
        reading = reading_from_arrays(arrays, READING)
    except (KeyError, ValueError, BookverseError) as error:
        raise ArtifactError(f"{path} does not hold together: {error}") from error
    if (users.digest, books.digest) != (meta.users_digest, meta.books_digest):
        raise ArtifactError(f"{path}: the ids are not those that its manifest names")
    lengths = {len(catalogue), len(vectors), len(search), *map(len, reading.values())}
    if lengths != {len(books)}:
        raise ArtifactError(f"{path}: vectors, catalogue, search, counts and ids are not of the same books")
    _check_fits(model, history, where=str(path))
    version = bundle_version(path)
    return Bundle(
        path=path,
        version=version,
        meta=meta,
        users=users,
        books=books,
        history=history,
        model=model,
        precomputed=precomputed,
        vectors=vectors,
        catalogue=catalogue,
        search=search,
        reading=reading,
    )


def _beginning(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _check_fits(model: AnyModel, history: InteractionSet, *, where: str) -> None:
    if model.n_books != len(history.books):
        raise ArtifactError(
            f"{where}: the model knows {model.n_books} books, the histories have {len(history.books)}"
        )
    if isinstance(model, Transductive) and model.n_users != len(history.users):
        raise ArtifactError(
            f"{where}: the model was trained with {model.n_users} users, the histories have {len(history.users)}"
        )
