"""The benchmarks that say how fast the product answers: `python -m benchmarks` runs them, one after the other.

python -m benchmarks [--list] [NAME ...] [OPTIONS OF THE BENCHMARKS]
"""

from __future__ import annotations

import argparse
import subprocess
import sys

BENCHMARKS = {
    "serving": "what an answer takes in the library",
    "api": "requests a second and latencies beside other servers",
    "guarded": "what tokens and limits cost",
    "open_loop": "latencies at 70 % of the highest load",
    "hit_rate": "answers from the cache under Zipf readers with changes mixed in",
    "swap": "a new bundle under load: failed requests, pauses, time to the first new answer",
    "redis_outage": "Redis dies and comes back under load",
    "event_to_answer": "how soon an event changes its reader's answer",
    "withdrawn": "how long a withdrawn book is still listed by two servers under load",
    "cold_start": "how soon a server is ready",
    "catalogue_size": "latency and memory with 10 thousand to a million books",
    "training_beside": "latencies beside a training, with and without its limits",
    "search": "how well and how fast a book is found",
}
"""Modules of this package, with what they measure."""


def main() -> int:
    """Run the named benchmarks, or all; the exit status of the first that fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all where none is given"
    )
    parser.add_argument(
        "--list", action="store_true", help="say what each of them measures, and measure nothing"
    )
    arguments, passed = parser.parse_known_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    if arguments.list:
        print("\n".join(f"{name:15} {what}" for name, what in BENCHMARKS.items()))
        return 0
    for name in arguments.names or BENCHMARKS:
        print(f"== {name}: {BENCHMARKS[name]}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *passed]
        status = subprocess.run(command, check=False).returncode  # noqa: S603 - our own modules
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
