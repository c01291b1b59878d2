"""From settings and a bundle to what operations run on: the same in a server and in a notebook."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from anyio import CapacityLimiter

from graphql_api.broadcast import Broadcast
from graphql_api.context import Server
from graphql_api.cursors import CursorSigner
from graphql_api.fresh import Fresh
from graphql_api.reader_names import ReaderNames
from graphql_api.schema import Schema
from graphql_api.settings import Settings
from graphql_api.snapshots import Snapshot, Snapshots
from recs_core.artifacts.bundle import Bundle, open_bundle
from recs_core.data.pseudonyms import ENVIRONMENT_VARIABLE
from recs_core.errors import ArtifactError
from recs_core.online.profile_values import ProfileValues
from recs_core.serving.recommender import ServingRecommender

log = logging.getLogger(__name__)

DEVELOPMENT_KEY = b"bookverse development cursors"
"""Signs cursors where no key is set, which production does not allow: whoever reads this could make cursors up."""


class PseudonymKeyError(ArtifactError):
    """A bundle's readers have pseudonyms of another key than the one that is set, or none."""


def open_snapshot(path: Path, settings: Settings) -> Snapshot:
    """Verify and open a bundle, to be served as the settings say.

    Raises:
        ArtifactError: the bundle is missing or damaged.
        PseudonymKeyError: its readers would not be found.
        ParameterError: the default strategy cannot be made of its model.
    """
    algorithms = settings.algorithms
    bundle = open_bundle(path)
    check_pseudonym_key(bundle, settings)
    recommender = ServingRecommender(
        bundle,
        strategies={name: each.as_config() for name, each in algorithms.strategies.items()},
        default_strategy=algorithms.default_strategy,
        min_readers=algorithms.min_readers,
    )
    for reason in recommender.strategies.refused.values():
        log.warning("left out: %s", reason)
    # a model makes some of what it needs when it is first asked, which no reader shall wait for
    recommender.personalized(recommender.bundle.books.array[:1].tolist(), k=1)
    return Snapshot.of(recommender)


def reader_names_of(settings: Settings, schema: Schema) -> ReaderNames | None:
    """What gives readers their pseudonyms at the edge; None where they are known by their ids."""
    pseudonyms = settings.pseudonyms
    if pseudonyms is None:
        return None
    return ReaderNames(schema._schema, pseudonyms, max_tokens=settings.api.max_tokens)


def server_of(settings: Settings, snapshot: Snapshot) -> Server:
    """What all operations share, beginning with a snapshot."""
    api, key = settings.api, settings.cursor_key
    return Server(
        snapshots=Snapshots(snapshot, kept=api.snapshots_kept, ttl_s=api.snapshot_ttl_s),
        cursors=CursorSigner(DEVELOPMENT_KEY if key is None else key.get_secret_value().encode()),
        news=Broadcast(),
        max_first=api.max_first,
        # ranking is numpy from end to end: more threads than cores would only take turns
        threads=CapacityLimiter(os.cpu_count() or 1),
        fresh=Fresh(ProfileValues(settings.sealing)),
    )


def check_pseudonym_key(bundle: Bundle, settings: Settings) -> None:
    """Check that the readers of a bundle would be found.

    Raises:
        PseudonymKeyError: they have pseudonyms of another key than the one that is set, or none.
    """
    pseudonyms = settings.pseudonyms
    of_bundle, of_server = bundle.meta.pseudonym_key_id, None if pseudonyms is None else pseudonyms.key_id
    if of_bundle == of_server:
        return
    made = "with the ids of its source" if of_bundle is None else f"with the pseudonym key {of_bundle}"
    is_set = "is not set" if of_server is None else f"has the key {of_server}"
    raise PseudonymKeyError(
        f"{bundle.path} was made {made}, and {ENVIRONMENT_VARIABLE} {is_set}: no reader would be found"
    )
