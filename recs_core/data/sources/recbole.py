"""RecBole's atomic files: tab-separated, with the type of each column in the header, as in `user_id:token`.

The format is described in RecBole's documentation under "Atomic Files" (Zhao et al., "RecBole", CIKM 2021).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from recs_core.data.catalogue import SCHEMA as CATALOGUE_SCHEMA
from recs_core.data.cleaning.intake import Intake
from recs_core.data.cleaning.interactions import InteractionRules, ValueRule
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.reading.delimited import DelimitedFile, Dialect, open_maybe_gzipped
from recs_core.data.sources.base import SourceTables, check_names, takes_options
from recs_core.errors import DataError, ParameterError

DIALECT = Dialect(delimiter="\t", quote=False, typed_header=True)


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

    synthetic: ClassVar[bool] = False
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
        last_year: Annotated[int, Field(le=2100)] = 2100,
    ) -> None:
        where = f"data.sources.{self.name}"
        check_names(item_columns or {}, set(), set(CATALOGUE_SCHEMA.names), where=f"{where}.item_columns")
        check_names(user_columns or {}, set(), {"country", "age"}, where=f"{where}.user_columns")
        if low > high:
            raise ParameterError(f"{where}: low is {low} and high is {high}")
        self.folder = Path(folder)
        self.fields = {"user_id": user, "book_id": item}
        self.fields |= {"value": value} if value else {}
        self.fields |= {"time": time} if time else {}
        self.item_columns = item_columns or {}
        self.user_columns = user_columns or {}
        self.rule = ValueRule(low, high, optional=True)
        self.last_year = last_year

    def load(self, raw_dir: Path, preparation: Preparation, *, say: Callable[[str], None]) -> SourceTables:
        """Read, clean and cross-check interactions and items.

        Raises:
            DataError: the `.inter` file is missing or a file lacks a field.
        """
        say(f"reading the atomic files of {self.folder}")
        intake = Intake(preparation, say=say)
        items = self.folder / f"{self.folder.name}.item"
        if items.is_file():
            columns = {"book_id": self.fields["book_id"], **self.item_columns}
            # without a title a book's id is its title
            file = _file(items, {"title": columns["book_id"]} | columns)
            separators = {"authors": " ", "genres": " "}
            intake.add_books(intake.read(file), file.name, last_year=self.last_year, separators=separators)
        inter = _file(self.folder / f"{self.folder.name}.inter", self.fields)
        intake.add_interactions(inter, InteractionRules(self.rule))
        users = self.folder / f"{self.folder.name}.user"
        if self.user_columns and users.is_file():
            intake.add_users(_file(users, {"user_id": self.fields["user_id"], **self.user_columns}))
        return intake.tables()


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


def _file(path: Path, columns: dict[str, str]) -> DelimitedFile:
    return DelimitedFile(path.name, partial(open_maybe_gzipped, path), DIALECT, columns)
