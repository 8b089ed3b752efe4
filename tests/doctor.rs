//! `ionscape doctor` on installations that do not fit: each gets its verdict, its cure and exit status 1.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const HELP: &str = "Large-scale Atomic/Molecular Massively Parallel Simulator - 22 Jul 2025 - Update 4\n\n\
    MPI v5.0: MPICH Version:      5.0.2\n-DLAMMPS_SMALLBIG\n\nInstalled packages:\n\nKSPACE PLUGIN\n\n";

/// A folder with programs that answer as real ones would.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// An installation where all fits: help, a plugin that loads, a launcher that starts two ranks.
    fn healthy() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.lammps(HELP, "1: compute style plugin conductivity/atom");
        bench.program("mpiexec", "[ \"$1\" = --version ] && echo HYDRA || echo '  1 by 1 by 2 MPI processor grid'");
        fs::write(bench.path("ionscapeplugin.so"), "").unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// An `lmp` that answers `-h` with one text and an input with the other.
    fn lammps(&self, help: &str, answer: &str) {
        fs::write(self.path("help"), help).unwrap();
        fs::write(self.path("answer"), answer).unwrap();
        let (help, answer) = (self.path("help"), self.path("answer"));
        self.program(
            "lmp",
            &format!("if [ \"$1\" = -h ]; then cat '{}'; else cat '{}'; fi", help.display(), answer.display()),
        );
    }

    /// Runs doctor; its findings and whether it was content.
    fn examine(&self) -> Findings {
        let json = self.path("findings.json");
        let output = Command::cargo_bin("ionscape")
            .unwrap()
            .args(["doctor", "--lammps"])
            .arg(self.path("lmp"))
            .arg("--plugin")
            .arg(self.path("ionscapeplugin.so"))
            .arg("--json")
            .arg(&json)
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        let findings: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
        assert_eq!(output.status.code(), Some(i32::from(findings["fits"] != true)));
        Findings { findings, table: String::from_utf8(output.stdout).unwrap() }
    }
}

struct Findings {
    findings: Value,
    table: String,
}

impl Findings {
    fn check(&self, name: &str) -> (&str, &str, &str) {
        let checks = self.findings["checks"].as_array().unwrap();
        let check =
            checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}: {checks:?}"));
        let text = |key: &str| check[key].as_str().unwrap_or("");
        (text("verdict"), text("found"), text("cure"))
    }

    /// That a check is wrong, says this, and names this cure, in the table too.
    fn expect_wrong(&self, name: &str, found: &str, cure: &str) {
        let (verdict, is_found, is_cure) = self.check(name);
        assert_eq!(verdict, "wrong", "{name}: {is_found}");
        assert!(is_found.contains(found), "{name}: {is_found}");
        assert!(is_cure.contains(cure), "{name}: {is_cure}");
        assert!(self.table.contains("WRONG") && self.table.contains(is_cure), "{}", self.table);
    }
}

/// Only an example model's evaluation may have been tried, against an `lmp` that cannot evaluate.
fn all_but_the_evaluation_fit(findings: &Findings) {
    for name in ["LAMMPS", "packages", "MPI", "plugin"] {
        assert_eq!(findings.check(name).0, "fits", "{:?}", findings.check(name));
    }
}

#[test]
fn an_installation_that_fits() {
    let findings = Bench::healthy().examine();
    all_but_the_evaluation_fit(&findings);
    assert!(findings.check("LAMMPS").1.contains("22 Jul 2025 - Update 4, SMALLBIG"));
    assert!(findings.check("MPI").1.contains("MPICH Version: 5.0.2"));
}

#[test]
fn no_lammps_at_all() {
    let bench = Bench::healthy();
    fs::remove_file(bench.path("lmp")).unwrap();
    bench.examine().expect_wrong("LAMMPS", "No such file", "--lammps");
}

#[test]
fn a_program_that_is_no_lammps() {
    let bench = Bench::healthy();
    bench.lammps("usage: lump [-v]\n", "");
    bench.examine().expect_wrong("LAMMPS", "is no LAMMPS: it answers -h with `usage: lump [-v]`", "--lammps");
}

#[test]
fn a_missing_mpi_library_is_looked_for_beside_the_program() {
    let bench = Bench::healthy();
    let line = "lmp: error while loading shared libraries: libmpi.so.12: cannot open shared object file";
    bench.program("lmp", &format!("echo '{line}' >&2; exit 127"));
    bench.examine().expect_wrong(
        "LAMMPS",
        "does not find libmpi.so.12",
        "install the MPI that this LAMMPS was built with",
    );

    fs::create_dir(bench.path("lib")).unwrap();
    fs::write(bench.path("lib/libmpi.so.12"), "").unwrap();
    let export = format!("export LD_LIBRARY_PATH={}:$LD_LIBRARY_PATH", bench.path("lib").display());
    bench.examine().expect_wrong("LAMMPS", "does not find libmpi.so.12", &export);

    // Where Debian has it.
    fs::remove_file(bench.path("lib/libmpi.so.12")).unwrap();
    let folder = bench.path("lib/x86_64-linux-gnu/openmpi/lib");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("libmpi.so.12"), "").unwrap();
    let export = format!("export LD_LIBRARY_PATH={}:$LD_LIBRARY_PATH", folder.display());
    bench.examine().expect_wrong("LAMMPS", "does not find libmpi.so.12", &export);
}

#[test]
fn a_lammps_without_plugins() {
    let bench = Bench::healthy();
    bench.lammps(&HELP.replace(" PLUGIN", ""), "");
    let findings = bench.examine();
    findings.expect_wrong("packages", "without PLUGIN", "PKG_PLUGIN=on");
    assert_eq!(findings.check("plugin").0, "skipped");
}

#[test]
fn no_plugin_yet() {
    let bench = Bench::healthy();
    fs::remove_file(bench.path("ionscapeplugin.so")).unwrap();
    bench.examine().expect_wrong("plugin", "is not there", "build it: cmake -S ");
}

#[test]
fn a_plugin_for_another_release() {
    let bench = Bench::healthy();
    let refusal = "ERROR: ionscapeplugin.so was built for LAMMPS 20250722, and this is LAMMPS 20240829.";
    bench.lammps(HELP, &format!("LAMMPS (29 Aug 2024)\n{refusal}\nLast input line: plugin load x\n"));
    bench.examine().expect_wrong("plugin", refusal, "rebuild it: cmake -S ");
}

#[test]
fn a_plugin_that_loads_in_silence_and_is_not_listed() {
    let bench = Bench::healthy();
    bench.lammps(HELP, "LAMMPS (22 Jul 2025)\nTotal wall time: 0:00:00\n");
    bench.examine().expect_wrong("plugin", "does not load", "rebuild it");
}

#[test]
fn a_launcher_of_another_mpi() {
    let bench = Bench::healthy();
    let two_alone = "echo '  1 by 1 by 1 MPI processor grid'; echo '  1 by 1 by 1 MPI processor grid'";
    bench
        .program("mpiexec", &format!("[ \"$1\" = --version ] && echo 'mpiexec (OpenRTE) 4.1.4' || {{ {two_alone}; }}"));
    bench.examine().expect_wrong("MPI", "(Open MPI) starts 1", "--mpiexec");

    bench.program("mpiexec", "echo 'Fatal error in MPI_Init: unsupported PMI version PMIx'; exit 1");
    bench.examine().expect_wrong("MPI", "unsupported PMI version", "--mpiexec");
}

#[test]
fn nothing_is_asked_of_the_folder_that_it_is_called_from() {
    let empty = tempfile::tempdir().unwrap();
    let mut command = Command::cargo_bin("ionscape").unwrap();
    let findings = command.arg("doctor").current_dir(empty.path()).env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(findings.status.code().is_some_and(|code| code < 2));
    assert!(fs::read_dir(empty.path()).unwrap().next().is_none());
    assert!(Path::new(empty.path()).exists());
}
