"""The settings of the worker: what runs when, and what a job may take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from recs_core.online.streams import MAX_BATCH
from recs_core.online.timetable import Timetable

DAY_S = 86_400


def _seconds_in_digits(value: object) -> object:
    """An environment variable has seconds as text, too."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _is_timetable(value: int | str) -> int | str:
    Timetable.parse(value)
    return value


Interval: TypeAlias = Annotated[int | str, BeforeValidator(_seconds_in_digits), AfterValidator(_is_timetable)]
"""Seconds, or a cron line in UTC."""


class WorkerSettings(BaseModel):
    """The worker, which keeps indexes and models fresh."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_size: int = Field(
        100, gt=0, le=MAX_BATCH, description="Events that a consumer takes from a stream at once."
    )
    training_interval: Interval = Field(
        DAY_S, description="When training is asked for: seconds, or a cron line in UTC such as `15 3 * * *`."
    )
    evaluation_interval: Interval = Field(
        DAY_S, description="When the models are evaluated: seconds, or a cron line in UTC."
    )
    indexing_interval: Interval = Field(
        "0 * * * *", description="When the content index is made anew: seconds, or a cron line in UTC."
    )
    aggregation_interval: Interval = Field(
        "30 2 * * *",
        description="When interaction events are written to the event table: seconds, or a cron line in UTC.",
    )
    retention_interval: Interval = Field(
        "45 2 * * *",
        description="When what was kept long enough is forgotten: seconds, or a cron line in UTC.",
    )
    stream_retention: int = Field(
        30 * DAY_S, gt=0, description="How long interaction events stay in their stream, in seconds."
    )
    dead_letter_retention: int = Field(
        90 * DAY_S, gt=0, description="How long events stay that could not be handled, in seconds."
    )
    event_retention: int = Field(
        730 * DAY_S, ge=DAY_S, description="How long events stay in the event table, in seconds."
    )
    bundles_kept: int = Field(
        20, gt=0, description="Published bundles that stay, the newest; the one that is served always does."
    )
    sync_interval: Interval = Field(
        300,
        description="When the store's services are read, if any is named: seconds, or a cron line in UTC.",
    )
    retrain_share: float = Field(
        0.02,
        gt=0,
        description="A scheduled training runs if there are so many new interactions for each that was trained on.",
    )
    retrain_drift: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Or if they are so far from what was trained on: the Jensen-Shannon divergence over popularity "
        "buckets, 0 to 1.",
    )
    retrain_age: int = Field(
        7 * DAY_S, gt=0, description="Or if the last training is so long ago, in seconds."
    )
    time_limit: int = Field(6 * 3_600, gt=0, description="How long a job may take, in seconds.")
    memory_limit: int = Field(
        8 * 2**30, gt=0, description="What the processes of a job may hold in memory together, in bytes."
    )
    niceness: int = Field(
        10, ge=0, le=19, description="How far jobs stand back for other processes: 0 not at all, 19 most."
    )
    threads: int = Field(1, gt=0, description="Threads of a job's numerical libraries.")
    copy_folder: Path = Field(
        Path("data/worker"), description="The working copy of the project in which jobs run the pipeline."
    )
    event_table: Path = Field(
        Path("data/events"), description="The table that interaction events are written to, a folder a day."
    )
