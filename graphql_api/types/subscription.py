"""What subscribers are told."""

from __future__ import annotations

import strawberry

from graphql_api.types.bundle import Bundle


@strawberry.type(description="Another bundle is served.")
class BundlePublished:
    """Another bundle is served."""

    bundle: Bundle = strawberry.field(description="The bundle that is served from now on.")
    previous_version: strawberry.ID = strawberry.field(
        description="The version that was served before; cursors of it hold for a while."
    )
