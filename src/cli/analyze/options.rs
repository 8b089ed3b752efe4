//! What is analysed and how: options that `analyze` and `report` share.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::ValueEnum;
use ionscape::analysis::{Axis, FieldMap};
use ionscape::units::is_measurable;

use crate::reading::Reading;
use crate::usage::OrUsage;
use crate::{outputs, systems};

#[derive(clap::Args)]
pub struct Options {
    /// LAMMPS text dumps of one run, in the order of time; .gz and .zst are unpacked. Or one data set (.toml), whose systems
    /// are analysed one by one and set beside each other.
    #[arg(required = true, value_name = "IN")]
    pub inputs: Vec<PathBuf>,

    /// The compute's columns, without their numbers: NAME[1] is the local conductivity, NAME[2] its standard deviation
    /// over the ensemble, NAME[3] the extrapolation grade. Or the name of a single column.
    #[arg(long, default_value = "c_lam", value_name = "NAME")]
    pub column: String,

    /// Model of the field: computes it where dumps lack the columns, and is asked which neighbours make it what it is.
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,

    /// With --model: species of each atom type in order, as in Na,NULL,Cl, NULL for types that are no ions; the model's own
    /// order, or what the data set says, if not given.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "model")]
    pub species: Option<Vec<String>>,

    /// With --model: temperature of the system, for a model that takes it; that of the data set's systems if not given.
    #[arg(long, value_name = "T", requires = "model")]
    pub temperature: Option<f64>,

    /// Unit style of the run, for the labels of figures; read from the dump where `dump_modify units yes` wrote it.
    #[arg(long)]
    pub units: Option<Units>,

    /// Time of a step, so that times are told in time units; read from the dump where `dump_modify time yes` wrote it.
    #[arg(long, value_name = "TIME")]
    pub timestep: Option<f64>,

    /// Largest distance of pairs; half the box, or less where that holds more than 1,000 ions, if not given.
    #[arg(long, value_name = "LENGTH")]
    pub radius: Option<f64>,

    /// Bins up to that distance.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(5..=10_000))]
    pub bins: u32,

    /// Distance within which unlike ions belong together; the first minimum of their g(r) if not given.
    #[arg(long, value_name = "LENGTH")]
    pub pair_distance: Option<f64>,

    /// Average the field in bins along these vectors of the box, as in z, xy or xyz.
    #[arg(long, value_name = "AXES", value_parser = axes)]
    pub map: Option<Axes>,

    /// Bins of the map along each of its axes, as in 50 or 20,40; 40 if not given.
    #[arg(long, value_name = "N", value_delimiter = ',', requires = "map")]
    pub map_bins: Vec<usize>,

    /// Seed of the shuffled comparison and of samples.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,

    #[command(flatten)]
    pub reading: Reading,
}

/// Axes of a map.
#[derive(Clone)]
pub struct Axes(Vec<Axis>);

fn axes(text: &str) -> Result<Axes, String> {
    let axis = |letter: char| match letter {
        'x' => Ok(Axis::X),
        'y' => Ok(Axis::Y),
        'z' => Ok(Axis::Z),
        _ => Err(format!("'{letter}' is no axis; write x, y, z or some of them, as in z or xy")),
    };
    text.chars().map(axis).collect::<Result<_, _>>().map(Axes)
}

impl Options {
    /// Refuses lengths and times that are none, and inputs that cannot be read twice.
    pub fn check(&self) -> anyhow::Result<()> {
        let lengths =
            [("--radius", self.radius), ("--pair-distance", self.pair_distance), ("--timestep", self.timestep)];
        for (name, value) in lengths {
            if value.is_some_and(|v| !is_measurable(v)) {
                let why = anyhow::anyhow!("{name}: it must be above zero, and between 1e-60 and 1e60");
                return Err(why).or_usage();
            }
        }
        let map = self.map().or_usage()?;
        map.map_or(Ok(()), |axes| FieldMap::new(&axes, self.seed).map(drop)).or_usage()?;
        // A run whose frames come twice has errors that are too small.
        let place = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        let places: Vec<PathBuf> = self.inputs.iter().map(place).collect();
        if let Some(again) = (1..places.len()).find(|&i| places[..i].contains(&places[i])) {
            bail!("{} is given twice; give each dump of a run once", self.inputs[again].display());
        }
        can_be_read_twice(&self.inputs)
    }

    /// Every file that is read: dumps or a data set with what it names, and the model.
    pub fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = self.inputs.iter().chain(&self.model).cloned().collect();
        for path in self.inputs.iter().filter(|path| is_dataset(path)) {
            let (_, dataset) = systems::dataset(path)?;
            files.extend(outputs::named_by(&dataset, path.parent().unwrap_or(Path::new(""))));
        }
        Ok(files)
    }

    /// Axes of the map with their bins; none if no map was asked for.
    pub fn map(&self) -> anyhow::Result<Option<Vec<(Axis, usize)>>> {
        let Some(Axes(axes)) = &self.map else { return Ok(None) };
        let bins = match self.map_bins.as_slice() {
            [] => vec![40; axes.len()],
            [all] => vec![*all; axes.len()],
            each if each.len() == axes.len() => each.to_vec(),
            each => {
                bail!("--map-bins: there are {} numbers for {} axes; give one, or one each", each.len(), axes.len())
            }
        };
        Ok(Some(axes.iter().copied().zip(bins).collect()))
    }
}

/// Refuses pipes and the like, which are empty when they are read again; what is not there is for the reader to tell.
pub fn can_be_read_twice(inputs: &[PathBuf]) -> anyhow::Result<()> {
    let is_file = |path: &PathBuf| path.metadata().map_or(true, |found| found.is_file() || found.is_dir());
    if let Some(path) = inputs.iter().find(|path| !is_file(path)) {
        bail!(
            "{}: this is not a regular file, and inputs are read twice; write it to a file and give that",
            path.display()
        );
    }
    Ok(())
}

/// Whether an input is a data set, by its ending.
pub fn is_dataset(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "toml")
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Units {
    Lj,
    Real,
    Metal,
}

impl Units {
    /// Names of the units of length and of molar conductivity.
    pub fn names(units: Option<Self>) -> (&'static str, &'static str) {
        match units {
            Some(Self::Lj) => ("\u{03c3}", "lj units"),
            Some(Self::Real | Self::Metal) => ("\u{00c5}", "S cm\u{00b2} mol\u{207b}\u{00b9}"),
            None => ("length units", "model's units"),
        }
    }

    /// Name of the unit of time.
    pub fn time(units: Option<Self>) -> &'static str {
        match units {
            Some(Self::Lj) => "\u{03c4}",
            Some(Self::Real) => "fs",
            Some(Self::Metal) => "ps",
            None => "time units",
        }
    }

    /// The style that was asked for, or else the one that a dump states.
    pub fn of(asked: Option<Self>, written: Option<&str>) -> anyhow::Result<Option<Self>> {
        if let (Some(asked), Some(written)) = (asked, written)
            && asked.style() != written
        {
            bail!("--units says {}, the dump says {written}; leave --units out", asked.style());
        }
        Ok(asked.or_else(|| written.and_then(|name| Self::from_str(name, true).ok())))
    }

    /// As LAMMPS writes it.
    pub fn style(self) -> &'static str {
        match self {
            Self::Lj => "lj",
            Self::Real => "real",
            Self::Metal => "metal",
        }
    }
}
