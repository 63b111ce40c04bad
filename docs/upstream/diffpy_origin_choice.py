"""diffpy.structure: operations that a CIF lists are ignored in origin choice 2."""

from diffpy.structure.parsers import getParser

# Space group Pnnn with its origin at the centre of inversion. Site 2a, at 1/4 1/4 1/4.
cif = """
data_test
_space_group_IT_number 48
_cell_length_a 5
_cell_length_b 6
_cell_length_c 7
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_space_group_symop_operation_xyz
x,y,z
-x+1/2,-y+1/2,z
-x+1/2,y,-z+1/2
x,-y+1/2,-z+1/2
-x,-y,-z
x+1/2,y+1/2,-z
x+1/2,-y,z+1/2
-x,y+1/2,z+1/2
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Cu1 0.25 0.25 0.25
"""
found = len(getParser("cif").parse(cif))
expected = 2
print("atoms in the cell:", found, "expected:", expected)
