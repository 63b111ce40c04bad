"""How blocks are read, and for how long, is told from a few of them."""

import time

import numpy as np

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._read_timing import describe_reading, time_read

from .block_scans import numbered


class Waiting:
    """An accumulator that takes a while for each pattern."""

    def __init__(self):
        self.rows = []

    def start(self):
        return Waiting()

    def update(self, patterns, rows):
        self.rows += rows.tolist()
        time.sleep(0.002 * len(rows))

    def merge(self, other):
        self.rows += other.rows
        return self


def test_time_of_all_blocks():
    blocks = PatternBlocks(numbered((40, 5, 3)), 2, block_values=15)
    n_workers = describe_reading(blocks).n_workers
    expected = 0.002 * 200 / n_workers
    # No more than what is slept; less than if few blocks stood for themselves.
    assert expected * 0.7 < time_read(blocks, Waiting())
    assert blocks.n_reads == 0


def test_what_reads():
    blocks = PatternBlocks(numbered((40, 5, 3)), 2, block_values=15)
    reading = describe_reading(blocks)
    assert reading.n_processes == 0
    assert reading.n_workers == reading.n_threads >= 1
    assert reading.block_bytes == 15 * 8
    assert reading.n_tasks == blocks.n_blocks == 40
    assert "of this process" in reading.workers


def test_nothing_is_kept():
    kept = np.zeros(200, bool)
    blocks = PatternBlocks(numbered((40, 5, 3)), 2, kept_patterns=kept)
    assert describe_reading(blocks).block_bytes == 0
