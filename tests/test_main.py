"""``python -m hyperspy_4dphase``."""

import json

import pytest
import yaml

from hyperspy_4dphase import __main__ as command
from hyperspy_4dphase import _register

METHODS = _register.read_methods()

MODULES = """
import json, runpy, sys
sys.argv = ["hyperspy_4dphase", *sys.argv[1:]]
try:
    runpy.run_module("hyperspy_4dphase", run_name="__main__")
except SystemExit as end:
    assert not end.code
print(json.dumps(sorted(sys.modules)))
"""


def test_versions_gpu_and_methods(capsys):
    assert command.main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Python 3.")
    assert any(line.startswith("pyxem 0.") for line in lines)
    assert [line for line in lines if line.startswith("GPU: ")]
    assert "Registered as an extension of HyperSpy: yes" in lines
    for name, entry in METHODS.items():
        classes = ", ".join(c.rpartition(":")[2] for c in entry["classes"])
        assert f"  {name}(): {classes}" in lines


def test_without_gpu_nothing_is_imported(run_fresh):
    *text, modules = run_fresh(MODULES, "info", "--no-gpu").splitlines()
    assert not [line for line in text if line.startswith("GPU")]
    heavy = {"torch", "numpy", "hyperspy", "pyxem"}
    assert not heavy & set(json.loads(modules))


def test_gpu_needs_torch_only(run_fresh):
    *_, modules = run_fresh(MODULES, "info").splitlines()
    assert not {"hyperspy", "pyxem", "sklearn"} & set(json.loads(modules))


def test_methods_are_attached(run_fresh):
    text = run_fresh(MODULES, "info", "--check", "--no-gpu")
    assert "All of them are attached." in text


def test_methods_that_are_not_attached_are_named(monkeypatch, tmp_path, capsys):
    manifest = yaml.safe_load(_register.MANIFEST.read_text())
    entry = {
        "function": "hyperspy_4dphase.methods.compress:compress",
        "classes": ["pyxem.signals.diffraction2d:Diffraction2D"],
    }
    manifest["methods"]["never_attached"] = entry
    monkeypatch.setattr(_register, "read_methods", lambda: manifest["methods"])
    assert command.main(["info", "--check", "--no-gpu"]) == 1
    text = capsys.readouterr().out
    assert "NOT attached: Diffraction2D.never_attached" in text
    assert "All of them" not in text


@pytest.mark.parametrize("arguments", [["--help"], ["info", "--help"]])
def test_help(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 0
    assert "info" in capsys.readouterr().out


def test_nothing_asked(capsys):
    with pytest.raises(SystemExit) as end:
        command.main([])
    assert end.value.code == 2
    assert "required: command" in capsys.readouterr().err
