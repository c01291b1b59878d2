"""A typed client of the API for notebooks and scripts: `from graphql_api.client import BookVerse`."""

from graphql_api.client.answers import (
    BookCard,
    BookTitle,
    Counterfactual,
    Explanation,
    Reason,
    Recommendation,
    RecommendationPage,
    SearchHit,
    WhyNot,
)
from graphql_api.client.bookverse import BookVerse, BookVerseError

__all__ = [
    "BookCard",
    "BookTitle",
    "BookVerse",
    "BookVerseError",
    "Counterfactual",
    "Explanation",
    "Reason",
    "Recommendation",
    "RecommendationPage",
    "SearchHit",
    "WhyNot",
]
