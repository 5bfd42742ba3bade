"""Schedules that fire when they are due.

AWS: EventBridge Scheduler has a precision of 60 seconds, and fires within the minute that is due,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html.

MiniStack 1.5.33: looks every ten seconds, so that a `rate(1 minute)` comes up to ten seconds late, over and
over.

Fixed by looking every second.
"""

from sluice_local.engine import ministack

_TICK_SECONDS = 1


def install() -> None:
    """Shorten the interval at which schedules and scheduled rules are looked at."""
    ministack.replace("services.scheduler._SCHEDULE_TICK_INTERVAL", _TICK_SECONDS)
    ministack.replace("services.eventbridge._SCHEDULER_TICK_INTERVAL", _TICK_SECONDS)
