"""What is done to interactions and ids of any source before anything is learnt from them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Preparation(BaseModel):
    """Choices that are the same for every source: the keys of `data` in params.yaml that `Source.load` obeys.

    Args:
        duplicates: what becomes of several interactions of one user with one book. "last": the latest by time is
            kept, where there are no times the last by line; "max": the one of the greatest value, an unknown value
            being the lowest; "sum": their values are added and the latest time is kept.
        isbn: the one form that valid ISBNs are given; ids that are no ISBN stay as they are.
        invalid_isbn: whether books and interactions whose id is no valid ISBN are kept or set aside.
        merge_editions: whether editions of one work become one book.
        pseudonym_key_id: readers get pseudonyms by the key of this id, see `recs_core.data.pseudonyms`; None leaves
            their ids as the source has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    duplicates: Literal["last", "max", "sum"] = "last"
    isbn: Literal["keep", "isbn10", "isbn13"] = "isbn10"
    invalid_isbn: Literal["keep", "set_aside"] = "keep"
    merge_editions: bool = False
    pseudonym_key_id: Annotated[str, Field(pattern="^[0-9a-f]{16}$")] | None = None
