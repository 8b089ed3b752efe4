//! The tables of `ionscape analyze`.

use std::io::Write;

use ionscape::analysis::{FieldSummary, GroupSummary, Populations, Strength, Verdict};
use ionscape::statistics::MeanEstimate;

use super::dataset::Comparison;
use super::options::Units;
use super::pairs::{neighbors, number_of_neighbors};
use super::system::Analysis;
use crate::results;

/// Charges that fewer ions have are left to files.
const LEAST_CHARGE: f64 = 1e-3;

/// Prints what was found of one system.
pub fn print(found: &Analysis) -> anyhow::Result<()> {
    let summary = &found.distribution;
    let every = summary.steps_between_frames.map_or(String::new(), |step| format!(", every {step}"));
    let (first, last) = (summary.first_timestep, summary.last_timestep);
    let mut rows = vec![
        ("frames", format!("{}, steps {first} to {last}{every}", summary.n_frames)),
        ("ions", results::count(summary.all.n_ions)),
    ];
    let mean = in_ascii(&summary.all.mean);
    match &summary.all.mean.error {
        None => rows.push(("mean", format!("{mean}, without an error: one frame has none"))),
        Some(error) => {
            rows.push(("mean", mean));
            let (blocks, length) = (error.n_blocks, error.block_length);
            let worth = error.inefficiency.max(1.0);
            rows.push((
                "error from",
                format!("{blocks} blocks of {length} frames; {worth:.1} frames tell as much as one independent"),
            ));
        }
    }
    if let Some(spread) = summary.member_spread {
        rows.push((
            "ensemble",
            format!(
                "members differ by {} (standard deviation) about an ion, by at most that about the mean",
                results::number(spread)
            ),
        ));
    }
    if let (Some(share), Some(grade)) = (summary.outside_domain, summary.largest_grade) {
        rows.push(("outside training", format!("{:.2} % of ions; largest grade {grade:.2}", 100.0 * share)));
    }
    if summary.atoms_not_evaluated > 0.0 {
        rows.push((
            "not evaluated",
            format!(
                "{} atoms a frame: no ions of the model, or not the first of an ion's",
                results::count(summary.atoms_not_evaluated)
            ),
        ));
    }
    results::print_table(&rows)?;
    print_groups(summary)?;
    print_shape(found)?;
    print_pairs(found)?;
    print_states(found)?;
    print_coordination(found)?;
    print_map(found)?;
    print_reasons(found)?;
    print_course(found)?;
    Ok(())
}

/// Prints a row for each system, and how fluctuations go with conductivity over them.
pub fn print_all(all: &Comparison) -> anyhow::Result<()> {
    let mut out = crate::terminal::output();
    let name = |a: &Analysis| a.name.clone().unwrap_or_default();
    let width = all.systems.iter().map(|a| name(a).len()).max().unwrap_or(0).max("system".len());
    writeln!(
        out,
        "{:<width$}  {:>9}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}",
        "system", "density", "mean", "+-", "spread", "skewness", "like", "unlike"
    )?;
    let shown = |value: Option<f64>| value.map_or("-".to_string(), results::number);
    for a in &all.systems {
        writeln!(
            out,
            "{:<width$}  {:>9}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}",
            name(a),
            results::number(a.density),
            results::number(a.mean),
            shown(a.mean_error),
            shown(a.distribution.all.fluctuation.as_ref().map(|f| f.mean)),
            shown(a.shape.as_ref().map(|s| s.skewness.mean)),
            shown(a.contact.and_then(|c| c.like.0)),
            shown(a.contact.and_then(|c| c.unlike.0)),
        )?;
    }
    let unit = Units::names(all.systems[0].unit_style).1;
    writeln!(
        out,
        "mean and spread over ions in {unit}; like, unlike: correlation of fluctuations of pairs within the pair distance"
    )?;
    let Some(across) = &all.across else { return Ok(()) };
    writeln!(out, "\ndoes the field fluctuate more where systems conduct more? (correlation over systems)")?;
    let strength = |s: &Strength| format!("{}, chance {:.3}", with_error(s.pearson.0, s.pearson.1), s.chance);
    let mut rows = vec![("all systems".to_string(), &across.all)];
    rows.extend(across.by_density.iter().map(|(density, relation)| (format!("density {density:.4}"), relation)));
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    writeln!(out, "{:<width$}  {:>7}  {:>34}  {:>34}", "", "systems", "spread", "spread over mean")?;
    for (name, relation) in rows {
        let (absolute, relative) = (strength(&relation.absolute), strength(&relation.relative));
        writeln!(out, "{name:<width$}  {:>7}  {absolute:>34}  {relative:>34}", relation.n_systems)?;
    }
    Ok(())
}

fn print_groups(summary: &FieldSummary) -> std::io::Result<()> {
    let mut out = crate::terminal::output();
    write!(out, "\n{:<8}{:>8}{:>10}{:>10}{:>10}", "type", "ions", "mean", "error", "spread")?;
    for (share, _) in &summary.all.quantiles {
        write!(out, "{:>10}", format!("{:.0} %", 100.0 * share))?;
    }
    writeln!(out)?;
    let types = summary.types.iter().map(|(kind, group)| (kind.to_string(), group));
    for (name, group) in [("all".to_string(), &summary.all)].into_iter().chain(types) {
        let error = group.mean.error.as_ref().map_or("-".into(), |error| results::number(error.value));
        let GroupSummary { n_ions, standard_deviation, .. } = group;
        let n_ions = results::count(*n_ions);
        let [mean, spread] = [group.mean.mean, *standard_deviation].map(results::number);
        write!(out, "{name:<8}{n_ions:>8}{mean:>10}{error:>10}{spread:>10}")?;
        for (_, value) in &group.quantiles {
            write!(out, "{:>10}", results::number(*value))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// As tables of terminals have it everywhere.
fn in_ascii(estimate: &MeanEstimate) -> String {
    estimate.to_string().replace('\u{b1}', "+-")
}

/// Four decimals, or three digits where both would lose them or be long.
fn with_error(value: f64, error: Option<f64>) -> String {
    let largest = value.abs().max(error.unwrap_or(0.0));
    let told = |number: f64| results::number_beside(number, largest);
    format!("{} +- {}", told(value), error.map_or("-".into(), told))
}

fn optional(point: (Option<f64>, Option<f64>)) -> String {
    point.0.map_or("-".into(), |value| with_error(value, point.1))
}

/// A time in frames, in units of which a frame is `scale`.
fn scaled((value, error): (f64, Option<f64>), scale: f64) -> String {
    with_error(value * scale, error.map(|e| e * scale))
}

fn print_shape(found: &Analysis) -> std::io::Result<()> {
    let Some(shape) = &found.shape else { return Ok(()) };
    crate::terminal::say!("\ndistribution over ions")?;
    let populations = shape.populations.as_ref();
    let best_tail = populations.and_then(Populations::low_tail);
    let best_tail = best_tail.map_or(String::new(), |share| format!(", {share:.4} by what describes it best"));
    let low_tail = in_ascii(&shape.low_tail);
    let mut rows = vec![
        ("skewness", format!("{}; 0 for a normal distribution", in_ascii(&shape.skewness))),
        ("excess kurtosis", format!("{}; 0", in_ascii(&shape.excess_kurtosis))),
        (
            "low tail",
            format!(
                "{low_tail} of the ions more than two deviations below the mean; {:.4}{best_tail}",
                shape.normal_low_tail
            ),
        ),
    ];
    if let Some(p) = populations {
        let [low, high] = p.two.density.populations;
        let mut best = p.verdict.words().to_string();
        if p.verdict == Verdict::Two {
            best += &format!(
                "{}: {:.0} % at {}, {:.0} % at {}",
                if p.two.density.modes == 1 { ", though with one maximum" } else { "" },
                100.0 * low.share,
                results::number(low.normal.mean),
                100.0 * high.share,
                results::number(high.normal.mean)
            );
        }
        let evidence = format!("evidence {:.0}, {:.0} independent values", p.evidence, p.independent_values.round());
        rows.push(("populations", format!("{best} ({evidence})")));
    }
    results::print_table(&rows)
}

fn print_pairs(found: &Analysis) -> std::io::Result<()> {
    let Some(spatial) = &found.spatial else { return Ok(()) };
    crate::terminal::say!("\ncorrelation of fluctuations in space, over their variance")?;
    let mut rows = vec![];
    for (name, curves) in [("like ions", &spatial.like), ("unlike ions", &spatial.unlike)] {
        let nearest = match neighbors(curves, &spatial.r) {
            Some((r, value, error)) => format!("{} at {r:.3}", with_error(value, error)),
            None if curves.nearest(&spatial.r).is_none() => "no pair".into(),
            None if found.n_frames < 4 => "four frames and more tell it".into(),
            None => "no distance tells it to 0.1".into(),
        };
        let length = curves.length.map_or(String::new(), |length| format!("; length {}", optional(length)));
        rows.push((name, nearest + &length));
    }
    results::print_table(&rows)
}

fn print_states(found: &Analysis) -> std::io::Result<()> {
    let Some(states) = &found.states else { return Ok(()) };
    let from = if found.distance_given { "as given" } else { "first minimum of the unlike g(r)" };
    crate::terminal::say!("\nions by what they are part of, unlike ions within {:.3} ({from})", states.distance)?;
    let mut out = crate::terminal::output();
    writeln!(out, "{:<20}  {:>18}  {:>18}  {:>9}", "state", "share", "field", "spread")?;
    for of in &states.states {
        let name = of.state.name();
        let deviation = of.deviation.map_or("-".into(), results::number);
        writeln!(
            out,
            "{name:<20}  {:>18}  {:>18}  {deviation:>9}",
            with_error(of.share.0, of.share.1),
            optional(of.mean)
        )?;
    }
    if let Some(charges) = &states.charges {
        writeln!(out, "\nshare of ions in clusters of three and more by their net charge")?;
        for (charge, share) in charges.iter().filter(|(_, share)| share.0 >= LEAST_CHARGE) {
            let charge = if *charge == 0 { "0".into() } else { format!("{charge:+}") };
            writeln!(out, "{charge:<20}  {:>18}", with_error(share.0, share.1))?;
        }
    }
    let (scale, unit) = found.time_unit();
    if states.intermittent.len() > 1 {
        let told = |lifetime: Option<(f64, Option<f64>)>| {
            lifetime.map_or("longer than a quarter of the run tells".into(), |time| scaled(time, scale))
        };
        writeln!(out, "\nlifetime of bonds between unlike ions, in {unit}")?;
        writeln!(out, "{:<20}  {:>18}", "without a break", told(states.continuous_lifetime))?;
        writeln!(out, "{:<20}  {:>18}", "if they meet again", told(states.intermittent_lifetime))?;
    }
    Ok(())
}

/// The coordinations that a twentieth of the ions or more have.
fn print_coordination(found: &Analysis) -> std::io::Result<()> {
    const LEAST: f64 = 0.05;
    let Some(coordination) = &found.coordination else { return Ok(()) };
    crate::terminal::say!(
        "\nfield by coordination within {:.3}: {} like and {} unlike ions on average",
        coordination.distance,
        with_error(coordination.mean_like.0, coordination.mean_like.1),
        with_error(coordination.mean_unlike.0, coordination.mean_unlike.1)
    )?;
    let slopes = [("like", coordination.per_like), ("unlike", coordination.per_unlike)];
    let told =
        slopes.iter().filter_map(|(name, slope)| Some(format!("{} per {name} ion more", scaled((*slope)?, 1.0))));
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        crate::terminal::say!("by least squares the field changes by {}", told.join(", by "))?;
    }
    let mut out = crate::terminal::output();
    writeln!(out, "{:<6}{:<8}  {:>18}  {:>18}  {:>9}", "like", "unlike", "share", "field", "spread")?;
    let name = |n: usize| number_of_neighbors(n, coordination);
    for cell in coordination.cells.iter().filter(|cell| cell.share.0 >= LEAST) {
        writeln!(
            out,
            "{:<6}{:<8}  {:>18}  {:>18}  {:>9}",
            name(cell.like),
            name(cell.unlike),
            with_error(cell.share.0, cell.share.1),
            with_error(cell.mean.0, cell.mean.1),
            results::number(cell.deviation)
        )?;
    }
    Ok(())
}

/// A map along one axis; those of more are for figures and files.
fn print_map(found: &Analysis) -> std::io::Result<()> {
    let Some(map) = found.map.as_ref().filter(|map| map.axes.len() == 1) else { return Ok(()) };
    crate::terminal::say!("\nfield along {}", map.axes[0].name())?;
    let mut out = crate::terminal::output();
    writeln!(out, "{:>9}  {:>18}  {:>18}", map.axes[0].name(), "ions", "field")?;
    for (place, bin) in map.coordinates[0].iter().zip(&map.values) {
        writeln!(out, "{place:>9.3}  {:>18}  {:>18}", with_error(bin.ions.0, bin.ions.1), optional(bin.mean))?;
    }
    Ok(())
}

/// What the neighbours in each shell do together, and how far that is the sum of what each does.
fn print_reasons(found: &Analysis) -> std::io::Result<()> {
    let Some(reasons) = &found.reasons else { return Ok(()) };
    let attribution = &reasons.attribution;
    crate::terminal::say!(
        "\nwhat neighbours do to an ion's field, by taking each away ({} ions asked)",
        attribution.n_centers
    )?;
    let mut out = crate::terminal::output();
    writeln!(out, "{:<15}  {:>18}  {:>18}", "distance", "like", "unlike")?;
    for shell in &attribution.shells {
        let name = format!("{:.3} to {:.3}", shell.from, shell.to);
        writeln!(out, "{name:<15}  {:>18}  {:>18}", optional(shell.like.removal), optional(shell.unlike.removal))?;
    }
    writeln!(out, "first order against removal: correlation {}", optional(attribution.correlation))?;
    let Some(overlap) = &reasons.overlap else { return Ok(()) };
    for (name, curves) in [("like", &overlap.like), ("unlike", &overlap.unlike)] {
        let told = |p: &(Option<f64>, Option<f64>)| p.0.is_some() && p.1.is_some_and(|e| e < 0.1);
        if let Some(i) = curves.measured.iter().position(told) {
            writeln!(
                out,
                "correlation of {name} pairs at {:.3}: {}; from shared neighbours alone {}",
                overlap.r[i],
                optional(curves.measured[i]),
                optional(curves.overlap[i])
            )?;
        }
    }
    Ok(())
}

fn print_course(found: &Analysis) -> std::io::Result<()> {
    let Some(temporal) = &found.temporal else { return Ok(()) };
    let (scale, unit) = found.time_unit();
    crate::terminal::say!("\ncourse in time, in {unit}; frames are {scale} apart")?;
    let relaxation = temporal
        .relaxation
        .map_or("longer than a quarter of the run tells; a longer run will".into(), |time| scaled(time, scale));
    let mut rows = vec![("relaxation time", relaxation)];
    for (c, name) in ["lower third", "middle third", "upper third"].into_iter().enumerate() {
        let (stay, stay_error) = temporal.transitions[c][c];
        if !temporal.mean_dwell[c].0.is_finite() {
            rows.push((name, "no visit begins and ends within the run".into()));
            continue;
        }
        rows.push((
            name,
            format!(
                "visits of {}, {:.4} if frames were independent; stays for a frame with {}, {:.2}",
                scaled(temporal.mean_dwell[c], scale),
                temporal.independent_dwell[c] * scale,
                with_error(stay, stay_error),
                temporal.independent[c]
            ),
        ));
    }
    results::print_table(&rows)
}
