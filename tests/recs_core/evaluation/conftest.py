"""ranx, the oracle, is compiled by numba for longer than it then runs: let it be plain Python."""

import os

os.environ["NUMBA_DISABLE_JIT"] = "1"
