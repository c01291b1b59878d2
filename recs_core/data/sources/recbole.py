"""RecBole's atomic files: tab-separated, with the type of each column in the header, as in `user_id:token`.

The format is described in RecBole's documentation under "Atomic Files" (Zhao et al., "RecBole", CIKM 2021).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pandas as pd

from recs_core.data.cleaning import ValueRule, books_named_in, clean_books, clean_interactions, clean_users
from recs_core.data.delimited import Dialect, open_maybe_gzipped, read_delimited, rename
from recs_core.data.quarantine import Quarantine
from recs_core.data.sources.base import USERS_SCHEMA, SourceTables, takes_options
from recs_core.errors import DataError

DIALECT = Dialect(delimiter="\t", quote=False)


class RecBole:
    """Reads a folder with `<name>.inter` and, where it is there, `<name>.item`.

    Args:
        folder: the folder; its last part is the data set's name.
        user, item, value, time: the fields of the interactions; value and time None where there is none.
        item_columns: the catalogue's column to the item field that holds it; what a `token_seq` holds is split at
            spaces in authors and genres.
        user_columns: `country` and `age` to the user field that holds it; without any, `.user` is not read.
        low, high: the scale of the values.
        last_year: a later year is a mistake.
    """

    name: ClassVar[str] = "recbole"

    @takes_options
    def __init__(
        self,
        folder: str,
        user: str = "user_id",
        item: str = "item_id",
        value: str | None = "rating",
        time: str | None = "timestamp",
        item_columns: dict[str, str] | None = None,
        user_columns: dict[str, str] | None = None,
        low: float = 1.0,
        high: float = 5.0,
        last_year: int = 2100,
    ) -> None:
        self.folder = Path(folder)
        self.fields = {"user_id": user, "book_id": item}
        self.fields |= {"value": value} if value else {}
        self.fields |= {"time": time} if time else {}
        self.item_columns = item_columns or {}
        self.user_columns = user_columns or {}
        self.rule = ValueRule(low, high)
        self.last_year = last_year

    def load(self, raw_dir: Path, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check interactions and items.

        Raises:
            DataError: the `.inter` file is missing or a file lacks a field.
        """
        say(f"reading the atomic files of {self.folder}")
        quarantine = Quarantine()
        inter = f"{self.folder.name}.inter"
        frame = rename(_read(self.folder / inter, quarantine), self.fields, inter)
        items, file = self._items(frame, quarantine)
        catalogue = clean_books(items, file, quarantine, last_year=self.last_year)
        known = set(catalogue.books.array.tolist())
        interactions = clean_interactions(
            frame, inter, quarantine, known=known, rule=self.rule, event="rating"
        )
        # the interactions last: without an .item file they are where the items come from too
        rows_read = {file: items.attrs["rows_read"], inter: frame.attrs["rows_read"]}
        rows_kept = {file: len(catalogue), inter: interactions.num_rows}
        users = USERS_SCHEMA.empty_table()
        path = self.folder / f"{self.folder.name}.user"
        if self.user_columns and path.is_file():
            columns = {"user_id": self.fields["user_id"], **self.user_columns}
            readers = rename(_read(path, quarantine), columns, path.name)
            users = clean_users(readers, path.name, quarantine)
            rows_read[path.name] = readers.attrs["rows_read"]
            rows_kept[path.name] = users.num_rows
        return SourceTables(interactions, catalogue, users, quarantine.table(), rows_read, rows_kept)

    def _items(self, interactions: pd.DataFrame, quarantine: Quarantine) -> tuple[pd.DataFrame, str]:
        path = self.folder / f"{self.folder.name}.item"
        if not path.is_file():
            return books_named_in(interactions), f"{self.folder.name}.inter"
        columns = {"book_id": self.fields["book_id"], **self.item_columns}
        items = rename(_read(path, quarantine), columns, path.name)
        for name in ("authors", "genres"):
            if name in items:
                items[name] = items[name].str.split(" ")
        if "title" not in items:
            items["title"] = items["book_id"]
        return items, path.name


class MovieLens100K(RecBole):
    """MovieLens-100K (Harper and Konstan, ACM TiiS 2015), which RecBole's package carries: films, with times."""

    name: ClassVar[str] = "ml-100k"

    @takes_options
    def __init__(self) -> None:
        package = importlib.util.find_spec("recbole")
        if package is None or package.origin is None:
            raise DataError("the package recbole, which carries ml-100k, is not installed; run `make setup`")
        super().__init__(
            str(Path(package.origin).parent / "dataset_example" / "ml-100k"),
            item_columns={"title": "movie_title", "year": "release_year", "genres": "class"},
            user_columns={"age": "age"},
            last_year=1998,
        )


def _read(path: Path, quarantine: Quarantine) -> pd.DataFrame:
    with open_maybe_gzipped(path) as stream:
        frame = read_delimited(stream, path.name, DIALECT, quarantine)
    # the header says what a field is of; here all are strings until they are checked
    return frame.rename(columns=lambda column: column.split(":")[0])
