"""The benchmark of a GPU: it says where there is none, and all of it runs."""

import json

import numpy as np
import pytest
import torch

from tests.benchmarks import gpu


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_without_a_gpu_nothing_is_measured(no_gpu, tmp_path, capsys):
    gpu.main(["--output", str(tmp_path)])
    assert capsys.readouterr().out.strip() == gpu.NO_GPU
    assert list(tmp_path.iterdir()) == []


def test_all_parts_run(no_gpu, tmp_path, capsys, monkeypatch):
    sizes = gpu.Sizes(((14, 12), (24, 22)), ((40, 50), (16, 18)), 1, 1, 1e6, 2**12)
    monkeypatch.setattr(gpu, "QUICK", sizes)
    gpu.main(["--output", str(tmp_path), "--quick"])
    assert "all parts run on the processor" in capsys.readouterr().out
    record = json.loads((tmp_path / "gpu.json").read_text())
    assert set(record) == {"machine", *gpu.PARTS}
    for name in ("scan", "phantom"):
        for what, value in record[name]["difference"].items():
            assert value < 1e-3, what
    text = (tmp_path / "gpu.txt").read_text()
    for what in ("no GPU", "compression", "NMF", "training", "convolutional", "GB/s"):
        assert what in text


def test_relative_difference():
    assert gpu.relative([3.0, 4.0], [3.0, 4.0]) == 0
    assert gpu.relative([0.0, 0.0], [3.0, 4.0]) == 1
    assert gpu.relative(np.float32([3, 4.5]), [3, 4]) == pytest.approx(0.1)
