"""Pseudonyms: stable, different under another key, and the key comes from nowhere but the environment."""

from __future__ import annotations

import base64
import hashlib
import hmac
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.pseudonyms import (
    ENVIRONMENT_VARIABLE,
    PSEUDONYM_CHARS,
    Pseudonyms,
    is_pseudonym,
    required,
)
from recs_core.data.secret_key import SecretKeyError

KEY = bytes(range(32))


def test_a_pseudonym_is_the_keyed_hash_that_is_documented() -> None:
    digest = hmac.new(KEY, b"276847", hashlib.sha256).digest()
    assert Pseudonyms(KEY).of("276847") == "~" + base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


@given(st.sets(st.text(max_size=40), max_size=30))
def test_all_are_different_and_of_one_length(user_ids: set[str]) -> None:
    made = {Pseudonyms(KEY).of(user_id) for user_id in user_ids}
    assert len(made) == len(user_ids)
    assert {len(each) for each in made} <= {PSEUDONYM_CHARS}


@given(st.text(max_size=70))
def test_settling_twice_is_settling_once(user_id: str) -> None:
    pseudonyms = Pseudonyms(KEY)
    assert is_pseudonym(pseudonyms.of(user_id))
    assert (
        pseudonyms.settle(pseudonyms.settle(user_id)) == pseudonyms.settle(user_id) == pseudonyms.of(user_id)
    )


@pytest.mark.parametrize(
    "user_id", ["", "~", "276847", "~" + 22 * "B", "~" + 23 * "A", 22 * "A", "~" + 22 * "A" + "\n"]
)
def test_what_is_no_pseudonym_is_told_from_one(user_id: str) -> None:
    assert not is_pseudonym(user_id)


def test_a_key_that_is_named_must_be_the_one_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, KEY.hex())
    key_id = Pseudonyms(KEY).key_id
    found = required(key_id)
    assert found is not None
    assert found.of("276847") == Pseudonyms(KEY).of("276847")
    with pytest.raises(
        SecretKeyError, match=f"has the id {key_id}, and data.pseudonym_key_id asks for {16 * '0'}"
    ):
        required(16 * "0")
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    with pytest.raises(SecretKeyError, match="is not set"):
        required(key_id)
    assert required(None) is None


def test_another_process_gives_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, KEY.hex())
    code = (
        "from recs_core.data.pseudonyms import Pseudonyms; print(Pseudonyms.from_environment().of('276847'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Pseudonyms(KEY).of("276847")


def test_under_another_key_everybody_is_somebody_else() -> None:
    one, other = Pseudonyms(KEY), Pseudonyms(KEY[::-1])
    ids = [str(n) for n in range(500)]
    assert not {one.of(each) for each in ids} & {other.of(each) for each in ids}
    assert one.key_id != other.key_id


def test_the_key_is_in_no_representation() -> None:
    assert KEY.hex() not in repr(Pseudonyms(KEY))
    assert Pseudonyms(KEY).key_id not in KEY.hex()


@pytest.mark.parametrize("value", [None, "", "not a key", KEY.hex()[:-1], KEY.hex() + "," + KEY.hex()])
def test_a_key_that_is_none_is_named_by_its_variable_and_not_shown(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(ENVIRONMENT_VARIABLE, value)
    with pytest.raises(SecretKeyError, match=f"{ENVIRONMENT_VARIABLE} .* python -c") as caught:
        Pseudonyms.from_environment()
    assert not value or value not in str(caught.value)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(SecretKeyError, match=r"32 bytes \(got 5\)"):
        Pseudonyms(b"short")
