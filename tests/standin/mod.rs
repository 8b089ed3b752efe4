//! A folder with a campaign and a program that does what LAMMPS would with the files of its stages.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

pub const CAMPAIGN: &str = r#"
input = "in.test"
name = "a{a}_b{b}"
units = "lj"
species = { 1 = "cation", 2 = "anion" }
charges = { cation = 1.0, anion = -1.0 }
temperature = 1.0
timestep = 0.01

[grid]
a = [1]
b = [2, 3]

[[point]]
a = 9
b = 9

[thermostat]
langevin_damp = 1.0

[production]
chunk = 20
spacing = 1
snapshots = 20

[label]
target_error = 0.05
longest = 400

[response]
length = 8
batch = 8
most_pairs = 8
linearity_every = 5
"#;

pub const SCRIPT: &str = "# ${stage} ${seed}\nif \"${stage} == equilibrate\" then \"x\" else \"read_restart ${restart}\"\n\
     fix 1 all langevin 1 1 1 ${seed}\ninclude ${stage_file}\n";

/// Two ions that walk at random and drift with a field as free ions do.
const LAMMPS: &str = include_str!("lammps.py");

pub struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(bench.path("lmp"), LAMMPS).unwrap();
        fs::set_permissions(bench.path("lmp"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(bench.path("in.test"), SCRIPT).unwrap();
        bench.campaign(CAMPAIGN);
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn campaign(&self, text: &str) {
        fs::write(self.path("campaign.toml"), text).unwrap();
    }

    /// The command that works on the campaign, with further arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ionscape"));
        command.args(["simulate", "campaign.toml", "--lammps"]).arg(self.path("lmp")).args(arguments);
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs to a good end; what it said on standard error.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    }

    /// The same; what it printed.
    pub fn output(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs to exit status 1; what it said.
    pub fn fail(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        said
    }
}
