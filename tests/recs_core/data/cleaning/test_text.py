import pytest

from recs_core.data.cleaning.text import repair


@pytest.mark.parametrize(
    ("damaged", "whole"),
    [
        ("voilÃ\xa0 le livre", "voilà le livre"),
        ("CittÃ\xa0", "Città"),
        ("FrantzÃ©n  &amp; Co", "Frantzén & Co"),
        ("Straße\xa0 5", "Straße 5"),
        ("plain", "plain"),
        ("&nbsp;", ""),
    ],
)
def test_what_was_damaged_on_its_way_is_whole_again(damaged: str, whole: str) -> None:
    assert repair(damaged) == whole
