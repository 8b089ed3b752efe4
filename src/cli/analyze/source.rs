//! Frames with their field: from the columns of dumps, or computed by a model where there are none.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::bail;
use ionscape::cautions::Cautions;
use ionscape::configuration;
use ionscape::local::LocalModel;
use ionscape::model::Conditions;
use ionscape::species::{Channels, SpeciesMap};
use ionscape::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};

use super::ions::Ions;
use super::options::Options;
use super::pieces::{self, Pieces};
use super::repeat::is_same;
use super::rounded;
use crate::progress::Progress;
use crate::run_units::RunUnits;

/// Positions of a dump are rounded, and the field with them: by more than this share of its spread it is another model's.
const SAME: f64 = 0.05;

/// A model with the species of a dump's atom types.
#[derive(Clone)]
pub struct Predictor<'a> {
    pub path: &'a Path,
    pub local: &'a LocalModel,
    pub map: SpeciesMap,
    pub conditions: Conditions,
}

/// Values of all atoms of a frame, in its order; zero for atoms that are not evaluated.
pub struct Values {
    pub local: Vec<f64>,
    /// Standard deviation over the ensemble, and extrapolation grade.
    pub spread: Option<Vec<f64>>,
    pub grade: Option<Vec<f64>>,
    /// Which atoms were evaluated: those whose value is not zero, and others of which that is known.
    pub evaluated: Vec<bool>,
}

impl Values {
    fn new(local: Vec<f64>, spread: Option<Vec<f64>>, grade: Option<Vec<f64>>) -> Self {
        let evaluated = local.iter().map(|value| *value != 0.0).collect();
        Self { local, spread, grade, evaluated }
    }
}

/// That a frame is left out, as that of a region which nobody is in.
fn empty(frame: &Frame) -> String {
    frame.error(None, "it has no atoms; such frames are left out".into()).to_string()
}

/// How a dump names the field's columns.
#[derive(Clone, Copy, PartialEq)]
enum Called {
    /// `NAME[1]` and its two neighbours, as LAMMPS does.
    WithBrackets,
    /// `NAME1` and its two neighbours.
    Bare,
    /// Exactly as was asked for: one column alone.
    Single,
}

/// The dumps of one run.
pub struct Source<'a> {
    pub dumps: &'a [PathBuf],
    column: &'a str,
    names: [String; 3],
    /// The same without brackets, as OVITO writes them.
    bare_names: [String; 3],
    pub predictor: Option<Predictor<'a>>,
    reading: ReadOptions,
    /// What the model computed in the first reading, by the frame's number: dumps before it may have had the columns.
    computed: HashMap<usize, Vec<f64>>,
    /// The first frame's columns were compared with the model.
    compared: bool,
    /// What the field's columns are called where it was found last.
    called: Called,
    /// Unit style of the data set that names the dumps.
    pub dataset_units: Option<&'a str>,
    units: RunUnits,
    cautions: Cautions,
}

impl<'a> Source<'a> {
    pub fn new(dumps: &'a [PathBuf], options: &'a Options, predictor: Option<Predictor<'a>>) -> Self {
        Self {
            dumps,
            column: &options.column,
            names: [1, 2, 3].map(|i| format!("{}[{i}]", options.column)),
            bare_names: [1, 2, 3].map(|i| format!("{}{i}", options.column)),
            predictor,
            reading: options.reading.options(),
            computed: HashMap::new(),
            compared: false,
            called: Called::WithBrackets,
            dataset_units: None,
            units: RunUnits::default(),
            cautions: Cautions::logged(),
        }
    }

    /// Unit style of dumps that do not state theirs. A model in real units also takes dumps in metal units, whose times differ.
    pub fn units(&self) -> Option<&str> {
        let of_model = self.predictor.as_ref().map(|predictor| predictor.local.model().metadata().units.as_str());
        self.dataset_units.or(of_model.filter(|units| *units == "lj"))
    }

    /// The dumps' length unit in the model's; 1 without a model, and before the first frame is read.
    pub fn length(&self) -> f64 {
        self.units.length()
    }

    /// Calls `visit` with each frame of all dumps, in order, and once with one that stands twice in a row.
    pub fn each_frame(
        &mut self,
        what: &str,
        visit: &mut dyn FnMut(&Frame, &Values, &Ions) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut last, mut number): (Option<Frame>, usize) = (None, 0);
        let mut pieces = Pieces::default();
        for path in self.dumps {
            let mut progress = Progress::new(path, what);
            let mut reader = DumpReader::open(path, self.columns(), self.reading)?;
            let mut frame = Frame::default();
            let mut read = || -> anyhow::Result<()> {
                while reader.read(&mut frame)? {
                    if frame.n_atoms == 0 {
                        self.cautions.look("empty", || Some(empty(&frame)));
                        continue;
                    }
                    pieces.check(&frame)?;
                    // Where one run goes on from another, its first frame is the other's last.
                    if let Some(last) = last.as_ref().filter(|last| last.timestep == frame.timestep) {
                        self.check_repeated(last, &frame)?;
                        continue;
                    }
                    self.check_units(&frame)?;
                    configuration::check_positions(&frame, &self.cautions)?;
                    let values = self.values(&frame, number)?;
                    let (of_ions, values) = self.ion_by_ion(&frame, values)?;
                    visit(&of_ions, &values, &Ions::of(&of_ions, &values, &self.cautions)?)?;
                    progress.frame();
                    number += 1;
                    std::mem::swap(&mut frame, last.get_or_insert_default());
                }
                Ok(())
            };
            let name = path.display().to_string();
            // Errors of a frame name the file themselves.
            read().map_err(|e| if e.to_string().starts_with(&name) { e } else { e.context(name) })?;
        }
        if number == 0 {
            let names: Vec<String> = self.dumps.iter().map(|path| path.display().to_string()).collect();
            bail!("there is no frame in {}", names.join(", "));
        }
        Ok(())
    }

    /// Name of the field's column.
    pub fn column(&self) -> &str {
        match self.called {
            Called::WithBrackets => &self.names[0],
            Called::Bare => &self.bare_names[0],
            Called::Single => self.column,
        }
    }

    /// That columns of other names were taken for the field's.
    pub fn renamed(&self) -> Option<String> {
        (self.called == Called::Bare).then(|| {
            let [bare, asked] = [&self.bare_names, &self.names].map(|names| names.join(" "));
            format!("{bare} are taken for {asked}, whose names OVITO writes so")
        })
    }

    /// Refuses units that are not the data set's or those of the frames before, or lengths that are not those of the frames before.
    fn check_units(&mut self, frame: &Frame) -> anyhow::Result<()> {
        if let (Some(units), Some(dataset)) = (&frame.units, self.dataset_units)
            && units != dataset
        {
            let message = format!(
                "the snapshots are in {units} units, and the data set is in {dataset}; convert them, or make a data set of each \
                 unit style"
            );
            return Err(frame.error(None, message).into());
        }
        Ok(self.units.check(frame, self.predictor.as_ref().map(|predictor| predictor.local))?)
    }

    /// Refuses a frame of the last one's timestep with other contents.
    fn check_repeated(&self, last: &Frame, frame: &Frame) -> anyhow::Result<()> {
        if is_same(last, frame, self.column())? {
            return Ok(());
        }
        let ids: HashSet<i64> = last.ids.iter().copied().collect();
        if !ids.is_empty() && frame.ids.iter().all(|id| !ids.contains(id)) {
            return Err(pieces::refusal(frame, &last.place.path, last.place.frame).into());
        }
        let message = format!(
            "frame {} of {} has the same timestep and other atoms, places or values; give each frame of a run a timestep of its \
             own, and analyse different runs one by one",
            last.place.frame,
            last.place.path.display()
        );
        Err(frame.error(None, message).into())
    }

    fn columns(&self) -> Columns {
        let columns = Columns::none().require(Quantity::Types).require(Quantity::Positions);
        let mut columns = columns.want(Quantity::Charges).want(Quantity::Ids);
        if let Some(predictor) = &self.predictor {
            // Which ion an atom stands for may be told by molecules alone.
            columns = columns.want(Quantity::Molecules);
            if predictor.map.has_molecules() {
                columns = columns.want(Quantity::Masses);
            }
        }
        self.names.iter().chain(&self.bare_names).fold(columns, Columns::want_column).want_column(self.column)
    }

    fn values(&mut self, frame: &Frame, number: usize) -> anyhow::Result<Values> {
        let written = self.written(frame).map(|(values, called)| {
            self.called = called;
            values
        });
        if let Some(mut values) = written {
            rounded::keep(frame, &mut values, &self.cautions);
            if !self.compared {
                self.compare(frame, &values)?;
                self.compared = true;
            }
            return Ok(values);
        }
        let Some(predictor) = &self.predictor else {
            let message = format!(
                "there is no column {}; `ionscape predict MODEL DUMP -o OUT` adds it, compute conductivity/atom makes it \
                 in LAMMPS, --model computes it here, and --column names another",
                self.names[0]
            );
            return Err(frame.error(None, message).into());
        };
        if let Some(local) = self.computed.get(&number) {
            return Ok(Values::new(local.clone(), None, None));
        }
        let values = predictor.evaluate(frame, &self.cautions)?;
        self.computed.insert(number, values.local.clone());
        Ok(values)
    }

    /// The columns of a frame that has the field.
    fn written(&self, frame: &Frame) -> Option<(Values, Called)> {
        let named = |name: &str| frame.column(name).map(<[f64]>::to_vec);
        let [local, spread, grade] = &self.names;
        if let Some(local) = named(local) {
            return Some((Values::new(local, named(spread), named(grade)), Called::WithBrackets));
        }
        if let Some(local) = named(self.column) {
            return Some((Values::new(local, None, None), Called::Single));
        }
        // All three, since a name that ends in 1 may be anything.
        let [local, spread, grade] = self.bare_names.each_ref().map(|name| named(name));
        Some((Values::new(local?, Some(spread?), Some(grade?)), Called::Bare))
    }

    /// An ion of several atoms counts once: where its first atom is listed, at its centre of mass and with its charge.
    fn ion_by_ion<'f>(&self, frame: &'f Frame, mut values: Values) -> anyhow::Result<(Cow<'f, Frame>, Values)> {
        let Some(predictor) = &self.predictor else { return Ok((Cow::Borrowed(frame), values)) };
        if !predictor.map.has_molecules() {
            // Frames that have the columns are not evaluated, which would tell.
            configuration::look_at_atoms(frame, &predictor.map, &self.cautions);
            return Ok((with_charges_of_ions(frame, &predictor.map), values));
        }
        let sites = configuration::sites(frame, &predictor.map, &self.cautions)?;
        let mut of_ions = frame.clone();
        let mut evaluated = vec![false; frame.n_atoms];
        for ion in 0..sites.n_ions() {
            let first = sites.atoms(ion)[0];
            evaluated[first] = values.evaluated[first];
            of_ions.positions[first] = sites.positions()[ion];
            if let Some(charges) = &mut of_ions.charges {
                charges[first] = predictor.map.species()[sites.species()[ion]].charge;
            }
        }
        values.evaluated = evaluated;
        Ok((Cow::Owned(of_ions), values))
    }

    /// A model explains its own field alone.
    fn compare(&self, frame: &Frame, values: &Values) -> anyhow::Result<()> {
        let Some(predictor) = &self.predictor else { return Ok(()) };
        let own = predictor.evaluate(frame, &self.cautions)?;
        // Zeros of atoms that are no ions would count as spread.
        let ions: Vec<usize> = (0..frame.n_atoms).filter(|&i| values.evaluated[i]).collect();
        let average = |of: &dyn Fn(usize) -> f64| ions.iter().map(|&i| of(i)).sum::<f64>() / ions.len() as f64;
        let rms = |of: &dyn Fn(usize) -> f64| average(&|i| of(i).powi(2)).sqrt();
        let mean = average(&|i| own.local[i]);
        let apart = rms(&|i| own.local[i] - values.local[i]);
        if apart > SAME * rms(&|i| own.local[i] - mean) + 1e-4 * mean.abs() {
            let message = format!(
                "{} is not the model of column {}: values differ by {apart:.3}, root mean square; give the model that made \
                 them",
                predictor.path.display(),
                self.column()
            );
            return Err(frame.error(None, message).into());
        }
        Ok(())
    }
}

/// The frame with the charges that the model's species have in place of those of atoms, one of which may stand for an ion of several.
fn with_charges_of_ions<'f>(frame: &'f Frame, map: &SpeciesMap) -> Cow<'f, Frame> {
    let of_species = |atom: usize| {
        let species = map.species_of(frame.types[atom]).map(|species| &map.species()[species]);
        species.filter(|species| species.is_ion()).map(|species| species.charge)
    };
    let differ =
        |charges: &Vec<f64>| (0..frame.n_atoms).any(|i| of_species(i).is_some_and(|charge| charge != charges[i]));
    if !frame.charges.as_ref().is_some_and(differ) {
        return Cow::Borrowed(frame);
    }
    let mut changed = frame.clone();
    for (i, charge) in changed.charges.iter_mut().flatten().enumerate() {
        *charge = of_species(i).unwrap_or(*charge);
    }
    Cow::Owned(changed)
}

impl Predictor<'_> {
    /// Whether what the model goes by can be told of neighbours of like and of unlike charge alone.
    pub fn can_be_explained(&self) -> bool {
        let atoms_alone = !self.map.has_molecules() && self.local.species().iter().all(|species| species.is_ion());
        atoms_alone && self.map.channels() == Channels::ChargeSymmetric && self.local.inputs().n_beside() == 0
    }

    fn evaluate(&self, frame: &Frame, cautions: &Cautions) -> anyhow::Result<Values> {
        let field = configuration::field(self.local, &self.map, &self.conditions, frame, cautions)?;
        let mut atoms = vec![];
        field.by_atom(frame.n_atoms, &mut atoms);
        let column = |k: usize| atoms.iter().map(|values| values[k]).collect();
        Ok(Values::new(column(0), Some(column(1)), Some(column(2))))
    }
}
