"""A fitted indexer in files: its words as an Arrow table, its directions as an array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from recs_core.data.arrays import save_array
from recs_core.errors import ArtifactError
from recs_core.features.indexer import ContentConfig, ContentIndexer
from recs_core.features.tfidf import VOCABULARY, vocabularies_of, vocabulary_table

VOCABULARY_FILE = "vocabulary.arrow"
COMPONENTS_FILE = "components.npy"


def save_indexer(folder: Path, indexer: ContentIndexer, *, prefix: str = "") -> None:
    """Write an indexer into a folder; its configuration is for the folder's manifest to keep.

    Args:
        folder: where to.
        indexer: fitted.
        prefix: of the names of its files.
    """
    save_array(folder / f"{prefix}{COMPONENTS_FILE}", indexer.components)
    with (
        pa.OSFile(str(folder / f"{prefix}{VOCABULARY_FILE}"), "wb") as sink,
        pa.ipc.new_file(sink, VOCABULARY) as writer,
    ):
        writer.write_table(vocabulary_table(indexer.vocabularies))


def load_indexer(folder: Path, config: ContentConfig, *, prefix: str = "") -> ContentIndexer:
    """Read what `save_indexer` wrote; the directions are memory-mapped.

    Raises:
        ArtifactError: a file is missing or damaged.
    """
    try:
        table = pa.ipc.open_file(pa.memory_map(str(folder / f"{prefix}{VOCABULARY_FILE}"))).read_all()
        components = np.load(folder / f"{prefix}{COMPONENTS_FILE}", mmap_mode="r", allow_pickle=False)
        return ContentIndexer(config, vocabularies_of(table, list(config.weights)), components)
    except (KeyError, ValueError, OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(f"{folder} has no indexer of content: {error}") from error
