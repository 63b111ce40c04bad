"""diffpy.structure: symmetry operations of a CIF are evaluated as Python."""

import os

from diffpy.structure.parsers import getParser

cif = """
data_test
_space_group_IT_number 1
_cell_length_a 5
_cell_length_b 6
_cell_length_c 7
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_space_group_symop_operation_xyz
"__import__('os').environ.pop('MINE'),y,z"
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Cu1 0.25 0.25 0.25
"""
os.environ["MINE"] = "still here"
try:
    getParser("cif").parse(cif)
except Exception as error:
    print(type(error).__name__, error)
found = os.environ.get("MINE")
expected = "still here"
print("environment that the file has changed:", found, "expected:", expected)
