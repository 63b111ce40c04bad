"""diffpy.structure: a coordinate that is not known is read as 0."""

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
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Cu1 0.25 ? 0.25
"""
try:
    found = getParser("cif").parse(cif).xyz.tolist()
except Exception as error:
    found = type(error).__name__
expected = "an error, or NaN"
print("coordinates:", found, "expected:", expected)
mended = found != [[0.25, 0.0, 0.25]]
