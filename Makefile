# make help    List these targets; `make` alone does the same.
# make repro   Run the default grid, from nothing to the report.
# make test    Run the linters and the tests.
# make ui      Open the runs in MLflow.
# make follow  Show runs in MLflow while they are trained; start it beside `make repro`, in a second terminal.
# make study   Run a larger grid, such as NAME=controls; it takes hours and continues where it was stopped.
# make docs    Write the tables of README.md and docs/ that come from the code and the studies.
# make cluster Run the grid on Ray: on this machine, or on the cluster of RAY_ADDRESS.
# make test-clients    Test our tools beside scvi-tools, pythae, diffusers, Lightning, JAX and Keras, in a separate environment.
# make test-cluster    Run twelve cells on a real Ray with failures, and through submitit.
# make faults  Test kills at random moments, failing disks and networks, and leaks, for an hour; docs/reliability.md.
# make bench   Time our measures and training step beside others, a cell, a grid, and the mirror in MLflow.
# make lock    Choose the versions in requirements.txt again.
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/.venv
export DVC_NO_ANALYTICS := 1

# The first target is the one that `make` alone makes.
.PHONY: help
help:
	@sed -n 's/^# \(make [a-z]\)/\1/p' Makefile

.PHONY: repro test test-clients test-cluster faults bench ui follow study docs cluster lock

# If a cell fails, the report and MLflow get the others. `uncollapse check` comes first, because it explains mistakes in
# params.yaml better than DVC does.
repro: .venv/ready
	@uncollapse check
	@trap 'exit 130' INT; dvc repro --keep-going || { dvc repro --single-item report track; exit 1; }
	@echo
	@echo "summary: metrics/summary.csv    report: report/index.html    runs: make ui"
	@cat report/report.txt

test: .venv/ready
	ruff check
	ruff format --check
	pyrefly check
	lint-imports --no-logo
	pytest

test-clients: .venv/ready
	test -x .venv-clients/bin/python || python3 -m venv .venv-clients
	uv pip install --quiet --reinstall-package uncollapse --python .venv-clients/bin/python '.[clients]'
	.venv-clients/bin/python -m pytest tests/clients

cluster: .venv/ready
	@uv pip install --quiet --constraint requirements.txt --editable '.[ray]'
	@uncollapse grid --on ray

test-cluster: .venv/ready
	test -x .venv-cluster/bin/python || python3 -m venv .venv-cluster
	uv pip install --quiet --reinstall-package uncollapse --constraint requirements.txt \
		--python .venv-cluster/bin/python '.[cluster]'
	PATH=$(CURDIR)/.venv-cluster/bin:$(PATH) pytest tests/real_cluster

# SEED=... NUMBER=... repeats one case. ONLY="whole net" runs some of the parts kill, whole, errors, full, net, leak.
faults: .venv/ready
	PYTHONPATH=src:tests/helpers python -m faults $(if $(SEED),--seed $(SEED)) $(if $(NUMBER),--number $(NUMBER)) \
		$(if $(ONLY),--only $(ONLY))

bench: .venv/ready
	@uv pip install --quiet --constraint requirements.txt --editable '.[bench]'
	@PYTHONPATH=tests/helpers python benchmarks/measures.py
	@PYTHONPATH=tests/helpers python benchmarks/measures.py --step
	@PYTHONPATH=tests/helpers python benchmarks/pipeline.py
	@PYTHONPATH=tests/helpers python benchmarks/mirror.py

ui: .venv/ready
	@test -f mlflow.db || { echo "error: there are no runs yet; \`make repro\` makes them" >&2; exit 1; }
	mlflow ui --backend-store-uri sqlite:///mlflow.db

follow: .venv/ready
	@python stages/follow.py

study: .venv/ready
	@test -n "$(NAME)" || { echo "error: make study NAME=... runs one of these:" \
		$(notdir $(patsubst %/params.yaml,%,$(sort $(wildcard studies/*/params.yaml)))) >&2; exit 2; }
	python studies/run.py $(NAME)

docs: .venv/ready
	python docs/write_tables.py

# Bytecode is compiled now. Where Python may not write it (as in many containers), every stage would compile torch again.
.venv/ready: requirements.txt pyproject.toml
	@python3 -c 'import sys; sys.exit("error: python3 is %d.%d, it should be 3.11 or newer" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/pip || python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	uv pip install --quiet --compile-bytecode --requirement requirements.txt
	uv pip install --quiet --no-deps --editable .
	touch $@

# On a CPU, torch 2.13 trained 1.3 times as fast as torch 2.15.
lock: .venv/ready
	uv pip compile pyproject.toml --extra pipeline --extra dev --universal --generate-hashes \
		--no-emit-index-url --no-header --quiet --upgrade-package torch==2.13.0 --output-file requirements.txt
