//! Writes Rust bindings of LAMMPS's C interface, opened at run time: `bindings LIBRARY.H`, to standard output.

use std::env;
use std::process::ExitCode;

const FUNCTIONS: &[&str] = &[
    "lammps_close",
    "lammps_command",
    "lammps_commands_string",
    "lammps_config_has_exceptions",
    "lammps_config_has_mpi_support",
    "lammps_config_has_package",
    "lammps_extract_atom",
    "lammps_extract_atom_datatype",
    "lammps_extract_compute",
    "lammps_extract_global",
    "lammps_extract_global_datatype",
    "lammps_extract_setting",
    "lammps_extract_variable",
    "lammps_file",
    "lammps_free",
    "lammps_gather",
    "lammps_get_last_error_message",
    "lammps_get_natoms",
    "lammps_has_error",
    "lammps_mpi_finalize",
    "lammps_open_fortran",
    "lammps_open_no_mpi",
    "lammps_version",
];

fn main() -> ExitCode {
    let Some(header) = env::args().nth(1) else {
        eprintln!("usage: bindings LIBRARY.H");
        return ExitCode::from(2);
    };
    let mut builder = bindgen::Builder::default()
        .header(header)
        .clang_args(["-x", "c", "-DLAMMPS_SMALLBIG"])
        .dynamic_library_name("Interface")
        .allowlist_type("_LMP_(DATATYPE|STYLE|TYPE)_CONST")
        .prepend_enum_name(false)
        .layout_tests(false)
        .generate_comments(false)
        .disable_header_comment()
        .formatter(bindgen::Formatter::Rustfmt);
    for function in FUNCTIONS {
        builder = builder.allowlist_function(function);
    }
    match builder.generate() {
        Ok(bindings) => {
            print!("{bindings}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bindings: {error}");
            ExitCode::FAILURE
        }
    }
}
