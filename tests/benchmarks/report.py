"""Tables of what was measured, as reStructuredText that also reads well as it is."""

from statistics import median

_MB = 1e6
_NOTHING = "--"


def write_tables(record):
    """Return the tables of a run.

    Parameters
    ----------
    record : dict
        What ``run`` gave.

    Returns
    -------
    str
    """
    machine = record["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    parts = [
        f"{record['date']}, {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory']} of memory. {versions}."
    ]
    titles = {
        "eager": "In memory",
        "lazy": "From a ``.zspy`` file, lazily",
        "rare": "A phase on 16 positions",
        "weak": "Weak structure, in memory",
    }
    for name, title in titles.items():
        for group in _groups(record, name):
            parts += [_heading(title), _sentence(group), _contest(group)]
    weak = _groups(record, "weak, lazy")
    if weak:
        parts += [_heading("Weak structure, lazily"), _sizes(weak)]
    for group in _groups(record, "pass"):
        title = "Compression, against one pass over the scan"
        parts += [_heading(title), _sentence(group), _passes(group)]
    parts += [_heading("Size of the scan"), _sizes(_groups(record, "size"))]
    parts += [_heading("Targets"), _targets(record)]
    return "\n\n".join(parts) + "\n"


def simple_table(header, rows):
    """Return a simple table of reStructuredText; first cells may not be empty."""
    rows = [[str(cell) or _NOTHING for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [header, *rows]) for i, _ in enumerate(header)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _heading(title):
    return f"{title}\n{'~' * len(title)}"


def _groups(record, name):
    return [group for group in record["groups"] if group["name"] == name]


def _sentence(group):
    return f"{group['size'].capitalize()}, {group['scan_bytes'] / _MB:.0f} MB."


def _contest(group):
    first = group["outcomes"][0]
    header = ["contender", "time", "CPU time", "extra memory", "reads"]
    header += ["worst map", "mean map", "residual"]
    header += ["time / ours", "CPU / ours", "memory / ours", "residual / ours"]
    rows = []
    for outcome in group["outcomes"]:
        if "error" in outcome:
            failed = [f"failed: {outcome['error']}"]
            rows.append([outcome["label"], *failed, *[_NOTHING] * (len(header) - 2)])
            continue
        cosines = outcome["cosines"].values()
        row = [outcome["label"], f"{_time(outcome):.2f} s", f"{_cpu(outcome):.2f} s"]
        row += [_mb(outcome["extra_bytes"]), _number(outcome["reads"], ".2f")]
        row += [f"{min(cosines):.3f}", f"{sum(cosines) / len(cosines):.3f}"]
        row += [f"{outcome['residual']:.5f}"]
        row += [
            _ratio(_time(outcome), _time(first)),
            _ratio(_cpu(outcome), _cpu(first)),
        ]
        row += [_ratio(outcome["extra_bytes"], first.get("extra_bytes"))]
        row += [_ratio(outcome["residual"], first.get("residual"), ".5f")]
        rows.append(row)
    return simple_table(header, rows)


def _passes(group):
    rows = []
    for outcome in group["outcomes"]:
        if "error" in outcome:
            rows.append([outcome["label"], f"failed: {outcome['error']}", "", "", ""])
            continue
        cells = [f"{_time(outcome):.2f} s", f"{_cpu(outcome):.2f} s"]
        ratio = _ratio(_time(outcome), _time(group["outcomes"][0]))
        memory = _mb(outcome["extra_bytes"])
        rows.append([outcome["label"], *cells, ratio, memory])
    header = ["what", "time", "CPU time", "time / one pass", "extra memory"]
    return simple_table(header, rows)


def _sizes(groups):
    header = ["scan", "file in memory", "s.sum()", "decomposition_rnmf", "ratio"]
    header += ["reads", "extra memory", "worst map"]
    rows = []
    for group in groups:
        one_sum, ours = group["outcomes"]
        if "error" in one_sum or "error" in ours:
            rows.append([group["size"], "failed", *[_NOTHING] * (len(header) - 2)])
            continue
        worst = min(ours["cosines"].values()) if "cosines" in ours else None
        rows.append(
            [
                group["size"],
                f"{group['scan_bytes'] / _MB:.0f} MB",
                f"{_time(one_sum):.2f} s",
                f"{_time(ours):.2f} s",
                _ratio(_time(ours), _time(one_sum)),
                _number(ours["reads"], ".2f"),
                _mb(ours["extra_bytes"]),
                _number(worst, ".3f"),
            ]
        )
    return simple_table(header, rows)


def _targets(record):
    """What was aimed at, for all that took part without failing."""
    rows = []

    def add(what, target, value, met, form=".1f"):
        if value is not None:
            rows.append(
                [what, target, f"{value:{form}}", "yes" if met(value) else "no"]
            )

    eager, lazy, rare = (_outcomes(record, name) for name in ("eager", "lazy", "rare"))
    ours, default = eager.get("rnmf", {}), eager.get("rnmf, chosen", {})
    sklearn, ornmf = eager.get("sklearn-nmf", {}), lazy.get("hyperspy-ornmf", {})
    ours_lazy, found = lazy.get("rnmf-lazy", {}), rare.get("rnmf, chosen", {})
    for one, how in ((ours, "5 components"), (default, "number chosen")):
        worst = min(one["cosines"].values()) if one else None
        add(f"worst map, {how}", ">= 0.95", worst, lambda x: x >= 0.95, ".3f")
    add(
        "map of the rare phase, number chosen",
        ">= 0.9",
        list(found["cosines"].values())[-1] if found else None,
        lambda x: x >= 0.9,
        ".3f",
    )
    add(
        "scikit-learn NMF's time / ours",
        ">= 60",
        _quotient(_time(sklearn), _time(ours)),
        lambda x: x >= 60,
    )
    weak = _outcomes(record, "weak")
    add(
        "scikit-learn NMF's time / ours, weak structure",
        ">= 40",
        _quotient(_time(weak.get("sklearn-nmf", {})), _time(weak.get("rnmf", {}))),
        lambda x: x >= 40,
    )
    add(
        "our residual / scikit-learn NMF's",
        "<= 1.001",
        _quotient(ours.get("residual"), sklearn.get("residual")),
        lambda x: x <= 1.001,
        ".5f",
    )
    add(
        "HyperSpy lazy ORNMF's time / ours",
        ">= 50",
        _quotient(_time(ornmf), _time(ours_lazy)),
        lambda x: x >= 50,
    )
    for group in _groups(record, "weak, lazy"):
        one_sum, last = group["outcomes"]
        ratio = _quotient(_time(last), _time(one_sum))
        add("lazy time / s.sum(), weak structure", "<= 4", ratio, lambda x: x <= 4)
    for group in _groups(record, "pass"):
        one_pass, ours_alone = group["outcomes"]
        ratio = _quotient(_time(ours_alone), _time(one_pass))
        what = "compression / one cast and product, weak structure"
        add(what, "<= 8", ratio, lambda x: x <= 8)
    for group in _groups(record, "size")[-1:]:
        one_sum, last = group["outcomes"]
        size = group["size"]
        ratio = _quotient(_time(last), _time(one_sum))
        add(f"lazy time / s.sum(), {size}", "<= 4", ratio, lambda x: x <= 4)
        memory = _quotient(last.get("extra_bytes"), _MB)
        add(f"extra MB, lazy, {size}", "<= 1000", memory, lambda x: x <= 1000, ".0f")
    reads = ours_lazy.get("reads")
    add("reads of each block, lazy", "<= 2.2", reads, lambda x: x <= 2.2, ".2f")
    for group in _groups(record, "eager"):
        most = group["scan_bytes"] / _MB + 200
        memory = _quotient(ours.get("extra_bytes"), _MB)
        add(
            "extra MB, in memory",
            f"<= {most:.0f}",
            memory,
            lambda x, most=most: x <= most,
            ".0f",
        )
    return simple_table(["what", "target", "measured", "met"], rows)


def _outcomes(record, name):
    return {
        outcome["contender"] + ("" if outcome["n_components"] else ", chosen"): outcome
        for group in _groups(record, name)
        for outcome in group["outcomes"]
        if "error" not in outcome
    }


def _time(outcome):
    return median(outcome["seconds"]) if "seconds" in outcome else None


def _cpu(outcome):
    return median(outcome["cpu_seconds"]) if "cpu_seconds" in outcome else None


def _quotient(value, of):
    return None if value is None or not of else value / of


def _ratio(value, of, form=".2g"):
    quotient = _quotient(value, of)
    if quotient is not None and form == ".2g" and quotient >= 10:
        form = ".0f"
    return _number(quotient, form)


def _number(value, form):
    return _NOTHING if value is None else f"{value:{form}}"


def _mb(value):
    return _NOTHING if value is None else f"{value / _MB:.0f} MB"
