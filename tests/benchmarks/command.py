"""What the commands of benchmarks have in common: options, quiet, and files."""

import argparse
import json
import warnings
from pathlib import Path

import hyperspy.api as hs

from tests.benchmarks.run import ROOT


def read_options(description, arguments=None, *, parts=None, quick=True):
    """Read the options of a command, and make its folder.

    Warnings and progress bars are switched off.

    Parameters
    ----------
    description : str
        What it measures.
    arguments : list of str, optional
        By default those of the process.
    parts : iterable of str, optional
        What it can measure alone.
    quick : bool, default True
        Whether it can be told to do little, to see that everything runs.

    Returns
    -------
    argparse.Namespace
        `output`, a folder; `only`, names of parts or None; and `quick`.
    """
    parser = argparse.ArgumentParser(description=description)
    where = ROOT / "docs" / "performance"
    parser.add_argument("--output", type=Path, default=where, help="folder")
    if parts is not None:
        help_only = "leave others as is"
        parser.add_argument("--only", nargs="+", choices=list(parts), help=help_only)
    if quick:
        parser.add_argument("--quick", action="store_true", help="does everything run?")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    hs.preferences.General.show_progressbar = False
    options.output.mkdir(parents=True, exist_ok=True)
    return options


def read_record(options, name):
    """Read what was measured before, if only parts of it are measured again.

    Parameters
    ----------
    options : argparse.Namespace
        Of :func:`read_options`.
    name : str
        Of the files.

    Returns
    -------
    dict
    """
    file = options.output / f"{name}.json"
    return json.loads(file.read_text()) if options.only and file.is_file() else {}


def write_record(options, name, record):
    """Write what was measured.

    Parameters
    ----------
    options, name
        As for :func:`read_record`.
    record : dict or list
    """
    (options.output / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")


def write_result(options, name, record, tables):
    """Write what was measured, write its tables, and print them.

    Parameters
    ----------
    options, name, record
        As for :func:`write_record`.
    tables : str
    """
    write_record(options, name, record)
    (options.output / f"{name}.txt").write_text(tables)
    print(f"\n{tables}")
