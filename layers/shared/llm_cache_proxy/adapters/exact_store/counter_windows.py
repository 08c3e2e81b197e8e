"""Counters in windows of time: fine ones at first, days later, one total in the end."""

FINE_SECONDS = 300
"""A fine window starts at a multiple of this."""
FINE_KEPT_SECONDS = 25 * 3_600
"""Long enough for every reader of the last day to find it in fine windows."""
DAY_SECONDS = 86_400
DAYS_KEPT_SECONDS = 35 * DAY_SECONDS
