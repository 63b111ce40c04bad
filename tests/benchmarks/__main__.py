"""``python -m tests.benchmarks``: measure, print the tables, write them."""

import argparse
import json
import sys
from pathlib import Path

from tests.benchmarks.plan import make_plan
from tests.benchmarks.report import write_tables
from tests.benchmarks.run import ROOT, run

TABLES, RECORD = "results.txt", "results.json"


def main(arguments=None):
    """Run the benchmarks; return 1 if any of them failed."""
    options = _parse(arguments)
    plan = make_plan(quick=options.quick, large=options.large, peers=options.peers)
    record = run(plan, tell=lambda line: print(line, flush=True))
    tables = write_tables(record)
    print(f"\n{tables}")
    folder = options.output
    if folder is None and options.peers and not options.quick:
        folder = ROOT / "docs" / "performance"
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TABLES).write_text(tables)
        (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n")
        print(f"Written to {folder}")
    failed = [
        o for group in record["groups"] for o in group["outcomes"] if "error" in o
    ]
    return 1 if failed else 0


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__
    )
    parser.add_argument(
        "--quick", action="store_true", help="small scans, to see that everything runs"
    )
    parser.add_argument(
        "--large", action="store_true", help="also a lazy scan of 2.1 GB"
    )
    parser.add_argument(
        "--no-peers", dest="peers", action="store_false", help="only this package"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="folder for the tables; by default docs/performance, and nowhere if "
        "--quick or --no-peers",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
