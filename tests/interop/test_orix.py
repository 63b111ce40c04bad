"""A map of domains in orix: where things are, what they are called, and in files."""

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from diffpy.structure import Atom, Lattice, Structure
from diffsims.generators.simulation_generator import SimulationGenerator
from matplotlib.colors import to_rgb
from orix.crystal_map import Phase, PhaseList
from orix.io import load, save
from orix.quaternion import Rotation

from hyperspy_4dphase.interop import to_crystal_map

SHAPE = (5, 7)
LABELS = np.array(
    [
        [0, 0, 0, 1, 1, 1, -1],
        [0, 0, 0, 0, 1, 1, 1],
        [0, 0, 0, 0, 0, 2, 2],
        [-1, 0, 0, 0, 2, 2, 2],
        [0, 0, 3, 3, 2, 2, -1],
    ]
)
N_DOMAINS = 4


def axis(size, scale=1.0, units="nm", offset=0.0, **more):
    common = {"_type": "UniformDataAxis", "name": "x", "navigate": True}
    return common | {
        "size": size,
        "scale": scale,
        "units": units,
        "offset": offset,
        **more,
    }


AXES = [axis(5, 0.75, offset=31.4), axis(7, 0.5, offset=-2.3)]


def crystal(name, point_group="m-3m", color=None):
    structure = Structure([Atom("Al", [0, 0, 0])], Lattice(4, 4, 4, 90, 90, 90))
    return Phase(name, point_group=point_group, structure=structure, color=color)


def converted(**options):
    return to_crystal_map(LABELS, AXES, **options)


def reloaded(xmap, folder, extension, **options):
    file = str(folder / f"map.{extension}")
    save(file, xmap, **options)
    return load(file, **({"autogen_names": False} if extension == "ang" else {}))


def degrees(xmap):
    return xmap.rotations.to_euler(degrees=True)[:, 0].reshape(xmap.shape)


def apart(one, other):
    """Angular distance in degrees."""
    return np.abs((np.asarray(one) - other + 180) % 360 - 180)


def test_positions_are_where_they_were():
    xmap = converted()
    assert xmap.shape == SHAPE
    assert (xmap.dy, xmap.dx, xmap.scan_unit) == (0.75, 0.5, "nm")
    rows, columns = np.indices(SHAPE)
    np.testing.assert_allclose(xmap.y.reshape(SHAPE), 0.75 * rows)
    np.testing.assert_allclose(xmap.x.reshape(SHAPE), 0.5 * columns)
    np.testing.assert_array_equal(xmap.get_map_data("domain"), LABELS)
    np.testing.assert_array_equal(xmap.get_map_data("phase_id"), LABELS)
    np.testing.assert_array_equal(xmap.is_indexed.reshape(SHAPE), LABELS >= 0)
    assert (xmap[2:4, 5].domain == 2).all()
    assert xmap["not_indexed"].size == 3


def test_each_domain_is_a_phase():
    xmap = converted()
    assert xmap.phases.ids == [-1, 0, 1, 2, 3]
    names = ["domain 0", "domain 1", "domain 2", "domain 3"]
    assert xmap.phases.names == ["not_indexed", *names]
    assert len(set(xmap.phases.colors)) == 5
    assert xmap["domain 2"].size == (LABELS == 2).sum()
    np.testing.assert_allclose(xmap.rotations.angle, 0)


def test_axes_of_a_signal():
    signal = hs.signals.Signal2D(np.zeros((5, 7, 3, 4)))
    signal.axes_manager[0].scale, signal.axes_manager[1].scale = 0.5, 0.75
    for navigation_axis in signal.axes_manager.navigation_axes:
        navigation_axis.units = "µm"
    axes = [a.get_axis_dictionary() for a in signal.axes_manager._axes[:2]]
    xmap = to_crystal_map(LABELS, axes)
    assert (xmap.dy, xmap.dx, xmap.scan_unit) == (0.75, 0.5, "um")


@pytest.mark.parametrize(
    ("units", "unit", "factor"),
    [
        ("nm", "nm", 1),
        ("Å", "nm", 0.1),
        ("\u212b", "nm", 0.1),
        ("pm", "nm", 1e-3),
        ("\u00b5m", "um", 1),
        ("\u03bcm", "um", 1),
        ("um", "um", 1),
        ("mm", "um", 1e3),
        ("m", "um", 1e6),
        ("px", "px", 1),
        ("", "px", 1),
        (None, "px", 1),
        (hs.signals.Signal1D([0]).axes_manager[0].units, "px", 1),
        ("<undefined>", "px", 1),
        ("s", "s", 1),
    ],
)
def test_units(units, unit, factor):
    xmap = to_crystal_map(LABELS, [axis(5, 3.0, units), axis(7, 2.0, units)])
    assert xmap.scan_unit == unit
    assert (xmap.dy, xmap.dx) == pytest.approx((3 * factor, 2 * factor))


def test_missing_scale_and_units():
    xmap = to_crystal_map(LABELS, [{"size": 5}, {"size": 7}])
    assert (xmap.dy, xmap.dx, xmap.scan_unit) == (1, 1, "px")


def test_axes_of_different_lengths_get_one_unit():
    xmap = to_crystal_map(LABELS, [axis(5, 750.0, "nm"), axis(7, 0.5, "µm")])
    assert (xmap.dy, xmap.dx, xmap.scan_unit) == (0.75, 0.5, "um")


def test_falling_axes_keep_the_order_of_the_array():
    xmap = to_crystal_map(LABELS, [axis(5, -0.75), axis(7, -0.5, offset=3.0)])
    assert (xmap.dy, xmap.dx, xmap.shape) == (0.75, 0.5, SHAPE)
    np.testing.assert_array_equal(xmap.get_map_data("domain"), LABELS)


@pytest.mark.parametrize("kind", ["list", "PhaseList", "dict"])
def test_one_phase_for_each_domain(kind):
    phases = [crystal(name) for name in "abcd"]
    phases[1] = crystal("b", "6/mmm", color="tab:red")
    given = {
        "list": phases,
        "PhaseList": PhaseList(phases, ids=[2, 3, 5, 7]),
        "dict": dict(zip([2, 3, 5, 7], phases, strict=True)),
    }[kind]
    xmap = converted(phase_list=given)
    ids = [0, 1, 2, 3] if kind == "list" else [2, 3, 5, 7]
    np.testing.assert_array_equal(xmap.phase_id, np.append(ids, -1)[LABELS].ravel())
    assert xmap.phases.names == ["not_indexed", *"abcd"]
    assert xmap.phases["b"].point_group.name == "6/mmm"
    assert xmap.phases["b"].color == "tab:red"
    assert xmap.phases["c"].structure.lattice.a == 4
    assert len(set(xmap.phases.colors)) == 5
    # What was given stays as it was.
    assert [phase.color for phase in phases] == ["tab:blue", "tab:red"] + [
        "tab:blue"
    ] * 2
    xmap.phases["a"].name = "else"
    assert phases[0].name == "a"


def test_domains_of_shared_phases():
    ids = [4, -1, 4, 1]
    phases = {1: crystal("WS2"), 3: crystal("unused"), 4: crystal("WSe2")}
    xmap = converted(phase_list=phases, phase_ids=ids)
    expected = np.append(ids, -1)[LABELS]
    np.testing.assert_array_equal(xmap.get_map_data("phase_id"), expected)
    np.testing.assert_array_equal(xmap.get_map_data("domain"), LABELS)
    assert dict(zip(xmap.phases.ids, xmap.phases.names, strict=True)) == {
        -1: "not_indexed",
        1: "WS2",
        4: "WSe2",
    }


def test_new_phases_for_domains():
    xmap = converted(phase_ids=np.array([0, 1, 0, 1]))
    assert xmap.phases.names == ["not_indexed", "phase 0", "phase 1"]
    xmap = converted(phase_ids=[0, 1, 0, 1], names=["WS2", "WSe2"])
    assert xmap["WSe2"].size == ((LABELS == 1) | (LABELS == 3)).sum()


def test_a_single_phase_and_phases_without_names():
    xmap = converted(phase_list=crystal("Al"), phase_ids=[0, 0, 0, 0])
    assert xmap.phases.names == ["not_indexed", "Al"]
    xmap = converted(phase_list=[Phase(point_group="1")] * 4)
    assert xmap.phases.names[1:] == ["phase 0", "phase 1", "phase 2", "phase 3"]


def test_not_indexed_phase_is_no_phase():
    phases = PhaseList([crystal(name) for name in "abcd"])
    phases.add_not_indexed()
    assert converted(phase_list=phases).phases.names == ["not_indexed", *"abcd"]


def test_colors_are_the_nearest_names():
    # The last two are one, and have to differ.
    colors = np.array([[86, 180, 233], [0, 114, 178], [0, 158, 115], [0, 158, 115]])
    xmap = converted(colors=colors / 255)
    found = np.array([to_rgb(color) for color in xmap.phases.colors[1:]])
    assert np.abs(found - colors / 255).max() < 0.13
    assert len(set(xmap.phases.colors)) == 5
    xmap = converted(colors=["red", "g", "#1f77b4", "xkcd:pine green"])
    assert xmap.phases.colors[3] == "tab:blue"


def test_more_domains_than_names_of_colors():
    labels = np.arange(1600).reshape(20, 80)
    xmap = to_crystal_map(labels, [axis(20), axis(80)])
    assert len(set(xmap.phases.colors[:1000])) == 1000
    assert xmap.phases.names[-1] == "domain 1599"


def test_angles_are_rotations_about_the_beam():
    angles = np.array([0.0, 30.0, -45.0, 500.0])
    xmap = converted(angles=angles)
    expected = np.append(angles, 0)[LABELS]
    assert apart(degrees(xmap), expected).max() < 1e-6
    euler = xmap.rotations.to_euler(degrees=True)
    np.testing.assert_allclose(euler[:, 1:], 0, atol=1e-6)
    expected = Rotation.from_euler((30, 0, 0), degrees=True)
    np.testing.assert_allclose(xmap["domain 1"].rotations[0].data, expected.data)


def test_rotations_of_domains_and_of_positions():
    rotations = Rotation.random(N_DOMAINS).data
    xmap = converted(rotations=rotations)
    expected = np.vstack([rotations, [1, 0, 0, 0]])[LABELS.ravel()]
    np.testing.assert_allclose(xmap.rotations.data, expected, atol=1e-12)
    each = Rotation.random(LABELS.size).data.reshape(*LABELS.shape, 4)
    each[LABELS < 0] = np.nan
    xmap = converted(rotations=each)
    inside = LABELS.ravel() >= 0
    found = xmap.rotations.data
    np.testing.assert_allclose(found[inside], each.reshape(-1, 4)[inside], atol=1e-12)
    assert (found[~inside] == [1, 0, 0, 0]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rotations": np.ones((3, 4))}, "unit quaternions of the shape"),
        ({"rotations": np.ones((N_DOMAINS, 4))}, "the norm of some is not 1"),
        ({"rotations": np.full((N_DOMAINS, 4), np.nan)}, "the norm of some is not 1"),
        (
            {"rotations": np.eye(4), "angles": np.zeros(N_DOMAINS)},
            "leave one of them out",
        ),
    ],
)
def test_wrong_rotations(options, message):
    with pytest.raises(ValueError, match=message):
        converted(**options)


def test_sense_of_angles_is_that_of_pyxem():
    """A pattern turned on the detector is indexed with the angle it was turned by."""
    oblique = Structure(
        [Atom("W", [0, 0, 0]), Atom("O", [0.3, 0.2, 0])],
        Lattice(4.0, 5.5, 9, 90, 90, 72),
    )
    simulation = SimulationGenerator(200).calculate_diffraction2d(
        Phase("oblique", point_group="1", structure=oblique),
        rotation=Rotation.from_euler([(0, 0, 0)], degrees=True),
        reciprocal_radius=1,
        max_excitation_error=0.01,
        with_direct_beam=False,
    )
    spots = 50 * np.asarray(simulation.coordinates.data)[:, :2]
    brightness = np.asarray(simulation.coordinates.intensity)
    angles = np.array([15.0, 40.0, -25.0, 80.0])
    cos, sin = np.cos(np.deg2rad(angles)), np.sin(np.deg2rad(angles))
    # x is along the columns and y upwards, against the rows.
    x = np.outer(cos, spots[:, 0]) - np.outer(sin, spots[:, 1])
    y = np.outer(sin, spots[:, 0]) + np.outer(cos, spots[:, 1])
    row, column = np.indices((121, 111))[..., None, None]
    square = (row - 60 + y) ** 2 + (column - 55 - x) ** 2
    data = np.exp(-square / 4) @ brightness
    signal = hs.signals.Signal2D(np.moveaxis(data, -1, 0)[None])
    signal.set_signal_type("electron_diffraction")
    signal.calibration(scale=0.02, units="1/A", center=None)
    polar = signal.get_azimuthal_integral2d(
        npt=50, npt_azim=360, radial_range=(0, 1), mean=True, show_progressbar=False
    )
    matched = polar.get_orientation(simulation, n_best=1, frac_keep=1)
    np.testing.assert_array_equal(matched.data[..., 3], 1)
    found = matched.to_crystal_map().rotations.to_euler(degrees=True)
    ours = to_crystal_map(np.arange(4), [axis(4)], angles=angles)
    # A pattern is the same after half a turn.
    twice = 2 * found.reshape(4, 3)[:, 0]
    assert apart(twice, 2 * degrees(ours)).max() < 4


def test_properties():
    rng = np.random.default_rng(0)
    confidence = rng.random(SHAPE, dtype=np.float32)
    edge = rng.random(SHAPE) < 0.3
    xmap = converted(properties={"confidence": confidence, "edge": edge})
    np.testing.assert_array_equal(xmap.get_map_data("confidence"), confidence)
    np.testing.assert_array_equal(xmap.edge, edge.ravel())
    assert xmap.prop["confidence"].dtype == np.float32


@pytest.fixture
def figure():
    figures = []
    yield (
        lambda xmap, *options: (
            figures.append(xmap.plot(*options, return_figure=True)) or figures[-1]
        )
    )
    plt.close("all")


def test_plot(figure):
    colors = np.array([[0.9, 0.2, 0.1], [0.1, 0.7, 0.2], [0.2, 0.2, 0.8], [0, 0, 0]])
    xmap = converted(colors=colors)
    drawn = figure(xmap)
    drawn.canvas.draw()
    image = drawn.axes[0].images[0].get_array()
    expected = np.array([*xmap.phases.colors_rgb[1:], (1, 1, 1)])[LABELS]
    np.testing.assert_allclose(image, expected)
    legend = [text.get_text() for text in drawn.axes[0].get_legend().get_texts()]
    assert legend == xmap.phases.names
    image = figure(xmap, "domain").axes[0].images[0].get_array()
    np.testing.assert_array_equal(image, LABELS)


def assert_same_map(one, other):
    assert one.shape == other.shape
    np.testing.assert_allclose(one.x, other.x)
    np.testing.assert_allclose(one.y, other.y)
    np.testing.assert_array_equal(one.phase_id, other.phase_id)
    np.testing.assert_allclose(
        one.rotations.data, other.rotations.data, rtol=0, atol=1e-12
    )
    assert one.scan_unit == other.scan_unit
    assert one.prop.keys() == other.prop.keys()
    for name, values in one.prop.items():
        np.testing.assert_array_equal(values, other.prop[name])
        assert values.dtype == other.prop[name].dtype
    assert repr(one.phases) == repr(other.phases)
    for (_, phase), (_, twin) in zip(one.phases, other.phases, strict=True):
        np.testing.assert_allclose(
            phase.structure.lattice.base, twin.structure.lattice.base
        )
        assert [str(atom) for atom in phase.structure] == [
            str(atom) for atom in twin.structure
        ]


def full_map(**options):
    rng = np.random.default_rng(0)
    return converted(
        phase_list=[crystal("WS2", "6/mmm"), crystal("WSe2", "m-3m")],
        phase_ids=[0, 1, 0, -1],
        angles=[10.0, -20.0, 70.0, 0.0],
        properties={"confidence": rng.random(SHAPE), "edge": rng.random(SHAPE) < 0.3},
        **options,
    )


def test_saved_and_reloaded(tmp_path):
    xmap = full_map(colors=[[0.3, 0.7, 0.9], [0.9, 0.6, 0.0]])
    again = reloaded(xmap, tmp_path, "h5")
    assert_same_map(again, xmap)
    # The comparison can fail.
    other = to_crystal_map(LABELS.T, AXES[::-1])
    with pytest.raises(AssertionError):
        assert_same_map(other, xmap)
    again.prop["confidence"] = again.prop["confidence"] + 1e-3
    with pytest.raises(AssertionError):
        assert_same_map(again, xmap)


def test_default_map_saved_and_reloaded(tmp_path):
    assert_same_map(reloaded(converted(), tmp_path, "h5"), converted())


def test_ang_file(tmp_path):
    xmap = full_map()
    again = reloaded(
        xmap,
        tmp_path,
        "ang",
        confidence_index_prop="confidence",
        extra_prop=["domain"],
    )
    assert again.shape == SHAPE
    np.testing.assert_allclose(again.y, xmap.y, atol=1e-5)
    np.testing.assert_allclose(again.x, xmap.x, atol=1e-5)
    # Counted from 1 on.
    expected = np.where(xmap.phase_id < 0, -1, xmap.phase_id + 1)
    np.testing.assert_array_equal(again.phase_id, expected)
    assert again.phases.names == ["not_indexed", "WS2", "WSe2"]
    assert again.phases["WS2"].point_group.name == "622"
    inside = xmap.is_indexed
    assert apart(degrees(again), degrees(xmap)).ravel()[inside].max() < 1e-2
    np.testing.assert_array_equal(again.domain[inside], xmap.domain[inside])
    np.testing.assert_allclose(again.ci[inside], xmap.confidence[inside], atol=1e-5)
    np.testing.assert_array_equal(again.is_indexed, inside)


def test_default_map_as_ang_file(tmp_path):
    again = reloaded(converted(), tmp_path, "ang")
    assert again.phases.names[1:] == [f"domain {i}" for i in range(N_DOMAINS)]
    expected = np.where(LABELS < 0, -1, LABELS + 1)
    np.testing.assert_array_equal(again.get_map_data("phase_id"), expected)


@pytest.mark.parametrize("extension", ["h5", "ang"])
def test_one_axis(tmp_path, extension):
    labels = np.array([0, 0, -1, 1, 1, 0, 2])
    xmap = to_crystal_map(labels, [axis(7, 0.5)])
    assert xmap.shape == (7,)
    assert xmap.y is None
    again = reloaded(xmap, tmp_path, extension)
    for found in (xmap, again):
        np.testing.assert_allclose(found.x, 0.5 * np.arange(7))
        np.testing.assert_array_equal(found.is_indexed, labels >= 0)
    np.testing.assert_array_equal(xmap.phase_id, labels)


@pytest.mark.parametrize("shape", [(1, 6), (6, 1)])
def test_one_row_or_column(tmp_path, shape):
    labels = np.array([0, 0, -1, 1, 1, 0]).reshape(shape)
    xmap = to_crystal_map(labels, [axis(n, 0.5 + n) for n in shape])
    step = xmap.dx if shape[0] == 1 else xmap.dy
    assert step == 6.5
    again = reloaded(xmap, tmp_path, "h5")
    np.testing.assert_array_equal(again.phase_id, labels.ravel())


def test_nothing_indexed(tmp_path, figure):
    xmap = to_crystal_map(np.full(SHAPE, -1), AXES)
    assert xmap.phases.names == ["not_indexed"]
    assert (figure(xmap).axes[0].images[0].get_array() == 1).all()
    assert_same_map(reloaded(xmap, tmp_path, "h5"), xmap)


def test_input_unchanged():
    labels = LABELS.astype(np.int32)
    labels.setflags(write=False)
    axes = [dict(a) for a in AXES]
    angles = np.arange(4.0)
    angles.setflags(write=False)
    xmap = to_crystal_map(labels, axes, angles=angles, properties={"more": labels})
    assert axes == AXES
    # Not shared either.
    assert not any(np.shares_memory(a, labels) for a in dict.values(xmap.prop))


TWO_PHASES = [crystal("a"), crystal("b")]


@pytest.mark.parametrize(
    ("labels", "axes", "message"),
    [
        (np.zeros((2, 5, 7), int), [axis(2), *AXES], "maps of one or two axes"),
        (np.zeros((), int), [], "maps of one or two axes"),
        (np.zeros((1, 1), int), [axis(1), axis(1)], "two positions at least"),
        (np.zeros((0, 7), int), [axis(0), axis(7)], "two positions at least"),
        (LABELS - 1, AXES, "-1 or from 0 on, but hold -2"),
        (LABELS, AXES[:1], r"sizes \(5,\) .* but labels the shape \(5, 7\)"),
        (LABELS, AXES[::-1], r"sizes \(7, 5\) .* but labels the shape \(5, 7\)"),
        (LABELS, [axis(5, 0), axis(7)], "scale 0, but"),
        (LABELS, [axis(5, np.nan), axis(7)], "scale nan, but"),
        (LABELS, [axis(5, units="nm"), axis(7, units=None)], "are nm and px"),
        (LABELS, [axis(5, units="s"), axis(7)], "are s and nm"),
        (LABELS, [{"size": 5, "axis": np.arange(5) ** 2}, axis(7)], "uniform axes"),
        (LABELS, [{"size": 5, "expression": "x**2"}, axis(7)], "uniform axes"),
    ],
)
def test_bad_maps(labels, axes, message):
    with pytest.raises(ValueError, match=message):
        to_crystal_map(labels, axes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phase_list": TWO_PHASES}, "2 phases for 4 domains"),
        ({"phase_list": crystal("Al")}, "1 phases for 4 domains"),
        ({"phase_list": []}, "0 phases for 4 domains"),
        ({"phase_list": TWO_PHASES, "phase_ids": [0, 1, 2, 0]}, r"hold \{2\}, but"),
        ({"phase_ids": [0, 1]}, r"shape \(2,\)"),
        ({"phase_ids": [0, 1, 0, -2]}, r"hold \{-2\}, but"),
        ({"phase_ids": [0.0, 1.0, 0.0, 1.0]}, "must be integers for 4"),
        ({"phase_list": [crystal("a")] * 4}, "none may come twice"),
        ({"names": ["a", "b", "c", "a"]}, "none may come twice"),
        ({"names": ["a", "b", "c", ""]}, "be empty"),
        ({"names": ["a", "b", "c", "indexed"]}, "one of"),
        ({"names": ["a", "b", "c"]}, "names must be 4 texts"),
        ({"names": ["a", "b", "c", 3]}, "names must be 4 texts"),
        ({"colors": np.zeros((3, 3))}, "3 colors were given for 4 phases"),
        ({"colors": np.full((4, 3), 2)}, "RGB"),
        ({"angles": [0, 1, 2]}, "finite numbers for 4 domains"),
        ({"angles": [0, 1, 2, np.nan]}, "finite numbers for 4 domains"),
        ({"angles": ["0", "1", "2", "3"]}, "finite numbers for 4 domains"),
        ({"properties": {"a": np.zeros((7, 5))}}, r"'a' has the shape \(7, 5\)"),
        ({"properties": {"a": np.full(SHAPE, "x")}}, "must be numbers"),
        ({"properties": {"domain": LABELS}}, "cannot be named 'domain'"),
        ({"properties": {"x": LABELS}}, "cannot be named 'x'"),
        ({"properties": {"phi1": LABELS}}, "cannot be named 'phi1'"),
        ({"properties": {"a/b": LABELS}}, "cannot be named 'a/b'"),
        ({"properties": {"_x": LABELS}}, "cannot be named '_x'"),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        converted(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phase_list": "Al"}, "must be an orix PhaseList or hold orix Phases"),
        ({"phase_list": ["a", "b", "c", "d"]}, "must hold orix Phases"),
        ({"phase_list": {"a": crystal("a")}}, "integers for their numbers"),
    ],
)
def test_bad_types(options, message):
    with pytest.raises(TypeError, match=message):
        converted(**options)


@pytest.mark.parametrize("dtype", [float, bool, "U1"])
def test_labels_must_be_integers(dtype):
    with pytest.raises(TypeError, match="labels must be integers"):
        to_crystal_map(LABELS.astype(dtype), AXES)
