"""CIF files, written for the tests."""

import numpy as np
from diffpy.structure.spacegroups import GetSpaceGroup

SPINEL = [("Li1+", (0.125, 0.125, 0.125)), ("Mn3.5+", (0.5, 0.5, 0.5))]
SPINEL += [("O2-", (0.261, 0.261, 0.261))]
# Origin choice 2 of Fd-3m is so far from choice 1.
SECOND_ORIGIN = np.array([1, 1, 1]) / 8


def operations(number, shift=(0.0, 0.0, 0.0)):
    """Operations of a space group as CIF writes them, about another origin."""
    texts = []
    for operation in GetSpaceGroup(number).iter_symops():
        move = operation.t + operation.R @ shift - shift
        parts = []
        for row, t in zip(operation.R, np.round(move * 24) / 24 % 1, strict=True):
            terms = [f"{n:+g}{axis}" for n, axis in zip(row, "xyz", strict=True) if n]
            text = "".join(terms).replace("1", "").lstrip("+")
            parts.append(text + (f"+{t * 24:g}/24" if t else ""))
        texts.append(", ".join(parts))
    return texts


def cif_text(cell, sites, *, number=None, ops=None, extra="", name="test"):
    """Write a file of (type, position[, occupancy]) sites."""
    keys = ["length_a", "length_b", "length_c"]
    keys += ["angle_alpha", "angle_beta", "angle_gamma"]
    lines = [f"data_{name}", extra]
    lines += [f"_cell_{key} {value}" for key, value in zip(keys, cell, strict=True)]
    lines += [f"_space_group_IT_number {number}"] if number else []
    if ops:
        lines += ["loop_", "_space_group_symop_operation_xyz"]
        lines += [f"'{text}'" for text in ops]
    lines += ["loop_", "_atom_site_label", "_atom_site_type_symbol"]
    lines += [f"_atom_site_fract_{axis}" for axis in "xyz"] + ["_atom_site_occupancy"]
    for k, (element, position, *occupancy) in enumerate(sites):
        numbers = " ".join(str(x) for x in (*position, *(occupancy or [1])))
        lines.append(f"{element[:2]}{k} {element} {numbers}")
    return "\n".join(lines) + "\n"


def spinel_text(**changes):
    """LiMn2O4 in origin choice 2 of Fd-3m."""
    options = {"number": 227, "ops": operations(227, SECOND_ORIGIN)}
    options["extra"] = "_chemical_formula_sum 'Li Mn2 O4'\n_cell_formula_units_Z 8"
    sites = changes.pop("sites", SPINEL)
    return cif_text((8.245, 8.245, 8.245, 90, 90, 90), sites, **options | changes)


def write(folder, text, name="spinel.cif"):
    """Write a text to a file, and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
