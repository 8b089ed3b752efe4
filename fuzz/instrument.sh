#!/bin/sh
# A compiler for cargo's RUSTC_WORKSPACE_WRAPPER: ionscape's own code with coverage for libFuzzer, and with the assertions
# and checks of a debug build; all other crates stay as they were built before. All options are of the stable compiler.
rustc=$1
shift
case " $* " in
*" --crate-name ionscape "* | *" --crate-name ionscape_fuzz "*)
    exec "$rustc" "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks
    ;;
*) exec "$rustc" "$@" ;;
esac
