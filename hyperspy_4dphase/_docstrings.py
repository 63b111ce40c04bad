"""Texts of parameters that several methods share."""

import inspect
import re
import textwrap

PARAMETERS = {
    "navigation_mask": """\
navigation_mask : None, BaseSignal or array-like of bool, default None
    Probe positions to leave out: True is excluded. An array, NumPy or dask, has the
    shape of the navigation axes in **array order**, ``(ny, nx)`` as in ``s.data``, not
    in the display order of ``s``; any other shape is refused. On a square scan a
    transposed array cannot be told from a right one. A signal may hold these axes as
    navigation or as signal axes. ``s.sum(axis="sig") < 10`` is a mask.
    Patterns that are masked as a whole in ``s.data``, a NumPy masked array, are left
    out as well.""",
    "signal_mask": """\
signal_mask : None, BaseSignal or array-like of bool, default None
    Detector pixels to leave out, in the same forms: an array is ``(nky, nkx)``, as in
    ``s.data``. Pixels that a NumPy masked array ``s.data`` masks in all patterns are
    left out as well.""",
    "normalize_poissonian_noise": """\
normalize_poissonian_noise : bool, optional
    Whether noise is that of counted electrons, but for a camera's gain, offset and
    readout noise, which are measured: patterns and pixels are then scaled so that it
    weighs the same everywhere. By default the data tell: whether they are whole
    numbers, or multiples of one, in whatever type; how the variance of a value grows
    with its mean; else the noise of each pixel. True takes values for counts or their
    multiples where the data leave it open. False takes the data as they are, with the
    same noise everywhere.""",
    "keep_faulty": """\
keep_faulty : bool, default False
    Whether values that no counting allows stay as they are. By default pixels that are
    stuck, flicker or are far too bright, and broken frames, are left out as if masked,
    and single events (X-rays) are replaced by what is around them; what was found is
    told. Not with ``normalize_poissonian_noise=False``.""",
    "print_info": """\
print_info : bool, default True
    Whether to print what was found out about the data: kind of noise, gain and offset,
    values left out.""",
    "oversampling": """\
oversampling : int, default 10
    Directions that are sketched beyond those sought.""",
    "power_iterations": """\
power_iterations : int, optional
    How many power iterations are made over all patterns, each of which reads the scan
    once, after a first read. By default as many as it takes, few in most cases: two,
    and more while what stands above the noise still changes.""",
    "random_state": """\
random_state : int or numpy.random.RandomState, optional
    Seed of everything random. With an integer the result is reproducible. NumPy's
    global generator is neither read nor changed.""",
    "device": """\
device : {"cpu", "cuda"} or torch.device, optional
    Where to compute. By default a GPU if there is one.""",
    "show_progressbar": """\
show_progressbar : bool, optional
    Whether to show progress. By default as in HyperSpy's preferences.""",
}


def with_shared_parameters(function):
    """Fill ``%(name)s`` lines of a docstring with the texts of `PARAMETERS`.

    Parameters
    ----------
    function : callable
        Its docstring is changed.

    Returns
    -------
    callable
        The same function.
    """
    function.__doc__ = re.sub(
        r"^( *)%\((\w+)\)s *$",
        lambda line: textwrap.indent(PARAMETERS[line[2]], line[1]),
        inspect.cleandoc(function.__doc__ or "") + "\n",
        flags=re.MULTILINE,
    )
    return function
