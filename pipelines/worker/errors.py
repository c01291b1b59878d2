"""What goes wrong in a job."""

from recs_core.errors import BookverseError


class JobError(BookverseError):
    """A job failed; trying it again may help."""


class HopelessJobError(JobError):
    """A job failed and would fail again: it goes to the dead letters at once."""


class MemoryExceededError(HopelessJobError):
    """The processes of a job held more memory than they may."""
