//! The distribution over ions, and the densities that might describe it.

use ionscape::analysis::{Density, Populations};
use ionscape::plot::{AxisScale, Bar, BarPanel, DensityCurve, bars};

use super::{Drawn, Plot, in_words};

/// Bars of a distribution of many ions, and of few.
const MOST: f64 = 60.0;
const FEWEST: f64 = 16.0;
const STEPS: usize = 240;

pub fn distribution(drawn: &Drawn) -> Plot {
    let found = drawn.found;
    let histogram = found.field.histogram();
    let (low, high) = histogram.range().unwrap_or((0.0, 1.0));
    let (low, high) = if high > low { (low, high) } else { (low - 0.5, high + 0.5) };
    let total = histogram.n() as f64;
    let populations = found.shape.as_ref().and_then(|shape| shape.populations.as_ref());
    // Ions of neighbouring frames are alike: a count's error is that of so many independent ones.
    let worth = populations.map_or(1.0, |p| (p.independent_values / total).min(1.0));
    // As wide as so many values can fill (D. W. Scott, Biometrika 66, 605 (1979)).
    let best = 3.49 * histogram.standard_deviation() / (worth * total).cbrt();
    let n_bars = ((high - low) / best).clamp(FEWEST, MOST);
    let n_bars = if n_bars.is_finite() { n_bars.round() as usize } else { FEWEST as usize };
    let width = (high - low) / n_bars as f64;
    let bar = |(i, count): (usize, &f64)| Bar {
        low: low + i as f64 * width,
        high: low + (i + 1) as f64 * width,
        value: count / (total * width),
        error: (count / worth).sqrt() / (total * width),
    };
    let heights: Vec<Bar> = histogram.rebin(low, high, n_bars).iter().enumerate().map(bar).collect();
    let curves = populations.map_or(vec![], |p| densities(p, low, high));
    let panel = |title: &str, note: &str, y_scale| BarPanel {
        title: title.into(),
        note: note.into(),
        x_title: format!("local molar conductivity \u{3bb} ({})", drawn.unit),
        y_title: "probability density".into(),
        name: "ions".into(),
        bars: heights.clone(),
        curves: curves.clone(),
        y_scale,
    };
    let panels = [
        panel("How ions differ", "all ions of all frames", AxisScale::Linear),
        panel("Its tails", "the same on a logarithmic axis", AxisScale::Logarithmic),
    ];
    let said = populations.map_or(String::new(), |p| format!(" Verdict: {}.", p.verdict.words()));
    Plot {
        file: "distribution",
        name: "Distribution over ions".into(),
        whole: bars(&panels),
        parts: panels.iter().map(|panel| bars(std::slice::from_ref(panel))).collect(),
        caption: format!(
            "Distribution of the local molar conductivity over ions, with the best normal density, the best one of a single \
             skewed or long-tailed population, and the best of two normal populations.{said}"
        ),
        description: format!(
            "Bars from {} to {} ({}) about a mean of {} with curves of the candidate densities, once on a linear \
             and once on a logarithmic axis.{said}",
            in_words(low),
            in_words(high),
            drawn.unit,
            in_words(found.mean)
        ),
    }
}

fn densities(populations: &Populations, low: f64, high: f64) -> Vec<DensityCurve> {
    let curve = |name: &str, density: &dyn Fn(f64) -> f64| DensityCurve {
        name: name.into(),
        points: (0..=STEPS).map(|i| low + (high - low) * i as f64 / STEPS as f64).map(|x| (x, density(x))).collect(),
    };
    vec![
        curve("normal", &|x| populations.normal.density.density(x)),
        curve("long-tailed", &|x| populations.long_tailed.density.density(x)),
        curve("two populations", &|x| populations.two.density.density(x)),
    ]
}
