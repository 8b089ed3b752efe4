//! The features of a system on disk: computed once, mapped into memory ever after.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use ndarray::{ArrayView2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Rows;
use super::outline::Outline;
use crate::cautions::Cautions;
use crate::configuration;
use crate::local::{Environments, Inputs, PeriodicEnvironments, Sites, inputs};
use crate::model::Conditions;
use crate::output::{AtomicFile, remove_leftovers};
use crate::species::{Species, SpeciesMap};
use crate::trajectory::{AtomCount, DumpReader, Frame, ReadOptions};
use crate::{Error, Result, digest, files};

/// Changes when the same input would give other content.
const FORMAT: u32 = 3;

/// What features are made from.
pub struct Recipe<'a> {
    pub inputs: &'a Inputs,
    pub map: &'a SpeciesMap,
    /// Of the system.
    pub conditions: Conditions,
    /// Distance within which unlike ions count as coordinated.
    pub coordination_radius: f64,
}

/// What else is known of a system's configurations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Contents {
    pub n_environments: usize,
    pub n_features: usize,
    /// Environments of each frame, in order.
    pub frames: Vec<usize>,
    /// Ions of each species, mean over frames.
    pub ions: Vec<f64>,
    /// The same of neutral species' atoms or molecules; empty where an earlier version counted none.
    #[serde(default)]
    pub neutral: Vec<f64>,
    /// Ions per volume, mean over frames.
    pub density: f64,
    /// Mean number of unlike and of like ions within the coordination radius.
    pub coordination: [f64; 2],
    /// Unit style that the dumps state, if they do.
    pub units: Option<String>,
    /// Digest of each dump's ions and neutral sites: what they are, where, and in which cells, however the file is written.
    pub dumps: Vec<String>,
    /// Of each frame.
    #[serde(default)]
    pub outlines: Vec<Outline>,
    /// What is to be said of the dumps, by kind: the place of the dump among them, and the words without its path, which may change.
    #[serde(default)]
    pub cautions: BTreeMap<String, (usize, String)>,
    /// SHA-256 of the features' bytes.
    pub digest: String,
}

impl Contents {
    fn of_nothing(recipe: &Recipe) -> Self {
        Self {
            n_environments: 0,
            n_features: recipe.inputs.len(),
            frames: vec![],
            ions: vec![0.0; recipe.map.species().len()],
            neutral: vec![0.0; recipe.map.species().len()],
            density: 0.0,
            coordination: [0.0; 2],
            units: None,
            dumps: vec![],
            outlines: vec![],
            cautions: BTreeMap::new(),
            digest: String::new(),
        }
    }
}

/// Inputs of a model, the descriptor's features first, `[n_environments, n_features]` of all frames of a system, in the order of frames and atom ids.
pub struct Features {
    map: Mmap,
    pub contents: Contents,
    /// What is to be said of the dumps, by kind.
    pub cautions: BTreeMap<String, String>,
    /// Digest of the configurations and of what was made of them.
    pub key: String,
}

impl Features {
    /// Takes the features of a system from the folder `cache`, or computes and keeps them there.
    ///
    /// The key is a digest of the dumps' bytes, the descriptor and the species: changed input is computed anew, moved or
    /// renamed input is not. `on_frame` is called after each frame that had to be computed.
    ///
    /// # Errors
    /// Dumps that cannot be read or hold no ion; a folder that cannot be written to.
    pub fn obtain(cache: &Path, dumps: &[PathBuf], recipe: &Recipe, on_frame: &mut dyn FnMut()) -> Result<Self> {
        let digests = dumps.iter().map(|dump| digest::of_file(dump)).collect::<Result<Vec<_>>>()?;
        let key = key(&digests, recipe)?;
        std::fs::create_dir_all(cache).map_err(|e| not_kept(cache, &e))?;
        let is_counted =
            |features: &Self| !features.contents.neutral.is_empty() || recipe.map.species().iter().all(Species::is_ion);
        let open = || open(cache, &key, dumps);
        if let Some(features) = open()?.filter(is_counted) {
            let (values, contents) = paths(cache, &key);
            [values, contents].iter().for_each(|path| remove_leftovers(path));
            return Ok(features);
        }
        compute(cache, &key, dumps, recipe, on_frame)?;
        open()?.ok_or_else(|| {
            Error::Input(format!("{}: the features that were just written are not there", cache.display()))
        })
    }

    /// All features, `[n_environments, n_features]`.
    pub fn view(&self) -> ArrayView2<'_, f32> {
        let shape = (self.contents.n_environments, self.contents.n_features);
        let (_, values, _) =
            // SAFETY: every bit pattern is an f32; a mapping starts at a page, so nothing is cut off before it.
            unsafe { self.map.align_to::<f32>() };
        ArrayView2::from_shape(shape, values).expect("the length was checked when the file was opened")
    }
}

impl Rows for Features {
    fn len(&self) -> usize {
        self.contents.n_environments
    }

    fn width(&self) -> usize {
        self.contents.n_features
    }

    fn gather(&self, indices: &[usize], mut out: ArrayViewMut2<f32>) {
        let view = self.view();
        for (mut row, &i) in out.rows_mut().into_iter().zip(indices) {
            row.assign(&view.slice(s![i, ..]));
        }
    }
}

/// Where features are kept if the user names no folder: `$XDG_CACHE_HOME/ionscape` or `~/.cache/ionscape`.
pub fn default_folder() -> PathBuf {
    let named = |variable: &str| std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("ionscape")
}

fn key(dumps: &[String], recipe: &Recipe) -> Result<String> {
    let mut hasher = Sha256::new();
    // Channels and inputs come in the order of the species, which types alone do not tell.
    let types: Vec<Option<usize>> = (1..=recipe.map.n_types() as i32).map(|t| recipe.map.species_of(t)).collect();
    let species = (recipe.map.species(), types);
    let parameters = serde_json::to_string(recipe.inputs.descriptor().parameters())
        .map_err(|e| Error::Input(format!("the descriptor cannot be written down: {e}")))?;
    let inputs = (recipe.map.channels(), recipe.conditions.values(recipe.inputs.conditions())?);
    hasher.update(format!("{FORMAT} {parameters} {inputs:?} {species:?} {}\n", recipe.coordination_radius));
    dumps.iter().for_each(|digest| hasher.update(digest));
    Ok(format!("{:x}", hasher.finalize()))
}

fn not_kept(cache: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Input(format!(
        "features cannot be kept in the folder {}: {error}; name another with --cache",
        cache.display()
    ))
}

fn paths(cache: &Path, key: &str) -> (PathBuf, PathBuf) {
    (cache.join(format!("{key}.f32")), cache.join(format!("{key}.json")))
}

/// Features that are there in full; nothing where they are not.
fn open(cache: &Path, key: &str, dumps: &[PathBuf]) -> Result<Option<Features>> {
    let (values, contents) = paths(cache, key);
    // The description is written last: where it is, the values are complete.
    let Ok(text) = std::fs::read_to_string(&contents) else { return Ok(None) };
    let Ok(contents) = serde_json::from_str::<Contents>(&text) else { return Ok(None) };
    let Ok(file) = File::open(&values) else { return Ok(None) };
    // Of a version that did not write them.
    if contents.outlines.len() != contents.frames.len() {
        return Ok(None);
    }
    let expected = contents.n_environments as u64 * contents.n_features as u64 * 4;
    if file.metadata().map_err(|e| Error::io(&values, e))?.len() != expected || expected == 0 {
        return Ok(None);
    }
    // SAFETY: the file was renamed into place complete, and no ionscape writes to it again. Another program that cut it
    // short meanwhile would end this one with a bus error, as with any mapped file.
    let map = unsafe { Mmap::map(&file) }.map_err(|e| Error::io(&values, e))?;
    if format!("{:x}", Sha256::digest(&map)) != contents.digest {
        log::warn!("{}: the features kept there are damaged, and are computed anew", values.display());
        return Ok(None);
    }
    let told = |(kind, (place, words)): (&String, &(usize, String))| {
        Some((kind.clone(), format!("{}{words}", beginning(dumps.get(*place)?))))
    };
    let cautions = contents.cautions.iter().filter_map(told).collect();
    Ok(Some(Features { map, contents, cautions, key: key.into() }))
}

fn compute(cache: &Path, key: &str, dumps: &[PathBuf], recipe: &Recipe, on_frame: &mut dyn FnMut()) -> Result<()> {
    let (values_path, contents_path) = paths(cache, key);
    let mut making = Making {
        recipe,
        out: AtomicFile::create(&values_path).map_err(|e| not_kept(cache, &e))?,
        digest: Sha256::new(),
        contents: Contents::of_nothing(recipe),
        cautions: Cautions::default(),
        row: vec![],
        bytes: vec![],
    };
    let mut frame = Frame::default();
    for dump in dumps {
        let reading = ReadOptions { atom_count: AtomCount::Fixed, ..ReadOptions::default() };
        let mut reader = DumpReader::open(dump, configuration::columns(recipe.map), reading)?;
        let mut configurations = Sha256::new();
        while reader.read(&mut frame)? {
            making.add(&frame, &values_path, &mut configurations)?;
            on_frame();
        }
        making.contents.dumps.push(format!("{:x}", configurations.finalize()));
    }
    if making.contents.frames.is_empty() {
        let names: Vec<String> = dumps.iter().map(|d| d.display().to_string()).collect();
        return Err(Error::Input(format!("{}: there is no frame", names.join(", "))));
    }
    let text = serde_json::to_string(&making.finish(dumps)?)
        .map_err(|e| Error::Input(format!("{}: {e}", contents_path.display())))?;
    files::write(&contents_path, text)
}

/// Features in the making, frame by frame.
struct Making<'a> {
    recipe: &'a Recipe<'a>,
    out: AtomicFile,
    /// Of the bytes that were written.
    digest: Sha256,
    /// Sums where there will be means.
    contents: Contents,
    cautions: Cautions,
    row: Vec<f64>,
    bytes: Vec<u8>,
}

impl Making<'_> {
    /// Writes the features of a frame to the file at `path`, and tells its dump's digest of its configuration.
    fn add(&mut self, frame: &Frame, path: &Path, configurations: &mut Sha256) -> Result<()> {
        let Self { recipe, contents, cautions, row, bytes, .. } = self;
        configuration::check_charges(recipe.map, frame, cautions)?;
        let sites = configuration::sites(frame, recipe.map, cautions)?;
        configurations.update(configuration_bytes(frame, &sites));
        contents.outlines.push(Outline::new(&frame.cell, &sites));
        let reach = recipe.inputs.descriptor().reach();
        let environments = PeriodicEnvironments::of_sites(&frame.cell, &sites, recipe.map, reach)
            .map_err(|e| frame.error(None, e.to_string()))?;
        if environments.is_empty() {
            return Err(frame.error(None, "the frame has no ion; check the species of the data set".into()));
        }
        row.resize(environments.len() * contents.n_features, 0.0);
        inputs(recipe.inputs, &environments, &recipe.conditions, row)?;
        bytes.clear();
        bytes.extend(row.iter().flat_map(|&v| (v as f32).to_ne_bytes()));
        self.out.write_all(bytes).map_err(|e| Error::io(path, e))?;
        self.digest.update(bytes);
        contents.n_environments += environments.len();
        contents.frames.push(environments.len());
        environments.species().iter().for_each(|&species| contents.ions[species] += 1.0);
        sites.species()[sites.n_ions()..].iter().for_each(|&species| contents.neutral[species] += 1.0);
        contents.density += environments.len() as f64 / frame.cell.volume();
        let near = coordination(&environments, recipe);
        contents.coordination = [0, 1].map(|c| contents.coordination[c] + near[c]);
        if let Some(units) = &frame.units {
            let before = contents.units.get_or_insert_with(|| units.clone());
            if before != units {
                return Err(
                    frame.error(None, format!("the frame is in {units} units, and those before are in {before}"))
                );
            }
        }
        Ok(())
    }

    /// Puts the features into their place.
    fn finish(self, dumps: &[PathBuf]) -> Result<Contents> {
        let Self { out, digest, mut contents, cautions, .. } = self;
        let placed = |(kind, message): (String, String)| {
            let split =
                |(place, dump): (usize, &PathBuf)| Some((place, message.strip_prefix(&beginning(dump))?.to_string()));
            Some((kind, dumps.iter().enumerate().find_map(split)?))
        };
        contents.cautions = cautions.messages().into_iter().filter_map(placed).collect();
        let n = contents.frames.len() as f64;
        contents.digest = format!("{:x}", digest.finalize());
        contents.density /= n;
        contents.ions.iter_mut().chain(&mut contents.neutral).for_each(|sites| *sites /= n);
        contents.coordination = contents.coordination.map(|c| c / n);
        out.commit()?;
        Ok(contents)
    }
}

/// What words on a frame of a dump begin with.
fn beginning(dump: &Path) -> String {
    format!("{}: ", dump.display())
}

/// What a configuration is, however its file is written.
fn configuration_bytes(frame: &Frame, sites: &Sites) -> Vec<u8> {
    let vectors = frame.cell.vectors();
    let numbers = vectors.iter().chain(sites.positions()).flatten().flat_map(|x| x.to_ne_bytes());
    numbers.chain(sites.species().iter().flat_map(|species| species.to_ne_bytes())).collect()
}

/// Mean numbers of unlike and of like ions within the coordination radius.
fn coordination(environments: &PeriodicEnvironments, recipe: &Recipe) -> [f64; 2] {
    let sign = |site: usize| recipe.map.species()[environments.species_of(site)].charge.signum();
    let mut count = [0usize; 2];
    for center in 0..environments.len() {
        environments.for_each_neighbor(center, |site, d| {
            let near = d.iter().map(|x| x * x).sum::<f64>() <= recipe.coordination_radius.powi(2);
            if near && recipe.map.species()[environments.species_of(site)].is_ion() {
                count[usize::from(sign(center) == sign(site))] += 1;
            }
        });
    }
    count.map(|c| c as f64 / environments.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::{Convention, SoapParameters};
    use crate::species::Channels;

    #[test]
    fn another_order_of_species_is_another_key() {
        let parameters =
            SoapParameters { convention: Convention::DscribeGto { sigma: 0.5 }, cutoff: 3.0, n_max: 2, l_max: 1 };
        let lithium = Species::atomic("Li", 1.0);
        let [potassium, chloride] = [("K", 1.0), ("Cl", -1.0)].map(|(name, charge)| Species::atomic(name, charge));
        let key_of = |species: &[Species]| {
            let map = SpeciesMap::new(species, Channels::BySpecies, &["Li", "Cl"]).unwrap();
            let inputs = Inputs::new(parameters.clone(), Channels::BySpecies, species, &[]).unwrap();
            let recipe =
                Recipe { inputs: &inputs, map: &map, conditions: Conditions::default(), coordination_radius: 1.0 };
            key(&["digest".into()], &recipe).unwrap()
        };
        let keys = [
            key_of(&[lithium.clone(), chloride.clone()]),
            key_of(&[chloride.clone(), lithium.clone()]),
            key_of(&[lithium.clone(), chloride.clone(), potassium.clone()]),
            key_of(&[lithium, potassium, chloride]),
        ];
        assert!((0..4).all(|i| keys[..i].iter().all(|key| *key != keys[i])), "{keys:?}");
    }
}
