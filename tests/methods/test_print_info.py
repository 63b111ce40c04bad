"""What methods print: the data, the domains, and positions that have none, and why."""

import numpy as np
import pytest
from pyxem.signals import Diffraction2D

import hyperspy_4dphase as h4p

QUIET = {"random_state": 0, "show_progressbar": False}
NAVIGATION, SIGNAL = (14, 24), (9, 8)


@pytest.fixture
def scan():
    """Three domains, four positions without a count, a frame that is far too bright."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 112).reshape(NAVIGATION)
    counts = rng.poisson(rng.gamma(0.3, 9, (3, *SIGNAL))[truth])
    counts[0, :4] = 0
    counts[5, 5] *= 400
    return Diffraction2D(counts)


@pytest.fixture
def mask():
    mask = np.zeros(NAVIGATION, bool)
    mask[3, :5] = True
    return mask


def check_all_in(printed, *lines):
    for line in lines:
        assert printed.count(line) == 1, printed


def test_compress(scan, capsys):
    h4p.compress(scan, **QUIET)
    check_all_in(
        capsys.readouterr().out,
        "Data info:",
        "noise=counts (Poisson",
        "broken_frames=1",
        "directions_above_noise=3",
        "reads_of_the_scan=",
    )
    h4p.compress(scan, print_info=False, **QUIET)
    assert not capsys.readouterr().out


def test_domains(scan, mask, capsys):
    domains = scan.cluster_hierarchical(navigation_mask=mask, **QUIET)
    sizes = domains.sizes
    printed = capsys.readouterr().out
    # The data are told once, not by compression as well.
    check_all_in(
        printed,
        "Data info:",
        "Domain info:",
        f"domains=3 (found), of {sizes[0]} to {sizes[2]} positions",
        "unassigned=4 positions (1.21 %): 4 with too few counts to tell",
        "left_out=6 positions: 5 masked, or without a value, 1 broken frames",
    )
    scan.cluster_hierarchical(n_domains=2, **QUIET)
    assert "domains=2 (as asked), of" in capsys.readouterr().out
    scan.cluster_hierarchical(print_info=False, **QUIET)
    assert not capsys.readouterr().out


def test_why_there_is_one_domain(capsys):
    noise = np.random.default_rng(0).poisson(5, (8, 9, 10, 11))
    Diffraction2D(noise).cluster_hierarchical(**QUIET)
    check_all_in(
        capsys.readouterr().out,
        "domains=1 (found), of 72 positions",
        "Not split: patterns differ by no more than noise.",
        "unassigned=0 positions (0 %)\n",
    )


def test_other_sources(scan, capsys):
    features = np.random.default_rng(0).normal(size=(*NAVIGATION, 2))
    features[2:4, 3] = np.nan
    scan.cluster_hierarchical(features, **QUIET)
    printed = capsys.readouterr().out
    assert "left_out=2 positions: 2 masked, or without a value" in printed
    assert "Data info" not in printed


def test_confidence(scan, mask, capsys):
    settings = {"n_maps": 4, "threshold": 0.99, "navigation_mask": mask, **QUIET}
    confidence = scan.domain_confidence(**settings)
    labels = confidence.domains.labels
    n_unsure = int((labels < 0).sum()) - 6 - 4
    why = [f"{n_unsure} less sure than threshold=0.99"] if n_unsure else []
    why = ", ".join([*why, "4 with too few counts to tell"])
    check_all_in(
        capsys.readouterr().out,
        "Data info:",
        "Confidence info:",
        f"domains={confidence.n_domains} (agreed on by 4 maps), of",
        f"unassigned={n_unsure + 4} positions",
        f"%): {why}\n",
        "left_out=6 positions: 5 masked, or without a value, 1 broken frames",
        # Of what has a domain: what has too few counts is no doubt about the map.
        f"mean_confidence={confidence.data[confidence.data > 0].mean():.3g}",
    )
    scan.domain_confidence(confidence, **settings)
    assert "(as given)" in capsys.readouterr().out
    scan.domain_confidence(print_info=False, **settings)
    assert not capsys.readouterr().out


def test_other_methods_tell_the_data_once(scan, capsys):
    scan.decomposition_rnmf(2, **QUIET)
    assert capsys.readouterr().out.count("  noise=") == 1
    noise = np.random.default_rng(1).normal(50, 2, scan.data.shape)
    camera = Diffraction2D(12 * scan.data + noise)
    h4p.count_electrons(camera, 12, 50, **QUIET)
    printed = capsys.readouterr().out
    assert "Counting info:" in printed
    assert "Data info:" not in printed
