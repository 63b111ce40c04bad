"""One visual language: the sizes, colours and scales that all figures share.

Colours of domains are in ``_palette.py``; how patterns are scaled is in
``_pattern.py``.
"""

# A notebook shows so many inches without shrinking them, at 100 dots per inch.
WIDEST = 9.0
# Relative to the user's font size, 10 points by default: 8.3 and 6.9 points. Nothing is
# written smaller, since at 100 % it could not be read.
SMALL = "small"
SMALLEST = "x-small"

# Maps of one quantity: perceptually uniform, and told apart by the colour-blind.
SURE = "viridis"
DOUBTFUL = "viridis_r"
STEPS = "magma"
AMOUNT = "viridis"
PATTERNS = "magma"
# Around 0: blue is less, red is more.
DIVERGING = "RdBu_r"

# Borders of domains on a map: neither as dark as what is unsure, nor as bright.
BORDER = "#d55e00"
# The same on a map of steps: seen on dark and on bright ground alike.
STEP_BORDER = "#56b4e9"
# Lines and dots of diagrams, of Okabe and Ito: as many as there are.
FIRST, SECOND, THIRD = "#0072b2", "#d55e00", "#009e73"
# Circles of a template on a pattern.
TEMPLATE = "#7fe0ff"
