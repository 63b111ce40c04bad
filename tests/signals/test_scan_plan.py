"""A plan says in words what its numbers are."""

from dataclasses import replace

import pytest

from hyperspy_4dphase.signals.scan_plan import ScanPlan, _size, _time

PLAN = ScanPlan(
    navigation_shape=(192, 190),
    signal_shape=(256, 250),
    dtype="uint16",
    scan_bytes=4_669_440_000,
    is_lazy=True,
    chunks=None,
    workers="2 threads of this process",
    n_workers=2,
    n_blocks=144,
    n_tasks=72,
    block_bytes=33_554_432,
    reads=(2, 6),
    memory_bytes=1_460_000_000,
    worker_bytes=None,
    result_bytes=14_200_000,
    seconds_per_read=10.0,
)


def test_words():
    text = repr(PLAN)
    for part in (
        "192 x 190 positions of 256 x 250 pixels, uint16, 4.67 GB",
        "144 of up to 33.6 MB in 72 tasks a read (lazy)",
        "2 to 6",
        "about 1.46 GB; the compression: 14.2 MB",
        "about 20 s to 60 s (10 s a read, 467 MB/s)",
    ):
        assert part in text
    assert "!" not in text


def test_what_follows():
    assert PLAN.seconds == (20.0, 60.0)
    assert PLAN.bytes_per_second == 466_944_000
    unknown = replace(PLAN, seconds_per_read=None)
    assert unknown.seconds is None
    assert unknown.bytes_per_second is None


def test_workers():
    text = repr(replace(PLAN, worker_bytes=10**8, reads=(1, 1)))
    assert "here, 100 MB in each worker" in text
    assert "reads:   1\n" in text


def test_warnings_are_escaped_in_html():
    plan = replace(PLAN, warnings=["Chunks < patterns."], rechunk="s.rechunk()")
    assert "! Chunks < patterns." in repr(plan)
    assert "Chunks &lt; patterns." in plan._repr_html_()
    assert plan._repr_html_().count("<tr>") == 8


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (2.5e13, "25 TB")],
)
def test_sizes(n_bytes, text):
    assert _size(n_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0312, "0.031 s"), (119, "2 min"), (7200, "2 h")]
)
def test_times(seconds, text):
    assert _time(seconds) == text
