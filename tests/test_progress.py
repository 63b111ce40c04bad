"""Bars that tell how far a method is."""

import copy
import sys

from hyperspy_4dphase._progress import Progress


def test_copies_share_a_bar_that_writes_to_a_file(tmp_path, monkeypatch):
    """Scikit-learn clones estimators with their callbacks; output may be a file."""
    with (tmp_path / "output").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        monkeypatch.setattr(sys, "stderr", file)
        with Progress(show=True) as progress:
            progress("Reading", 1, 2)
            assert progress._bar is not None
            assert copy.deepcopy(progress) is progress
