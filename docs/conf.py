"""How sphinx builds the documentation: ``make docs``."""

import warnings
from importlib.metadata import version as installed_version
from pathlib import Path
from xml.etree import ElementTree

import hyperspy.api as hs
from sphinx.errors import ExtensionError
from sphinx.util import logging

project = "hyperspy-4dphase"
author = "The hyperspy-4dphase developers"
copyright = f"2026, {author}"
release = version = installed_version(project)

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples", "auto_examples/*.ipynb", "auto_examples/*.py"]

autosummary_generate = False
autodoc_typehints = "none"
# Made by scikit-learn, with references to its own guide.
autodoc_default_options = {
    "exclude-members": ", ".join(
        f"set_{method}_request" for method in ("fit", "transform", "inverse_transform")
    )
}
numpydoc_show_class_members = False
# What a docstring must have, but for these.
numpydoc_validation_checks = {
    "all",
    # Often a summary says all there is to say, and nothing else is to be seen.
    "ES01",
    "SA01",
    # tests/test_docstrings.py asks every function and method for an example.
    "EX01",
    # A type may say all.
    "RT03",
    # Summaries of properties begin with their type, as of attributes.
    "SS02",
}
# Nobody makes these: they come out of functions, and list attributes.
numpydoc_validation_exclude = {
    r"\.(Compression|Domain(Class|Confidence|Map|Tree)|LatentEmbedding)$",
    r"\.(Phase(Map|Mapping)|PatternDecomposition|ScanPlan|OrientationAlternatives)$",
    r"\.(Ellipse)?Estimate$",
    r"\.(ScanTruth|CompressedPatterns|Detector|PatternClasses|RotationGroups)$",
    r"\.(TreeNode|LatentView|LinkedView|Atoms|Candidate)$",
    r"\.(Identification|Match(es|Report)|Spots|StructureMatch|RefinedOrientations)$",
    r"\.((Local|Placed|Template)Library|PreparedPattern)$",
    # HyperSpy writes it.
    r"\.gui$",
    # It yields, which numpydoc takes for no return value.
    r"\.latent_distortions$",
}
add_module_names = False

# Every name that is referred to must be found, but for these. Inventories of other
# packages are not fetched: the build needs no network.
nitpicky = True
nitpick_ignore = [
    # matplotlib's: what `extent` of many figures means stands there.
    ("py:func", "matplotlib.pyplot.imshow"),
]

html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["_static"]
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"[\\/]plot_",
    # What is no example of the gallery, such as the demo's script, is left out.
    "ignore_pattern": r"(^|[\\/])(?!plot_)[^\\/]*\.py$",
    "abort_on_example_error": True,
    "plot_gallery": True,
    "show_memory": False,
    "show_signature": False,
    "reset_modules": ("matplotlib",),
    "remove_config_comments": True,
    # How long each took, see below.
    "junit": "gallery_times.xml",
}
# Seconds that all examples may take together.
GALLERY_SECONDS = 900

# None of it belongs into the gallery: progress bars, what HyperSpy 2.5 says when pyxem
# 0.21 is imported, what zarr 2.18 says of RosettaSciIO's store, and what pyxem divides.
hs.preferences.General.show_progressbar = False
warnings.filterwarnings("ignore", message="`_get_block_pattern` has moved")
warnings.filterwarnings("ignore", message="The NestedDirectoryStore is deprecated")
warnings.filterwarnings("ignore", message="invalid value encountered in divide")


def check_gallery_time(app, exception):
    """Say how long the examples took together, and fail if that is too long.

    Those that did not change since the last build are not run again, and take no time.
    """
    path = Path(app.outdir) / sphinx_gallery_conf["junit"]
    if exception is not None or not path.exists():
        return
    cases = ElementTree.parse(path).iter("testcase")
    times = {case.get("file"): float(case.get("time")) for case in cases}
    total = sum(times.values())
    logging.getLogger(__name__).info(
        "%d examples of the gallery took %.0f s, of %d s at most.",
        sum(seconds > 0 for seconds in times.values()),
        total,
        GALLERY_SECONDS,
    )
    if total > GALLERY_SECONDS:
        slowest = sorted(times, key=times.get)[-3:][::-1]
        named = ", ".join(f"{name} ({times[name]:.0f} s)" for name in slowest)
        raise ExtensionError(
            f"The gallery took {total:.0f} s, and {GALLERY_SECONDS} s are the most "
            f"that it may take. The slowest examples: {named}."
        )


def setup(app):
    """Measure the gallery when all is built."""
    app.connect("build-finished", check_gallery_time)
