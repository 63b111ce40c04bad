"""Structures that a scan may hold: checked, expanded, with their reflections."""

from hyperspy_4dphase.structures._atoms import Atoms
from hyperspy_4dphase.structures._candidate import Candidate
from hyperspy_4dphase.structures._load import load_candidates

__all__ = ["Atoms", "Candidate", "load_candidates"]
