"""Who may import whom: the rules of the house, read from the source.

Each layer names what it may import at all and what only inside a function. A name
stands for itself and everything below it. Each family of estimators names the families
whose public face it may import; their private modules are its own.
"""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "hyperspy_4dphase"
OURS = PACKAGE.name
# A private name of these may be used only where it cannot be avoided, with its reason.
FOREIGN = {"sklearn", "skimage", "hyperspy", "pyxem"}
MAY_USE_PRIVATE = {"_register.py", "_results.py"}


class Layer(NamedTuple):
    anywhere: set
    in_functions: set = frozenset()


def ours(*names):
    return {f"{OURS}.{name}" for name in names}


ESTIMATORS = Layer(
    {"numpy", "scipy", "sklearn", "skimage", "numba", "joblib"}
    | ours("estimators", "_accumulator", "_correction", "_patterns", "_scalars")
    | ours("_threads")
)
TORCH_IN_FUNCTIONS = Layer(ESTIMATORS.anywhere, {"torch"})
# Imported by the others of the autoencoder inside functions.
WITH_TORCH = Layer(ESTIMATORS.anywhere | {"torch"})
SIGNALS = {"numpy", "hyperspy", "pyxem"}
PLUMBING = ours(
    "_arguments", "_correction", "_docstrings", "_masks", "_patterns", "_progress"
)
PLUMBING |= ours("_provenance", "_results", "_scalars", "_scan", "_scan_files")
PLUMBING |= ours("_archive", "_checkpoint", "_chunk_advice", "_learning_results")
PLUMBING |= ours("_read_timing", "_series", "_thinning")
SCIENCE = SIGNALS | {"matplotlib", "mpl_toolkits", "scipy", "dask", "numba"}
SCIENCE |= {"orix", "diffsims", "diffpy"}

# The first that fits a file counts.
LAYERS = {
    "__init__.py": Layer(ours("_lazy", "_register")),
    "_lazy.py": Layer(set()),
    "_register.py": Layer({"wrapt", "yaml"}),
    "_masks.py": Layer({"numpy", "dask", "hyperspy"}),
    "_accumulator.py": Layer({"numpy"}),
    "_bad_values.py": Layer({"numpy"}),
    "_block_cuts.py": Layer({"numpy"}),
    "_cluster_reading.py": Layer(
        {"dask", "sklearn"} | ours("_bad_values", "_one_block")
    ),
    "_block_reading.py": Layer(
        {"numpy", "dask", "sklearn"}
        | ours("_block_cuts", "_dask_clients", "_one_block", "_threads"),
        ours("_cluster_reading"),
    ),
    "_dask_clients.py": Layer({"dask"}, {"distributed"}),
    "_kept.py": Layer({"numpy"}),
    "_one_block.py": Layer({"numpy"} | ours("_bad_values")),
    "_read_timing.py": Layer({"numpy"} | ours("_bad_values", "_block_reading")),
    "_chunk_advice.py": Layer(set()),
    "_threads.py": Layer({"dask", "threadpoolctl"}, {"torch"}),
    "_patterns.py": Layer(
        {"numpy", "dask"}
        | ours("_accumulator", "_bad_values", "_block_reading", "_correction")
        | ours("_kept")
    ),
    "_correction.py": Layer({"numpy"}),
    "_archive.py": Layer({"numpy"}),
    "_checkpoint.py": Layer({"joblib"} | ours("_archive")),
    "_provenance.py": Layer({"numpy", "dask"}),
    "_results.py": Layer(SIGNALS | {"dask"} | ours("_provenance"), ours("plot")),
    "_learning_results.py": Layer({"numpy"} | ours("_results")),
    "_docstrings.py": Layer(set()),
    "_arguments.py": Layer({"numpy"} | ours("_scalars")),
    "_scalars.py": Layer({"numpy"}),
    "_progress.py": Layer({"hyperspy"}),
    "_thinning.py": Layer({"numpy", "dask", "sklearn"}),
    "_scan_files.py": Layer({"numpy", "dask"}),
    "_series.py": Layer({"numpy"} | ours("_results")),
    "_library_cache.py": Layer({"numpy"} | ours("_archive", "estimators")),
    "_scan.py": Layer(
        {"numpy", "hyperspy"}
        | ours("_arguments", "_correction", "_masks", "_patterns", "_progress")
        | ours("_results", "_scalars", "_series")
    ),
    "__main__.py": Layer(ours("_register"), {"torch", "hyperspy"}),
    "estimators/vae/_convolutional_network.py": WITH_TORCH,
    "estimators/vae/_compressed_network.py": WITH_TORCH,
    "estimators/vae/_network_parts.py": WITH_TORCH,
    "estimators/vae/_sources.py": WITH_TORCH,
    "estimators/vae/_training.py": WITH_TORCH,
    "estimators/vae/_model.py": WITH_TORCH,
    "estimators/vae/": TORCH_IN_FUNCTIONS,
    "estimators/_device.py": TORCH_IN_FUNCTIONS,
    # Imported by others inside functions, where a GPU computes.
    "estimators/_device_copies.py": WITH_TORCH,
    "estimators/compression/_device_products.py": WITH_TORCH,
    "estimators/nmf/_device_factors.py": WITH_TORCH,
    "estimators/": ESTIMATORS,
    "methods/": Layer(
        SIGNALS | {"dask", "tqdm"} | PLUMBING | ours("estimators", "signals", "methods")
    ),
    "signals/": Layer(
        SIGNALS | {"dask"} | PLUMBING | ours("estimators", "signals", "_library_cache"),
        ours("plot", "interop", "report", "structures")
        | {"orix", "diffsims", "diffpy"},
    ),
    "plot/": Layer(SCIENCE | ours("plot", "_scalars")),
    "interactive/_ipywidgets.py": Layer({"ipywidgets", "IPython", "link_traits"}),
    "interactive/": Layer(
        {"hyperspy", "traits"} | ours("_scalars", "interactive", "methods", "signals"),
        {"matplotlib"} | ours("plot"),
    ),
    "report/": Layer({"numpy", "matplotlib", "PIL"} | ours("plot", "report")),
    "data/": Layer(SCIENCE | ours("data", "structures", "_scalars")),
    "calibration/": Layer(
        {"numpy"}
        | ours("_masks", "_scalars", "calibration", "estimators", "structures")
    ),
    # What structures hand over is of a type that the estimators know.
    "structures/": Layer(
        {"numpy", "orix", "diffsims", "diffpy", "CifFile"}
        | ours("structures", "_scalars", "estimators.orientation")
    ),
    # These run where quantem is, and HyperSpy is not.
    "interop/__init__.py": Layer(ours("_lazy")),
    "interop/_arrays.py": Layer({"numpy"} | ours("_archive")),
    "interop/quantem.py": Layer(
        {"numpy"} | ours("interop._arrays"), {"quantem", "torch"} | ours("interop")
    ),
    "interop/": Layer(
        SCIENCE
        | ours("_provenance", "_results", "_scalars", "interop")
        | ours("estimators.orientation", "estimators.peaks"),
        {"py4DSTEM", "emdfile"},
    ),
}

# Family of estimators -> families that it may import.
FAMILIES = {
    "detector": set(),
    "shifts": set(),
    "compression": {"detector", "shifts"},
    "nmf": {"compression"},
    "vae": {"compression"},
    "domains": {"compression"},
    "confidence": {"compression", "domains", "vae"},
    "rotation": {"detector"},
    "calibration": {"rotation"},
    "crystallinity": {"rotation"},
    "orientation": set(),
    "peaks": set(),
}
# Below all families, for each of them; these import one another only.
SHARED = {"_binning", "_checks", "_device", "_device_copies", "_reciprocals"}
SHARED |= {"_transformer"}
# Who calls an estimator passes the device on, resolved: an error comes before any work.
SHARED_WITH_ALL = {"_device"}
# What a family uses of another one's inside. The first read measures detector and
# descan block by block; votes are made of parts of the tree's growth. What does so is
# one algorithm in two families, and no user calls these parts.
INSIDE = {
    "compression": {
        "detector": {"_broken_pixels", "_detector", "_neighbours", "_pair_noise"}
        | {"_pixel_correlation", "_spikes", "_unlike_counts"},
        "shifts": {"_descan"},
    },
    "confidence": {
        "domains": {"_boundaries", "_evidence", "_field", "_gaps", "_gradual"}
        | {"_local_fits", "_mixtures", "_other_exposures", "_scan_growth", "_shapes"}
        | {"_tubes"},
    },
}


def layer_of(file):
    """The rules for a file, given relative to the package."""
    name = file.as_posix()
    return next(
        layer
        for place, layer in LAYERS.items()
        if name == place or (place.endswith("/") and name.startswith(place))
    )


def imports(source, file):
    """Yield (imported name, line, whether at module level) for each import."""
    tree = ast.parse(source)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    inside = {
        node
        for function in ast.walk(tree)
        if isinstance(function, functions)
        for node in ast.walk(function)
    }
    package = [OURS, *file.parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            parts = [*base, *([node.module] if node.module else [])]
            names = [".".join([*parts, alias.name]) for alias in node.names]
        else:
            continue
        for name in names:
            yield name, node.lineno, node not in inside


def offences(source, file):
    """The imports of a file that its layer does not allow, as texts."""
    layer = layer_of(file)
    found = []
    for name, line, at_top in imports(source, file):
        allowed = layer.anywhere if at_top else layer.anywhere | layer.in_functions
        first, *rest = name.split(".")
        if first in FOREIGN and file.name not in MAY_USE_PRIVATE:
            if any(part.startswith("_") for part in rest):
                found.append(f"{file}:{line}: {name} is private")
        if first in sys.stdlib_module_names or name == f"{OURS}.__version__":
            continue
        if not any(name == a or name.startswith(f"{a}.") for a in allowed):
            found.append(f"{file}:{line}: {name} is not for this layer")
    return found + family_offences(source, file)


def family_offences(source, file):
    """The imports of estimators that a file's family does not allow, as texts."""
    home = file.parts[1].removesuffix(".py") if file.parts[0] == "estimators" else None
    found = []
    for name, line, _ in imports(source, file):
        package, *below = name.split(".")[1:] or [""]
        if package != "estimators" or below[:1] == [home]:
            continue
        family, *inside = below or [""]
        where = f"{file}:{line}: {name}"
        if family in SHARED:
            if home is None and family not in SHARED_WITH_ALL:
                found.append(f"{where} is for estimators only")
        elif home in SHARED:
            found.append(f"{where} is above what all families share")
        elif home in FAMILIES and family not in FAMILIES[home]:
            found.append(f"{where} is not for the family {home}")
        elif any(part.startswith("_") for part in inside):
            if inside[0] not in INSIDE.get(home, {}).get(family, ()):
                found.append(f"{where} is inside the family {family}")
    return found


FILES = sorted(f.relative_to(PACKAGE) for f in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_file_keeps_to_its_layer(file):
    assert offences((PACKAGE / file).read_text(encoding="utf-8"), file) == []


def test_every_family_is_listed():
    estimators = PACKAGE / "estimators"
    assert set(FAMILIES) == {f.parent.name for f in estimators.glob("*/__init__.py")}
    assert SHARED == {f.stem for f in estimators.glob("_[!_]*.py")}


def test_arrows_between_families_go_one_way():
    assert len([*TopologicalSorter(FAMILIES).static_order()]) == len(FAMILIES)


def test_inside_of_a_family_is_open_only_where_it_is_used():
    used = {
        (file.parts[1], *name.split(".")[2:4])
        for file in FILES
        if file.parts[0] == "estimators" and len(file.parts) > 2
        for name, *_ in imports((PACKAGE / file).read_text(encoding="utf-8"), file)
        if name.startswith(f"{OURS}.estimators.")
    }
    for home, families in INSIDE.items():
        for family, modules in families.items():
            assert family in FAMILIES[home]
            assert {(home, family, module) for module in modules} <= used


# The test must be able to fail.
@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("__init__.py", "import numpy"),
        ("_patterns.py", "import hyperspy.api as hs"),
        ("_patterns.py", "from distributed import get_client"),
        ("estimators/nmf/_rnmf.py", "from ...data import oxide_bilayer"),
        ("estimators/nmf/_rnmf.py", "from hyperspy_4dphase import _results"),
        ("estimators/nmf/_rnmf.py", "from sklearn.decomposition._nmf import NMF"),
        ("estimators/nmf/_rnmf.py", "from sklearn.decomposition import _nmf"),
        ("estimators/nmf/_rnmf.py", "def fit():\n    import torch"),
        ("estimators/vae/_vae.py", "import torch"),
        ("estimators/vae/_vae.py", "import torch.nn as nn"),
        ("estimators/compression/_passes.py", "from ..confidence import DomainModel"),
        ("estimators/domains/_tree.py", "from ..vae import PatternVAE"),
        ("estimators/domains/_tree.py", "def f():\n    from ..vae import PatternVAE"),
        ("estimators/orientation/_spots.py", "from ..vae import PatternVAE"),
        ("estimators/nmf/_rnmf.py", "from .. import RandomizedNMF"),
        ("estimators/nmf/_rnmf.py", "from ..vae import PatternVAE"),
        ("estimators/nmf/_rnmf.py", "from ..compression._passes import pass_over"),
        ("estimators/confidence/_rounds.py", "from ..domains._tree import TreeNode"),
        ("estimators/_binning.py", "from .compression import MAX_RANK"),
        ("estimators/__init__.py", "from .domains._tree import TreeNode"),
        ("methods/plan.py", "from ..estimators.domains._tree import DomainTree"),
        ("methods/plan.py", "from ..estimators.domains import _tree"),
        ("methods/plan.py", "from ..estimators._checks import check_positions"),
        ("signals/domain_map.py", "from ..estimators.domains._tree import TreeNode"),
        ("structures/_cif.py", "from ..estimators.orientation import _reflections"),
        ("methods/vae_embed.py", "def vae_embed(signal):\n    import torch"),
        ("methods/compress.py", "from ..data import oxide_bilayer"),
        ("signals/domain_map.py", "from ..plot import plot_tree"),
        ("data/phantom.py", "from ..methods import compress"),
        ("structures/_cif.py", "import pyxem"),
        ("interop/quantem.py", "from hyperspy.signal import BaseSignal"),
        ("interop/quantem.py", "def f():\n    from hyperspy.signal import BaseSignal"),
        ("interop/py4dstem.py", "import py4DSTEM"),
    ],
)
def test_offence_is_seen(file, source):
    assert len(offences(source, Path(file))) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("__init__.py", "from . import _register"),
        ("_dask_clients.py", "def client():\n    from distributed import get_client"),
        ("estimators/nmf/_rnmf.py", "from ..._patterns import blocks"),
        ("estimators/nmf/_rnmf.py", "from ..compression import Compression"),
        ("estimators/vae/_vae.py", "def fit():\n    import torch.nn as nn"),
        ("estimators/nmf/_rnmf.py", "from .._device import resolve_device"),
        ("estimators/confidence/_rounds.py", "from ..domains._shapes import whitening"),
        ("estimators/__init__.py", "from .domains import DomainTree"),
        ("methods/compress.py", "from ..estimators.compression import Compression"),
        ("methods/compress.py", "from ..estimators._device import resolve_device"),
        ("signals/domain_map.py", "def plot(self):\n    from ..plot import plot_tree"),
        ("_results.py", "from hyperspy._signals.lazy import LazySignal"),
    ],
)
def test_right_import_passes(file, source):
    assert offences(source, Path(file)) == []
