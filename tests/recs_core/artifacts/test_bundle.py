import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recs_core.artifacts.bundle import (
    CATALOGUE,
    SCHEMA_VERSION,
    Bundle,
    CohortBounds,
    NamedModel,
    bundle_version,
    open_bundle,
    write_bundle,
)
from recs_core.data.arrays import MANIFEST, canonical_json, save_array, write_manifest
from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionSet
from recs_core.errors import ArtifactError
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Recommender
from recs_core.models.registry import MODELS, ModelSpec, build_model
from recs_core.testing.blocks import block_interactions
from recs_core.testing.model_case import dated
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture
def copy(bundle: Bundle, tmp_path: Path) -> Path:
    """A bundle that a test may damage."""
    return Path(shutil.copytree(bundle.path, tmp_path / "copy"))


def change_meta(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((path / MANIFEST).read_bytes())
    change(manifest["meta"])
    (path / MANIFEST).write_bytes(canonical_json(manifest))


def change_files(path: Path, change: Callable[[Path], object]) -> None:
    """Change files and describe them anew, as whoever builds a wrong bundle would: the digests fit."""
    meta = json.loads((path / MANIFEST).read_bytes())["meta"]
    (path / MANIFEST).unlink()
    change(path)
    write_manifest(path, meta)


def file_names(bundle: Bundle) -> list[str]:
    return sorted(json.loads((bundle.path / MANIFEST).read_bytes())["files"])


def test_what_was_written_is_opened(
    bundle: Bundle, interactions: InteractionSet, catalogue: Catalogue
) -> None:
    assert (bundle.users, bundle.books) == (interactions.users, interactions.books)
    assert np.array_equal(bundle.history.matrix.toarray(), interactions.matrix.toarray())
    assert bundle.catalogue.table.equals(catalogue.table)
    assert (bundle.meta.model_name, bundle.meta.model.kind, bundle.meta.source) == (
        "hybrid",
        "hybrid",
        "tiny",
    )
    assert {(metric.model, metric.k) for metric in bundle.meta.metrics} == {("hybrid", 5), ("hybrid", 10)}
    assert bundle.meta.cohorts == CohortBounds(cold_below=5, heavy_from=10)
    assert bundle.meta.models == (NamedModel(name="hybrid", kind="hybrid"),)
    assert bundle.search.search("dragon shadow", k=1)[0].tolist() == [1]
    assert {name: counts.tolist() for name, counts in bundle.reading.items()} == {
        "all": interactions.book_counts.tolist()
    }
    assert bundle.meta.newest is None


def test_where_there_are_times_the_day_of_the_newest_and_counts_of_windows_are_kept(
    interactions: InteractionSet, catalogue: Catalogue, features: ContentFeatures, tmp_path: Path
) -> None:
    history = dated(interactions)
    assert history.times is not None
    names = ["popularity", "als", "hybrid"]
    write_bundle(
        tmp_path / "bundle",
        model_name="popularity",
        model=build_model(ModelSpec(kind="popularity"), where="").fit(
            history, None, rng=np.random.default_rng(7)
        ),
        history=history,
        features=features,
        catalogue=catalogue,
        metrics=[],
        source="tiny",
        seed=7,
        data_digest="0",
        models=[NamedModel(name=name, kind=name) for name in names],
    )
    bundle = open_bundle(tmp_path / "bundle")
    assert bundle.meta.newest == str(history.times.max())[:10]
    assert list(bundle.reading) == ["day", "week", "month", "year", "all"]
    # one interaction every seven minutes
    assert int(bundle.reading["day"].sum()) == 24 * 60 // 7 + 1
    assert bundle.reading["all"].tolist() == interactions.book_counts.tolist()
    assert [model.name for model in bundle.meta.models] == names


@pytest.mark.parametrize("kind", sorted(set(MODELS) - {"hybrid", "als", "item_knn", "rp3beta"}))
def test_a_bundle_may_hold_a_model_of_another_kind(
    kind: str, interactions: InteractionSet, catalogue: Catalogue, features: ContentFeatures, tmp_path: Path
) -> None:
    model = build_model(ModelSpec(kind=kind), where=kind)
    model.fit(dated(interactions), features, rng=np.random.default_rng(7))
    write_bundle(
        tmp_path / "bundle",
        model_name=kind,
        model=model,
        history=interactions,
        features=features,
        catalogue=catalogue,
        metrics=[],
        source="tiny",
        seed=7,
        data_digest="0",
    )
    opened = open_bundle(tmp_path / "bundle").model
    assert isinstance(opened, Recommender)
    assert np.array_equal(opened.score(interactions.matrix), model.score(interactions.matrix))


def test_an_opened_bundle_is_mapped_not_copied(bundle: Bundle) -> None:
    search, reading = bundle.search.arrays("").values(), bundle.reading.values()
    matrix = bundle.history.matrix
    for array in (*bundle.model.state().values(), matrix.indices, matrix.data, *search, *reading):
        assert not array.flags.writeable


def test_the_same_inputs_make_the_same_bytes_and_version(bundle: Bundle, tmp_path: Path) -> None:
    again = tiny_bundle(tmp_path / "again")
    assert again.version == bundle.version
    assert sorted(file.name for file in again.path.iterdir()) == sorted([*file_names(bundle), MANIFEST])
    for file in again.path.iterdir():
        assert file.read_bytes() == (bundle.path / file.name).read_bytes(), file.name


def test_another_seed_makes_another_version(bundle: Bundle, tmp_path: Path) -> None:
    assert tiny_bundle(tmp_path / "other", seed=8).version != bundle.version


def test_the_version_depends_on_every_file_and_fact(bundle: Bundle, copy: Path) -> None:
    assert bundle_version(copy) == bundle.version
    change_meta(copy, lambda meta: meta.update(source="elsewhere"))
    assert bundle_version(copy) != bundle.version
    change_meta(copy, lambda meta: meta.update(source="tiny"))
    assert bundle_version(copy) == bundle.version
    change_files(copy, lambda path: (path / CATALOGUE).write_bytes(b"other"))
    assert bundle_version(copy) != bundle.version


def test_one_flipped_bit_in_any_file_is_found_and_the_file_named(bundle: Bundle, copy: Path) -> None:
    names = file_names(bundle)
    assert CATALOGUE in names
    for name in names:
        whole = (copy / name).read_bytes()
        middle = len(whole) // 2
        (copy / name).write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        with pytest.raises(ArtifactError, match=rf"/{name} is damaged"):
            open_bundle(copy)
        (copy / name).write_bytes(whole)
    assert open_bundle(copy).version == bundle.version


def test_no_bundle_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"there is no bundle at .*nowhere; `dvc repro` makes one"):
        open_bundle(tmp_path / "nowhere")


def test_a_bundle_of_the_schema_before_is_refused_with_both_numbers(copy: Path) -> None:
    def as_before(meta: dict[str, Any]) -> None:
        meta["schema_version"] = SCHEMA_VERSION - 1
        for name in ("cohorts", "models", "search", "newest"):
            del meta[name]

    change_meta(copy, as_before)
    with pytest.raises(ArtifactError, match=rf"has bundle schema {SCHEMA_VERSION - 1}; .* {SCHEMA_VERSION}$"):
        open_bundle(copy)


def test_another_schema_version_is_refused_before_its_keys_are_read(copy: Path) -> None:
    change_meta(copy, lambda meta: meta.update(schema_version=SCHEMA_VERSION + 1, key_of_the_future=1))
    with pytest.raises(ArtifactError, match=rf"has bundle schema {SCHEMA_VERSION + 1}; .* {SCHEMA_VERSION}$"):
        open_bundle(copy)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda meta: meta.update(no_such_key=1), r"meta\.no_such_key"),
        (lambda meta: meta.pop("seed"), r"meta\.seed"),
        (lambda meta: meta["metrics"][0].update(mean="high"), r"meta\.metrics\.0\.mean"),
        (lambda meta: meta["model"].update(knid="als"), r"meta\.model\.knid"),
    ],
)
def test_an_unknown_missing_or_wrong_fact_is_named(
    copy: Path, change: Callable[[dict[str, Any]], object], named: str
) -> None:
    change_meta(copy, change)
    with pytest.raises(ArtifactError, match=named):
        open_bundle(copy)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda meta: meta["model"].update(kind="oracle"), "no model kind 'oracle'"),
        (lambda meta: meta["model"]["config"].update(no_such_key=1), r"config\.no_such_key"),
        (lambda meta: meta.update(model={"kind": "content", "config": {}}), "does not hold together"),
        (lambda meta: meta.update(books_digest="0" * 64), "the ids are not those"),
        (lambda meta: meta.update(users_digest="0" * 64), "the ids are not those"),
    ],
)
def test_facts_that_do_not_fit_the_files_are_refused(
    copy: Path, change: Callable[[dict[str, Any]], object], named: str
) -> None:
    change_meta(copy, change)
    with pytest.raises(ArtifactError, match=named):
        open_bundle(copy)


def fewer_users(path: Path) -> None:
    users = np.load(path / "users.npy")
    save_array(path / "users.npy", users[:-1])


def shorter_catalogue(path: Path) -> None:
    catalogue = Catalogue.load(path / CATALOGUE)
    Catalogue(catalogue.table.slice(0, 9)).save(path / CATALOGUE)


def other_columns(path: Path) -> None:
    (path / CATALOGUE).write_bytes(b"no arrow")


def unsorted_books(path: Path) -> None:
    save_array(path / "books.npy", np.load(path / "books.npy")[::-1])


def no_history(path: Path) -> None:
    (path / "history.data.npy").unlink()


def no_counts(path: Path) -> None:
    (path / "reading.all.npy").unlink()


def counts_of_other_books(path: Path) -> None:
    save_array(path / "reading.all.npy", np.zeros(9, dtype=np.int32))


def no_search(path: Path) -> None:
    (path / "search.terms.npy").unlink()


def search_of_other_books(path: Path) -> None:
    save_array(path / "search.prior.npy", np.zeros(9, dtype=np.float32))


@pytest.mark.parametrize(
    "change",
    [
        fewer_users,
        shorter_catalogue,
        other_columns,
        unsorted_books,
        no_history,
        no_counts,
        counts_of_other_books,
        no_search,
        search_of_other_books,
    ],
)
def test_parts_that_do_not_fit_together_are_refused(copy: Path, change: Callable[[Path], None]) -> None:
    change_files(copy, change)
    with pytest.raises(ArtifactError, match=r"does not hold together|not of the same books|the model knows"):
        open_bundle(copy)


def test_parts_of_other_books_are_not_written(
    bundle: Bundle, features: ContentFeatures, tmp_path: Path
) -> None:
    other = build_model(ModelSpec(kind="popularity"), where="popularity")
    few = IdMap(bundle.books.array[:9], space="book")
    of_few = InteractionSet(bundle.users, few, bundle.history.matrix[:, :9])
    parts = {
        "model": bundle.model,
        "history": bundle.history,
        "features": features,
        "catalogue": bundle.catalogue,
    }
    for wrong in (
        {"model": other.fit(of_few, None, rng=np.random.default_rng(7))},
        {"history": block_interactions()},
        {"features": ContentFeatures(few, features.vectors[:9])},
        {"catalogue": bundle.catalogue.select(few)},
    ):
        with pytest.raises(ArtifactError, match=r"must be of the same books|the model knows 9 books"):
            write_bundle(
                tmp_path / "bundle",
                **(parts | wrong),
                model_name="hybrid",
                metrics=[],
                source="tiny",
                seed=7,
                data_digest="0",
            )
    assert list(tmp_path.iterdir()) == []
