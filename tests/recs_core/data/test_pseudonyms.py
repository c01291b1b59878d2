"""Pseudonyms: stable, different under another key, and the key comes from nowhere but the environment."""

from __future__ import annotations

import base64
import hashlib
import hmac
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.pseudonyms import ENVIRONMENT_VARIABLE, PSEUDONYM_CHARS, Pseudonyms
from recs_core.data.secret_key import SecretKeyError

KEY = bytes(range(32))


def test_a_pseudonym_is_the_keyed_hash_that_is_documented() -> None:
    digest = hmac.new(KEY, b"276847", hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(Pseudonyms(KEY).of("276847") + "==") == digest[:16]


@given(st.lists(st.text(max_size=40), unique=True, max_size=30))
def test_many_are_the_same_as_one_by_one_and_all_different(user_ids: list[str]) -> None:
    # an array of NumPy's strings drops NULs at the end
    ids = [user_id.replace("\0", "") + "." for user_id in user_ids]
    pseudonyms = Pseudonyms(KEY)
    made = pseudonyms.of_each(np.array(ids, dtype=np.str_))
    assert made.tolist() == [pseudonyms.of(user_id) for user_id in ids]
    assert len(set(made.tolist())) == len(set(ids))
    assert {len(each) for each in made.tolist()} <= {PSEUDONYM_CHARS}


def test_another_process_gives_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, KEY.hex())
    code = (
        "from recs_core.data.pseudonyms import Pseudonyms; print(Pseudonyms.from_environment().of('276847'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Pseudonyms(KEY).of("276847")


def test_under_another_key_everybody_is_somebody_else() -> None:
    one, other = Pseudonyms(KEY), Pseudonyms(KEY[::-1])
    ids = np.array([str(n) for n in range(500)])
    assert not np.isin(one.of_each(ids), other.of_each(ids)).any()
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
