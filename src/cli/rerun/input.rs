//! The input script of a rerun.

use super::configuration::Configuration;
use super::process::{FRAMES, VALUES};

/// The skin of LAMMPS's neighbour lists relative to the reach: every frame gets new lists, so rounding alone needs it.
const SKIN: f64 = 1e-3;

/// What each ion is evaluated by.
pub struct Style<'a> {
    /// Name of the compute style.
    pub name: &'a str,
    /// Values of an ion.
    pub columns: usize,
    /// Content of the model file.
    pub model: &'a [u8],
    /// Unit style of the model, in which the dump's lengths are taken.
    pub units: &'a str,
    /// Names of the species, in the order of the map's.
    pub species: Vec<&'a str>,
    /// How far an ion sees.
    pub reach: f64,
    /// Temperature, for a model that takes it.
    pub temperature: Option<f64>,
}

/// Commands that evaluate a style for the ions of all frames; the plugin, the model and both pipes are beside the script.
pub fn script(style: &Style, start: &Configuration, ranks: usize, threads: usize) -> String {
    let Style { name, columns, units, species, reach, temperature, .. } = style;
    let temperature = temperature.map_or(String::new(), |t| format!(" temperature {t:?}"));
    let boundary = start.boundary().map(String::from).join(" ");
    let prism = start.prism();
    let (skin, ghosts) = (SKIN * reach, (1.0 + 2.0 * SKIN) * reach);
    let (kinds, names) = (species.len(), species.join(" "));
    let columns = (1..=*columns).map(|k| format!("c_values[{k}]")).collect::<Vec<_>>().join(" ");
    let launcher = "use the mpiexec of the MPI that LAMMPS was built with (--mpiexec)";
    // Releases up to 2022 refuse strong tilts unless they are told that this is meant.
    format!(
        "units {units}\natom_style atomic\nboundary {boundary}\nbox tilt large\n\
         if \"$(extract_setting(world_size)) != {ranks}\" then &\n  \
         \"print 'ERROR: {ranks} ranks were asked for, and they do not know each other; {launcher}'\" \"quit 1\"\n\
         region box prism {prism}\ncreate_box {kinds} box\nmass * 1\n\
         neighbor {skin} bin\nneigh_modify one 20000 page 400000\ncomm_modify cutoff {ghosts}\n\
         plugin load ./ionscapeplugin.so\n\
         compute values all {name} model.onnx {names} threads {threads}{temperature}\n\
         dump values all custom 1 {VALUES} id {columns}\n\
         thermo_style custom step\nthermo 0\n\
         rerun {FRAMES} dump x y z box yes purge yes replace no add keep\n"
    )
}
