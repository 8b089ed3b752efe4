//! The ions of the last frame beside the distribution.

use std::collections::BTreeMap;

use ionscape::plot::{FieldFigure, IonKind, Snapshot};

use super::{Drawn, Plot, in_words};

pub fn field(drawn: &Drawn) -> Plot {
    let found = drawn.found;
    let ions = &found.last;
    let mut types: BTreeMap<i32, Option<f64>> = BTreeMap::new();
    for (i, kind) in ions.types.iter().enumerate() {
        types.entry(*kind).or_insert(ions.charges.as_ref().map(|charges| charges[i]));
    }
    let places: BTreeMap<i32, usize> = types.keys().enumerate().map(|(place, &kind)| (kind, place)).collect();
    let kinds: Vec<IonKind> =
        types.iter().map(|(&kind, &charge)| IonKind { label: label(kind, &types), charge }).collect();
    let kind: Vec<usize> = ions.types.iter().map(|kind| places[kind]).collect();
    let draw = || {
        FieldFigure {
            snapshot: Snapshot {
                timestep: ions.timestep,
                cell: &ions.cell,
                positions: &ions.positions,
                local: &ions.local,
                kind: &kind,
                kinds: &kinds,
            },
            histogram: found.field.histogram(),
            mean: &found.distribution.all.mean,
            length_unit: drawn.length,
            unit: drawn.unit,
            n_frames: found.n_frames,
        }
        .draw()
    };
    let spread = found.distribution.all.standard_deviation;
    Plot::one("field", "The ions and their local conductivity", draw).told(
        "A slab of the last frame, each ion in the colour of its local molar conductivity, beside the distribution over all ions \
         of all frames.",
        format!(
            "Ions drawn as discs coloured from dark to bright by local molar conductivity, and a histogram of all ions with mean \
             {} and standard deviation {} ({}).",
            in_words(found.mean),
            in_words(spread),
            drawn.unit
        ),
    )
}

/// `cation` or `anion` for the only type of its sign, the type's number for others.
fn label(kind: i32, types: &BTreeMap<i32, Option<f64>>) -> String {
    let sign = |charge: &Option<f64>| charge.filter(|charge| *charge != 0.0).map(f64::is_sign_positive);
    let own = types.get(&kind).and_then(sign);
    match own {
        Some(positive) if types.values().filter(|charge| sign(charge) == own).count() == 1 => {
            if positive {
                "cation".into()
            } else {
                "anion".into()
            }
        }
        _ => format!("type {kind}"),
    }
}
