"""`domain_confidence`: refused before anything is read, in words that help."""

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction1D, Diffraction2D

from hyperspy_4dphase.methods.compress import compress

from .conftest import calibrated, unchanged
from .domain_scans import NAVIGATION, SIGNAL, planted
from .test_cluster_hierarchical_bad_input import all_but, unreadable  # noqa: F401

QUIET = {"show_progressbar": False}
SETTINGS = {"random_state": 0, "device": "cpu"} | QUIET
N = int(np.prod(NAVIGATION))


def run(signal, *arguments, **keywords):
    return signal.domain_confidence(*arguments, **(SETTINGS | keywords))


@pytest.fixture
def scan():
    return planted()[0]


@pytest.fixture(scope="module")
def embedding():
    return planted()[0].vae_embed(epochs=1, **SETTINGS)


@pytest.fixture(scope="module")
def domains():
    return planted()[0].cluster_hierarchical(**SETTINGS)


LABELS = np.zeros(NAVIGATION, int)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"n_maps": 1}, ValueError, "n_maps must be at least 2, not 1"),
        ({"n_maps": 0}, ValueError, "n_maps must be at least"),
        ({"n_maps": 2.5}, TypeError, "n_maps must be an integer"),
        ({"n_maps": True}, TypeError, "not True"),
        ({"distortion": "warp"}, ValueError, "distortion='warp'; expected one of"),
        ({"distortion": "ssim"}, ValueError, "'ssim' needs .* no embedding"),
        (
            {"distortion": "ssim", "source": {"latent_dim": 3}},
            ValueError,
            "3 latent dimensions",
        ),
        ({"n_rounds": 0}, ValueError, "n_rounds must be at least 1"),
        ({"n_rounds": None}, TypeError, "n_rounds must be an integer"),
        ({"n_rounds": 2}, ValueError, "n_rounds=2.*no embedding.*source is None"),
        (
            {"n_rounds": 2, "source": np.zeros(NAVIGATION)},
            ValueError,
            "source is ndarray. Take source='vae'",
        ),
        ({"threshold": -0.1}, ValueError, "threshold must be .*at least 0"),
        ({"threshold": 1.5}, ValueError, "threshold must be .*at most 1"),
        ({"threshold": np.nan}, ValueError, "threshold"),
        ({"threshold": "half"}, TypeError, "threshold must be a number"),
        ({"doubts": ["shape"]}, ValueError, "expected one or more of .*'resampling'"),
        ({"doubts": []}, ValueError, r"doubts=\[\]"),
        ({"doubts": 3}, TypeError, "doubts must be a sequence of names.*not 3"),
        ({"doubts": [1]}, TypeError, "doubts must be a sequence of names"),
        ({"doubts": "distortion"}, ValueError, "needs a decoder"),
        ({"navigation_mask": all_but(1)}, ValueError, f"2 probe.*leave 1 of {N}"),
        ({"navigation_mask": all_but(0)}, ValueError, "True everywhere"),
        ({"signal_mask": np.ones(SIGNAL)}, ValueError, "True everywhere"),
        ({"navigation_mask": np.ones((3, 4))}, ValueError, r"\(3, 4\).*\(20, 12\)"),
        ({"random_state": -1}, ValueError, "random_state .*at least 0"),
        ({"device": "tpu"}, ValueError, "device='tpu'"),
        ({"show_progressbar": "yes"}, TypeError, "show_progressbar"),
        ({"return_info": 1}, TypeError, "return_info"),
        ({"compression": 5}, TypeError, "compression .*not int"),
        # Sources
        ({"source": "VAE"}, ValueError, "source='VAE'; expected None, 'vae', 'rnmf'"),
        ({"source": 7}, TypeError, "source must be .*not int"),
        (
            {"source": {"epocs": 3, "seed": 1}},
            ValueError,
            "keys epocs, seed; expected options of vae_embed.*latent_dim.*sample_w",
        ),
        ({"source": {"random_state": 3}}, ValueError, "keys random_state"),
        ({"source": {"epochs": 0}}, ValueError, "epochs must be at least 1"),
        ({"source": {"latent_dim": 2.0}}, TypeError, "latent_dim must be an integer"),
        ({"source": {"latent_dim": 120}}, ValueError, "latent_dim=120"),
        ({"source": {"architecture": "deep"}}, ValueError, "architecture='deep'"),
        ({"source": {"batch_size": N}}, ValueError, f"batch_size={N}"),
        ({"source": {"sample_weight": np.ones(3)}}, ValueError, r"\(3,\).*\(20, 12\)"),
        ({"source": np.ones((12, 20))}, ValueError, r"\(12, 20\).*\(20, 12\)"),
        ({"source": np.full(NAVIGATION, np.nan)}, ValueError, "NaN at every"),
        ({"source": "rnmf"}, ValueError, "there is none.*decomposition_rnmf"),
        # Domains
        ({"domains": LABELS.T}, ValueError, r"\(12, 20\).*\(20, 12\).*another scan"),
        ({"domains": hs.signals.Signal2D(LABELS.T)}, ValueError, "another scan"),
        (
            {"domains": LABELS * 1.0},
            TypeError,
            "must hold integers, .*float64",
        ),
        ({"domains": LABELS - 1}, ValueError, "all .* are unassigned"),
        ({"domains": LABELS - 2}, ValueError, "domains holds -2"),
        ({"domains": LABELS == 0}, ValueError, r"booleans of the shape \(20, 12\)"),
        ({"domains": np.ones((2, N), bool)}, ValueError, "clusters overlap"),
        ({"domains": "labels"}, TypeError, "domains must be None.*not str"),
        ({"domains": 3}, TypeError, "domains must be None.*not int"),
        (
            {
                "domains": np.where(all_but(4), -1, 0),
                "navigation_mask": ~all_but(4),
            },
            ValueError,
            "all probe positions that are not masked are unassigned",
        ),
    ],
    ids=str,
)
def test_refused(unreadable, arguments, error, match):  # noqa: F811
    with pytest.raises(error, match=match):
        run(unreadable, **arguments)


CHANGES = [
    (lambda s: s.inav[:9], r"\(20, 12\).*the scan \(20, 9\)"),
    (lambda s: setattr(s.axes_manager[0], "scale", 9), "0.5 nm per.*scan 9 nm"),
    (lambda s: setattr(s.axes_manager[1], "units", "um"), "1.5 nm.*1.5 um"),
    (lambda s: setattr(s.axes_manager[1], "offset", 3), "begins at 10.*at 3"),
]


@pytest.mark.parametrize(("change", "match"), CHANGES)
def test_of_another_scan(unreadable, embedding, domains, change, match):  # noqa: F811
    other = change(unreadable) or unreadable
    with pytest.raises(ValueError, match=f"source is of another scan.*{match}"):
        run(other, source=embedding)
    with pytest.raises(ValueError, match=f"domains is of another scan.*{match}"):
        run(other, domains)


def test_changed_maps(unreadable, domains):  # noqa: F811
    with pytest.raises(ValueError, match="needs the whole map"):
        run(unreadable, domains.isig[:5, :5])
    changed = domains.deepcopy()
    changed.data[0, 0] = 2
    with pytest.raises(ValueError, match="labels were changed"):
        run(unreadable, changed)


def test_embeddings_that_cannot_be_trained(unreadable, embedding):  # noqa: F811
    bare = embedding.deepcopy()
    del bare.metadata.Latent_embedding
    with pytest.raises(ValueError, match="source is LatentEmbedding without its model"):
        run(unreadable, source=bare, n_rounds=2)
    with pytest.raises(ValueError, match="'distortion', which needs a decoder"):
        run(unreadable, source=bare, doubts=["distortion"])
    with pytest.raises(ValueError, match="latent dimensions, but its model 2"):
        run(unreadable, source=embedding.isig[:1])
    mask = np.zeros(SIGNAL, bool)
    mask[0, 3] = True
    with pytest.raises(ValueError, match="trained with another signal_mask"):
        run(unreadable, source=embedding, n_rounds=2, signal_mask=mask)
    with pytest.raises(ValueError, match=r"\(9, 10\).*embedding expects \(9, 11\)"):
        run(unreadable.isig[1:, :], source=embedding, n_rounds=2)


class TestCompression:
    def test_of_another_scan(self, scan, unreadable):  # noqa: F811
        compression = compress(scan.inav[:9], **QUIET)
        with pytest.raises(ValueError, match=r"another scan.*\(20, 9\).*\(20, 12\)"):
            run(unreadable, compression=compression)

    def test_with_other_masks(self, scan, unreadable):  # noqa: F811
        compression = compress(scan, **QUIET)
        with pytest.raises(ValueError, match="navigation_mask is not the one"):
            run(unreadable, compression=compression, navigation_mask=all_but(5))

    def test_that_has_more_positions_than_the_source(self, scan, unreadable):  # noqa: F811
        compression, source = compress(scan, **QUIET), np.ones(NAVIGATION)
        source[3, 4:6] = np.nan
        with pytest.raises(ValueError, match="NaN at 2 probe positions that compress"):
            run(unreadable, source=source, compression=compression)


class TestScans:
    def test_no_navigation_axis(self):
        with pytest.raises(ValueError, match=r"no navigation axis.*transpose"):
            run(Diffraction2D(np.ones((9, 11))))

    def test_complex(self):
        with pytest.raises(TypeError, match=r"complex128.*abs\(s\)"):
            run(Diffraction2D(np.ones((3, 4, 9, 11), complex)))

    def test_single_position(self):
        with pytest.raises(ValueError, match="2 probe positions.*there are 1"):
            run(Diffraction2D(np.ones((1, 9, 11))))

    def test_convolutions_of_curves(self):
        scan = calibrated(np.ones((12, 10, 40), "u2"), Diffraction1D)
        with pytest.raises(ValueError, match="two signal axes"):
            run(scan, source={"architecture": "convolutional"})

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_bad_values(self, scan, value):
        scan.change_dtype("float32")
        scan.data[7, 3, 2, 8] = value
        before = scan.deepcopy()
        with pytest.raises(ValueError, match=r"\(7, 3, 2, 8\)"):
            run(scan)
        assert unchanged(scan, before)

    def test_negative_values_are_taken(self, scan):
        scan.change_dtype("float32")
        scan.data[7, 3, 2, 8] = -3
        before = scan.deepcopy()
        assert run(scan).domains.n_domains == 3
        assert unchanged(scan, before)

    def test_broken_chunk(self, unreadable):  # noqa: F811
        with pytest.raises(RuntimeError, match="block .* OSError: no such sector"):
            run(unreadable)
