"""pyxem: the first template of a phase is taken for the last of the one before."""

import numpy as np
from pyxem.signals.indexation_results import orientation2phase

# Two phases of three templates each: 0, 1, 2 and 3, 4, 5. What to_phase_index calls.
matches = np.column_stack([np.arange(6), np.zeros((6, 3))])
found = orientation2phase(matches, np.cumsum([3, 3])).tolist()
expected = [0, 0, 0, 1, 1, 1]
print("phases:", found, "expected:", expected)
