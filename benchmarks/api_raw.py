"""What benchmarks/api.py compares with: a route of Starlette that reads a request and says always the same bytes.

Served by uvicorn; `BENCHMARK_DATA` names the file of answers, of which it says the first.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_lists = json.loads(Path(os.environ["BENCHMARK_DATA"]).read_text())["lists"]
_body = json.dumps(
    {"data": {"recommendations": {"nodes": next(iter(_lists.values()))}}},
    ensure_ascii=False,
    separators=(",", ":"),
).encode()


async def _answer(request: Request) -> Response:
    await request.body()
    return Response(_body, media_type="application/json")


app = Starlette(routes=[Route("/graphql", _answer, methods=["POST"])])
