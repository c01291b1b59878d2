"""What the server answers to the client's documents, field by field; a field more or less is an error.

The schema describes each field (`docs/api.md`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

ReasonKind = Literal["COLLABORATIVE", "CONTENT", "POPULARITY", "RULE", "OTHER"]
"""What a part of a score comes from."""

ServedFrom = Literal["MODEL", "PRECOMPUTED", "POPULAR"]
"""Where a recommendation comes from."""

Absence = Literal[
    "SEEN",
    "DISLIKED",
    "EXCLUDED",
    "NOT_SOLD",
    "FILTERED",
    "NO_SCORE",
    "CAPPED",
    "DIVERSIFIED",
    "LIKE_A_DISLIKED",
    "DAMPED",
    "BELOW",
]
"""What kept a book from a list."""


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class BookTitle(_Answer):
    """A book that something else speaks of; `id` is its global id."""

    id: str
    title: str


class BookCard(_Answer):
    """A book as a list shows it; `book_id` is the store's id, which arguments take."""

    id: str
    book_id: str
    title: str
    authors: list[str]
    cover_url: str | None


class Reason(_Answer):
    """A part of a score, in the score's unit."""

    kind: ReasonKind
    amount: float
    text: str
    book: BookTitle | None


class Recommendation(_Answer):
    """A place in a reader's list, from rank 1; the reasons' amounts add up to the score."""

    rank: int
    score: float
    served_from: ServedFrom
    book: BookCard
    reasons: list[Reason]


class RecommendationEdge(_Answer):
    """A recommendation, and the cursor after which the next one comes."""

    cursor: str
    node: Recommendation


class PageInfo(_Answer):
    """Whether and where the list goes on."""

    has_next_page: bool
    end_cursor: str | None


class RecommendationPage(_Answer):
    """A page of a reader's list."""

    edges: list[RecommendationEdge]
    page_info: PageInfo

    @property
    def nodes(self) -> list[Recommendation]:
        """The page's recommendations, best first."""
        return [edge.node for edge in self.edges]


class Counterfactual(_Answer):
    """What the score loses without one book of the history: as the reasons say, and when it is scored anew."""

    said: float
    true: float
    exact: bool
    book: BookTitle


class WhyNot(_Answer):
    """What kept a book from the list, and its rank among all that may be listed."""

    rule: Absence
    rank: int | None


class Explanation(_Answer):
    """Why a book is, or is not, in a reader's list."""

    rank: int | None
    score: float | None
    book: BookCard
    contributions: list[Reason]
    counterfactuals: list[Counterfactual]
    why_not: WhyNot | None


class SearchHit(_Answer):
    """A place among the hits of a search, from rank 1."""

    rank: int
    book: BookCard


class SearchHits(_Answer):
    """The hits of a search, best first."""

    nodes: list[SearchHit]


class ReadersData(_Answer):
    """The answer to `READERS`."""

    readers: list[str]


class RecommendationsData(_Answer):
    """The answer to `RECOMMENDATIONS`."""

    recommendations: RecommendationPage


class ExplainData(_Answer):
    """The answer to `EXPLAIN`."""

    explain: Explanation


class SearchData(_Answer):
    """The answer to `SEARCH`."""

    search: SearchHits


class Fault(BaseModel):
    """One of the errors of an answer."""

    message: str
    extensions: dict[str, object] = Field(default_factory=dict)


class Envelope(BaseModel):
    """What every answer is: data, or errors."""

    data: dict[str, object] | None = None
    errors: list[Fault] = Field(default_factory=list)
