# Each target makes the environment it needs. Only Python 3.11 or newer and make must
# be there:
#
#   make demo              map a simulated scan; figures in demo_output/
#   make demo SCAN=file    the same for any file that HyperSpy reads
#                          (STRUCTURES="a.cif b.cif" names its phases)
#   make test              the tests (ARGS="-k masks" goes to pytest)
#   make lint docs wheel test-py4dstem test-quantem clean
#   make bench bench-embedding bench-domains bench-confidence bench-degradations
#   make bench-power bench-structure bench-orientation bench-classes
#   make bench-gpu bench-workers bench-scale

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=
SCAN ?=
STRUCTURES ?=

BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv/.peers
BIN_2 := .venv-py4dstem/bin
READY_2 := .venv-py4dstem/.ready
BIN_3 := .venv-quantem/bin
READY_3 := .venv-quantem/.ready

# Each worker of pytest gets one BLAS thread, and grows one tree at a time, or they fight
# for the processors. What Python compiles is kept, whatever the session says, or each worker compiles all tests.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 MPLBACKEND=agg
PYTEST += LOKY_MAX_CPU_COUNT=1 PYTHONDONTWRITEBYTECODE=
# Of the tests with these markers; what is in ARGS comes last and counts.
TEST = -m pytest -n $(WORKERS) --dist loadfile -m "$(1)" $(ARGS)

# Tests of the repository's own files, which no version of another package changes.
OWN_FILES := citation.py docstrings.py layers.py

.PHONY: demo test test-py4dstem test-quantem lint docs wheel clean
.PHONY: bench bench-embedding bench-domains bench-confidence bench-degradations
.PHONY: bench-power bench-structure bench-orientation bench-classes
.PHONY: bench-gpu bench-workers bench-scale

demo: $(READY)
	$(BIN)/python docs/examples/map_phases.py --scan "$(SCAN)" --structures $(STRUCTURES) \
		--output demo_output

test: $(READY)
	$(PYTEST) $(BIN)/python $(call TEST,not wheel)

# Here versions are judged. Benchmarks run in the first environment only, and so do their
# tests; those of accuracy and of killed workers, whose parts the others try with these
# versions; and those of the repository's own files.
test-py4dstem: $(READY_2)
	$(PYTEST) $(BIN_2)/python \
		$(call TEST,not wheel and not accuracy and not workers) \
		--ignore=tests/benchmarks $(addprefix --ignore=tests/test_,$(OWN_FILES))

# HyperSpy and pyxem are not there: what runs without them is tested, and then the whole
# way from one environment to the other and back.
test-quantem: $(READY) $(READY_3)
	$(PYTEST) $(BIN_3)/python -m pytest tests/interop/test_quantem.py \
		hyperspy_4dphase/interop/quantem.py $(ARGS)
	$(PYTEST) $(BIN)/python -m pytest tests/interop/test_quantem.py -k whole_way $(ARGS)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

docs: $(READY)
	MPLBACKEND=agg $(BIN)/sphinx-build -W --keep-going docs docs/_build/html

bench-embedding: $(READY)
	$(BIN)/python -m tests.benchmarks.embedding $(ARGS)

bench-domains: $(READY)
	$(BIN)/python -m tests.benchmarks.domains $(ARGS)

bench-confidence: $(READY)
	$(BIN)/python -m tests.benchmarks.confidence $(ARGS)

bench-power: $(READY)
	$(BIN)/python -m tests.benchmarks.power $(ARGS)

bench-classes: $(READY)
	$(BIN)/python -m tests.benchmarks.classes $(ARGS)

bench-structure: $(READY)
	$(BIN)/python -m tests.benchmarks.structure $(ARGS)

bench-orientation: $(READY)
	$(BIN)/python -m tests.benchmarks.orientation $(ARGS)

bench-scale: $(PEERS)
	$(BIN)/python -m tests.benchmarks.scale $(ARGS)

bench-degradations: $(READY)
	$(BIN)/python -m tests.benchmarks.degradations $(ARGS)

bench-gpu: $(READY)
	$(BIN)/python -m tests.benchmarks.gpu $(ARGS)

bench-workers: $(READY)
	$(BIN)/python -m tests.benchmarks.workers $(ARGS)

bench: $(READY)
	$(BIN)/python -m tests.benchmarks $(ARGS)

# Sdist and wheel are installed into an empty environment, on both stacks.
wheel: $(READY) $(READY_2)
	$(BIN)/python -m hatchling build -d dist
	$(PYTEST) $(BIN)/python -m pytest -m wheel tests/test_wheel.py tests/test_register.py
	$(PYTEST) $(BIN_2)/python -m pytest -m wheel tests/test_wheel.py

clean:
	rm -rf build dist demo_output docs/_build docs/auto_examples docs/sg_execution_times.rst
	rm -rf .pytest_cache .ruff_cache .hypothesis .coverage

# torch first and alone, so that nothing else decides which one is taken.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.11')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

# Only benchmarks need it: tests are to run without.
$(PEERS): $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[bench]"
	touch $@

$(READY_2): pyproject.toml constraints.txt constraints-py4dstem.txt
	$(PYTHON) -m venv .venv-py4dstem
	$(BIN_2)/python -m pip install --quiet -c constraints-py4dstem.txt torch
	$(BIN_2)/python -m pip install --quiet -c constraints-py4dstem.txt -e ".[py4dstem,tests]"
	touch $@

$(READY_3): pyproject.toml constraints.txt constraints-quantem.txt
	$(PYTHON) -m venv .venv-quantem
	$(BIN_3)/python -m pip install --quiet -c constraints-quantem.txt torch
	$(BIN_3)/python -m pip install --quiet -c constraints-quantem.txt pytest quantem PyYAML wrapt
	$(BIN_3)/python -m pip install --quiet --no-deps -e .
	touch $@
