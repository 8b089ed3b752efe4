//! Correlation of the field in space.

use ionscape::plot::{AxisScale, CurvePanel, NamedCurve};

use super::{Drawn, Plot, both, known, points};

pub fn correlation(drawn: &Drawn) -> Option<Plot> {
    let spatial = drawn.found.spatial.as_ref()?;
    let (like, unlike) = (&spatial.like, &spatial.unlike);
    let curve = |y: &[(Option<f64>, Option<f64>)]| points(&spatial.r, y);
    let panel = |title: &str, note: &str, y_title: &str, curves, level| CurvePanel {
        title: title.into(),
        note: note.into(),
        x_title: format!("distance ({})", drawn.length),
        y_title: y_title.into(),
        curves,
        level: Some(level),
        ..Default::default()
    };
    let mut fluctuations = both(curve(&like.correlation), curve(&unlike.correlation));
    fluctuations.push(NamedCurve::null("shuffled", curve(&unlike.shuffled)));
    let signs = vec![
        NamedCurve::new("unlike, first ion above the mean", curve(&unlike.above_mean)),
        NamedCurve::new("unlike, first ion below the mean", curve(&unlike.below_mean)),
        NamedCurve::new("like, first ion above the mean", curve(&like.above_mean)),
        NamedCurve::new("like, first ion below the mean", curve(&like.below_mean)),
    ];
    let panels = [
        panel(
            "Structure",
            "ions at a distance, over an even spread",
            "g(r)",
            both(curve(&like.g), curve(&unlike.g)),
            1.0,
        ),
        panel(
            "Do neighbours conduct alike?",
            "1: wholly; 0: not at all",
            "correlation of fluctuations",
            fluctuations,
            0.0,
        ),
        panel("Good and bad conductors apart", "pairs by their first ion", "correlation of fluctuations", signs, 0.0),
    ];
    let plot = Plot::of_curves("spatial", "Correlation in space", &panels);
    Some(plot.told(
        "Radial distribution functions; correlation of the departures of two ions' local conductivities from the instant's mean, \
         over their variance, beside the same with departures shuffled among ions of a kind; and that of pairs whose first ion \
         conducts more or less than the mean. Bands are standard errors.",
        "Three panels over distance: radial distribution functions of like and unlike ions, the correlation of their \
         fluctuations beside a shuffled null, and the same by the sign of the first ion's fluctuation.",
    ))
}

pub fn waves(drawn: &Drawn) -> Option<Plot> {
    let waves = drawn.found.structure_factor.as_ref()?;
    let curve = |y: &[(f64, Option<f64>)]| known(waves.k.iter().copied(), y);
    let panel = CurvePanel {
        title: "On which wavelengths does the field vary?".into(),
        note: "1: as independent values would".into(),
        x_title: format!("wave number k (1/{})", drawn.length),
        y_title: "structure factor S(k)".into(),
        curves: vec![
            NamedCurve::new("field", curve(&waves.field)),
            NamedCurve::new("places of ions", curve(&waves.number)),
            NamedCurve::null("shuffled field", curve(&waves.shuffled)),
        ],
        level: Some(1.0),
        x_scale: AxisScale::Logarithmic,
        ..Default::default()
    };
    Some(Plot::of_curves("structure_factor", "Structure factor of the field", &[panel]).told(
        "Power of waves of the field over that of independent values, beside that of the ions' places and of the shuffled field.",
        "Structure factor over wave number on a logarithmic axis; values above one mark wavelengths on which ions depart alike.",
    ))
}
