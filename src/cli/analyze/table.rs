//! The tables of `ionscape analyze`.

use std::io::Write;

use ionscape::analysis::{FieldSummary, GroupSummary, Populations, Verdict};

use super::Found;
use crate::report;

/// Prints what was found.
pub fn print(summary: &FieldSummary, found: &Found) -> anyhow::Result<()> {
    let every = summary.steps_between_frames.map_or(String::new(), |step| format!(", every {step}"));
    let (first, last) = (summary.first_timestep, summary.last_timestep);
    let mut rows = vec![
        ("frames", format!("{}, steps {first} to {last}{every}", summary.n_frames)),
        ("ions", format!("{}", summary.all.n_ions)),
    ];
    let mean = &summary.all.mean;
    match &summary.all.mean.error {
        None => rows.push(("mean", format!("{mean}, without an error: one frame has none"))),
        Some(error) => {
            rows.push(("mean", mean.to_string()));
            let (blocks, length) = (error.n_blocks, error.block_length);
            let worth = error.inefficiency.max(1.0);
            rows.push((
                "error from",
                format!("{blocks} blocks of {length} frames; {worth:.1} frames tell as much as one independent"),
            ));
            if !error.converged {
                log::warn!(
                    "{} frames are too few for the error of the mean, which is larger than stated",
                    summary.n_frames
                );
            }
            if summary.steps_between_frames.is_none() && summary.n_frames > 2 {
                log::warn!("the frames are unevenly spaced, and the error of the mean holds only roughly");
            }
        }
    }
    if let Some(spread) = summary.member_spread {
        rows.push((
            "ensemble",
            format!("members differ by {spread:.4} (standard deviation) about an ion, by at most that about the mean"),
        ));
    }
    if let (Some(share), Some(grade)) = (summary.outside_domain, summary.largest_grade) {
        rows.push(("outside training", format!("{:.2} % of ions; largest grade {grade:.2}", 100.0 * share)));
    }
    if summary.atoms_not_evaluated > 0.0 {
        rows.push(("not evaluated", format!("{} atoms a frame, with the value 0", summary.atoms_not_evaluated)));
    }
    report::print_table(&rows)?;
    print_groups(summary)?;
    print_shape(found)?;
    print_pairs(found)?;
    print_states(found)?;
    print_course(summary, found)?;
    Ok(())
}

fn print_groups(summary: &FieldSummary) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    write!(out, "\n{:<8}{:>8}{:>10}{:>10}{:>10}", "type", "ions", "mean", "error", "spread")?;
    for (share, _) in &summary.all.quantiles {
        write!(out, "{:>10}", format!("{:.0} %", 100.0 * share))?;
    }
    writeln!(out)?;
    let types = summary.types.iter().map(|(kind, group)| (kind.to_string(), group));
    for (name, group) in [("all".to_string(), &summary.all)].into_iter().chain(types) {
        let error = group.mean.error.as_ref().map_or("-".into(), |error| format!("{:.4}", error.value));
        let GroupSummary { n_ions, standard_deviation, .. } = group;
        write!(out, "{name:<8}{n_ions:>8}{:>10.4}{error:>10}{standard_deviation:>10.4}", group.mean.mean)?;
        for (_, value) in &group.quantiles {
            write!(out, "{value:>10.4}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn with_error(value: f64, error: Option<f64>) -> String {
    match error {
        Some(error) => format!("{value:.4} +- {error:.4}"),
        None => format!("{value:.4}"),
    }
}

fn optional(point: (Option<f64>, Option<f64>)) -> String {
    point.0.map_or("-".into(), |value| with_error(value, point.1))
}

fn print_shape(found: &Found) -> std::io::Result<()> {
    let Some(shape) = &found.shape else { return Ok(()) };
    println!("\ndistribution over ions");
    let populations = shape.populations.as_ref();
    let best_tail = populations.and_then(Populations::low_tail);
    let best_tail = best_tail.map_or(String::new(), |share| format!(", {share:.4} by what describes it best"));
    let low_tail = &shape.low_tail;
    let mut rows = vec![
        ("skewness", format!("{}; 0 for a normal distribution", shape.skewness)),
        ("excess kurtosis", format!("{}; 0", shape.excess_kurtosis)),
        ("low tail", format!("{low_tail} of the ions more than two deviations below the mean; 0.0228{best_tail}")),
    ];
    if let Some(p) = populations {
        let [low, high] = p.two.density.populations;
        let best = match p.verdict {
            Verdict::Normal => "a normal distribution describes it best".into(),
            Verdict::LongTailed => "one population with long tails describes it best".into(),
            Verdict::Two => format!(
                "two populations describe it best{}: {:.0} % at {:.4}, {:.0} % at {:.4}",
                if p.two.density.modes == 1 { ", though with one maximum" } else { "" },
                100.0 * low.share,
                low.normal.mean,
                100.0 * high.share,
                high.normal.mean
            ),
            Verdict::Undecided => "normal, long-tailed or of two populations: undecided".into(),
        };
        let evidence = format!("evidence {:.0}, {:.0} independent values", p.evidence, p.independent_values);
        rows.push(("populations", format!("{best} ({evidence})")));
    }
    report::print_table(&rows)
}

fn print_pairs(found: &Found) -> std::io::Result<()> {
    let Some(spatial) = &found.spatial else { return Ok(()) };
    println!("\ncorrelation of fluctuations in space, over their variance");
    let mut rows = vec![];
    for (name, curves) in [("like ions", &spatial.like), ("unlike ions", &spatial.unlike)] {
        let nearest = curves.correlation.iter().position(|c| c.0.is_some());
        let nearest =
            nearest.map_or("no pair".into(), |i| format!("{} at {:.3}", optional(curves.correlation[i]), spatial.r[i]));
        let length = curves.length.map_or("no length: it is not above three errors long enough".into(), |length| {
            format!("length {}", optional(length))
        });
        rows.push((name, format!("{nearest}; {length}")));
    }
    report::print_table(&rows)
}

fn print_states(found: &Found) -> std::io::Result<()> {
    let Some(states) = &found.states else { return Ok(()) };
    let from = if found.distance_given { "as given" } else { "first minimum of the unlike g(r)" };
    println!("\nions by what they are part of, unlike ions within {:.3} ({from})", states.distance);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<20}  {:>18}  {:>18}  {:>9}", "state", "share", "field", "spread")?;
    for of in &states.states {
        let name = of.state.name();
        let deviation = of.deviation.map_or("-".into(), |d| format!("{d:.4}"));
        writeln!(
            out,
            "{name:<20}  {:>18}  {:>18}  {deviation:>9}",
            with_error(of.share.0, of.share.1),
            optional(of.mean)
        )?;
    }
    Ok(())
}

fn print_course(summary: &FieldSummary, found: &Found) -> std::io::Result<()> {
    let Some(temporal) = &found.temporal else { return Ok(()) };
    let unit = summary.steps_between_frames.map_or("frames".into(), |step| format!("frames of {step} steps"));
    println!("\ncourse in time, in {unit}");
    let relaxation = temporal
        .relaxation
        .map_or("longer than a quarter of the run tells; dump more frames".into(), |(value, error)| {
            with_error(value, error)
        });
    let mut rows = vec![("relaxation time", relaxation)];
    for (c, name) in ["lower third", "middle third", "upper third"].into_iter().enumerate() {
        let (dwell, error) = temporal.mean_dwell[c];
        let (stay, stay_error) = temporal.transitions[c][c];
        rows.push((
            name,
            format!(
                "visits of {}, {:.2} if frames were independent; stays with {}, {:.2}",
                with_error(dwell, error),
                temporal.independent_dwell[c],
                with_error(stay, stay_error),
                temporal.independent[c]
            ),
        ));
    }
    report::print_table(&rows)
}
