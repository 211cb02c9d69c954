"""Imported by each worker of a campaign: libfaketime makes `time.sleep` fail where only the time of day is moved.

Its clock_nanosleep answers EINVAL where FAKETIME_DONT_FAKE_MONOTONIC is set: each pause before a retry was an OSError.
"""

# ruff: noqa: INP001 - Python looks for it by this name, in a folder of its path
import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
