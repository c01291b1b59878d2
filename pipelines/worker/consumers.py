"""Consumers of the event streams, as one process that starts, beats, stops and says why."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from pipelines.worker.effects import BookEffects, ReaderEffects
from pipelines.worker.upstream.state import signs
from recs_core.data.erased import ErasureDigests
from recs_core.errors import BookverseError
from recs_core.online import keys
from recs_core.online.connection import connect
from recs_core.online.consumer import ConsumerSettings, Handler, StreamConsumer
from recs_core.online.scripts import is_transient
from recs_core.online.streams import lags
from recs_core.online.tombstones import check_key

log = logging.getLogger(__name__)

STOPPED: Final = 0
FAILED: Final = 1
NO_REDIS: Final = 3

HEARTBEAT_EVERY_S: Final = 5.0
HEARTBEAT_TTL_S: Final = 15
START_PATIENCE_S: Final = 10.0
LONGEST_PAUSE_S: Final = 1.0

GROUPS: Final[Mapping[str, tuple[str, Callable[[Redis], Handler]]]] = {
    "interactions": ("profiles", ReaderEffects),
    "inventory": ("overlay", BookEffects),
}
"""Stream to the group that handles it here, and how."""


class Consumers:
    """One consumer a stream, each in its thread, until they are told to stop or one fails.

    Args:
        url: where Redis is.
        streams: names of `GROUPS`.
        settings: of every consumer.
    """

    def __init__(self, url: str, streams: Sequence[str], settings: ConsumerSettings) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._client = connect(url)
        self._started = datetime.now(UTC)
        self._stop = threading.Event()
        self._failed = threading.Event()
        self._consumers = {stream: self._consumer(connect(url), stream, settings) for stream in streams}

    def stop(self) -> None:
        """Ask all to finish what they hold and end; safe in a signal handler."""
        self._stop.set()

    def run(self) -> int:
        """Consume; the exit status: `STOPPED`, `FAILED` or `NO_REDIS`."""
        if not self._redis_answers():
            log.error("Redis does not answer within %g s: check that it runs and REDIS_URL", START_PATIENCE_S)
            return NO_REDIS
        try:
            check_key(self._client, ErasureDigests.from_environment())
        except BookverseError as error:
            log.error("%s", error)
            return FAILED
        log.info("%s consumes %s", self.name, ", ".join(self._consumers))
        threads = [
            threading.Thread(target=self._consume, args=item, name=item[0])
            for item in self._consumers.items()
        ]
        for thread in threads:
            thread.start()
        try:
            while not self._stop.is_set():
                self._beat()
                self._stop.wait(HEARTBEAT_EVERY_S)
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
        self._take_leave()
        return FAILED if self._failed.is_set() else STOPPED

    def _consumer(self, client: Redis, stream: str, settings: ConsumerSettings) -> StreamConsumer:
        group, handler = GROUPS[stream]
        return StreamConsumer(
            client, stream=stream, group=group, name=self.name, handler=handler(client), settings=settings
        )

    def _consume(self, stream: str, consumer: StreamConsumer) -> None:
        pause_s = 0.0
        try:
            while not self._stop.is_set():
                try:
                    consumer.step()
                    pause_s = 0.0
                except RedisError as error:
                    if not is_transient(error):
                        raise
                    pause_s = min(LONGEST_PAUSE_S, 2 * pause_s or 0.05)
                    log.warning("%s: %s; tries again in %g s", stream, error, pause_s)
                    self._stop.wait(pause_s)
        except Exception:
            log.exception("the consumer of %s failed", stream)
            self._failed.set()
            self._stop.set()

    def _redis_answers(self) -> bool:
        deadline = time.monotonic() + START_PATIENCE_S
        while not self._stop.is_set():
            try:
                for consumer in self._consumers.values():
                    consumer.join()
            except RedisError as error:
                if not is_transient(error):
                    raise
                if time.monotonic() > deadline:
                    log.error("%s", error)
                    return False
                self._stop.wait(0.1)
            else:
                return True
        return True

    def _beat(self) -> None:
        try:
            streams = {
                stream: {**asdict(consumer.tally), "lag": lags(self._client, stream)}
                for stream, consumer in self._consumers.items()
            }
            beat = {
                "pid": os.getpid(),
                "started": self._started.isoformat(),
                "streams": streams,
                "services": signs(self._client),
            }
            self._client.set(keys.heartbeat(self.name), json.dumps(beat), ex=HEARTBEAT_TTL_S)
        except RedisError as error:
            log.warning("no heartbeat: %s", error)
        else:
            log.info("%s", json.dumps(streams))

    def _take_leave(self) -> None:
        try:
            for consumer in self._consumers.values():
                consumer.leave()
            self._client.delete(keys.heartbeat(self.name))
        except RedisError as error:
            log.warning("Redis does not know that %s has stopped: %s", self.name, error)
        log.info(
            "%s stopped; %s", self.name, json.dumps({s: asdict(c.tally) for s, c in self._consumers.items()})
        )
