#!/bin/sh
# Checks that what cannot come from a package registry is on the machine, and says what to install where it is not.
set -u

missing=0
lacking() {
    echo "ionscape: $*" >&2
    missing=1
}

# Whether version $1 is at least $2, by the first two numbers of each.
at_least() {
    have_major=${1%%.*} have_rest=${1#*.}
    need_major=${2%%.*} need_rest=${2#*.}
    [ "$have_major" -gt "$need_major" ] ||
        { [ "$have_major" -eq "$need_major" ] && [ "${have_rest%%.*}" -ge "${need_rest%%.*}" ]; }
}

rust_needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! rust=$(cargo --version 2>/dev/null); then
    lacking "Rust is missing; install it from https://rustup.rs, version $rust_needed or later."
else
    rust=${rust#cargo }
    rust=${rust%% *}
    at_least "$rust" "$rust_needed" ||
        lacking "Rust $rust is too old, $rust_needed or later is needed; update it, for example with: rustup update stable"
fi

cxx=${CXX:-c++}
try=$(mktemp -d "${TMPDIR:-/tmp}/ionscape.XXXXXX") || exit 1
trap 'rm -rf "$try"' EXIT
echo '#include <optional>
int main() { std::optional<int> n = 0; return *n; }' >"$try/try.cpp"
# Unquoted: CXX may carry options.
if ! $cxx -std=c++17 "$try/try.cpp" -o "$try/try" >/dev/null 2>&1; then
    lacking "there is no C++17 compiler that works (tried: $cxx); install one, such as GCC 8 or later (Debian's" \
        "package g++, Fedora's gcc-c++, macOS's xcode-select --install), or name it in CXX."
fi

python=${PYTHON:-python3}
if ! version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); then
    lacking "Python is missing (tried: $python); install version 3.9 or later, or name it in PYTHON."
elif ! at_least "$version" 3.9; then
    lacking "Python $version is too old, 3.9 or later is needed; install one and name it: make PYTHON=python3.12"
elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    lacking "this Python $version cannot make virtual environments; install its venv module (Debian's package" \
        "python$version-venv)."
fi

exit $missing
