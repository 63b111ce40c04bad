"""Draw the picture of the README: ``python docs/readme_picture.py``.

It is the first figure of the example ``plot_map_phases.py``, so that the README shows
what the example makes.
"""

import os
import runpy
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt

FOLDER = Path(__file__).resolve().parent


def main():
    """Run the example, and save the figure."""
    os.chdir(FOLDER / "examples")
    runpy.run_path("plot_map_phases.py")
    path = FOLDER / "_static" / "map_phases.png"
    plt.figure(1).savefig(path, dpi=110)
    print(path)


if __name__ == "__main__":
    main()
