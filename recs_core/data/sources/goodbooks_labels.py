"""What goodbooks-10k's readers call its books: cleaned genres, and the shelves that they put them on ("tags").

Both describe books and are no rows that could be missed: what is wrong with one of them leaves it out.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recs_core.data.reading.raw import RawFile, joined

SEPARATOR = ","
STATES = ("to-read", "currently-reading")
"""Shelves that say something of the reader and nothing of the book."""


def read_labels(file: RawFile) -> pa.Table:
    """All rows of a file of labels, as strings."""
    return pa.Table.from_batches([joined(file.batches(lambda *_: None)).columns])


def most_used_tags(counts: pa.Table, names: pa.Table, *, most: int) -> pa.Table:
    """The tags that each book was given most often.

    Args:
        counts: strings in the columns `goodreads_book_id`, `tag_id` and `count`.
        names: strings in the columns `tag_id` and `tag_name`.
        most: how many to keep of each book; of equally frequent ones those first in the alphabet.

    Returns:
        Columns `goodreads_book_id` and `tags`, which are joined by `SEPARATOR`, most frequent first.
    """
    name_of = names.to_pandas().drop_duplicates("tag_id").set_index("tag_id")["tag_name"]
    frame = counts.to_pandas()
    frame["tags"] = frame["tag_id"].map(name_of)
    frame["count"] = pd.to_numeric(frame["count"], errors="coerce")
    sound = frame["tags"].notna() & frame["count"].gt(0) & ~frame["tags"].isin(STATES)
    ordered = frame[sound].sort_values(["goodreads_book_id", "count", "tags"], ascending=[True, False, True])
    place = ordered.groupby("goodreads_book_id").cumcount()
    kept = ordered[place.to_numpy() < most]
    lists = kept.groupby("goodreads_book_id")["tags"].agg(SEPARATOR.join)
    return pa.table({"goodreads_book_id": lists.index.to_numpy(), "tags": lists.to_numpy()})


def looked_up(labels: pa.Table, key: str, wanted: pa.StringArray, column: str) -> pa.StringArray:
    """The label of each id of `wanted`; "" where it has none."""
    place = pc.index_in(wanted, value_set=labels[key].combine_chunks().cast(pa.string()))
    found = labels[column].combine_chunks().cast(pa.string()).take(place)
    return pc.fill_null(found, "")


def together(*columns: pa.StringArray) -> pa.StringArray:
    """The labels of several columns of each book, in one."""
    joined_up = pc.binary_join_element_wise(*columns, SEPARATOR)
    return pc.utf8_trim(joined_up, SEPARATOR)
