//! What LAMMPS calls the columns of a dump.

/// What `dump custom` has of atoms by itself.
#[rustfmt::skip]
const ATTRIBUTES: [&str; 47] = [
    "id", "mol", "proc", "procp1", "type", "typelabel", "element", "mass",
    "x", "y", "z", "xs", "ys", "zs", "xu", "yu", "zu", "xsu", "ysu", "zsu", "ix", "iy", "iz",
    "vx", "vy", "vz", "fx", "fy", "fz", "q", "mux", "muy", "muz", "mu", "radius", "diameter",
    "omegax", "omegay", "omegaz", "angmomx", "angmomy", "angmomz", "tqx", "tqy", "tqz", "heatflow", "temperature",
];

/// What begins the name of a compute's, fix's, variable's or property's values.
const PREFIXES: [&str; 7] = ["c_", "f_", "v_", "i_", "d_", "i2_", "d2_"];

/// Whether a dump command may name it; other names are from `dump_modify colname`, or another program.
pub(super) fn is_attribute(name: &str) -> bool {
    ATTRIBUTES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The name without quotes and, where LAMMPS then has it, in small letters; itself where LAMMPS has none like it.
pub(super) fn plain(name: &str) -> String {
    let bare = name.trim_matches(['"', '\'']);
    let small = bare.to_lowercase();
    [bare, &small].into_iter().find(|name| is_attribute(name)).unwrap_or(name).to_string()
}
