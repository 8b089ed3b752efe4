//! The temperature that the ions' velocities are of.

use super::assignment::IonSpecies;

/// `kB T = sum m (v - V)^2 / (3 (n - 1))` of ions with velocities `v`, species after species, `V` being that of their centre of mass;
/// mass times length squared over time squared.
///
/// Molecules are taken at their centre of mass, which constraints within them leave its three degrees of freedom. None where a mass is
/// not known, or for one ion.
pub(super) fn thermal_energy(species: &[IonSpecies], velocities: &[[f64; 3]]) -> Option<f64> {
    let of_each = || species.iter().flat_map(|s| std::iter::repeat_n(s.mass, s.n_ions)).zip(velocities);
    let (mut mass, mut momentum, mut squares) = (0.0, [0.0; 3], 0.0);
    for (m, v) in of_each() {
        let m = m?;
        mass += m;
        momentum.iter_mut().zip(v).for_each(|(sum, v)| *sum += m * v);
        squares += m * v.iter().map(|v| v * v).sum::<f64>();
    }
    let common = momentum.iter().map(|p| p * p).sum::<f64>() / mass;
    (velocities.len() > 1).then(|| (squares - common) / (3 * (velocities.len() - 1)) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_velocity_has_no_temperature() {
        let species = |mass| IonSpecies { name: "ion".into(), charge: 1.0, n_ions: 1, mass };
        let both = [species(Some(1.0)), species(Some(3.0))];
        // Momenta of 3 and -3 about a drift of 5: 9 / 1 + 9 / 3 over 3.
        let found = thermal_energy(&both, &[[8.0, 5.0, 0.0], [4.0, 5.0, 0.0]]).unwrap();
        assert!((found - 4.0).abs() < 1e-12, "{found}");
        assert!(thermal_energy(&both[..1], &[[1.0; 3]]).is_none());
        assert!(thermal_energy(&[species(None), species(Some(1.0))], &[[1.0; 3]; 2]).is_none());
    }
}
