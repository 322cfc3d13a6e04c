"""Rates: the law of the token bucket, exactly, and the memory it takes (row 92)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access.rates import MAX_NAMES, Buckets


class HandClock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def answers(per_minute: int, burst: int, milliseconds: Sequence[int]) -> list[float]:
    clock = HandClock()
    buckets = Buckets(per_minute, burst, clock)
    found = []
    for moment in milliseconds:
        clock.seconds = moment / 1000
        found.append(buckets.take("a"))
    return found


RATES = st.integers(1, 1000)
BURSTS = st.integers(1, 20)
MOMENTS = st.sampled_from([50, 2_000, 120_000]).flatmap(
    lambda last: st.lists(st.integers(0, last), min_size=1, max_size=80).map(sorted)
)


@given(RATES, BURSTS, MOMENTS)
def test_no_window_of_time_has_more_than_burst_and_rate_allow(per_minute: int, burst: int, moments: list[int]) -> None:
    found = answers(per_minute, burst, moments)
    allowed = [moment for moment, wait in zip(moments, found, strict=True) if wait == 0]
    for first, start in enumerate(allowed):
        for last in range(first, len(allowed)):
            seconds = Fraction(allowed[last] - start, 1000)
            assert last - first + 1 <= burst + per_minute * seconds / 60


@given(RATES, BURSTS, MOMENTS)
def test_a_bucket_that_is_counted_plainly_gives_the_same_answers(
    per_minute: int, burst: int, moments: list[int]
) -> None:
    tokens, before = Fraction(burst), 0
    for moment, wait in zip(moments, answers(per_minute, burst, moments), strict=True):
        tokens = min(Fraction(burst), tokens + Fraction(per_minute * (moment - before), 60_000))
        before = moment
        assert (wait == 0) == (tokens >= 1)
        if tokens >= 1:
            tokens -= 1
        else:
            assert wait == pytest.approx(float((1 - tokens) * 60 / per_minute), abs=2e-9)


@given(st.integers(1, 60_000), st.lists(st.integers(0, 60_000), max_size=60), st.integers(0, 10**9))
def test_a_caller_that_keeps_to_the_rate_is_never_refused(per_minute: int, pauses: list[int], start: int) -> None:
    clock = HandClock()
    buckets = Buckets(per_minute, 1, clock)
    nanoseconds = start * 1_000
    for pause in pauses:
        clock.seconds = nanoseconds / 1e9
        assert buckets.take("a") == 0.0
        nanoseconds += -(-60_000_000_000 // per_minute) + pause


@given(RATES, BURSTS, MOMENTS)
def test_who_waits_as_long_as_told_is_allowed(per_minute: int, burst: int, moments: list[int]) -> None:
    clock = HandClock()
    buckets = Buckets(per_minute, burst, clock)
    for moment in moments:
        clock.seconds = max(clock.seconds, moment / 1000)
        wait = buckets.take("a")
        if wait:
            clock.seconds += wait
            assert buckets.take("a") == 0.0


def test_a_wait_is_rounded_up_and_what_it_allows_is_counted() -> None:
    clock = HandClock()
    buckets = Buckets(7, 1, clock)
    assert buckets.take("a") == 0.0
    clock.seconds = buckets.take("a")
    assert clock.seconds == 8.571428572
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 8


def test_the_long_run_is_exact_where_the_interval_is_no_whole_number() -> None:
    found = answers(7, 1, range(0, 6_000_001, 20))
    assert sum(wait == 0 for wait in found) == pytest.approx(701, abs=2)


def test_names_do_not_take_from_each_other() -> None:
    buckets = Buckets(1, clock=HandClock())
    assert [buckets.take(name) for name in "aabb"] == [0.0, 60.0, 0.0, 60.0]


def test_a_burst_is_a_minutes_worth_unless_given() -> None:
    buckets = Buckets(5, clock=HandClock())
    assert [buckets.take("a") == 0 for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize(("per_minute", "burst"), [(0, None), (-1, None), (1, 0)])
def test_a_rate_without_requests_is_refused(per_minute: int, burst: int | None) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Buckets(per_minute, burst)


def test_idle_names_give_way_before_the_oldest() -> None:
    clock = HandClock()
    buckets = Buckets(1, 2, clock)
    buckets.take("old and busy")
    buckets.take("old and busy")
    clock.seconds = 30.0
    for number in range(MAX_NAMES - 1):
        buckets.take(f"idle soon {number}")
    clock.seconds = 91.0
    assert len(buckets) == MAX_NAMES
    assert buckets.take("new") == 0.0
    assert len(buckets) == 2
    assert buckets.take("old and busy") == 0.0
    assert buckets.take("old and busy") > 0


def test_memory_is_bounded_by_dropping_the_oldest() -> None:
    clock = HandClock()
    buckets = Buckets(1, 1, clock)
    for number in range(MAX_NAMES + 5000):
        clock.seconds = number / 100_000
        assert buckets.take(f"{number}") == 0.0
        assert len(buckets) <= MAX_NAMES
        if number == MAX_NAMES - 1:
            assert buckets.take("0") > 0
    assert buckets.take("0") > 0
    assert buckets.take("104999") > 0
    assert buckets.take("1") == 0.0


def test_threads_together_get_no_more_than_the_burst() -> None:
    buckets = Buckets(500, clock=HandClock())
    allowed: list[float] = []

    def ask() -> None:
        allowed.extend(1 for _ in range(500) if buckets.take("a") == 0)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 500
