#!/bin/sh
# An ionic liquid whose cation is a molecule: four temperatures by a campaign, a model of the ions at their centres of mass, and that
# model in LAMMPS. SHORT=1 sh run.sh FOLDER takes a hundredth of the steps.
set -eu
out=$(mkdir -p "${1:-$(dirname "$0")/out}" && cd "${1:-$(dirname "$0")/out}" && pwd)
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
ionscape=$root/target/release/ionscape
steps=20000
export LD_LIBRARY_PATH="$root/.venv/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export OMP_NUM_THREADS=1

cp in.liquid cation.mol campaign.toml "$out"
if [ -n "${SHORT:-}" ]; then
    steps=4000
    sed -i 's/^chunk = .*/chunk = 6400.0/; s/^spacing = .*/spacing = 400.0/; s/^snapshots = .*/snapshots = 10/
        s/^longest = .*/longest = 6400.0/; s/^settle = .*/settle = 1000/' "$out/campaign.toml"
fi
"$ionscape" simulate "$out/campaign.toml" --keep
"$ionscape" transport "$out"/campaign/450K/produce-*/trajectory.lammpstrj --units real --temperature 450 --timestep 4 \
    --ion bmim:mol:1,2,3 --ion pf6:4 --json "$out/450K.json"

echo "a model of the ions at their centres of mass"
"$ionscape" train "$out/campaign/dataset.toml" -o "$out/model.onnx" --config train.toml --cache "$out/cache"

echo "the model in LAMMPS, on two ranks"
"$root/.venv/bin/mpiexec" -n 2 "$root/.venv/bin/lmp" -in in.field -log "$out/field.log" -screen none -nocite \
    -var restart "$out/campaign/500K/last.restart" -var T 525 -var model "$out/model.onnx" -var steps "$steps" \
    -var out "$out/field.lammpstrj"
grep '^Compute lam' "$out/field.log"
