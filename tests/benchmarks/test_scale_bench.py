"""The benchmark of scale measures what it says; nothing here is about speed."""

import sys

import numpy as np
import pytest

from tests.benchmarks import scale_jobs
from tests.benchmarks.scale_report import fit_growth, fit_line, write_tables

MACHINE = {"cores": 2, "processor": "some", "memory": "8 GiB"}


def job(seconds, **more):
    times = {
        "seconds": seconds,
        "cpu_seconds": 2 * seconds,
        "peak_bytes": 2_500_000_000,
    }
    return times | {"steps": {"one": seconds / 3, "other": seconds / 2}} | more


def size(n, seconds):
    return {
        "shapes": [(n, n + 1), (20, 30)],
        "scan_bytes": n * 1e9,
        "file_bytes": n * 1e8,
        "jobs": {"sum": job(seconds), "workflow": job(5 * seconds)},
    }


def test_growth():
    sizes = np.array([1.0, 5.0, 9.0])
    assert fit_growth(sizes, 3 * sizes**1.1) == pytest.approx((1.1, 3))
    assert fit_line(sizes, 2 + 3 * sizes) == pytest.approx((2, 3))


def test_tables():
    record = {"date": "2026-12-01", "machine": MACHINE}
    record["sizes"] = [size(1, 2.0), size(4, 8.0)]
    record["peers"] = size(4, 8.0) | {"jobs": {"sum": job(8.0), "svd": {"error": "no"}}}
    kinds = {"zspy": {"file_bytes": 1e8, "sum": job(2), "compress": job(5, reads=1.0)}}
    record["readers"] = {"shapes": [(3, 4), (5, 6)], "scan_bytes": 1e9, "kinds": kinds}
    tables = write_tables(record)
    assert "1 x 2 of 20 x 30" in tables
    assert "mean patterns: time 10.00 s times the size in GB to 1.00, CPU" in tables
    assert "20.00 s a GB." in tables
    assert "failed: no" in tables
    assert "2.5    1.00" in tables
    assert write_tables({"date": "2026-12-01", "machine": MACHINE})


@pytest.mark.parametrize("kind", ["hspy", "raw", "few pixels"])
def test_files_hold_the_same_scan(tmp_path, kind):
    source = str(tmp_path / "scan.zspy")
    made = scale_jobs.store(source, (6, 5), (20, 18))
    assert made["scan_bytes"] == 2 * 6 * 5 * 20 * 18
    assert 0 < made["file_bytes"] < made["scan_bytes"]
    extension = {"hspy": "hspy", "raw": "npy", "few pixels": "h5"}[kind]
    path = tmp_path / f"scan.{extension}"
    assert scale_jobs.convert(str(path), source, kind)["file_bytes"] > 0
    one, other = (scale_jobs.open_scan(each) for each in (source, path))
    np.testing.assert_array_equal(one.data.compute(), other.data.compute())
    found = scale_jobs.measure(path, "compress")
    assert found["reads"] == 1
    assert found["steps"]["compress"] <= found["seconds"]
    assert (found["peak_bytes"] is None) == (sys.platform != "linux")
    if found["peak_bytes"] is not None:
        assert found["peak_bytes"] > 1e7
