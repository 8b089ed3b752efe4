# The Rust side as a static library, and the sources that go with it: sets IONSCAPE_ROOT, IONSCAPE_LIBRARY,
# IONSCAPE_INCLUDES and IONSCAPE_SOURCES, and makes the target ionscape_rust.

get_filename_component(IONSCAPE_ROOT "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
find_program(CARGO cargo HINTS "$ENV{HOME}/.cargo/bin" REQUIRED)

set(IONSCAPE_LIBRARY "${IONSCAPE_ROOT}/target/release/libionscape.a")
set(IONSCAPE_INCLUDES "${IONSCAPE_ROOT}/cpp" "${IONSCAPE_ROOT}/target/cxxbridge")
set(IONSCAPE_SOURCES
  "${IONSCAPE_ROOT}/cpp/compute_conductivity_atom.cpp"
  "${IONSCAPE_ROOT}/cpp/compute_soap_atom.cpp"
  "${IONSCAPE_ROOT}/cpp/fix_ionscape_report.cpp"
  "${IONSCAPE_ROOT}/cpp/ionscape_checks.cpp"
  "${IONSCAPE_ROOT}/cpp/ionscape_compute.cpp"
  "${IONSCAPE_ROOT}/cpp/ionscape_composition.cpp"
  "${IONSCAPE_ROOT}/cpp/ionscape_gather.cpp"
  "${IONSCAPE_ROOT}/cpp/ionscape_ghosts.cpp")

# Always run: cargo knows best when there is nothing to do.
add_custom_target(ionscape_rust
  COMMAND "${CARGO}" build --release --locked --lib --target-dir "${IONSCAPE_ROOT}/target"
  WORKING_DIRECTORY "${IONSCAPE_ROOT}"
  BYPRODUCTS "${IONSCAPE_LIBRARY}"
  USES_TERMINAL)
