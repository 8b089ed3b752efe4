//! Correlation of the field in space.

use ionscape::analysis::PairCurves;
use ionscape::plot::{AxisScale, CurvePanel, NamedCurve};

use super::super::pairs::neighbors;
use super::{Drawn, Plot, both, known, points, told};

pub fn correlation(drawn: &Drawn) -> Option<Plot> {
    let spatial = drawn.found.spatial.as_ref()?;
    let (like, unlike) = (&spatial.like, &spatial.unlike);
    let panel = |title: &str, note: &str, y_title: &str, curves, level| CurvePanel {
        title: title.into(),
        note: note.into(),
        x_title: format!("distance ({})", drawn.length),
        y_title: y_title.into(),
        curves,
        level: Some(level),
        ..Default::default()
    };
    let structure = both(points(&spatial.r, &like.g), points(&spatial.r, &unlike.g));
    let mut panels = vec![panel("Structure", "1: ions as if spread evenly", "g(r)", structure, 1.0)];
    let curve = |y: &[(Option<f64>, Option<f64>)]| told(&spatial.r, y);
    let mut fluctuations = both(curve(&like.correlation), curve(&unlike.correlation));
    fluctuations.push(NamedCurve::null("shuffled", curve(&unlike.shuffled)));
    let nearest = [("like", like), ("unlike", unlike)].into_iter().filter_map(|(name, curves)| {
        let (r, value, error) = neighbors(curves, &spatial.r)?;
        let error = error.map_or(String::new(), |e| format!(" \u{b1} {e:.3}"));
        Some(format!("{name} ions {r:.2} {} apart have {value:.3}{error}", drawn.length))
    });
    let nearest: Vec<String> = nearest.collect();
    if nearest.is_empty() {
        return Some(Plot::of_curves("spatial", "Radial distribution functions", &panels).told(
            "Radial distribution functions. Correlations of the field are left out: no distance tells them to 0.1.",
            "Radial distribution functions of like and unlike ions over distance.",
        ));
    }
    panels.push(panel(
        "Do neighbours conduct alike?",
        "1: wholly; 0: not at all",
        "correlation of fluctuations",
        fluctuations,
        0.0,
    ));
    let sides = |name: &str, curves: &PairCurves| {
        let sides = vec![
            NamedCurve::new("first ion above the mean", curve(&curves.above_mean)).in_color(2),
            NamedCurve::new("below the mean", curve(&curves.below_mean)).in_color(3),
        ];
        panel(name, "by what the first ion of the pair conducts", "correlation of fluctuations", sides, 0.0)
    };
    panels.push(sides("Unlike pairs", unlike));
    panels.push(sides("Like pairs", like));
    let plot = Plot::of_curves("spatial", "Correlation in space", &panels);
    Some(plot.told(
        "Radial distribution functions; correlation of the departures of two ions' local conductivities from the instant's mean, \
         over their variance, beside the same with departures shuffled among ions of a kind; and that of pairs whose first ion \
         conducts more or less than the mean. Bands are standard errors; distances at which they are large are left out.",
        format!(
            "Four panels over distance: radial distribution functions of like and unlike ions, the correlation of their \
             fluctuations beside a shuffled null, and the same for unlike and for like pairs by the sign of the first ion's \
             fluctuation. Of the nearest pairs, {}.",
            nearest.join(", ")
        ),
    ))
}

pub fn waves(drawn: &Drawn) -> Option<Plot> {
    let waves = drawn.found.structure_factor.as_ref()?;
    // Without errors it is a scatter of few waves.
    let (first, error) = waves.field.first().copied().filter(|(_, error)| error.is_some())?;
    let curve = |y: &[(f64, Option<f64>)]| known(waves.k.iter().copied(), y);
    let panel = CurvePanel {
        title: "On which wavelengths does it vary?".into(),
        note: "1: as independent values would".into(),
        x_title: format!("wave number k (1/{})", drawn.length),
        y_title: "structure factor S(k)".into(),
        curves: vec![
            NamedCurve::new("field", curve(&waves.field)),
            NamedCurve::new("places of ions", curve(&waves.number)).in_color(2),
            NamedCurve::null("shuffled field", curve(&waves.shuffled)),
        ],
        level: Some(1.0),
        x_scale: AxisScale::Logarithmic,
        ..Default::default()
    };
    Some(Plot::of_curves("structure_factor", "Structure factor of the field", &[panel]).told(
        "Power of waves of the field over that of independent values, beside that of the ions' places and of the shuffled field. \
         Long waves are on the left; above 1, ions so far apart depart alike.",
        format!(
            "Structure factor over wave number on a logarithmic axis: {first:.2} \u{b1} {:.2} for the field at the smallest wave \
             number, {:.2}.",
            error.unwrap_or(0.0),
            waves.k[0]
        ),
    ))
}
