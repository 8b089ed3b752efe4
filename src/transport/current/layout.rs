//! Which columns of a `fix ave/time` are which, by their names.

/// Columns of a series, by their place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    /// Species, or `None` for the charge current, and the places of x, y and z, of which the first after the timestep is 1.
    pub currents: Vec<(Option<String>, [usize; 3])>,
    /// Whether the charge current stands beside those of species.
    pub unused_total: bool,
    pub force: Option<[usize; 3]>,
}

/// Columns of one vector, by axis.
struct Vector<'a> {
    letter: char,
    species: Option<&'a str>,
    columns: [Option<usize>; 3],
}

impl Vector<'_> {
    fn whole(&self) -> Option<[usize; 3]> {
        let [x, y, z] = self.columns;
        Some([x?, y?, z?])
    }
}

/// What a name says: `j` or `f`, the axis, and the species after the underscore.
fn component(name: &str) -> Option<(char, usize, Option<&str>)> {
    let prefixed = ["v_", "c_", "f_"].iter().find_map(|prefix| name.strip_prefix(prefix));
    let mut letters = prefixed.unwrap_or(name).chars();
    let letter = letters.next().map(|letter| letter.to_ascii_lowercase()).filter(|letter| "jf".contains(*letter))?;
    let axis = "xyz".find(letters.next()?.to_ascii_lowercase())?;
    let species = match letters.as_str() {
        "" => None,
        rest if letter == 'j' => Some(rest.strip_prefix('_').filter(|species| !species.is_empty())?),
        _ => return None,
    };
    Some((letter, axis, species))
}

/// Finds the columns by the names that follow the timestep's. Those of species are told apart by case as well.
pub(super) fn layout<'a>(names: impl Iterator<Item = &'a str>) -> Result<Layout, String> {
    let names: Vec<&str> = names.collect();
    let mut vectors: Vec<Vector> = vec![];
    for (place, name) in names.iter().enumerate() {
        let Some((letter, axis, species)) = component(name) else { continue };
        let at = vectors.iter().position(|v| (v.letter, v.species) == (letter, species)).unwrap_or_else(|| {
            vectors.push(Vector { letter, species, columns: [None; 3] });
            vectors.len() - 1
        });
        // Columns count from 1: the timestep is 0.
        if let Some(other) = vectors[at].columns[axis].replace(place + 1) {
            return Err(format!(
                "the columns {} and {name} mean the same; say with --current-columns which counts, with - for the other",
                names[other - 1]
            ));
        }
    }
    let mut currents: Vec<(Option<String>, [usize; 3])> = vec![];
    for vector in vectors.iter().filter(|v| v.letter == 'j') {
        let Some(species) = vector.species else { continue };
        let Some(columns) = vector.whole() else {
            return Err(format!(
                "species {species} has not all of the columns Jx_{species} Jy_{species} Jz_{species} (there are: {}); \
                 give all three, or say with --current-columns what the columns are",
                names.join(" ")
            ));
        };
        currents.push((Some(species.to_string()), columns));
    }
    let total = |letter: char| vectors.iter().find(|v| v.letter == letter && v.species.is_none())?.whole();
    let unused_total = !currents.is_empty() && total('j').is_some();
    if currents.is_empty() {
        currents.extend(total('j').map(|columns| (None, columns)));
    }
    if currents.is_empty() {
        return Err(format!(
            "no columns Jx Jy Jz are named above the numbers (there are: {}); name them with --current-columns, as in \
             --current-columns Jx,Jy,Jz",
            names.join(" ")
        ));
    }
    Ok(Layout { force: total('f'), currents, unused_total })
}
