#!/bin/sh
# The figures of docs/findings.md: sh run.sh FOLDER [DATASET.toml]. Twenty LAMMPS runs and some fifty analyses of a minute or
# two on one core each, and two of ten; what is in FOLDER already is not done again. DATASET is one more data set to compare.
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
dataset=${2:+$(realpath "$2")}
cd "$(dirname "$0")"
root=../..
ionscape=$root/target/release/ionscape
models=$root/examples/models
export LD_LIBRARY_PATH="$(cd "$root/.venv/lib" && pwd)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export OMP_NUM_THREADS=1

# analyse NAME INPUT [OPTIONS]
analyse() {
    name=$1
    shift
    [ -f "$folder/$name.json" ] || "$ionscape" analyze "$@" --pair-distance 1.6 --units lj --json "$folder/$name.json" \
        >"$folder/$name.txt" 2>&1
}

truth=$root/examples/truth/data
for set in unseen training; do
    analyse "$set-truth" $truth/$set/dataset.toml --column lambda_1
    analyse "$set-response" $truth/$set/dataset.toml --model $models/response.onnx
    analyse "$set-electrolyte" $truth/$set/dataset.toml --model $models/electrolyte.onnx
done
for model in electrolyte response; do
    analyse "campaign-$model" $root/examples/campaign/data/dataset.toml --model $models/$model.onnx
    [ -z "$dataset" ] || analyse "dataset-$model" "$dataset" --model $models/$model.onnx
done

# Courses in time: frames every 0.1, 1,200 of them.
seed=500
for density in 0.1 0.01 0.4 0.04 0.2; do
    for bjerrum in 5 1 8 3; do
        seed=$((seed + 7))
        run=r${density}_l$bjerrum
        if [ ! -f "$folder/$run/done" ]; then
            mkdir -p "$folder/$run"
            (cd ../electrolyte && $root/.venv/bin/mpiexec -n 1 $root/.venv/bin/lmp -suffix opt -in in.electrolyte \
                -var out "$folder/$run" -log "$folder/$run/log.lammps" -nocite -var ions 400 -var density $density \
                -var bjerrum $bjerrum -var every 20 -var windows 150 -var seed $seed >"$folder/$run/screen.txt" 2>&1)
            touch "$folder/$run/done"
        fi
        # The dump's own columns are of electrolyte.onnx; one that it lacks is computed by the other.
        dump=$folder/$run/electrolyte.lammpstrj
        analyse "course-electrolyte-$run" "$dump" --timestep 0.005
        analyse "course-response-$run" "$dump" --column c_other --model $models/response.onnx --timestep 0.005
    done
done

for density in 0.01 0.1 0.4; do
    [ -f "$folder/independent_$density" ] || $root/.venv/bin/python independent.py "$folder/independent_$density" $density
    for model in electrolyte response; do
        analyse "independent-$model-$density" "$folder/independent_$density" --model $models/$model.onnx
    done
done
$root/.venv/bin/python tables.py "$folder"
$root/.venv/bin/python noise.py
