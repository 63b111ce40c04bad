"""The benchmark of workers: its table, and that it runs."""

import json
import warnings

import numpy as np
import pytest

from tests.benchmarks import workers
from tests.local_cluster import forked_workers

pytest.importorskip("distributed")


def test_table():
    one = {"read": 2.0, "compression": 9.0, "n_reads": 3.0}
    two = {"read": 1.0, "compression": 5.0, "n_reads": 3.0}
    text = workers.tables({"1": one, "2": two, "what": "Patterns.", "machine": 1.9})
    assert "2.00 s" in text
    assert "1.80" in text
    assert "1.90" in text
    assert text.startswith("Patterns.")


def test_all_of_it_runs(tmp_path):
    with forked_workers(), warnings.catch_warnings():
        # Of ports and sockets: no concern of ours.
        warnings.simplefilter("ignore")
        workers.main(["--quick", "--output", str(tmp_path)])
    record = json.loads((tmp_path / "workers.json").read_text())
    assert record["1"]["n_reads"] >= 1
    assert (tmp_path / "workers.txt").is_file()


def test_patterns_differ_from_chunk_to_chunk():
    parts = [
        workers.draw(
            50, block_info={None: {"chunk-shape": (9, 50), "chunk-location": (i, 0)}}
        )
        for i in range(2)
    ]
    assert parts[0].shape == (9, 50)
    assert not np.array_equal(*parts)
