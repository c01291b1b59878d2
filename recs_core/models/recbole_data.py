"""RecBole's configuration and data set, made of ours: no file is read or written but RecBole's own defaults.

Imported only within `recbole_session`, for it imports RecBole and torch. RecBole's number of a user or book is our
row plus one; 0 is its padding. So every user and book of the id maps has a number, whether it is in train or not.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import recbole
import torch
import yaml
from numpy.typing import NDArray
from recbole.config import Config
from recbole.data.dataset import Dataset, SequentialDataset
from recbole.data.utils import get_dataloader
from recbole.sampler import RepeatableSampler, Sampler
from recbole.utils import FeatureSource, FeatureType, ModelType

from recs_core.data.interactions import InteractionSet
from recs_core.errors import DataError, ParameterError

USER, BOOK, TIME = "user_id", "item_id", "timestamp"
"""RecBole's names of the fields."""

SHARED_OPTIONS: Final = {
    "clip_grad_norm",
    "learner",
    "learning_rate",
    "require_pow",
    "shuffle",
    "train_batch_size",
    "train_neg_sample_args",
    "weight_decay",
}
"""The settings of RecBole's training that every model has; its other general settings are the adapter's business."""


class _Loader(yaml.FullLoader):
    """RecBole's defaults are YAML in which `1e-3` is a number; its own loader teaches that to all of PyYAML."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


class Settings(Config):  # type: ignore[misc]
    """RecBole's configuration of a model, without what that does to the process (see `recbole_shims`).

    Args:
        model: RecBole's name of the model.
        options: RecBole's own settings, in place of its defaults.
        epochs: how long to train; a model without epochs takes one.
        seed: of the order in which interactions are learned.

    Raises:
        ParameterError: the model has no setting of such a name.
    """

    def __init__(self, model: str, options: dict[str, Any], *, epochs: int, seed: int) -> None:
        given = options | {"epochs": epochs, "seed": seed}
        super().__init__(model=model, dataset="bookverse", config_dict=given)
        known = SHARED_OPTIONS | self._own_settings()
        if unknown := sorted(set(options) - known):
            raise ParameterError(
                f"options: RecBole's {model} has no setting {unknown}; it has {sorted(known)}"
            )

    @property
    def sequential(self) -> bool:
        """Whether the model learns from the order in which books were read."""
        return bool(self["MODEL_TYPE"] == ModelType.SEQUENTIAL)

    def _own_settings(self) -> set[str]:
        path = Path(recbole.__file__).parent / "properties" / "model" / f"{self.model}.yaml"
        text = path.read_text()
        own = yaml.load(text, Loader=_Loader)  # noqa: S506 - of the package itself  # nosec B506
        return set(own or {}) | ({"MAX_ITEM_LIST_LENGTH"} if self.sequential else set())

    def _get_final_config_dict(self) -> dict[str, Any]:
        final: dict[str, Any] = super()._get_final_config_dict()
        # cross-entropy takes all other books as negatives, and RecBole refuses it together with its default of one
        if self.model_class.type == ModelType.SEQUENTIAL and final.get("loss_type") == "CE":
            final |= {"train_neg_sample_args": self.external_config_dict.get("train_neg_sample_args")}
        return final

    def _init_device(self) -> None:
        # on the CPU alone the same seed gives the same bytes
        self.final_config_dict |= {"device": torch.device("cpu"), "single_spec": True, "local_rank": 0}
        # a trainer makes this folder, in which nothing will be written, if it is not there
        self.final_config_dict["checkpoint_dir"] = tempfile.gettempdir()

    def compatibility_settings(self) -> None:
        """Leave NumPy as it is."""

    def _load_cmd_line(self) -> dict[str, Any]:
        return {}

    def _convert_config_dict(self, config_dict: dict[str, Any]) -> dict[str, Any]:
        return config_dict

    def _build_yaml_loader(self) -> type[yaml.FullLoader]:
        return _Loader


class _FromMatrix:
    """Where a data set of RecBole would read files, take the pairs of a matrix, already numbered and complete."""

    def __init__(self, config: Settings, train: InteractionSet) -> None:
        self.train = train
        super().__init__(config)  # type: ignore[call-arg]

    def _load_data(self, token: str, dataset_path: str) -> None:
        users, books, places = ordered_pairs(self.train, sequential=self.config.sequential)  # type: ignore[attr-defined]
        self.inter_feat = pd.DataFrame({USER: users + 1, BOOK: books + 1, TIME: places.astype(np.float64)})
        self.user_feat = self.item_feat = None
        for field in (USER, BOOK, TIME):
            kind = FeatureType.FLOAT if field == TIME else FeatureType.TOKEN
            self.set_field_property(field, kind, FeatureSource.INTERACTION, 1)  # type: ignore[attr-defined]

    def _data_filtering(self) -> None:
        """The k-core has been taken, and each pair is there once."""

    def _remap_ID_all(self) -> None:
        sizes = {USER: len(self.train.users), BOOK: len(self.train.books)}
        # RecBole asks these for how many there are
        self.field2id_token = {field: np.arange(size + 1).astype(str) for field, size in sizes.items()}
        self.field2token_id = {
            field: {token: number for number, token in enumerate(tokens.tolist())}
            for field, tokens in self.field2id_token.items()
        }

    def _fill_nan(self) -> None:
        """Nothing is missing."""


class _General(_FromMatrix, Dataset):  # type: ignore[misc]
    pass


class _Sequential(_FromMatrix, SequentialDataset):  # type: ignore[misc]
    pass


def ordered_pairs(
    train: InteractionSet, *, sequential: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """User rows, book rows, and the place of each book among those of its user, from 0; `int64[nnz]` each.

    The place goes by time, and by book row where times are equal. RecBole gets places for times, because its float32
    cannot tell seconds apart.

    Args:
        train: the interactions.
        sequential: whether the order matters; if not, times may be missing.

    Raises:
        DataError: the order matters and an interaction has no time.
    """
    counts = train.user_counts
    users = np.repeat(np.arange(len(train.users)), counts)
    books = train.matrix.indices.astype(np.int64)
    times = train.times
    order = np.arange(users.size)
    if sequential:
        if times is None or bool(np.isnat(times).any()):
            raise DataError(
                "a sequential model learns from the order in which books were read: every interaction needs its time"
            )
        order = np.lexsort((books, times, users))
    places = np.arange(users.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return users[order], books[order], places


def training_batches(config: Settings, train: InteractionSet) -> Any:
    """RecBole's data set of `train`, and its loader of batches with their negative samples.

    Raises:
        DataError: there are no interactions, or a user has read all books, so that none is left as a negative sample.
    """
    if not len(train):
        raise DataError("there are no interactions to learn from")
    dataset = (_Sequential if config.sequential else _General)(config, train)
    dataset._change_feat_format()
    arguments = config["train_neg_sample_args"]
    sampler = None
    if (distribution := arguments["distribution"]) != "none":
        user = int(train.user_counts.argmax())
        if train.user_counts[user] == len(train.books):
            raise DataError(
                f"{train.users.array[user].item()!r} has read all books: none is left as a negative sample"
            )
        kind = RepeatableSampler if config["repeatable"] else Sampler
        sampler = kind(["train"], dataset, distribution, arguments["alpha"]).set_phase("train")
    loader = get_dataloader(config, "train")(config, dataset, sampler, shuffle=config["shuffle"])
    return dataset, loader
