//! The results as tables for reading.

use std::io::Write;

use ionscape::transport::{Outcome, Per, ReferenceFrame, TransportReport};
use ionscape::units::UnitStyle;

/// How the reference frame is called in a report.
pub fn frame_name(frame: &ReferenceFrame) -> String {
    match frame {
        ReferenceFrame::None => "none: motion as in the dump".into(),
        ReferenceFrame::CenterOfMass => "centre of mass of all atoms in the dump".into(),
        ReferenceFrame::Solvent(types) => {
            let types: Vec<String> = types.iter().map(i32::to_string).collect();
            format!("centre of mass of atom types {}", types.join(", "))
        }
    }
}

/// Prints what came out.
pub fn print(outcome: &Outcome, frame: &ReferenceFrame, units: UnitStyle) -> std::io::Result<()> {
    let report = &outcome.report;
    let (per_length, molar, diffusion) = match units {
        UnitStyle::Lj => ("lj", "lj", "lj"),
        _ => ("S/m", "S cm2/mol", "m2/s"),
    };
    let mut out = crate::terminal::output();
    head(&mut out, outcome, frame)?;
    let per = match report.amount.per {
        Per::FormulaUnit => "formula unit",
        Per::Equivalent => "equivalent",
    };
    let titles = (format!("sigma ({per_length})"), format!("Lambda ({molar}, per {per})"));
    if !report.estimates.is_empty() || report.nernst_einstein.is_some() {
        writeln!(out, "\n{:<20}{:<26}{}", "conductivity", titles.0, titles.1)?;
    }
    for e in &report.estimates {
        let mark = if e.objection.is_some() { "  doubtful, see below" } else { "" };
        let sigma = value(e.sigma, Some(e.sigma_error));
        let lambda = value(e.molar_conductivity, Some(e.molar_conductivity_error));
        writeln!(out, "{:<20}{sigma:<26}{lambda}{mark}", e.method.label())?;
    }
    if let (Some(lambda), Some(sigma)) = (report.nernst_einstein, report.nernst_einstein_sigma) {
        let error = report.nernst_einstein_error;
        let sigma = value(sigma, error.map(|e| e * sigma / lambda));
        writeln!(out, "{:<20}{sigma:<26}{}", "Nernst-Einstein", value(lambda, error))?;
    }
    if let Some(haven) = report.haven_ratio {
        writeln!(out, "{:<20}{}", "Haven ratio", value(haven, report.haven_ratio_error))?;
    }
    species(&mut out, report, diffusion)?;
    onsager(&mut out, report, per_length)?;
    writeln!(out, "\nverdict: {}", report.verdict.label())?;
    for reason in &report.judgement.reasons {
        writeln!(out, "  {reason}")?;
    }
    Ok(())
}

fn head(out: &mut impl Write, outcome: &Outcome, frame: &ReferenceFrame) -> std::io::Result<()> {
    let Some(record) = &outcome.record else {
        return writeln!(out, "{:<20}{} samples of the current", "series", outcome.series.displacement.0.len() - 1);
    };
    let (first, last, every) = (record.first_timestep, record.last_timestep, record.steps_between_frames);
    writeln!(out, "{:<20}{}, steps {first} to {last}, every {every}", "frames", record.n_frames)?;
    if outcome.report.volume != record.volume {
        let given = outcome.report.volume;
        writeln!(out, "{:<20}{given:.6} as given; {:.6} in the dump", "volume", record.volume)?;
    } else if record.volume_deviation > 1e-9 * record.volume {
        writeln!(
            out,
            "{:<20}{:.6} on average, {:.2e} standard deviation",
            "volume", record.volume, record.volume_deviation
        )?;
    } else {
        writeln!(out, "{:<20}{:.6}", "volume", record.volume)?;
    }
    writeln!(out, "{:<20}{}", "reference frame", frame_name(frame))
}

/// Behind what is of lags over which motion is not diffusive.
const DOUBT: &str = " (not diffusive)";

fn species(out: &mut impl Write, report: &TransportReport, unit: &str) -> std::io::Result<()> {
    if report.species.is_empty() {
        return Ok(());
    }
    let corrected = report.species.iter().any(|s| s.self_diffusion_corrected.is_some());
    let extra = if corrected { "D, box of any size" } else { "" };
    let title = format!("D ({unit})");
    let doubtful = report.species.iter().any(|s| s.diffusive == Some(false));
    let width = 26 + if doubtful { DOUBT.len() } else { 0 };
    writeln!(out, "\n{:<12}{:>8}{:>10}  {title:<width$}{:<20}{extra}", "species", "ions", "charge", "transference")?;
    for s in &report.species {
        let name = &s.species.name;
        let d = s.self_diffusion.map_or("-".into(), |d| value(d, s.self_diffusion_error));
        let doubt = if s.diffusive == Some(false) { DOUBT } else { "" };
        let t = s.transference_number.map_or("-".into(), |t| value(t, s.transference_number_error));
        let extra = s.self_diffusion_corrected.map_or(String::new(), |d| value(d, s.self_diffusion_error));
        let (n, charge) = (s.species.n_ions, s.species.charge);
        writeln!(out, "{name:<12}{n:>8}{charge:>10.4}  {:<width$}{t:<18}  {extra}", format!("{d}{doubt}"))?;
    }
    Ok(())
}

fn onsager(out: &mut impl Write, report: &TransportReport, unit: &str) -> std::io::Result<()> {
    if report.onsager.is_empty() {
        return Ok(());
    }
    let doubt = if report.onsager.iter().all(|pair| pair.diffusive) { "" } else { DOUBT };
    let title = format!("Onsager L ({unit})");
    writeln!(out, "\n{title:<24}{:<24}{:<24}distinct", "total", "self")?;
    for pair in &report.onsager {
        let name = pair.species.join(", ");
        let own = pair.own.map_or("-".into(), |v| value(v, pair.self_error));
        let distinct = pair.distinct.map_or("-".into(), |v| value(v, pair.distinct_error));
        writeln!(out, "{name:<24}{:<24}{own:<24}{distinct}{doubt}", value(pair.total, Some(pair.total_error)))?;
    }
    Ok(())
}

/// `0.742 +- 0.011`: to the second digit of the error, with a power of ten where the numbers are far from 1.
pub fn value(value: f64, error: Option<f64>) -> String {
    let Some(error) = error.filter(|e| *e > 0.0 && e.is_finite()) else { return format!("{value:.5}") };
    let magnitude = value.abs().max(error).log10().floor();
    let power = if (-3.0..5.0).contains(&magnitude) { 0.0 } else { magnitude };
    let (value, error) = (value / 10f64.powf(power), error / 10f64.powf(power));
    let decimals = (1.0 - error.log10().floor()).clamp(0.0, 9.0) as usize;
    match power as i32 {
        0 => format!("{value:.decimals$} +- {error:.decimals$}"),
        power => format!("({value:.decimals$} +- {error:.decimals$})e{power}"),
    }
}
