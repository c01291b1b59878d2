"""What happened since the bundle was made: readers' recent events, taken in and read for their answers."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import RedisError

from graphql_api.cache.connection import Connection
from graphql_api.errors import PublicError
from recs_core.online.events import Interaction
from recs_core.online.profile_values import ProfileValues
from recs_core.online.profiles import Profile, TasteEvent, read_profile_async
from recs_core.online.streams import AsyncEventProducer, BackPressureError


class EventsUnavailableError(PublicError):
    """Events cannot be taken at this moment; sent again later they are not counted twice."""

    code = "UNAVAILABLE"


class Fresh:
    """The way to the event stream and to the profiles that the worker makes of it.

    Args:
        values: opens what profiles hold.
    """

    def __init__(self, values: ProfileValues | None = None) -> None:
        self._values = values or ProfileValues()
        self.connection: Connection | None = None
        """To Redis, while there is one; without it answers are those of the bundle."""

    async def taste(self, user_id: str) -> list[TasteEvent]:
        """What a reader did of late, oldest first, as `ServingRecommender.recommend` takes it; empty if unknown."""
        connection = self.connection
        if connection is None:
            return []
        profile = await connection.guarded(lambda: self.profile(user_id))
        return [] if profile is None else profile.taste()

    async def profile(self, user_id: str) -> Profile:
        """A reader's recent events; none where there is no Redis.

        Raises:
            RedisError: Redis does not answer.
        """
        if self.connection is None:
            return Profile()
        return await read_profile_async(self.connection.redis, user_id, self._values)

    async def record(self, events: Sequence[Interaction]) -> None:
        """Put events into their stream, all or none.

        Raises:
            EventsUnavailableError: Redis does not answer, or the worker has too many before it.
            InvalidEventError: one is ahead of time.
        """
        connection = self.connection
        if connection is None:
            raise EventsUnavailableError("events need Redis, and this server has none")
        try:
            await AsyncEventProducer(connection.redis).send(events)
        except (RedisError, OSError):
            raise EventsUnavailableError("events cannot be taken now; send them again") from None
        except BackPressureError as error:
            raise EventsUnavailableError(str(error)) from error
