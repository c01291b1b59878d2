"""`make demo`: the whole way, from published data to an explained recommendation, on this machine.

Runs the pipeline, publishes its bundle, starts server and worker, asks over HTTP for one real reader, prints the
answer, lets the reader buy the first book, prints what the list is then, and keeps serving until Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.demo_events import buy, local_worker
from pipelines.local_server import local_server
from pipelines.publish import BUNDLE, PUBLISHED, publish
from recs_core.errors import BookverseError
from recs_core.online.redis_server import EmbeddedRedis

QUERY = """
query Demo($reader: ID!) {
  bundle { version model users books }
  user(id: $reader) { historySize history(first: 100) { nodes { title authors } } }
  recommendations(userId: $reader, first: 10) {
    nodes {
      rank score servedFrom
      book { title authors }
      reasons(first: 3) { kind amount text }
    }
  }
  metrics(k: 10) { model metric mean }
}
"""

REDIS_BYTES = 256 * 2**20

console = Console(highlight=False, soft_wrap=True)


class DemoError(BookverseError):
    """A step of the demo failed; the message says which."""


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="make demo", description="Run the pipeline on real books, serve it, and print an answer."
    )
    parser.add_argument("--once", action="store_true", help="exit after printing (make demo ONCE=1)")
    parser.add_argument("--port", type=int, default=0, help="the server's port (default: a free one)")
    options = parser.parse_args(arguments)
    try:
        seconds = _reproduce()
        console.print(f"\n[bold]pipeline[/]  {seconds:.0f} s in dvc repro")
        console.print(f"[bold]publish[/]   bundle {publish(BUNDLE, PUBLISHED).version}")
        with (
            # not that of the environment: what is bought here nobody has bought
            EmbeddedRedis(max_memory_bytes=REDIS_BYTES) as redis,
            local_worker(redis.url),
            local_server(options.port, settings={"BOOKVERSE_REDIS_URL": redis.url}) as (server, url),
        ):
            answer = _ask(url)
            _show(answer)
            _show_purchase(answer["reader"], url)
            console.print(f"GraphQL page: [bold]{url}/graphql[/]")
            if not options.once:
                console.print("Serving until Ctrl-C.")
                _keep_serving(server)
    except BookverseError as error:
        console.print(f"[red]demo failed:[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _reproduce() -> float:
    console.print("[bold]pipeline[/]  dvc repro: some minutes the first time, seconds when nothing changed")
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "dvc", "repro"], check=False)
    if done.returncode != 0:
        raise DemoError("the pipeline failed; its last lines say where")
    return time.monotonic() - started


def _keep_serving(server: subprocess.Popen[str]) -> None:
    """Return on Ctrl-C or SIGTERM; raise `DemoError` if the server ends by itself."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    try:
        status = server.wait()
    except KeyboardInterrupt:
        return
    raise DemoError(f"the server ended by itself with status {status}; see its message above")


def _ask(url: str) -> dict[str, Any]:
    """The answer for one reader of middling history, over HTTP as a web app would ask."""
    reader = _post(url, "{ readers(first: 1) }", {})["readers"][0]
    return {"reader": reader, **_post(url, QUERY, {"reader": reader})}


def _post(url: str, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    reply = httpx.post(f"{url}/graphql", json={"query": query, "variables": variables}, timeout=30).json()
    if reply.get("errors"):
        raise DemoError(f"the server answered with an error: {reply['errors'][0]['message']}")
    data: dict[str, Any] = reply["data"]
    return data


def _show(answer: dict[str, Any]) -> None:
    bundle, user = answer["bundle"], answer["user"]
    console.print(
        f"[bold]serving[/]   {bundle['model']} for {bundle['users']:,} readers and {bundle['books']:,} books"
    )
    console.print(f"\n[bold]Reader {answer['reader']} knows {user['historySize']} books[/]")
    for book in user["history"]["nodes"]:
        console.print("    " + _name(book))
    console.print("\n[bold]Ten recommendations[/] (the amounts of the reasons add up to the score)")
    for item in answer["recommendations"]["nodes"]:
        console.print(f"{item['rank']:3} {_name(item['book'])}  [bold]{item['score']:.3f}[/]")
        for reason in item["reasons"]:
            console.print(f"      [dim]{reason['amount']:+.3f} {escape(reason['text'])}[/]")
    console.print(f"\n[bold]Offline metrics at 10[/] of the served bundle, {bundle['version']}")
    console.print(_metrics_table(answer["metrics"]))


def _show_purchase(reader: str, url: str) -> None:
    bought, now, took_s = buy(lambda query, variables: _post(url, query, variables), reader)
    console.print(
        f"\n[bold]Reader {reader} buys[/] {_name(bought)}; {1_000 * took_s:.0f} ms later the list is"
    )
    for item in now:
        console.print(f"{item['rank']:3} {_name(item['book'])}")
    console.print()


def _name(book: Mapping[str, Any]) -> str:
    return escape(" by ".join(filter(None, [book["title"], ", ".join(book["authors"])])))


def _metrics_table(metrics: list[dict[str, Any]]) -> Table:
    """Metrics by models."""
    table = Table(box=None, padding=(0, 1))
    table.add_column("")
    models = list(dict.fromkeys(entry["model"] for entry in metrics))
    for model in models:
        table.add_column(model, justify="right")
    means = {(entry["metric"], entry["model"]): f"{entry['mean']:.4f}" for entry in metrics}
    for metric in dict.fromkeys(entry["metric"] for entry in metrics):
        table.add_row(metric, *(means[metric, model] for model in models))
    return table


if __name__ == "__main__":
    sys.exit(main())
