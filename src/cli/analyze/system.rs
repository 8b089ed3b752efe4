//! All that is found of one system, in two readings of its dumps.

use std::fmt::Display;

use ionscape::analysis::{
    Axis, Contact, CoordinationSummary, FieldByCoordination, FieldDistribution, FieldFrame, FieldHistory, FieldMap,
    FieldShape, FieldStructureFactor, FieldSummary, IonStates, MapSummary, ShapeSummary, SpatialCorrelation,
    SpatialSummary, StateSummary, StructureFactorSummary, TemporalSummary,
};
use ionscape::trajectory::Frame;
use serde::Serialize;

use super::course::Course;
use super::identity::Identity;
use super::ions::Ions;
use super::notes;
use super::options::{Options, Units};
use super::reasons::{FRAMES, FRAMES_OF_MANY, Reasons, ReasonsOf};
use super::source::{Source, Values};
use crate::results;

/// What the field of a system says; parts that the dumps do not tell are absent, and `notes` say why.
#[derive(Serialize)]
pub struct Analysis {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub mean: f64,
    pub mean_error: Option<f64>,
    pub n_ions: f64,
    pub n_frames: usize,
    pub column: String,
    pub units: Option<&'static str>,
    /// Ions per volume, in the mean over frames.
    pub density: f64,
    /// Time between frames, where it is even and known.
    pub time_between_frames: Option<f64>,
    pub distribution: FieldSummary,
    pub shape: Option<ShapeSummary>,
    pub spatial: Option<SpatialSummary>,
    /// Correlation of all pairs within the distance of states.
    pub contact: Option<Contact>,
    pub structure_factor: Option<StructureFactorSummary>,
    pub temporal: Option<TemporalSummary>,
    pub states: Option<StateSummary>,
    pub coordination: Option<CoordinationSummary>,
    pub map: Option<MapSummary>,
    /// What the model goes by; absent without one.
    pub reasons: Option<Reasons>,
    /// Whether the distance of states was given, or taken from the radial distribution function.
    pub distance_given: bool,
    /// What the dumps do not tell, and what would.
    pub notes: Vec<String>,
    #[serde(skip)]
    pub unit_style: Option<Units>,
    #[serde(skip)]
    pub field: FieldDistribution,
    /// The last frame.
    #[serde(skip)]
    pub last: Ions,
}

impl Analysis {
    /// Reads the dumps and sums up.
    pub fn of(source: &mut Source, options: &Options, name: Option<&str>) -> anyhow::Result<Self> {
        let mut first = FirstReading::new(options)?;
        source.each_frame("frames", &mut |frame, values, ions| first.add(frame, values, ions))?;
        let FirstReading { field, shape, spatial, waves, history, map, last, written, course, mut notes, .. } = first;
        let Some(last) = last else { anyhow::bail!("there is no frame to analyze") };
        notes.extend(source.renamed());
        let (distribution, pairs) = (field.summary()?, spatial);
        let spatial = pairs.as_ref().map(SpatialCorrelation::summary);
        let unit_style = Units::of(options.units, written.units.as_deref().or(source.units()))?;
        let temporal = history.as_ref().and_then(FieldHistory::summary);
        if let Some(history) = history.as_ref().filter(|_| temporal.is_none()) {
            notes.push(notes::of_course(history, distribution.n_frames));
        }
        let distance = options.pair_distance.or(spatial.as_ref().and_then(|s| s.first_minimum));
        if let (None, Some(spatial), false) = (options.pair_distance, &spatial, last.are_of_one_kind()) {
            notes.extend(notes::of_minimum(spatial));
        }
        notes.extend(notes::of_distance(distance, &last).map(String::from));
        let by_distance = distance.filter(|_| !last.are_of_one_kind());
        let (n_frames, radius) = (distribution.n_frames, options.radius.unwrap_or_else(|| last.radius()));
        let counted = pairs.as_ref().map(SpatialCorrelation::radius);
        let contact_distance = distance.filter(|distance| counted.is_some_and(|radius| *distance <= radius));
        if let Some((distance, radius)) = distance.zip(counted).filter(|_| contact_distance.is_none()) {
            notes.push(notes::of_contact(distance, radius));
        }
        let density = written.density / n_frames as f64;
        let sampled = if name.is_some() { FRAMES_OF_MANY } else { FRAMES };
        let stride = n_frames.div_ceil(sampled).max(1);
        let second = SecondReading::of(source, options, (stride, density), radius, by_distance)?;
        let (mut states, coordination) = (second.states, second.coordination);
        // Bonds know ions by their order, which is the same only in a course of the same ions.
        if let Some(states) = states.as_mut().filter(|_| history.is_none()) {
            (states.intermittent, states.continuous) = (vec![], vec![]);
            (states.intermittent_lifetime, states.continuous_lifetime) = (None, None);
        }
        notes.extend(states.as_ref().and_then(|states| states.lifetimes_note.clone()));
        notes.extend(states.as_ref().and_then(notes::of_lifetimes));
        // An ion is worth an independent value each two relaxation times.
        let relaxation = temporal.as_ref().and_then(|t| t.relaxation).map_or(0.5, |(value, _)| value.max(0.5));
        let frames = (n_frames as f64 / (2.0 * relaxation)).max(1.0);
        let structure_factor = waves.summary();
        // And as many ions tell as much as one as depart alike on the longest wavelengths.
        let alike = structure_factor.as_ref().and_then(|s| s.field.first()).map_or(1.0, |(power, _)| power.max(1.0));
        let independent = distribution.all.n_ions * frames / alike;
        Ok(Self {
            name: name.map(str::to_string),
            mean: distribution.all.mean.mean,
            mean_error: distribution.all.mean.error.as_ref().map(|error| error.value),
            n_ions: distribution.all.n_ions,
            n_frames,
            column: source.column().into(),
            units: unit_style.map(Units::style),
            density,
            time_between_frames: course.time(options.timestep),
            shape: shape.summary(field.histogram(), independent)?,
            spatial,
            structure_factor,
            temporal,
            contact: pairs.zip(contact_distance).map(|(pairs, distance)| pairs.within(distance)),
            states,
            coordination,
            map: map.map(|map| map.summary()),
            reasons: second.reasons,
            distance_given: options.pair_distance.is_some(),
            notes,
            unit_style,
            distribution,
            field,
            last,
        })
    }
}

impl Analysis {
    /// Time between frames and its unit: of time where it is known, or else steps or frames.
    pub fn time_unit(&self) -> (f64, &'static str) {
        match (self.time_between_frames, self.distribution.steps_between_frames) {
            (Some(time), _) => (time, Units::time(self.unit_style)),
            (None, Some(steps)) => (steps as f64, "steps"),
            (None, None) => (1.0, "frames"),
        }
    }

    /// What the results must be taken with.
    pub fn cautions(&self) -> Vec<String> {
        let summary = &self.distribution;
        let mut cautions = vec![];
        if summary.all.mean.error.as_ref().is_some_and(|error| !error.converged) {
            cautions.push(format!(
                "{} frames are too few for the error of the mean, which is larger than stated",
                summary.n_frames
            ));
        }
        let in_order = summary.frames.is_sorted_by(|a, b| a.timestep < b.timestep);
        if !in_order {
            cautions.push("the frames are not in the order of time, and errors hold only roughly".into());
        } else if summary.steps_between_frames.is_none() && self.time_between_frames.is_none() && summary.n_frames > 2 {
            cautions.push("the frames are unevenly spaced, and the error of the mean holds only roughly".into());
        }
        cautions.extend(self.notes.iter().cloned());
        cautions
    }
}

/// What needs the first reading's results: a distance, and the number of frames.
#[derive(Default)]
struct SecondReading {
    states: Option<StateSummary>,
    coordination: Option<CoordinationSummary>,
    reasons: Option<Reasons>,
}

impl SecondReading {
    /// Reasons are asked of every `stride`-th frame; `radius` is the largest distance of pairs, `distance` that within which ions belong together.
    fn of(
        source: &mut Source,
        options: &Options,
        (stride, density): (usize, f64),
        radius: f64,
        distance: Option<f64>,
    ) -> anyhow::Result<Self> {
        let mut states = distance.map(IonStates::new);
        let mut coordination = distance.map(|distance| FieldByCoordination::new(distance, options.seed));
        let predictor = source.predictor.clone();
        let mut reasons = match &predictor {
            Some(predictor) if !predictor.can_be_explained() => {
                log::warn!(
                    "what the model goes by is told of models whose only species are ions of charge-symmetric channels, without \
                     other inputs, and is left out here"
                );
                None
            }
            Some(predictor) => {
                Some(ReasonsOf::new(predictor, source.length(), stride, density, radius, distance, options.seed)?)
            }
            None => None,
        };
        if states.is_none() && reasons.is_none() {
            return Ok(Self::default());
        }
        let mut number = 0;
        source.each_frame("frames, second reading", &mut |frame, _, ions| {
            if let Some(states) = &mut states {
                states.add(&ions.snapshot())?;
            }
            if let Some(coordination) = &mut coordination {
                coordination.add(&ions.snapshot())?;
            }
            if let Some(reasons) = &mut reasons {
                reasons.add(number, frame)?;
            }
            number += 1;
            Ok(())
        })?;
        Ok(Self {
            states: states.map(|states| states.summary()),
            coordination: coordination.map(|coordination| coordination.summary()),
            reasons: reasons.map(|reasons| reasons.summary()).transpose()?,
        })
    }
}

/// What a dump says of itself.
#[derive(Default)]
struct Written {
    units: Option<String>,
    /// Sum over frames.
    density: f64,
}

/// What the first reading of the dumps gathers.
struct FirstReading<'a> {
    options: &'a Options,
    field: FieldDistribution,
    shape: FieldShape,
    spatial: Option<SpatialCorrelation>,
    waves: FieldStructureFactor,
    history: Option<FieldHistory>,
    map: Option<FieldMap>,
    last: Option<Ions>,
    written: Written,
    course: Course,
    identity: Identity,
    /// Whether ions of some frame have a net charge, which is told once.
    is_charged: bool,
    notes: Vec<String>,
}

impl<'a> FirstReading<'a> {
    fn new(options: &'a Options) -> anyhow::Result<Self> {
        let map = options.map()?.map(|axes: Vec<(Axis, usize)>| FieldMap::new(&axes, options.seed)).transpose()?;
        Ok(Self {
            options,
            field: FieldDistribution::default(),
            shape: FieldShape::default(),
            spatial: None,
            waves: FieldStructureFactor::new(options.seed),
            history: Some(FieldHistory::default()),
            map,
            last: None,
            written: Written::default(),
            course: Course::default(),
            identity: Identity::default(),
            is_charged: false,
            notes: vec![],
        })
    }

    fn add(&mut self, frame: &Frame, values: &Values, ions: &Ions) -> anyhow::Result<()> {
        self.field.add(&FieldFrame {
            timestep: frame.timestep,
            types: &frame.types,
            local: &values.local,
            evaluated: &values.evaluated,
            member_spread: values.spread.as_deref(),
            grade: values.grade.as_deref(),
        })?;
        self.written.units = self.written.units.take().or_else(|| frame.units.clone());
        self.written.density += ions.density();
        let options = self.options;
        // Of a model's ions it is told where they are looked for.
        if let (false, None, Some(net)) = (self.is_charged, &options.model, ions.net_charge()) {
            self.is_charged = true;
            self.notes.push(notes::of_charge(net, frame.timestep));
        }
        let snapshot = ions.snapshot();
        self.shape.add(&ions.local);
        let spatial = self.spatial.get_or_insert_with(|| {
            let (radius, half) = (options.radius.unwrap_or_else(|| ions.radius()), ions.half_of_periods());
            if radius > half {
                self.notes.push(format!(
                    "--radius {radius} is more than half the box, {}: pairs farther apart than that are also of ions with their \
                     own images and those of their neighbours, and correlate by the box",
                    results::number(half)
                ));
            }
            SpatialCorrelation::new(radius, options.bins as usize, options.seed)
        });
        spatial.add(&snapshot)?;
        self.waves.add(&snapshot);
        if let Some(map) = &mut self.map {
            map.add(&snapshot);
        }
        if let Some(why) = self.course.add(frame) {
            self.forget_course(frame, why);
        }
        self.course.check(frame, options.timestep)?;
        if let Some(history) = &mut self.history {
            if ions.ids.is_empty() {
                self.forget_course(frame, "the dump has no ids; add id to the dump command");
            } else if let Some(why) = self.identity.add(ions) {
                self.forget_course(frame, why);
            } else if let Err(error) = history.add(&ions.ids, &snapshot) {
                self.forget_course(frame, error);
            }
        }
        self.last = Some(ions.clone());
        Ok(())
    }

    fn forget_course(&mut self, frame: &Frame, why: impl Display) {
        self.history = None;
        self.notes.push(format!("step {}: {why}; nothing is said of the course in time", frame.timestep));
    }
}
