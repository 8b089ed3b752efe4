//! Systems beside each other.

use ionscape::plot::{RowPanel, RowSeries, ScatterGroup, ScatterPanel, ScatterPoint, rows, scatter};

use super::super::dataset::Comparison;
use super::super::system::Analysis;
use super::Plot;

pub fn fluctuations(all: &Comparison, unit: &str) -> Option<Plot> {
    let mut systems: Vec<&Analysis> = all.systems.iter().filter(|a| a.distribution.all.fluctuation.is_some()).collect();
    if systems.len() < 2 {
        return None;
    }
    systems.sort_by(|a, b| a.density.total_cmp(&b.density));
    let groups = |relative: bool| -> Vec<ScatterGroup> {
        let point = |a: &&Analysis| {
            let fluctuation = a.distribution.all.fluctuation.as_ref()?;
            let scale = if relative { 1.0 / a.mean } else { 1.0 };
            let error = fluctuation.error.as_ref().map_or(0.0, |e| e.value);
            let x = (a.mean, a.mean_error.unwrap_or(0.0));
            Some(ScatterPoint { x, y: (scale * fluctuation.mean, (scale * error).abs()) })
        };
        systems
            .chunk_by(|a, b| b.density <= 1.02 * a.density)
            .map(|group| ScatterGroup {
                name: format!("{:.4}", group[0].density).trim_end_matches('0').to_string(),
                points: group.iter().filter_map(point).collect(),
                line: vec![],
            })
            .collect()
    };
    let panel = |title: &str, y_title: String, groups| ScatterPanel {
        title: title.into(),
        note: "colours: ions per volume".into(),
        x_title: format!("mean local \u{39b} ({unit})"),
        y_title,
        groups,
        ordered: true,
        ..Default::default()
    };
    let panels = [
        panel("Do good conductors fluctuate more?", format!("spread over ions ({unit})"), groups(false)),
        panel("And for what they conduct?", "spread over ions / mean".into(), groups(true)),
    ];
    Some(Plot {
        file: "fluctuations",
        name: "Fluctuation against mean over systems".into(),
        whole: scatter(&panels),
        parts: panels.iter().map(|panel| scatter(std::slice::from_ref(panel))).collect(),
        caption: "Standard deviation of the local conductivity over ions at one instant against its mean, a point a system, by \
                  concentration; as it is, and over the mean."
            .into(),
        description: "Two scatter plots of fluctuation against mean conductivity, systems coloured by concentration.".into(),
    })
}

pub fn systems(all: &Comparison, unit: &str) -> Option<Plot> {
    let names: Vec<String> = all.systems.iter().map(|a| a.name.clone().unwrap_or_default()).collect();
    let series = |name: &str, of: &dyn Fn(&Analysis) -> Option<(f64, f64)>| RowSeries {
        name: name.into(),
        values: all.systems.iter().map(of).collect(),
    };
    let panel = |title: &str, axis: &str, series, reference| RowPanel {
        title: title.into(),
        axis: axis.into(),
        series,
        reference,
        span: (0.0, 0.0),
    };
    let skewness = |a: &Analysis| {
        let s = &a.shape.as_ref()?.skewness;
        Some((s.mean, s.error.as_ref().map_or(0.0, |e| e.value)))
    };
    let contact = |a: &Analysis, like: bool| {
        let spatial = a.spatial.as_ref()?;
        let (_, value, error) =
            if like { spatial.like.nearest(&spatial.r) } else { spatial.unlike.nearest(&spatial.r) }?;
        Some((value, error.unwrap_or(0.0)))
    };
    let panels = [
        panel(
            "Mean",
            &format!("mean local \u{39b} ({unit})"),
            vec![series("", &|a| Some((a.mean, a.mean_error.unwrap_or(0.0))))],
            None,
        ),
        panel("Which way it leans", "skewness over ions", vec![series("", &skewness)], Some(0.0)),
        panel(
            "Nearest pairs",
            "correlation of fluctuations",
            vec![series("like", &|a| contact(a, true)), series("unlike", &|a| contact(a, false))],
            Some(0.0),
        ),
    ];
    let note = "a row a system; errors are standard errors";
    let draw = || rows(&names, &panels, "Systems beside each other", note);
    Some(Plot::one("systems", "Systems beside each other", draw).told(
        "Mean local conductivity, skewness of its distribution over ions, and correlation of the fluctuations of the nearest \
         pairs.",
        "A row for each system with three values and their errors.",
    ))
}
