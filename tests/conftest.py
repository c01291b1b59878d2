"""Settings of all tests."""

import pytest
from hypothesis import settings

# the suites' asserts explain themselves as those of a test module do
pytest.register_assert_rewrite("recs_core.testing.model_case", "recs_core.testing.models")

# the same examples each time, however slow the machine; a failure prints how to repeat it
settings.register_profile("bookverse", derandomize=True, deadline=None, max_examples=25, print_blob=True)
settings.load_profile("bookverse")
