//! The figure of `--plot`.

use std::path::Path;

use anyhow::bail;
use ionscape::plot::{Curve, Panel, panels};
use ionscape::transport::{Method, Outcome};
use ionscape::units::UnitStyle;

use crate::results;

/// Writes the curves that the estimates were read from.
pub fn write(path: &Path, outcome: &Outcome, units: UnitStyle) -> anyhow::Result<()> {
    let (charge, time, frequency, molar) = match units {
        UnitStyle::Lj => ("lj units", "lj units", "lj units", "lj units"),
        UnitStyle::Metal => ("e² Å²", "ps", "1/ps", "S cm² mol⁻¹"),
        UnitStyle::Nano => ("e² nm²", "ns", "1/ns", "S cm² mol⁻¹"),
        _ => ("e² Å²", "fs", "1/fs", "S cm² mol⁻¹"),
    };
    let analysis = &outcome.analysis;
    // From a coefficient of the charge to a molar conductivity.
    let first = outcome.report.estimates.first().zip(analysis.estimates.first());
    let Some((molar_conductivity, coefficient)) = first.map(|(of, from)| (of.molar_conductivity, from.estimate.value))
    else {
        bail!("{}: the run is too short for any estimate, so that there is no curve to draw", path.display());
    };
    let scale = molar_conductivity / coefficient;
    let estimate = |method: Method| outcome.report.estimates.iter().find(|e| e.method == method);
    let level = |method| estimate(method).map(|e| (e.molar_conductivity, e.molar_conductivity_error));
    let note = |method| {
        level(method)
            .map_or(String::new(), |(value, error)| format!("\u{039b} = {}", super::table::value(value, Some(error))))
    };
    let scaled = |values: &[f64]| values.iter().map(|v| scale * v).collect::<Vec<f64>>();
    let mut shown = vec![];

    if let Some(fit) = &analysis.einstein {
        let slope = 6.0 * fit.estimate.value;
        let at = |t: f64| (t, fit.intercept + slope * t);
        shown.push(Panel {
            heading: "Charge displacement",
            note: note(Method::EinsteinHelfand),
            x_title: format!("lag time ({time})"),
            y_title: format!("mean squared charge displacement ({charge})"),
            points: None,
            curve: Curve { x: &fit.lags, y: &fit.msd, error: Some(&fit.msd_error) },
            line: Some([at(fit.fit_from), at(fit.fit_to)]),
            level: None,
            range: Some((fit.fit_from, fit.fit_to)),
            until: 2.0 * fit.fit_to,
        });
    }
    let integral = analysis.green_kubo.as_ref().map(|gk| (gk, scaled(&gk.running), scaled(&gk.running_error)));
    if let Some((gk, running, error)) = &integral {
        shown.push(Panel {
            heading: "Running Green-Kubo integral",
            note: note(Method::GreenKubo),
            x_title: format!("upper limit ({time})"),
            y_title: format!("molar conductivity ({molar})"),
            points: None,
            curve: Curve { x: &gk.times, y: running, error: Some(error) },
            line: None,
            level: level(Method::GreenKubo),
            range: Some((gk.plateau_from, gk.plateau_to)),
            until: 4.0 * gk.plateau_from,
        });
    }
    let spectrum = analysis.cepstral.as_ref().map(|c| (c, scaled(&c.spectrum), scaled(&c.periodogram)));
    if let Some((cepstral, spectrum, periodogram)) = &spectrum {
        let highest = spectrum.iter().copied().fold(0.0, f64::max);
        let last = spectrum.iter().rposition(|s| *s > 0.1 * highest).unwrap_or(0);
        shown.push(Panel {
            heading: "Spectrum of the current",
            note: format!("{}, {} coefficients", note(Method::Cepstral), cepstral.n_coefficients),
            x_title: format!("frequency ({frequency})"),
            y_title: format!("molar conductivity ({molar})"),
            points: Some(Curve { x: &cepstral.frequencies, y: periodogram, error: None }),
            curve: Curve { x: &cepstral.frequencies, y: spectrum, error: None },
            line: None,
            level: level(Method::Cepstral),
            range: None,
            until: 1.5 * cepstral.frequencies[last],
        });
    }
    if shown.is_empty() {
        bail!("{}: none of the estimates has a curve to draw", path.display());
    }
    let figure = panels(&shown);
    results::write_figure(path, &figure)
}
