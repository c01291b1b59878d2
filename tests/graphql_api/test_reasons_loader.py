import pytest

from graphql_api.loaders.reasons import without_rules
from recs_core.explanations.reasons import Reason

READ = Reason("COLLABORATIVE", 4, 0.5)
RULE = Reason("RULE", None, -0.125, "cold_start")
REST = Reason("OTHER", None, 0.25)


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ([READ], [READ]),
        ([], []),
        ([READ, REST], [READ, REST]),
        ([RULE, READ], [READ, Reason("OTHER", None, -0.125)]),
        ([READ, RULE, REST], [READ, Reason("OTHER", None, 0.125)]),
    ],
)
def test_what_rules_give_is_among_the_smaller_parts(reasons: list[Reason], expected: list[Reason]) -> None:
    assert without_rules(reasons) == expected
