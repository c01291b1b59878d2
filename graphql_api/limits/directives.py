"""`@cost` and `@listSize`, the directives by which the schema says what its fields cost.

They are those of the GraphQL cost directives specification (https://ibm.github.io/graphql-specs/cost-spec.html), in
the places that `graphql_api.limits.cost` reads.
"""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="cost",
    description="What a field costs each time that it is resolved, beside what it returns, where it is not 0; or "
    "what each object of a type costs, where it is not 1.",
)
class Cost:
    """What a field or an object of a type costs."""

    weight: str = strawberry.field(
        name="weight", description="The cost, a whole number in a string, as the specification has it."
    )


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="How many items a list has at most. A list without it is taken to be as long as lists may be.",
)
class ListSize:
    """How many items a list has at most."""

    assumed_size: int | None = strawberry.field(
        name="assumedSize",
        default=strawberry.UNSET,
        description="So many, where no slicing argument says.",
    )
    slicing_arguments: list[str] | None = strawberry.field(
        name="slicingArguments",
        default=strawberry.UNSET,
        description="The arguments that say how many: by their value, or by their length where they are lists.",
    )
    sized_fields: list[str] | None = strawberry.field(
        name="sizedFields",
        default=strawberry.UNSET,
        description="The lists within the returned object that have this size, where the field is no list itself.",
    )
    require_one_slicing_argument: bool | None = strawberry.field(
        name="requireOneSlicingArgument",
        default=strawberry.UNSET,
        description="Whether a request must give exactly one of the slicing arguments, as it must unless this is "
        "false; defaults count as given.",
    )

    @property
    def requires_one(self) -> bool:
        """`requireOneSlicingArgument`, true where the schema does not say."""
        return self.require_one_slicing_argument is not False


PAGED = ListSize(slicing_arguments=["first"], sized_fields=["edges", "nodes"])
"""Of a field that returns a connection."""
