//! Everything that reads what others wrote, each on bytes that may be anything.
//!
//! A reader may refuse its input. It may not panic, and what it accepts must be sound: the assertions here say what that is.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use ionscape::campaign::Campaign;
use ionscape::campaign::truth::TruthPlan;
use ionscape::cautions::Cautions;
use ionscape::configuration;
use ionscape::dataset::Dataset;
use ionscape::lammps::{self, TemperatureKind};
use ionscape::local::LocalModel;
use ionscape::model::{self, Card, Conditions};
use ionscape::training::TrainSettings;
use ionscape::trajectory::{AtomCount, Columns, DumpReader, Frame, OnBadFrame, Quantity, ReadOptions};
use ionscape::transport::read_current;
use tempfile::TempDir;

/// A reader, by the name of its corpus.
pub type Reader = (&'static str, fn(&[u8]));

pub const READERS: [Reader; 11] = [
    ("dump", dump),
    ("gzip", dump),
    ("zstd", dump),
    ("field", field),
    ("current", current),
    ("model", onnx),
    ("card", card),
    ("dataset", dataset),
    ("settings", settings),
    ("campaign", campaign),
    ("arguments", arguments),
];

/// A folder in memory, if there is one.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.expect("a temporary folder can be made")
});

/// The model that dumps are evaluated with: two species, cutoff 3, linear.
static MODEL: LazyLock<LocalModel> = LazyLock::new(|| {
    let bytes = include_bytes!("../corpora/model/linear.onnx");
    LocalModel::from_bytes("linear.onnx", bytes).expect("the model of the corpus can be read")
});

/// Calls `read` with the path of a file that holds the bytes. Each thread has a file of its own.
fn with_file<T>(name: &str, bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    let thread: String = format!("{:?}", std::thread::current().id()).chars().filter(char::is_ascii_digit).collect();
    let path = FOLDER.path().join(format!("{thread}-{name}"));
    fs::File::create(&path).and_then(|mut file| file.write_all(bytes)).expect("a small file can be written");
    read(&path)
}

/// A dump, with all that can be asked of it, and again with bad frames skipped and the text kept.
fn dump(bytes: &[u8]) {
    use Quantity::*;
    let all = [Unwrapped, Images, Charges, Velocities, Forces, Molecules, Masses, Elements];
    let columns = all.into_iter().fold(Columns::default(), Columns::want);
    let lenient = ReadOptions { on_bad_frame: OnBadFrame::Skip, atom_count: AtomCount::Fixed, keep_text: true };
    with_file("dump", bytes, |path| {
        for (columns, options) in [(columns, ReadOptions::default()), (Columns::default(), lenient)] {
            let Ok(mut reader) = DumpReader::open(path, columns, options) else { continue };
            let mut frame = Frame::default();
            while let Ok(true) = reader.read(&mut frame) {
                check_frame(&frame);
            }
        }
    });
}

fn check_frame(frame: &Frame) {
    let n = frame.n_atoms;
    assert_eq!((frame.ids.len(), frame.types.len(), frame.positions.len()), (n, n, n));
    assert!(frame.positions.iter().flatten().all(|x| x.is_finite()), "positions");
    assert!(frame.cell.volume() > 0.0 && frame.cell.volume().is_finite(), "volume {}", frame.cell.volume());
    for vectors in [&frame.unwrapped, &frame.velocities, &frame.forces].into_iter().flatten() {
        assert!(vectors.len() == n && vectors.iter().flatten().all(|x| x.is_finite()), "vectors");
    }
    for numbers in [&frame.charges, &frame.masses].into_iter().flatten() {
        assert!(numbers.len() == n && numbers.iter().all(|x| x.is_finite()), "numbers");
    }
    let _ = frame.order_by_id();
    if let Some(raw) = frame.raw() {
        assert_eq!(raw.rows().count(), n, "rows of the text");
    }
}

/// A dump, and a model's field on it.
fn field(bytes: &[u8]) {
    let map = MODEL.map(&["cation", "anion"]).expect("the model has these species");
    with_file("field", bytes, |path| {
        let options = ReadOptions::default();
        let Ok(mut reader) = DumpReader::open(path, configuration::columns(&map), options) else { return };
        let mut frame = Frame::default();
        while let Ok(true) = reader.read(&mut frame) {
            let found = configuration::field(&MODEL, &map, &Conditions::default(), &frame, &Cautions::default());
            if let Ok(field) = found {
                assert!(field.ions.iter().flatten().all(|v| v.is_finite()), "a field that is not finite");
            }
        }
    });
}

/// A series of currents.
fn current(bytes: &[u8]) {
    let read = with_file("current", bytes, |path| read_current(&[path.to_path_buf()], None));
    if let Ok(series) = read {
        let n = series.current[0].len();
        assert!(n >= 2 && series.current.iter().all(|samples| samples.len() == n));
        assert!(series.current.iter().flatten().flatten().all(|x| x.is_finite()), "currents");
        assert!(series.steps_between_samples > 0);
    }
}

/// A model file, evaluated and adopted again.
fn onnx(bytes: &[u8]) {
    let path = Path::new("model.onnx");
    if let Ok(local) = LocalModel::from_bytes(path, bytes) {
        let names: Vec<&str> = local.species().iter().map(|s| s.name.as_str()).collect();
        let _ = local.map(&names);
        let features = vec![0.5f32; 3 * local.model().n_features()];
        let features = ndarray_of(&features, local.model().n_features());
        if let Ok(values) = local.model().predict(features.view()) {
            assert_eq!(values.dim(), (3, local.model().n_members()));
            assert!(values.iter().all(|v| v.is_finite()));
        }
    }
    let card = "units = 'lj'\nspecies = ['a', 'b']\ncharges = {a = 1, b = -1}\nchannels = 'charge-symmetric'\n\
                [descriptor]\nkind = 'soap-power-spectrum'\nconvention = 'compact'\ncutoff = 3.0\nn_max = 2\nl_max = 1\n\
                switching = 1.0";
    let card: Card = toml::from_str(card).expect("a card as the documentation shows it");
    let _ = model::adopt(path, bytes, card, None);
}

fn ndarray_of(values: &[f32], width: usize) -> ndarray::Array2<f32> {
    ndarray::Array2::from_shape_vec((values.len() / width, width), values.to_vec()).expect("whole rows")
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A card, and a model adopted with it.
fn card(bytes: &[u8]) {
    let Some(card) = text(bytes).and_then(|text| toml::from_str::<Card>(text).ok()) else { return };
    let network = include_bytes!("../corpora/model/linear.onnx");
    if let Ok(adopted) = model::adopt(Path::new("model.onnx"), network, card, None) {
        let _ = LocalModel::from_bytes("model.onnx", &adopted);
    }
}

/// A data set.
fn dataset(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(dataset) = Dataset::parse(Path::new("dataset.toml"), text) {
        let _ = (dataset.types_by_species(), dataset.species_by_type(), dataset.names_by_type());
    }
}

/// Settings of `ionscape train`.
fn settings(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(settings) = TrainSettings::parse(Path::new("train.toml"), text) {
        let _ = (settings.folds(8), settings.coordination_radius());
    }
}

/// A campaign and, if it has one, its part on the truth.
fn campaign(bytes: &[u8]) {
    with_file("campaign.toml", bytes, |path| {
        // The only script that is there, whatever the file calls its own.
        let script = path.with_file_name("in.lmp");
        if !script.exists() {
            fs::write(&script, include_str!("../../examples/campaign/in.electrolyte"))
                .expect("a small file can be written");
        }
        if let Ok(campaign) = Campaign::read(path) {
            assert!(!campaign.systems.is_empty());
            for system in &campaign.systems {
                assert!(campaign.drift_steps(system) > 0 && campaign.response_steps(system) > 0);
            }
            let _ = (campaign.configurations_per_chunk(), campaign.requests(), TruthPlan::of(campaign));
        }
    });
}

/// What follows the style in the definition of a compute: the first byte is the number of atom types and the style's.
fn arguments(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let style = if first % 2 == 0 { "conductivity/atom" } else { "soap/atom" };
    let n_types = usize::from(first / 2 % 8);
    let words: Vec<String> = String::from_utf8_lossy(rest).split([' ', '\n']).map(String::from).collect();
    let Ok(given) = lammps::arguments(style, &words, n_types) else { return };
    assert_eq!(given.names.len(), n_types);
    assert!(given.threads > 0);
    let (kind, number) = (given.temperature.kind, given.temperature.number);
    assert_eq!(kind == TemperatureKind::Number, number.is_finite() && number > 0.0);
    assert_eq!(matches!(kind, TemperatureKind::Absent | TemperatureKind::Number), given.temperature.name.is_empty());
    if let Ok(map) = MODEL.map(&given.names) {
        for atom_type in 1..=n_types as i32 {
            assert!(map.is_ion(atom_type) || given.names[atom_type as usize - 1] == "NULL");
            let _ = map.check_charge(atom_type, 1.0);
        }
    }
}
