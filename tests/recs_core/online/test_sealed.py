"""Sealed objects: opened by who has the key, for the name they were sealed for, unchanged, and by nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.secret_key import SecretKeyError
from recs_core.online.sealed import (
    ENVIRONMENT_VARIABLE,
    MAX_SEALED_BYTES,
    SealError,
    SealingKeys,
    seal,
    sealed_with,
    unseal,
)

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
KEYS = SealingKeys([OLD])
PROFILE = {"history": ["0743467523", "0060096195"], "weights": [0.25, 1], "since": None}
NAME = "profile:{pseudonym}"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), json_values, max_size=5), st.text(max_size=30))
def test_what_is_sealed_opens(value: dict[str, Any], name: str) -> None:
    assert unseal(seal(value, KEYS, name=name), KEYS, name=name) == value


def test_nothing_of_it_can_be_read_and_no_two_are_alike() -> None:
    one, other = (seal(PROFILE, KEYS, name=NAME) for _ in range(2))
    assert one != other
    assert b"history" not in one
    assert b"0743467523" not in one


def test_any_changed_bit_is_found() -> None:
    sealed = seal(PROFILE, KEYS, name=NAME)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(SealError):
            unseal(bytes(changed), KEYS, name=NAME)


def test_any_shortening_is_found() -> None:
    sealed = seal(PROFILE, KEYS, name=NAME)
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            unseal(sealed[:length], KEYS, name=NAME)


def test_one_users_cannot_be_passed_off_as_anothers() -> None:
    with pytest.raises(SealError, match="another name"):
        unseal(seal(PROFILE, KEYS, name="profile:{one}"), KEYS, name="profile:{other}")


def test_keys_are_changed_while_old_objects_are_still_opened() -> None:
    old = seal(PROFILE, KEYS, name=NAME)
    both = SealingKeys([NEW, OLD])
    assert unseal(old, both, name=NAME) == PROFILE
    assert sealed_with(old) != both.current
    new = seal(unseal(old, both, name=NAME), both, name=NAME)
    assert sealed_with(new) == both.current
    assert unseal(new, SealingKeys([NEW]), name=NAME) == PROFILE
    with pytest.raises(SealError, match=f"sealed with the key {KEYS.current}"):
        unseal(old, SealingKeys([NEW]), name=NAME)


def test_what_cannot_be_sealed_is_refused() -> None:
    with pytest.raises(SealError, match="only JSON"):
        seal({"when": object()}, KEYS, name=NAME)
    with pytest.raises(SealError, match="the most is"):
        seal({"text": "x" * MAX_SEALED_BYTES}, KEYS, name=NAME)


def test_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, f"{NEW.hex()},{OLD.hex()}")
    keys = SealingKeys.from_environment()
    assert unseal(seal(PROFILE, KEYS, name=NAME), keys, name=NAME) == PROFILE
    assert keys.current == SealingKeys([NEW]).current
    assert NEW.hex() not in repr(keys)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "secret")
    with pytest.raises(SecretKeyError, match=f"{ENVIRONMENT_VARIABLE} must be 64 hexadecimal digits"):
        SealingKeys.from_environment()


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, OLD]])
def test_keys_that_cannot_seal_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(SecretKeyError):
        SealingKeys(keys)
