//! Trying the plugin out: loading it in a LAMMPS, and evaluating a few ions there and here.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow};
use ionscape::geometry::Cell;
use ionscape::local::{Atoms, Environments, LocalModel, PeriodicEnvironments, Sites};
use ionscape::model::{Condition, Conditions};

use super::embedded;
use super::process::{self, Outcome};

const LIMIT: Duration = Duration::from_secs(120);
/// Names of links beside the input: LAMMPS's input takes ASCII alone, and blanks and quotes for something else.
const PLUGIN: &str = "ionscapeplugin.so";
const MODEL: &str = "model.onnx";

/// How `plugin load` went.
pub enum Loading {
    Loaded,
    Refused(String),
}

/// A plugin in a LAMMPS: by its plugin command, or within this program.
pub struct Trial<'a> {
    pub program: &'a Path,
    pub plugin: &'a Path,
    pub embedded: bool,
}

impl Trial<'_> {
    /// Loads the plugin and looks for its style among those that LAMMPS then has.
    pub fn load(&self) -> anyhow::Result<Loading> {
        const DONE: &str = "doctor: the plugin is loaded";
        let (command, list) = match self.embedded {
            true => (format!("print \"{DONE}\"\n"), DONE),
            false => ("plugin list\n".into(), "conductivity/atom"),
        };
        let outcome = self.run(&command, None)?;
        let listed =
            outcome.text.lines().any(|line| line.ends_with(list) && (self.embedded || line.contains("compute")));
        Ok(if listed { Loading::Loaded } else { Loading::Refused(outcome.complaint()) })
    }

    /// Runs an input with the plugin loaded, and the model, if one is given, under [`MODEL`].
    fn run(&self, input: &str, model: Option<&Path>) -> anyhow::Result<Outcome> {
        let mut beside = vec![(PLUGIN, self.plugin)];
        beside.extend(model.map(|model| (MODEL, model)));
        if self.embedded {
            return run(embedded::command(self.program).args(["--plugin", &format!("./{PLUGIN}")]), input, &beside);
        }
        run(&mut Command::new(self.program), &format!("plugin load ./{PLUGIN}\n{input}"), &beside)
    }
}

/// How many ranks take part when the launcher is asked for two; the launcher's complaint if it fails.
pub fn ranks(launcher: &Path, lammps: &Path) -> anyhow::Result<Result<usize, String>> {
    let input = "region box block 0 1 0 1 0 1\ncreate_box 1 box\n";
    let outcome = run(Command::new(launcher).args(["-n", "2"]).arg(lammps), input, &[])?;
    let grid = outcome.text.lines().find_map(|line| line.trim().strip_suffix("MPI processor grid"));
    let ranks = grid.map(|grid| grid.split(" by ").filter_map(|n| n.trim().parse::<usize>().ok()).product());
    Ok(ranks.ok_or_else(|| outcome.complaint()))
}

/// The same mean over a handful of ions, from the plugin and from this program.
pub struct Evaluation {
    pub plugin: f64,
    pub program: f64,
}

impl Trial<'_> {
    /// Evaluates two ions of each species of the model in LAMMPS and here.
    pub fn evaluate(&self, model: &Path) -> anyhow::Result<Result<Evaluation, String>> {
        let local = LocalModel::load(model)?;
        let species = local.species();
        let reach = local.descriptor().reach();
        let edge = 3.0 * reach;
        let types: Vec<i32> = (0..2 * species.len()).map(|i| (i % species.len()) as i32 + 1).collect();
        let place = |i: usize| [0.40, 0.45, 0.50].map(|share| share * edge + 0.17 * reach * i as f64);
        let positions: Vec<[f64; 3]> = (0..types.len()).map(place).collect();

        let names: Vec<&str> = species.iter().map(|s| s.name.as_str()).collect();
        let map = local.map(&names)?;
        let cell = Cell::from_lammps([0.0; 3], [edge; 3], [0.0; 3], [true; 3])?;
        let order: Vec<usize> = (0..types.len()).collect();
        // A molecule of one atom has all that an ion of several needs.
        let (molecules, masses): (Vec<i64>, _) = ((1..=types.len() as i64).collect(), vec![1.0; types.len()]);
        let atoms = Atoms {
            types: &types,
            positions: &positions,
            order: &order,
            molecules: Some(&molecules),
            masses: Some(&masses),
            charges: None,
        };
        let sites = Sites::new(&cell, &atoms, &map).map_err(|bad| anyhow!(bad.message))?;
        let environments = PeriodicEnvironments::of_sites(&cell, &sites, &map, reach)?;
        let mut values = vec![[0.0; 3]; environments.len()];
        let conditions = Conditions { temperature: Some(1.0) };
        local.evaluate(&environments, &conditions, &mut values)?.complete().map_err(|(_, e)| e)?;
        let program = values.iter().map(|value| value[0]).sum::<f64>() / values.len() as f64;

        let mut input = format!(
            "units {}\natom_style charge\nregion box block 0 {edge} 0 {edge} 0 {edge}\ncreate_box {} box\n",
            local.model().metadata().units,
            species.len()
        );
        for (kind, [x, y, z]) in types.iter().zip(&positions) {
            input += &format!("create_atoms {kind} single {x} {y} {z}\n");
        }
        if map.has_molecules() {
            input += "fix molecules all property/atom mol\n";
            for ion in 1..=types.len() {
                input += &format!("set atom {ion} mol {ion}\n");
            }
        }
        for (i, one) in species.iter().enumerate() {
            input += &format!("mass {} 1\nset type {} charge {}\n", i + 1, i + 1, one.charge);
        }
        input += &format!("pair_style zero {reach}\npair_coeff * *\ncomm_modify cutoff {}\n", 1.2 * reach);
        input += &format!("neighbor {} bin\n", 0.1 * reach);
        let temperature = local.inputs().conditions().contains(&Condition::Temperature);
        let temperature = if temperature { " temperature 1" } else { "" };
        input += &format!("compute lam all conductivity/atom {MODEL} {}{temperature}\n", names.join(" "));
        input += "thermo_style custom step c_lam\nrun 0\nprint \"doctor: $(c_lam:%.9g)\"\n";
        let outcome = self.run(&input, Some(model))?;
        let answer = outcome.text.lines().find_map(|line| line.strip_prefix("doctor: ")?.trim().parse::<f64>().ok());
        Ok(answer.map(|plugin| Evaluation { plugin, program }).ok_or_else(|| outcome.complaint()))
    }
}

/// Runs an input in a folder of its own, where links of these names stand for files.
fn run(command: &mut Command, input: &str, beside: &[(&str, &Path)]) -> anyhow::Result<Outcome> {
    let folder = tempfile::tempdir().context("a temporary folder is needed for a trial input")?;
    for (name, file) in beside {
        std::os::unix::fs::symlink(std::path::absolute(file)?, folder.path().join(name))?;
    }
    let file = folder.path().join("in.doctor");
    std::fs::write(&file, input).with_context(|| file.display().to_string())?;
    let command = command.arg("-in").arg(&file).args(["-log", "none", "-nocite"]).current_dir(folder.path());
    Ok(process::run(command, LIMIT)?)
}
