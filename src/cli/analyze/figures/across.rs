//! Systems beside each other.

use ionscape::plot::{RowPanel, RowSeries, ScatterGroup, ScatterPanel, ScatterPoint, scatter};
use ionscape::statistics::MeanEstimate;

use super::super::dataset::{Comparison, by_concentration};
use super::super::system::Analysis;
use super::{Plot, in_words};

pub fn fluctuations(all: &Comparison, unit: &str) -> Option<Plot> {
    let systems: Vec<&Analysis> =
        by_concentration(all).into_iter().filter(|a| a.distribution.all.fluctuation.is_some()).collect();
    if systems.len() < 2 {
        return None;
    }
    let groups = |relative: bool| -> Vec<ScatterGroup> {
        let point = |a: &&Analysis| {
            let fluctuation = a.distribution.all.fluctuation.as_ref()?;
            let scale = if relative { 1.0 / a.mean } else { 1.0 };
            let error = settled(fluctuation);
            let x = (a.mean, settled(&a.distribution.all.mean));
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
        note: "a point a system; colours: ions per volume".into(),
        x_title: format!("mean \u{3bb} ({unit})"),
        y_title,
        groups,
        ordered: true,
        ..Default::default()
    };
    let panels = [
        panel("Do good conductors fluctuate more?", format!("spread over ions ({unit})"), groups(false)),
        panel("And as a share of the mean?", "spread over ions / mean".into(), groups(true)),
    ];
    let told = all.across.as_ref().map_or(String::new(), |across| {
        let (absolute, relative) = (across.all.absolute.pearson.0, across.all.relative.pearson.0);
        format!(" Over all systems the correlations are {absolute:.2} and {relative:.2}.")
    });
    Some(Plot {
        file: "fluctuations",
        name: "Fluctuation against mean over systems".into(),
        whole: scatter(&panels),
        parts: panels.iter().map(|panel| scatter(std::slice::from_ref(panel))).collect(),
        caption: "Standard deviation of the local conductivity over ions at one instant against its mean, a point a system, by \
                  concentration; as it is, and over the mean."
            .into(),
        description: format!("Two scatter plots of fluctuation against mean conductivity, systems coloured by concentration.{told}"),
    })
}

pub fn systems(all: &Comparison, unit: &str) -> Option<Plot> {
    let systems = by_concentration(all);
    let names: Vec<String> = systems.iter().map(|a| a.name.clone().unwrap_or_default()).collect();
    let series = |name: &str, of: &dyn Fn(&Analysis) -> Option<(f64, f64)>| RowSeries {
        name: name.into(),
        values: systems.iter().map(|a| of(a)).collect(),
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
        Some((s.mean, settled(s)))
    };
    let contact = |a: &Analysis, like: bool| {
        let contact = a.contact.as_ref()?;
        let (value, error) = if like { contact.like } else { contact.unlike };
        Some((value?, error?))
    };
    let mut panels = vec![
        panel(
            "Mean",
            &format!("mean \u{3bb} ({unit})"),
            vec![series("", &|a| Some((a.mean, settled(&a.distribution.all.mean))))],
            None,
        ),
        panel("Which way it leans", "skewness over ions", vec![series("", &skewness)], Some(0.0)),
    ];
    let pairs = vec![series("like", &|a| contact(a, true)), series("unlike", &|a| contact(a, false))];
    let told = pairs.iter().any(|series| series.values.iter().any(Option::is_some));
    if told {
        panels.push(panel("Pairs", "correlation of fluctuations", pairs, Some(0.0)));
    }
    let (mean, n) = (|a: &&Analysis| a.mean, systems.len());
    let largest = systems.iter().map(mean).fold(f64::NEG_INFINITY, f64::max);
    let least = systems.iter().map(mean).fold(f64::INFINITY, f64::min);
    let note = "from dilute to dense; lines are standard errors";
    let pairs = match told {
        true => {
            ", and correlation of the fluctuations of pairs within the distance of pairs, \
                 above 1 where pairs depart more than ions do on the whole"
        }
        false => "; too few frames tell correlations of pairs",
    };
    Some(Plot::of_rows("systems", "Systems beside each other", &names, &panels, note).told(
        format!(
            "Mean local conductivity, skewness of its distribution over ions{pairs}. Systems go from dilute to dense."
        ),
        format!(
            "A row for each of {n} systems with values and their errors; means go from {} to {} ({unit}).",
            in_words(least),
            in_words(largest)
        ),
    ))
}

/// An error, if the run is long enough for one.
fn settled(estimate: &MeanEstimate) -> f64 {
    estimate.error.as_ref().filter(|error| error.converged).map_or(0.0, |error| error.value)
}
