#!/bin/sh
# Brine: three concentrations by a campaign, a model that sees water and one that does not, and both in LAMMPS under a barostat.
# SHORT=1 sh run.sh FOLDER takes a tenth of the steps.
set -eu
out=$(mkdir -p "${1:-$(dirname "$0")/out}" && cd "${1:-$(dirname "$0")/out}" && pwd)
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
ionscape=$root/target/release/ionscape
steps=2000
export LD_LIBRARY_PATH="$root/.venv/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export OMP_NUM_THREADS=1

cp in.brine water.mol campaign.toml "$out"
if [ -n "${SHORT:-}" ]; then
    steps=200
    sed -i 's/^chunk = .*/chunk = 1300.0/; s/^spacing = .*/spacing = 100.0/; s/^snapshots = .*/snapshots = 10/
        s/^longest = .*/longest = 1300.0/; s/^steps = .*/steps = 300/; s/^edge = .*/edge = 7/' "$out/campaign.toml"
fi
"$ionscape" simulate "$out/campaign.toml" --keep

# The same data without the water: types that are not named are not seen.
sed 's/, 3 = "water"//; s/, water = 0.0//' "$out/campaign/dataset.toml" >"$out/campaign/dry.toml"
for kind in dataset dry; do
    echo "a model from $kind.toml"
    "$ionscape" train "$out/campaign/$kind.toml" -o "$out/$kind.onnx" --config train.toml --cache "$out/cache"
    names='Na Cl water NULL'
    [ "$kind" = dataset ] || names='Na Cl NULL NULL'
    "$root/.venv/bin/mpiexec" -n 2 "$root/.venv/bin/lmp" -in in.field -log "$out/$kind.log" -screen none -nocite \
        -var restart "$out/campaign/nacl18_298.15K/last.restart" -var model "$out/$kind.onnx" -var names "$names" \
        -var seed 3 -var steps "$steps" -var out "$out/$kind.lammpstrj"
    grep '^Compute lam' "$out/$kind.log"
done
