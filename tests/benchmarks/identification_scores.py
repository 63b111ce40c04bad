"""How right names are, by the number of spots and by what they are compared with."""

import numpy as np

from hyperspy_4dphase.estimators.orientation import identify


def judge(evidence):
    """Judge names by number of spots, with and without the right structure."""
    groups = {
        "1 to 3": (1, 4),
        "4 to 7": (4, 8),
        "8 to 15": (8, 16),
        "16 on": (16, 999),
    }
    groups["8 on"] = (8, 999)
    rows = []
    for name, (low, high) in groups.items():
        chosen = [e for e in evidence if low <= e.matches[0].report.n_spots < high]
        if not chosen:
            continue
        results = [(identify([e.matches]), e.true) for e in chosen]
        without = [
            identify([e.matches[: e.true] + e.matches[e.true + 1 :]]) for e in chosen
        ]
        right = np.array([r.probability.argmax() == t for r, t in results])
        clear = np.array([r.margin > 0.05 for r, _ in results])
        rows.append(
            {
                "spots": name,
                "n": len(chosen),
                "right": float(right.mean()),
                "in set": float(np.mean([r.in_set[t] for r, t in results])),
                "size of set": float(np.mean([r.in_set.sum() for r, _ in results])),
                "margin > 0.05": float(clear.mean()),
                "right there": float(right[clear].mean()) if clear.any() else None,
                "wrongly none": float(
                    np.mean([r.none_probability > 0.5 for r, _ in results])
                ),
                "none found": float(
                    np.mean([r.none_probability > 0.5 for r in without])
                ),
            }
        )
    return rows


def judge_pooled(evidence, n_pooled=3):
    """Judge names of several patterns of one structure together."""
    results = []
    for true in {e.true for e in evidence}:
        own = [e.matches for e in evidence if e.true == true]
        for k in range(0, len(own) - n_pooled + 1, n_pooled):
            results.append((identify(own[k : k + n_pooled]), true))
    return {
        "n": len(results),
        "right": float(np.mean([r.probability.argmax() == t for r, t in results])),
        "in set": float(np.mean([r.in_set[t] for r, t in results])),
        "size of set": float(np.mean([r.in_set.sum() for r, _ in results])),
        "wrongly none": float(np.mean([r.none_probability > 0.5 for r, _ in results])),
    }


def judge_look_alikes(verdicts):
    """Judge names of structures that have look-alikes, by kind of list and spots."""
    rows = []
    groups = {"1 to 3": (1, 4), "4 to 7": (4, 8), "8 on": (8, 999)}
    for spots, (low, high) in groups.items():
        own = [v for v in verdicts if low <= v.n_spots < high]
        for kind in dict.fromkeys(v.kind for v in own):
            some = [v for v in own if v.kind == kind]
            told = [v for v in some if not v.alike] or some
            row = {"spots": spots, "candidates": kind, "n": len(some)}
            none = [v.said_none for v in some]
            row["named or in set"], row["none"] = "--", float(np.mean(none))
            row["where told"] = row["none, or told"] = "--"
            if some[0].is_none:
                said = [v.said_none or v.warned for v in some]
                row["where told"] = float(np.mean([v.said_none for v in told]))
                row["none, or told"] = float(np.mean(said))
            else:
                row["named or in set"] = float(np.mean([v.named_right for v in some]))
            rows.append(row)
    return rows


def judge_doses(verdicts, edges=(2.7, 3.3, 4.0, 5.0)):
    """Judge what is said of none of the candidates, by dose, of 8 spots or more.

    Returns
    -------
    list of dict
        Parts of patterns that are wrongly and rightly called none of the candidates,
        look-alikes left out, and the probability of it beside how often it is true.
    """
    rows = []
    for low, high in zip(edges, edges[1:], strict=False):
        some = [v for v in verdicts if low <= v.log_dose < high and v.n_spots >= 8]
        if not some:
            continue
        weight = [v.weight for v in some]
        wrong = [v.said_none for v in some if not v.is_none]
        right = [v.said_none for v in some if v.kind in ("others", "one other")]
        said = [v.none_probability for v in some]
        true = [v.is_none for v in some]
        rows.append(
            {
                "counts": f"{10**low:,.0f} to {10**high:,.0f}",
                "n": sum(v.kind == "right, alone" for v in some),
                "wrongly none": float(np.mean(wrong)),
                "none found": float(np.mean(right)),
                "said": float(np.average(said, weights=weight)),
                "true": float(np.average(true, weights=weight)),
            }
        )
    return rows


def judge_probabilities(verdicts, n_bins=10):
    """Compare the probability of none of the candidates with how often it is true.

    Returns
    -------
    dict
        With the expected calibration error, and rows of predicted and true parts.
    """
    weight = np.array([v.weight for v in verdicts])
    said = np.array([v.none_probability for v in verdicts])
    true = np.array([v.is_none for v in verdicts])
    order = np.argsort(said)
    bins = np.array_split(order, n_bins)
    rows = [
        {
            "n": len(some),
            "said": float(np.average(said[some], weights=weight[some])),
            "true": float(np.average(true[some], weights=weight[some])),
        }
        for some in bins
    ]
    parts = [weight[some].sum() / weight.sum() for some in bins]
    error = sum(
        p * abs(r["said"] - r["true"]) for p, r in zip(parts, rows, strict=True)
    )
    return {"error": float(error), "rows": rows}
