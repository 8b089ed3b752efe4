#!/bin/sh
# Molten salts: both campaigns, a model of the first, its predictions for the second, and the model in LAMMPS.
# SHORT=1 sh run.sh FOLDER runs three small systems of a picosecond or two; what is in FOLDER already is not done again.
set -eu
out=$(mkdir -p "${1:-$(dirname "$0")/out}" && cd "${1:-$(dirname "$0")/out}" && pwd)
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
ionscape=$root/target/release/ionscape
steps=10000
export LD_LIBRARY_PATH="$root/.venv/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export OMP_NUM_THREADS=1

cp in.salt campaign.toml unseen.toml "$out"
if [ -n "${SHORT:-}" ]; then
    steps=500
    for campaign in campaign unseen; do
        sed -i 's/^chunk = .*/chunk = 1.6/; s/^spacing = .*/spacing = 0.1/; s/^snapshots = .*/snapshots = 10/
            s/^longest = .*/longest = 1.6/' "$out/$campaign.toml"
        sed -i '/^\[\[grid\]\]/,$d' "$out/$campaign.toml"
    done
    sed -i 's/run           15000/run           1000/; s/10 1500 15000/10 100 1000/; s/run           5000/run           300/' "$out/in.salt"
    printf '[[grid]]\nli = [108]\nna = [0]\nk = [0]\nT = [1100, 1400]\n' >>"$out/campaign.toml"
    printf '[[grid]]\nli = [72]\nna = [0]\nk = [36]\nT = [1150]\n[[grid]]\nli = [0]\nna = [108]\nk = [0]\nT = [1100]\n' >>"$out/campaign.toml"
    printf '[[grid]]\nli = [90]\nna = [0]\nk = [18]\nT = [1200]\n' >>"$out/unseen.toml"
fi
"$ionscape" simulate "$out/campaign.toml"
"$ionscape" simulate "$out/unseen.toml"
"$root/.venv/bin/python" table.py "$out/campaign/dataset.toml" "$out/unseen/dataset.toml"
"$ionscape" train "$out/campaign/dataset.toml" -o "$out/model.onnx" --config train.toml --cache "$out/cache" \
    --json "$out/train.json" --plot "$out/parity.svg"
"$ionscape" evaluate "$out/model.onnx" "$out/unseen/dataset.toml" --cache "$out/cache" --json "$out/evaluate.json"

echo "the model in LAMMPS, a mixture on two ranks under a barostat"
"$root/.venv/bin/mpiexec" -n 2 "$root/.venv/bin/lmp" -in in.field -log "$out/field.log" -screen none -nocite \
    -var restart "$out/campaign/li72_na0_k36_1150K/last.restart" -var xLi 0.6666667 -var xNa 0 -var xK 0.3333333 \
    -var T 1150 -var model "$out/model.onnx" -var steps "$steps" -var out "$out/field.lammpstrj"
grep '^Compute lam' "$out/field.log"
"$ionscape" report "$out/field.lammpstrj" -o "$out/report.html"
