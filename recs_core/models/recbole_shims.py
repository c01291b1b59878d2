"""What RecBole 1.2.1 needs beside today's NumPy, SciPy and torch, and what it must not do to the process around it.

Everything here holds inside `recbole_session` only and is taken back at its end. Five things that others patch need
no shim, for the adapter never comes where they matter:

- `ray` and `pkg_resources` are imported by `recbole.quick_start` alone;
- `torch.load` without `weights_only` reads RecBole's pickled checkpoints, which are neither written nor read here;
- pandas 3's copy-on-write breaks how RecBole fills missing values of its files, and it is given no files;
- `np.float_`, `np.complex_` and `np.unicode_` are asked for by `Config.compatibility_settings`, which
  `recbole_data.Settings` replaces: it would put eight names into NumPy for good;
- `Config` reads the command line, evaluates strings, changes PyYAML's loader for everybody and hides the GPU from
  child processes; `recbole_data.Settings` replaces these steps, too.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import numpy as np

THREADS: Final = 1
"""Threads of torch. The bytes depend on how sums are cut, so it is a constant. With more, each of the many small
steps waits for the slowest thread: with two on two busy cores a training took twenty times as long as with one."""


@contextmanager
def recbole_session(seed: int) -> Iterator[None]:
    """All that RecBole needs, and the process as it was afterwards.

    Args:
        seed: of Python's, NumPy's and torch's global generators, which RecBole draws from.
    """
    with ExitStack() as stack:
        for context in (
            _warnings(),
            _numpy_names(),
            _dok_update(),
            _no_tensorboard(),
            _seeded(seed),
            _torch(),
        ):
            stack.enter_context(context)
        yield


@contextmanager
def _attribute(owner: Any, name: str, value: object) -> Iterator[None]:
    """Set an attribute; on exit put back what was there, or nothing."""
    missing = object()
    before = vars(owner).get(name, missing)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


@contextmanager
def _warnings() -> Iterator[None]:
    """RecBole calls what torch, NumPy and SciPy will remove one day; its users can do nothing about it."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, SyntaxWarning, UserWarning):
            warnings.simplefilter("ignore", category)
        yield


def _numpy_names() -> Any:
    """RecBole asks whether a value is a `np.float`, which NumPy 1.24 removed: it was the built-in float."""
    return _attribute(np, "float", float)


def _dok_update() -> Any:
    """LightGCN and its kin fill a matrix with `dok_matrix._update`, which SciPy 1.13 removed."""
    from scipy.sparse import dok_matrix

    def update(matrix: Any, entries: dict[tuple[int, int], float]) -> None:
        matrix._dict.update(entries)

    return _attribute(dok_matrix, "_update", update)


def _no_tensorboard() -> Any:
    """A `Trainer` opens a TensorBoard log in the working directory as soon as it is made."""
    import recbole.trainer.trainer

    return _attribute(recbole.trainer.trainer, "get_tensorboard", lambda logger: None)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """RecBole knows only global generators: seed them, and give them back as they were."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


@contextmanager
def _torch() -> Iterator[None]:
    """`THREADS` threads, and only operations that give the same bytes each time."""
    import torch

    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        torch.set_num_threads(threads)
