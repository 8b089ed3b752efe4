//! Which columns of a dump are wanted, and which of the dump's columns give them.

use super::attributes::plain;
use super::lacking::Lack;

/// What the atoms of a dump can have; each comes from one column or from three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// `id`
    Ids,
    /// `type`
    Types,
    /// `x y z`, `xs ys zs`, `xu yu zu` or `xsu ysu zsu`, the first that is there
    Positions,
    /// Positions with `ix iy iz`, `xu yu zu` or `xsu ysu zsu`, the first that is there
    Unwrapped,
    /// `ix iy iz`
    Images,
    /// `q`
    Charges,
    /// `vx vy vz`
    Velocities,
    /// `fx fy fz`
    Forces,
    /// `mol`
    Molecules,
    /// `mass`
    Masses,
    /// `element`
    Elements,
}

impl Quantity {
    /// Names to write in a `dump custom` command so that the quantity is there.
    pub(super) fn names(self) -> &'static str {
        match self {
            Self::Ids => "id",
            Self::Types => "type",
            Self::Positions => "x y z",
            Self::Unwrapped => "xu yu zu",
            Self::Images => "ix iy iz",
            Self::Charges => "q",
            Self::Velocities => "vx vy vz",
            Self::Forces => "fx fy fz",
            Self::Molecules => "mol",
            Self::Masses => "mass",
            Self::Elements => "element",
        }
    }
}

/// The columns that a caller wants; the numbers in all others are not parsed.
#[derive(Clone, Debug)]
pub struct Columns {
    quantities: Vec<(Quantity, Need)>,
    named: Vec<(String, Need)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Required,
    IfPresent,
}

impl Default for Columns {
    /// Ids, types and positions, all required.
    fn default() -> Self {
        Self::none().require(Quantity::Ids).require(Quantity::Types).require(Quantity::Positions)
    }
}

impl Columns {
    /// No column at all: the frames have a timestep, a cell, and as many atoms as rows.
    pub fn none() -> Self {
        Self { quantities: vec![], named: vec![] }
    }

    /// Adds a quantity without which a dump is refused.
    pub fn require(self, quantity: Quantity) -> Self {
        self.with(quantity, Need::Required)
    }

    /// Adds a quantity that is read where a dump has it.
    pub fn want(self, quantity: Quantity) -> Self {
        self.with(quantity, Need::IfPresent)
    }

    /// Adds a column of numbers by its name, such as `c_lam[1]`, without which a dump is refused.
    pub fn require_column(mut self, name: impl Into<String>) -> Self {
        self.named.push((name.into(), Need::Required));
        self
    }

    /// Adds a column of numbers by its name that is read where a dump has it.
    pub fn want_column(mut self, name: impl Into<String>) -> Self {
        self.named.push((name.into(), Need::IfPresent));
        self
    }

    fn with(mut self, quantity: Quantity, need: Need) -> Self {
        self.quantities.push((quantity, need));
        self
    }
}

/// How the field of a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Skip,
    Real,
    Integer,
    Label,
}

/// Three coordinate columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coordinates {
    pub(super) columns: [usize; 3],
    /// Whether they are fractions of the cell's vectors.
    pub(super) scaled: bool,
}

/// Where unwrapped positions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwrapping {
    /// Wrapped coordinates and three image flags.
    Images(Coordinates, [usize; 3]),
    /// Coordinates that are unwrapped as they are written.
    Written(Coordinates),
}

/// How to read the rows of a dump, and which column gives what.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// One for each column of the dump.
    pub(super) readings: Vec<Reading>,
    /// By column: where its value stands among those of a row.
    pub(super) slots: Vec<usize>,
    /// Numbers that a row gives.
    pub(super) values: usize,
    pub(super) id: Option<usize>,
    pub(super) atom_type: Option<usize>,
    pub(super) molecule: Option<usize>,
    pub(super) charge: Option<usize>,
    pub(super) mass: Option<usize>,
    pub(super) positions: Option<Coordinates>,
    pub(super) unwrapped: Option<Unwrapping>,
    pub(super) images: Option<[usize; 3]>,
    pub(super) velocities: Option<[usize; 3]>,
    pub(super) forces: Option<[usize; 3]>,
    pub(super) element: bool,
    pub(super) named: Vec<(String, usize)>,
    /// Columns that are read, each with another of the same name.
    pub(super) twice: Vec<[usize; 2]>,
}

impl Plan {
    /// Finds the wanted columns among the `names` of a dump's.
    ///
    /// # Errors
    /// What is missing, and what to write in the dump command, or what to call the columns that are there.
    pub(super) fn new(names: &[String], wanted: &Columns) -> Result<Self, Lack> {
        let mut plan = Self { readings: vec![Reading::Skip; names.len()], ..Self::default() };
        let mut missing = vec![];
        for &(quantity, need) in &wanted.quantities {
            if !plan.place(quantity, names) && need == Need::Required {
                missing.push(quantity);
            }
        }
        let mut absent: Vec<&str> = vec![];
        for (name, need) in &wanted.named {
            match names.iter().position(|n| n == name).filter(|&c| plan.readings[c] != Reading::Label) {
                Some(column) => {
                    if plan.readings[column] == Reading::Skip {
                        plan.readings[column] = Reading::Real;
                    }
                    plan.named.push((name.clone(), column));
                }
                None if *need == Need::Required => absent.push(name),
                None => {}
            }
        }
        if !(missing.is_empty() && absent.is_empty()) {
            return Err(renamed(names, wanted).unwrap_or_else(|| Lack::new(names, &missing, &absent)));
        }
        for (other, name) in names.iter().enumerate() {
            let column = names.iter().position(|first| first == name).unwrap_or(other);
            if column < other && matches!(plan.readings[column], Reading::Integer | Reading::Real) {
                plan.readings[other] = plan.readings[column];
                plan.twice.push([column, other]);
            }
        }
        for reading in &plan.readings {
            plan.slots.push(plan.values);
            plan.values += usize::from(matches!(reading, Reading::Integer | Reading::Real));
        }
        Ok(plan)
    }

    /// Marks the columns that give a quantity to be read; false if the dump lacks any of them.
    fn place(&mut self, quantity: Quantity, names: &[String]) -> bool {
        let mut find = Finder { names, readings: &mut self.readings };
        match quantity {
            Quantity::Ids => found(&mut self.id, find.one("id", Reading::Integer)),
            Quantity::Types => found(&mut self.atom_type, find.one("type", Reading::Integer)),
            Quantity::Molecules => found(&mut self.molecule, find.one("mol", Reading::Integer)),
            Quantity::Charges => found(&mut self.charge, find.one("q", Reading::Real)),
            Quantity::Masses => found(&mut self.mass, find.one("mass", Reading::Real)),
            Quantity::Images => found(&mut self.images, find.images()),
            Quantity::Velocities => found(&mut self.velocities, find.three(["vx", "vy", "vz"], Reading::Real)),
            Quantity::Forces => found(&mut self.forces, find.three(["fx", "fy", "fz"], Reading::Real)),
            Quantity::Elements => {
                self.element = find.one("element", Reading::Label).is_some();
                self.element
            }
            Quantity::Positions => {
                let wrapped = find.wrapped();
                found(&mut self.positions, wrapped.or_else(|| find.written()))
            }
            Quantity::Unwrapped => {
                let flagged = if find.have(["ix", "iy", "iz"]) { find.wrapped() } else { None };
                let unwrapping = match flagged {
                    Some(wrapped) => find.images().map(|images| Unwrapping::Images(wrapped, images)),
                    None => find.written().map(Unwrapping::Written),
                };
                found(&mut self.unwrapped, unwrapping)
            }
        }
    }
}

fn found<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    *place = value;
    place.is_some()
}

/// Looks columns up by name and marks those that it finds.
struct Finder<'a> {
    names: &'a [String],
    readings: &'a mut [Reading],
}

impl Finder<'_> {
    fn one(&mut self, name: &str, reading: Reading) -> Option<usize> {
        let column = self.names.iter().position(|n| n == name)?;
        self.readings[column] = reading;
        Some(column)
    }

    fn have(&self, names: [&str; 3]) -> bool {
        names.iter().all(|name| self.names.iter().any(|n| n == name))
    }

    fn three(&mut self, names: [&str; 3], reading: Reading) -> Option<[usize; 3]> {
        if !self.have(names) {
            return None;
        }
        let [x, y, z] = names.map(|name| self.one(name, reading));
        Some([x?, y?, z?])
    }

    fn coordinates(&mut self, names: [&str; 3], scaled: bool) -> Option<Coordinates> {
        self.three(names, Reading::Real).map(|columns| Coordinates { columns, scaled })
    }

    fn wrapped(&mut self) -> Option<Coordinates> {
        let cartesian = self.coordinates(["x", "y", "z"], false);
        cartesian.or_else(|| self.coordinates(["xs", "ys", "zs"], true))
    }

    fn written(&mut self) -> Option<Coordinates> {
        let cartesian = self.coordinates(["xu", "yu", "zu"], false);
        cartesian.or_else(|| self.coordinates(["xsu", "ysu", "zsu"], true))
    }

    fn images(&mut self) -> Option<[usize; 3]> {
        self.three(["ix", "iy", "iz"], Reading::Integer)
    }
}

/// What to say where columns would give more if they were called as LAMMPS calls them.
fn renamed(names: &[String], wanted: &Columns) -> Option<Lack> {
    let called: Vec<String> = names.iter().map(|name| plain(name)).collect();
    if called == names {
        return None;
    }
    let plan = match Plan::new(&called, wanted) {
        Ok(plan) => plan,
        Err(lack) => return Some(lack),
    };
    let read = (0..names.len()).filter(|&c| plan.readings[c] != Reading::Skip && called[c] != names[c]);
    let (names, called): (Vec<&str>, Vec<&str>) = read.map(|c| (names[c].as_str(), called[c].as_str())).unzip();
    Some(Lack::of_names(&names, &called))
}
