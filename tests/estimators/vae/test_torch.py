"""PyTorch is asked for only where something is trained or encoded."""

WITHOUT_TORCH = """
import importlib.abc, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import numpy as np
import hyperspy.api as hs
from hyperspy_4dphase.estimators import PatternVAE
rng = np.random.default_rng(0)
counts = rng.poisson(rng.gamma(0.5, 9, (3, 5, 8))[rng.integers(3, size=(6, 7))])
s = hs.signals.Signal2D(counts)
s.set_signal_type("electron_diffraction")
for fit in (
    lambda: PatternVAE().fit(counts.reshape(42, 40)),
    lambda: s.vae_embed(show_progressbar=False),
):
    try:
        fit()
    except ModuleNotFoundError as error:
        print(error)
s.decomposition_rnmf(2, print_info=False, show_progressbar=False)
print(s.learning_results.factors.shape)
"""


def test_without_torch(run_fresh):
    *messages, shape = run_fresh(WITHOUT_TORCH).splitlines()
    assert len(messages) == 2
    for message in messages:
        assert "PyTorch" in message
        assert "pip install torch" in message
    assert shape == "(40, 2)"


def test_the_public_face_imports_no_torch(run_fresh):
    code = "import sys, hyperspy_4dphase.estimators.vae; print('torch' in sys.modules)"
    assert run_fresh(code).split() == ["False"]
