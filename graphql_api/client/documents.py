"""What the client asks; a test validates it against the committed schema."""

from __future__ import annotations

from typing import Final

_BOOK_CARD: Final = """
fragment BookCard on Book { id bookId title authors coverUrl }
"""

_REASON_PARTS: Final = """
fragment ReasonParts on Reason { kind amount text book { id title } }
"""

READERS: Final = """
query Readers($first: Int! = 1) { readers(first: $first) }
"""

RECOMMENDATIONS: Final = (
    """
query Recommendations($userId: ID!, $first: Int!, $after: String) {
  recommendations(userId: $userId, first: $first, after: $after) {
    edges {
      cursor
      node { rank score servedFrom book { ...BookCard } reasons(first: 3) { ...ReasonParts } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _BOOK_CARD
    + _REASON_PARTS
)

EXPLAIN: Final = (
    """
query Explain($userId: ID!, $bookId: ID!) {
  explain(userId: $userId, bookId: $bookId) {
    rank
    score
    book { ...BookCard }
    contributions(first: 5) { ...ReasonParts }
    counterfactuals(first: 2) { said true exact book { id title } }
    whyNot { rule rank }
  }
}
"""
    + _BOOK_CARD
    + _REASON_PARTS
)

SEARCH: Final = (
    """
query Search($text: String!, $first: Int! = 5) {
  search(text: $text, first: $first) { nodes { rank book { ...BookCard } } }
}
"""
    + _BOOK_CARD
)
