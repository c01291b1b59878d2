"""Trains a model of RecBole, before our judge, and asks it for lists and vectors.

Imported only within `recbole_session`. RecBole's `Trainer.fit` would write a pickled checkpoint after each good epoch
and stop by RecBole's own validation; so the loop over the epochs is ours, and each epoch is the trainer's.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from recbole.data.interaction import Interaction
from recbole.utils import get_model, get_trainer

from recs_core.data.idmap import PAD
from recs_core.data.interactions import InteractionSet
from recs_core.data.topk import TopK, top_k
from recs_core.errors import DataError
from recs_core.models.base import BATCH, mask_seen
from recs_core.models.recbole_data import BOOK, USER, Settings, ordered_pairs, training_batches
from recs_core.models.validated import Judge
from recs_core.progress import progress

PAIRS: Final = 2**18
"""Pairs of user and book scored at once by a model that scores pair by pair; each takes some hundred bytes."""
PROBED: Final = 64
"""Users whose scores must be the products of the vectors for the vectors to be believed."""


class Network:
    """A network of RecBole, and the data that it is trained with.

    Args:
        settings: RecBole's configuration.
        train: what it learns from.
    """

    def __init__(self, settings: Settings, train: InteractionSet) -> None:
        self.settings, self.train = settings, train
        dataset, self.batches = training_batches(settings, train)
        self.model: Any = get_model(settings.model)(settings, dataset)
        self.known = train.user_counts > 0
        self.histories = _last_books(train, settings["MAX_ITEM_LIST_LENGTH"]) if settings.sequential else None

    def learn(self, *, patience: int, judge: Judge | None) -> None:
        """Train for all epochs, or until the judge has seen no better lists for `patience` epochs; keep the best.

        Raises:
            DataError: the judge has nothing to say of any reader who is in train.
        """
        if judge is not None and not bool(self.known[judge.users].any()):
            raise DataError(
                f"{self.settings.model} cannot stop early: no reader of the validation part is in train; choose a "
                "split that holds out books of each reader, such as random"
            )
        trainer = get_trainer(self.settings["MODEL_TYPE"], self.settings.model)(self.settings, self.model)
        if self.settings["train_neg_sample_args"]["dynamic"]:
            self.batches.get_model(self.model)
        best, best_epoch, kept = -np.inf, 0, self._learned()
        for epoch in progress(range(trainer.epochs), f"train {self.settings.model}", total=trainer.epochs):
            trainer._train_epoch(self.batches, epoch)
            if judge is None:
                continue
            worth = judge(self.rank(judge.users, k=judge.k))
            if worth > best:
                best, best_epoch, kept = worth, epoch, self._learned()
            elif epoch - best_epoch >= patience:
                break
        if judge is not None:
            self.model.load_state_dict(kept[0])
            self.model.load_other_parameter(kept[1])
        self.model.eval()

    def _learned(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        return deepcopy(self.model.state_dict()), deepcopy(self.model.other_parameter())

    def rank(self, users: NDArray[np.int32], *, k: int) -> TopK:
        """The k best books for each of `users` that are not in their history in train; padding for the unknown."""
        books = np.full((users.size, k), PAD, dtype=np.int32)
        scores = np.full((users.size, k), -np.inf, dtype=np.float32)
        places = np.flatnonzero(self.known[users])
        for batch in _batches(places, BATCH):
            line = self.scores(users[batch])
            mask_seen(line, self.train.matrix[users[batch]])
            best = top_k(line, k)
            books[batch], scores[batch] = best.books, best.scores
        return TopK(books, scores)

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """`float32[n, n_books]` for `users`, `int32[n]`, who all have a history."""
        self.model.eval()
        with torch.no_grad():
            try:
                found = self.model.full_sort_predict(self._ask(users)).view(users.size, -1)
            except NotImplementedError:
                found = torch.cat([self._pairs(batch) for batch in _batches(users, self._users_at_once)])
        # the first column is RecBole's padding
        columns: NDArray[np.float32] = found[:, 1:].numpy().astype(np.float32, copy=True)
        return columns

    @property
    def _users_at_once(self) -> int:
        return max(1, PAIRS // (len(self.train.books) + 1))

    def _pairs(self, users: NDArray[np.int32]) -> torch.Tensor:
        n_books = len(self.train.books) + 1
        pairs = self._ask(users).repeat_interleave(n_books)
        pairs.update(Interaction({BOOK: torch.arange(n_books).repeat(users.size)}))
        found: torch.Tensor = self.model.predict(pairs)
        return found.view(users.size, n_books)

    def _ask(self, users: NDArray[np.int32]) -> Interaction:
        question = {USER: torch.from_numpy(users.astype(np.int64) + 1)}
        if self.histories is not None:
            books, lengths = self.histories
            question |= {
                BOOK + self.settings["LIST_SUFFIX"]: torch.from_numpy(books[users]),
                self.settings["ITEM_LIST_LENGTH_FIELD"]: torch.from_numpy(lengths[users]),
            }
        return Interaction(question)

    def vectors(self) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Vectors of users and books, `float32[n, d]` each, whose products are the scores; None where there are none.

        RecBole's models keep them under several names. What is found is compared with the scores of some users.
        """
        users = np.flatnonzero(self.known).astype(np.int32)
        probed = users[:PROBED]
        expected = self.scores(probed)
        for of_users, of_books in self._candidate_vectors(users):
            found = of_users[probed] @ of_books.T
            if found.shape == expected.shape and np.allclose(
                found, expected, rtol=0, atol=1e-5 * float(np.abs(expected).max())
            ):
                return of_users, of_books
        return None

    def _candidate_vectors(
        self, users: NDArray[np.int32]
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        tables = (("restore_user_e", "restore_item_e"), ("user_embedding", "item_embedding"))
        for of_users, of_books in (map(self._table, names) for names in tables):
            if of_users is not None and of_books is not None and of_users.shape[1] == of_books.shape[1]:
                yield of_users[1:], of_books[1:]
        # what a sequential network makes of a history is often multiplied with the vectors of the books
        asked_with = list(inspect.signature(self.model.forward).parameters)
        of_books = self._table("item_embedding")
        if asked_with == ["item_seq", "item_seq_len"] and of_books is not None:
            yield self._encoded(users), of_books[1 : len(self.train.books) + 1]

    def _table(self, name: str) -> NDArray[np.float32] | None:
        part = getattr(self.model, name, None)
        tensor = getattr(part, "weight", part)
        return tensor.detach().numpy().copy() if isinstance(tensor, torch.Tensor) else None

    def _encoded(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        parts = []
        for batch in _batches(users, BATCH):
            asked = self._ask(batch)
            with torch.no_grad():
                parts.append(self.model(asked[self.model.ITEM_SEQ], asked[self.model.ITEM_SEQ_LEN]).numpy())
        vectors = np.zeros((len(self.train.users), parts[0].shape[1]), dtype=np.float32)
        vectors[users] = np.concatenate(parts)
        return vectors


def _batches(rows: NDArray[Any], size: int) -> Iterator[NDArray[Any]]:
    for start in range(0, rows.size, size):
        yield rows[start : start + size]


def _last_books(train: InteractionSet, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The last books of each user, oldest first, `int64[n, length]` of RecBole's numbers; how many, `int64[n]`."""
    users, books, places = ordered_pairs(train, sequential=True)
    first = np.maximum(train.user_counts - length, 0)
    kept = places >= first[users]
    last = np.zeros((len(train.users), length), dtype=np.int64)
    last[users[kept], (places - first[users])[kept]] = books[kept] + 1
    return last, np.minimum(train.user_counts, length)
