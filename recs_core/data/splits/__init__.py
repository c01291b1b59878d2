"""What is held out to choose and to judge models on. Each strategy is a module; importing it registers it."""

from recs_core.data.splits import leave_last, presplit, random, temporal, user_holdout

__all__ = ["leave_last", "presplit", "random", "temporal", "user_holdout"]
