"""The one question of the API's benchmarks, and the answers that servers without a recommender give from memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from graphql_api.notebook.workbench import Workbench

QUERY = (
    "query Home($userId: ID!) { recommendations(userId: $userId, first: 10) { nodes "
    "{ rank score servedFrom book { bookId title authors year coverUrl } reasons(first: 3) { kind amount text } } } }"
)

SCHEMA = """
enum ServedFrom { MODEL PRECOMPUTED POPULAR }
enum ReasonKind { COLLABORATIVE CONTENT POPULARITY RULE OTHER }
type Reason { kind: ReasonKind! amount: Float! text: String! }
type Book { bookId: ID! title: String! authors: [String!]! year: Int coverUrl: String }
type Recommendation {
  rank: Int! score: Float! servedFrom: ServedFrom! book: Book! reasons(first: Int! = 3): [Reason!]!
}
type RecommendationConnection { nodes: [Recommendation!]! }
type Query { recommendations(userId: ID!, first: Int! = 10): RecommendationConnection! }
"""
"""As much of the product's schema as `QUERY` asks for."""


def answers(bundle: Path, *, readers: int, seed: int) -> dict[str, Any]:
    """The data of the answers to `QUERY` for some readers of a bundle, by lot, as the product gives them.

    Args:
        bundle: its directory.
        readers: how many.
        seed: of the lot.
    """
    workbench = Workbench(bundle)
    opened = workbench.recommender.bundle
    everybody = np.flatnonzero(opened.history.user_counts)
    lot = np.random.default_rng(seed).choice(everybody, size=min(readers, everybody.size), replace=False)
    users = opened.users.ids(lot.astype(np.int32)).tolist()
    lists = {user: workbench.ask(QUERY, {"userId": user}).data["recommendations"]["nodes"] for user in users}
    ready = sum(nodes[0]["servedFrom"] == "PRECOMPUTED" for nodes in lists.values() if nodes)
    return {
        "schema": SCHEMA,
        "lists": lists,
        "bundle": {"version": opened.version, "books": len(opened.books), "ready lists": ready},
    }


def bodies(lists: dict[str, Any]) -> str:
    """The bodies of requests for `api_wrk.lua`, one a line.

    Args:
        lists: of the readers who are asked for.
    """
    return "".join(
        json.dumps({"query": QUERY, "variables": {"userId": user}}, ensure_ascii=False) + "\n"
        for user in lists
    )
