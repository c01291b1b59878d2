from pathlib import Path

import pytest
from examples import goodbooks

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.sources.registry import source_named
from recs_core.errors import DataError, ParameterError


def genres_of(folder: Path, **options: object) -> dict[str, list[str]]:
    example = goodbooks(folder)
    source = source_named("goodbooks-10k", {**example.options, **options})
    catalogue = source.load(folder, Preparation(), say=lambda _: None).catalogue.table
    return dict(zip(catalogue["book_id"].to_pylist(), catalogue["genres"].to_pylist(), strict=True))


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    (tmp_path / "tags.csv").write_text("tag_id,tag_name\n1,to-read\n2,dystopia\n3,ya\n4,arena\n5,war\n")
    (tmp_path / "book_tags.csv").write_text(
        "goodreads_book_id,tag_id,count\n"
        "77,1,900\n77,5,10\n77,4,10\n77,2,50\n77,3,40\n77,99,70\n78,2,many\n78,4,-1\n"
    )
    return tmp_path


def test_the_tags_given_most_often_follow_the_genres(tagged: Path) -> None:
    # "to-read" says nothing of a book, 99 has no name, of the equally frequent the first in the alphabet stays
    assert genres_of(tagged, tags=3)["1"] == ["fantasy", "ya", "dystopia", "arena"]


def test_a_tag_without_a_count_is_left_out(tagged: Path) -> None:
    assert genres_of(tagged, tags=3)["2"] == []


def test_without_genres_the_tags_stand_alone(tagged: Path) -> None:
    example = goodbooks(tagged)
    (tagged / "book_genres_clean.csv").unlink()
    source = source_named("goodbooks-10k", {**example.options, "tags": 2})
    catalogue = source.load(tagged, Preparation(), say=lambda _: None).catalogue.table
    assert catalogue["genres"].to_pylist()[0] == ["dystopia", "ya"]


def test_tags_are_not_read_unless_asked_for(tmp_path: Path) -> None:
    assert genres_of(tmp_path)["1"] == ["fantasy", "ya"]


def test_a_missing_file_of_tags_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"book_tags\.csv is missing"):
        genres_of(tmp_path, tags=3)


def test_a_negative_number_of_tags_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"data\.sources\.goodbooks-10k\.tags"):
        genres_of(tmp_path, tags=-1)
