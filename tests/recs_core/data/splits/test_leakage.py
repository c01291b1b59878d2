"""Each leak is planted in a split that is right, and must be the one that is named."""

import re
from dataclasses import replace
from itertools import combinations

import pytest

from recs_core.data.interactions import InteractionRows, InteractionSet
from recs_core.data.splits.leakage import Promises, assert_no_leakage
from recs_core.data.splits.split import Split
from recs_core.errors import DataError
from recs_core.testing.timed_rows import Pairs, pairs_of, rows_of

# three users read the same books on the same days
DAYS = {"a": 0, "b": 1, "c": 2, "d": 10, "e": 20, "f": 21}
ROWS = rows_of({"u": DAYS, "v": DAYS, "w": DAYS})


def part(*pairs: str, rows: InteractionRows = ROWS) -> InteractionSet:
    """ "ua" is the user u and the book a."""
    users, books = rows.users.rows([p[0] for p in pairs]), rows.books.rows([p[1] for p in pairs])
    return InteractionSet.from_rows(rows.users, rows.books, users, books)


def plus(old: InteractionSet, *pairs: str) -> InteractionSet:
    return old.union(part(*pairs))


def minus(old: InteractionSet, *pairs: str) -> InteractionSet:
    kept: Pairs = pairs_of(old) - {(pair[0], pair[1]) for pair in pairs}
    return part(*(user + book for user, book in kept))


IN_TIME = Split(
    train=part("ua", "ub", "uc", "va", "vb", "vc", "wa", "wb", "wc"),
    validation=part("ud", "vd", "wd"),
    test=part("ue", "uf", "ve", "vf", "we", "wf"),
    fold_in=part(),
    dropped=part(),
)
HELD_OUT = Split(
    train=part("ua", "ub", "uc", "ud", "ue", "uf"),
    validation=part("ve", "vf"),
    test=part("we", "wf"),
    fold_in=part("va", "vb", "vc", "vd", "wa", "wb", "wc", "wd"),
    dropped=part(),
)
GLOBAL, PER_USER, USERS = (
    Promises(order="global", gap_days=7),
    Promises(order="per_user"),
    Promises(held_out_users=True),
)


@pytest.mark.parametrize(
    ("split", "promises"), [(IN_TIME, GLOBAL), (IN_TIME, PER_USER), (IN_TIME, Promises()), (HELD_OUT, USERS)]
)
def test_what_is_right_passes(split: Split, promises: Promises) -> None:
    assert_no_leakage(split, ROWS, promises)


def assert_found(split: Split, promises: Promises, *faults: str, rows: InteractionRows = ROWS) -> None:
    with pytest.raises(DataError, match=f"^{re.escape('the split leaks: ' + '; '.join(faults))}$"):
        assert_no_leakage(split, rows, promises)


@pytest.mark.parametrize(("one", "other"), list(combinations(Split.PARTS, 2)))
def test_an_overlap_of_any_two_parts_is_found(one: str, other: str) -> None:
    shared = {name: plus(IN_TIME.parts()[name], "ua", "vb") for name in (one, other)}
    without = {name: minus(part_, "ua", "vb") for name, part_ in IN_TIME.parts().items()}
    assert_found(Split(**(without | shared)), Promises(), f"2 interactions are in both {one} and {other}")


def test_what_nobody_read_is_found() -> None:
    rows = rows_of({"u": DAYS, "v": DAYS, "w": {book: day for book, day in DAYS.items() if book != "f"}})
    assert_found(IN_TIME, Promises(), "1 interactions of test are not in the data", rows=rows)


def test_what_nobody_read_and_two_parts_have_is_found_for_both_reasons() -> None:
    without = {"u": DAYS, "v": DAYS, "w": {book: day for book, day in DAYS.items() if book != "f"}}
    split = replace(IN_TIME, train=plus(IN_TIME.train, "wf", "ue"))
    assert_found(
        split,
        Promises(),
        "2 interactions are in both train and test",
        "1 interactions of train are not in the data",
        "1 interactions of test are not in the data",
        rows=rows_of(without),
    )


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_leaks_are_found_however_many_are_looked_up_at_once(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recs_core.data.splits.leakage.FOUND_AT_ONCE", at_once)
    split = replace(IN_TIME, train=plus(IN_TIME.train, "uf", "we"))
    assert_found(split, Promises(), "2 interactions are in both train and test")


def test_train_after_the_cut_is_found() -> None:
    split = replace(IN_TIME, train=plus(IN_TIME.train, "uf"), test=minus(IN_TIME.test, "uf"))
    assert_found(split, GLOBAL, "1 interactions of train are not before the cut at 2004-01-04T00:00:00")


def test_train_in_the_gap_is_found() -> None:
    wide = replace(GLOBAL, gap_days=8)
    assert_found(IN_TIME, wide, "3 interactions of train are not before the cut at 2004-01-03T00:00:00")


def test_validation_in_the_test_window_is_found() -> None:
    split = replace(IN_TIME, validation=plus(IN_TIME.validation, "ue"), test=minus(IN_TIME.test, "ue"))
    assert_found(
        split,
        GLOBAL,
        "1 interactions of validation are not before the test, which begins at 2004-01-21T00:00:00",
    )


def test_a_users_own_future_in_train_is_found() -> None:
    split = replace(IN_TIME, train=plus(IN_TIME.train, "uf"), test=minus(IN_TIME.test, "uf"))
    assert_found(
        split,
        PER_USER,
        "1 interactions of train are later than what is held out of their user after it",
    )


def test_a_users_own_future_in_validation_is_found() -> None:
    split = replace(IN_TIME, validation=plus(IN_TIME.validation, "uf"), test=minus(IN_TIME.test, "uf"))
    assert_found(
        split,
        PER_USER,
        "1 interactions of validation are later than what is held out of their user after it",
    )


def test_the_future_of_others_is_no_leak_where_each_user_has_an_own_order() -> None:
    split = replace(IN_TIME, test=minus(IN_TIME.test, "we", "wf"), validation=minus(IN_TIME.validation, "wd"))
    assert_no_leakage(replace(split, train=plus(split.train, "wd", "we", "wf")), ROWS, PER_USER)


@pytest.mark.parametrize(("name", "pair"), [("test", "we"), ("validation", "ve")])
def test_a_held_out_user_in_train_is_found(name: str, pair: str) -> None:
    truth = minus(HELD_OUT.parts()[name], pair)
    split = replace(HELD_OUT, train=plus(HELD_OUT.train, pair), **{name: truth})
    assert_found(
        split,
        USERS,
        f"1 held-out users of {name} are in train",
        "1 held-out users of fold_in are in train",
    )


def test_a_user_who_is_held_out_twice_is_found() -> None:
    split = replace(HELD_OUT, validation=plus(HELD_OUT.validation, "wf"), test=minus(HELD_OUT.test, "wf"))
    assert_found(split, USERS, "1 users are held out for both validation and test")


@pytest.mark.parametrize(("name", "user"), [("test", "w"), ("validation", "v")])
def test_a_user_without_a_history_is_found(name: str, user: str) -> None:
    given = [user + book for book in "abcd"]
    split = replace(HELD_OUT, fold_in=minus(HELD_OUT.fold_in, *given), dropped=part(*given))
    assert_found(split, USERS, f"1 users of {name} have no history")
    assert_no_leakage(split, ROWS, replace(USERS, history=False))


def test_without_times_an_order_cannot_be_checked() -> None:
    timeless = InteractionRows(ROWS.users, ROWS.books, ROWS.user_rows, ROWS.book_rows, None)
    for promises in (GLOBAL, PER_USER):
        with pytest.raises(DataError, match="can only be checked with times"):
            assert_no_leakage(IN_TIME, timeless, promises)


def test_all_faults_are_named_at_once() -> None:
    split = replace(IN_TIME, train=plus(IN_TIME.train, "uf"))
    assert_found(
        split,
        GLOBAL,
        "1 interactions are in both train and test",
        "1 interactions of train are not before the cut at 2004-01-04T00:00:00",
    )
