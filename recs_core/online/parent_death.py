"""Children that do not outlive their parent."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent ends."""


def dies_with_parent() -> Callable[[], None] | None:
    """What a child runs first, so that on Linux it is ended with its parent, however that ends."""
    if sys.platform != "linux":
        return None
    # looked up before the fork: after it nothing may be loaded
    prctl = ctypes.CDLL(None).prctl

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask_kernel
