"""The parts that interactions are split into, and how they are stored."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recs_core.data.interactions import InteractionSet


@dataclass(frozen=True)
class Split:
    """Disjoint parts of the same interactions, over the same users and books.

    Args:
        train: what models learn from, and nothing else is.
        validation: the truth that parameters are chosen on.
        test: the truth that is reported on.
        fold_in: what is known of users who are held out whole; models are asked with it, never fitted on it.
            Empty unless the strategy holds out users.
        dropped: what is in no part, such as the gap of a temporal split.
    """

    train: InteractionSet
    validation: InteractionSet
    test: InteractionSet
    fold_in: InteractionSet
    dropped: InteractionSet

    PARTS = ("train", "validation", "test", "fold_in", "dropped")
    ALWAYS_STORED = ("train", "validation", "test")
    """The other parts have a folder only where they are not empty."""

    def parts(self) -> dict[str, InteractionSet]:
        """Name to part, in the order of `PARTS`."""
        return {name: getattr(self, name) for name in self.PARTS}

    def save(self, path: Path) -> None:
        """Write each part as an array folder below `path`, in place of what an earlier split left there."""
        for name, part in self.parts().items():
            if name in self.ALWAYS_STORED or len(part):
                part.save(path / name)
            else:
                shutil.rmtree(path / name, ignore_errors=True)

    @classmethod
    def load(cls, path: Path) -> Split:
        """Open what `save` wrote, memory-mapped.

        Raises:
            ArtifactError: a part is missing or damaged.
        """
        stored = {
            name: InteractionSet.load(path / name)
            for name in cls.PARTS
            if name in cls.ALWAYS_STORED or (path / name).exists()
        }
        train, none = stored["train"], np.empty(0, dtype=np.int32)
        empty = InteractionSet.from_rows(train.users, train.books, none, none)
        return cls(**{name: stored.get(name, empty) for name in cls.PARTS})

    @property
    def known_before_validation(self) -> InteractionSet:
        """The histories that models are asked with in the validation: train and fold-in."""
        return self.train.union(self.fold_in)

    @property
    def known_before_test(self) -> InteractionSet:
        """The histories that models are asked with in the test: train, fold-in and validation.

        Where users are held out, those of validation and test are different ones: nobody's truth is in the
        history of a user who is tested.
        """
        return self.known_before_validation.union(self.validation)

    @property
    def everything(self) -> InteractionSet:
        """All interactions: what is known of a reader when the store serves them."""
        return self.known_before_test.union(self.test).union(self.dropped)
