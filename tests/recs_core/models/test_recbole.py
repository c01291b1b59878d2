import os
import random
import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml

from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK
from recs_core.errors import DataError, ParameterError
from recs_core.evaluation.judge import ValidationJudge
from recs_core.models.recbole import RecBoleConfig, RecBoleLists, RecBoleListsConfig, RecBoleVectors
from recs_core.models.recbole_names import GENERAL, REFUSED, SEQUENTIAL
from recs_core.models.registry import ModelSpec, build_any_model
from recs_core.testing.blocks import SIZE, block_interactions
from recs_core.testing.tiny import tiny_interactions

SHORT = {"MAX_ITEM_LIST_LENGTH": 5, "hidden_size": 16, "learning_rate": 0.02}
EXAMPLES = {
    "BPR": {"embedding_size": 8, "learning_rate": 0.1},
    "ItemKNN": {},
    "LightGCN": {"embedding_size": 8, "learning_rate": 0.1},
    "MultiVAE": {"mlp_hidden_size": [32], "latent_dimension": 8, "learning_rate": 0.02},
    "NeuMF": {
        "mf_embedding_size": 8,
        "mlp_embedding_size": 8,
        "mlp_hidden_size": [16],
        "dropout_prob": 0.0,
        "learning_rate": 0.02,
    },
    "GRU4Rec": {"MAX_ITEM_LIST_LENGTH": 5, "hidden_size": 16, "embedding_size": 16, "learning_rate": 0.02},
    "SASRec": SHORT | {"inner_size": 16, "n_layers": 1, "hidden_dropout_prob": 0.1, "attn_dropout_prob": 0.1},
}
"""RecBole's models that are tried, with settings under which they learn fast."""

EVERYBODY = np.arange(SIZE, dtype=np.int32)


def timed(interactions: InteractionSet) -> InteractionSet:
    """The same interactions, each user's books read in a random order."""
    times = np.random.default_rng(3).permutation(len(interactions)).astype("datetime64[s]")
    return replace(interactions, times=times)


def fitted(model: str, *, epochs: int, seed: int = 7, **options: object) -> RecBoleLists:
    config = RecBoleListsConfig(model=model, options=EXAMPLES[model] | options, epochs=epochs)
    return RecBoleLists(config).fit(timed(block_interactions()), None, rng=np.random.default_rng(seed))


def as_bytes(model: RecBoleLists | RecBoleVectors) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in model.state().items()}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_model_finds_the_withheld_book_of_each_taste(name: str) -> None:
    model = fitted(name, epochs=30)
    best = model.recommend_users(EVERYBODY, block_interactions().matrix, k=1)
    assert best.books[:, 0].tolist() == EVERYBODY.tolist()


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    assert as_bytes(fitted(name, epochs=1)) == as_bytes(fitted(name, epochs=1))


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"ItemKNN"}))
def test_another_seed_gives_other_bytes(name: str) -> None:
    assert as_bytes(fitted(name, epochs=1)) != as_bytes(fitted(name, epochs=1, seed=8))


@pytest.mark.parametrize("name", ["BPR", "GRU4Rec", "LightGCN", "SASRec"])
def test_vectors_rank_as_the_network_does(name: str) -> None:
    config = RecBoleConfig(model=name, options=EXAMPLES[name], epochs=2)
    train = timed(block_interactions())
    model = RecBoleVectors(config).fit(train, None, rng=np.random.default_rng(7))
    by_vectors = model.recommend_users(EVERYBODY, train.matrix, k=10)
    by_lists = fitted(name, epochs=2).recommend_users(EVERYBODY, train.matrix, k=10)
    np.testing.assert_allclose(by_vectors.scores, by_lists.scores, rtol=1e-4, atol=1e-6)
    assert (by_vectors.books == by_lists.books).mean() > 0.99


@pytest.mark.parametrize("name", ["ItemKNN", "MultiVAE", "NeuMF"])
def test_a_model_without_vectors_says_so(name: str) -> None:
    config = RecBoleConfig(model=name, options=EXAMPLES[name], epochs=1)
    with pytest.raises(ParameterError, match=rf"RecBole's {name} are no products .* use the kind 'recbole'"):
        RecBoleVectors(config).fit(block_interactions(), None, rng=np.random.default_rng(7))


# what is refused


def test_every_general_and_sequential_model_of_recbole_is_trained_or_refused() -> None:
    package = find_spec("recbole")
    assert package is not None
    assert package.origin is not None
    found = set()
    for room in ("general_recommender", "sequential_recommender"):
        for file in (Path(package.origin).parent / "model" / room).glob("[!_]*.py"):
            classes = re.findall(r"^class (\w+)", file.read_text(), re.MULTILINE)
            found |= {name for name in classes if name.lower() == file.stem}
    assert found == GENERAL | SEQUENTIAL | set(REFUSED)
    assert not (GENERAL | SEQUENTIAL) & set(REFUSED)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model": "Bpr"}, r"models\.mine\.config\.model: .*no general or sequential model 'Bpr'.*'BPR'"),
        (
            {"model": "NCL"},
            r"models\.mine\.config\.model: .*NCL is not trained here: it needs the package faiss",
        ),
        ({"epochs": 0}, r"models\.mine\.config\.epochs: .*greater than 0"),
        ({"depth": 0}, r"models\.mine\.config\.depth: .*greater than 0"),
    ],
)
def test_a_wrong_configuration_is_refused_by_its_path(config: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        build_any_model(ModelSpec(kind="recbole", config=config), where="models.mine")


@pytest.mark.parametrize("option", ["embeding_size", "n_layers", "epochs", "seed", "checkpoint_dir"])
def test_an_option_that_is_not_the_models_is_refused_beside_those_that_are(option: str) -> None:
    model = RecBoleLists(RecBoleListsConfig(model="BPR", options={option: 1}, epochs=1))
    with pytest.raises(
        ParameterError, match=rf"BPR has no setting \['{option}'\]; it has .*'embedding_size'"
    ):
        model.fit(block_interactions(), None, rng=np.random.default_rng(7))


def test_a_sequential_model_needs_the_time_of_every_interaction() -> None:
    config = RecBoleListsConfig(model="SASRec", options=EXAMPLES["SASRec"])
    with pytest.raises(DataError, match="every interaction needs its time"):
        RecBoleLists(config).fit(block_interactions(), None, rng=np.random.default_rng(7))
    train = timed(block_interactions())
    train.times[17] = np.datetime64("NaT")
    with pytest.raises(DataError, match="every interaction needs its time"):
        RecBoleLists(config).fit(train, None, rng=np.random.default_rng(7))


def test_a_sequential_model_learns_from_the_order() -> None:
    """Everybody reads a series from some volume on, round and round; only times tell which comes next."""
    n_users, volumes, known = 40, 12, 5
    tiny = tiny_interactions()
    user_rows = np.repeat(np.arange(n_users, dtype=np.int32), known)
    first = np.random.default_rng(3).integers(volumes, size=n_users)
    read = ((first[:, None] + np.arange(known)) % volumes).astype(np.int32)
    train = InteractionSet.from_rows(tiny.users, tiny.books, user_rows, read.ravel())
    order = (train.matrix.indices - first[user_rows]) % volumes
    train = replace(train, times=order.astype("datetime64[s]"))
    options = EXAMPLES["SASRec"] | {"MAX_ITEM_LIST_LENGTH": 3}
    config = RecBoleListsConfig(model="SASRec", options=options, epochs=40)
    model = RecBoleLists(config).fit(train, None, rng=np.random.default_rng(7))
    asked = np.arange(n_users, dtype=np.int32)
    best = model.recommend_users(asked, train.matrix[asked], k=1)
    assert best.books[:, 0].tolist() == ((first + known) % volumes).tolist()


@pytest.mark.parametrize(
    ("read", "message"),
    [([], "no interactions to learn from"), (range(SIZE), "'u00' has read all books")],
)
def test_data_that_cannot_be_learned_from_is_refused(read: list[int], message: str) -> None:
    books = np.array(read, dtype=np.int32)
    users = np.zeros(books.size, dtype=np.int32)
    blocks = block_interactions()
    train = InteractionSet.from_rows(blocks.users, blocks.books, users, books)
    with pytest.raises(DataError, match=message):
        RecBoleLists(RecBoleListsConfig(epochs=1)).fit(train, None, rng=np.random.default_rng(7))


def test_a_longer_list_than_is_kept_is_refused() -> None:
    config = RecBoleListsConfig(model="BPR", epochs=1, depth=8)
    train = block_interactions()
    model = RecBoleLists(config).fit(train, None, rng=np.random.default_rng(7))
    assert model.recommend_users(EVERYBODY, train.matrix, k=8).k == 8
    with pytest.raises(ParameterError, match="9 books are asked of lists of 8; raise `depth`"):
        model.recommend_users(EVERYBODY, train.matrix, k=9)


def test_what_is_read_since_is_taken_from_the_depth() -> None:
    train = block_interactions()
    config = RecBoleListsConfig(model="BPR", epochs=1, depth=8)
    model = RecBoleLists(config).fit(train, None, rng=np.random.default_rng(7))
    seen = train.matrix.toarray()
    seen[0, model.lists.books[0, :3]] = 1
    best = model.recommend_users(EVERYBODY[:1], type(train.matrix)(seen[:1]), k=8)
    assert best.books[0].tolist() == [*model.lists.books[0, 3:].tolist(), -1, -1, -1]


# when it stops


class CountingJudge(ValidationJudge):
    """A judge of our metric that counts how often it was asked."""

    asked = 0

    def __call__(self, recs: TopK) -> float:
        CountingJudge.asked += 1
        return super().__call__(recs)


def test_training_stops_by_our_metric_on_our_validation_part() -> None:
    """User i's withheld book is book i; once it is first for everybody there is nothing better to come."""
    answers = InteractionSet.from_rows(
        block_interactions().users, block_interactions().books, EVERYBODY, EVERYBODY
    )
    CountingJudge.asked = 0
    config = RecBoleListsConfig(model="BPR", options=EXAMPLES["BPR"], epochs=500, patience=3)
    judge = CountingJudge(answers.matrix, "mrr", 5)
    train = block_interactions()
    model = RecBoleLists(config).fit_validated(train, None, judge=judge, rng=np.random.default_rng(7))
    assert CountingJudge.asked < 100
    best = model.recommend_users(EVERYBODY, train.matrix, k=5)
    assert judge(best) == 1.0


# what a training leaves behind


def test_a_training_leaves_the_process_and_the_folder_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from scipy.sparse import dok_matrix

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pytest", "--learning_rate=1000"])
    torch.set_num_threads(2)

    def found() -> tuple[object, ...]:
        legacy = np.random.get_state()  # noqa: NPY002
        return (
            random.getstate(),
            legacy[1].tobytes(),
            legacy[2:],
            torch.get_rng_state().numpy().tobytes(),
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            hasattr(np, "float"),
            hasattr(dok_matrix, "_update"),
            len(yaml.FullLoader.yaml_implicit_resolvers["1"]),
            dict(os.environ),
            sorted(tmp_path.iterdir()),
        )

    before = found()
    fitted("LightGCN", epochs=1)
    assert found() == before
    with pytest.raises(ParameterError):
        fitted("BPR", epochs=1, no_such=1)
    assert found() == before
