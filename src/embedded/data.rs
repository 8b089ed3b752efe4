//! What a simulation holds, as arrays.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use ndarray::{Array1, Array2, ArrayView2};

use super::bindings::{
    LAMMPS_DOUBLE, LAMMPS_DOUBLE_2D, LAMMPS_INT, LAMMPS_INT_2D, LAMMPS_INT64, LAMMPS_INT64_2D, LAMMPS_STRING,
    LMP_SIZE_COLS, LMP_STYLE_ATOM, LMP_STYLE_GLOBAL, LMP_TYPE_ARRAY, LMP_TYPE_SCALAR, LMP_TYPE_VECTOR,
};
use super::instance::{Lammps, need, text};
use crate::{Error, Result};

/// A number that LAMMPS keeps for atoms: `f64`, `i32`, or `i64` where ids have 64 bits.
pub trait Number: Copy + PartialEq + private::Type {}

mod private {
    use std::ffi::c_int;

    pub trait Type {
        /// LAMMPS's numbers for one value an atom, and for several.
        const TYPES: [c_int; 2];
        const NAME: &'static str;
        /// A value that no simulation has, to see whether LAMMPS wrote.
        const NONE: Self;
    }
}

macro_rules! number {
    ($type:ty, $one:ident, $several:ident, $none:expr) => {
        impl Number for $type {}
        impl private::Type for $type {
            const TYPES: [c_int; 2] = [$one, $several];
            const NAME: &'static str = stringify!($type);
            const NONE: Self = $none;
        }
    };
}

number!(f64, LAMMPS_DOUBLE, LAMMPS_DOUBLE_2D, -f64::MAX);
number!(i32, LAMMPS_INT, LAMMPS_INT_2D, i32::MIN);
number!(i64, LAMMPS_INT64, LAMMPS_INT64_2D, i64::MIN);

/// A value of the whole simulation: one number, three for a property of the box's axes, or a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Global {
    Integers(Array1<i64>),
    Floats(Array1<f64>),
    Text(String),
}

/// The globals that are three numbers.
const OF_AXES: [&str; 7] = ["boxlo", "boxhi", "sublo", "subhi", "sublo_lambda", "subhi_lambda", "periodicity"];

impl Lammps {
    /// A property of this rank's atoms, such as `x` or `type`, in LAMMPS's order: `[n_local, columns]`.
    ///
    /// # Errors
    /// There is no such property, or it is kept in numbers of another type.
    pub fn per_atom<T: Number>(&self, name: &str) -> Result<ArrayView2<'_, T>> {
        let columns = self.columns_of::<T>(name)?;
        let (extract, name_) = (need(&self.interface.lammps_extract_atom)?, text(name)?);
        let n = self.setting("nlocal")? as usize;
        // SAFETY: the handle is open.
        let mut data = unsafe { extract(self.handle.as_ptr(), name_.as_ptr()) };
        if n == 0 {
            return Ok(ArrayView2::from_shape((0, columns), &[]).expect("there are no values"));
        }
        if !data.is_null() && columns > 1 {
            // SAFETY: several values an atom are pointers to the rows of `n` atoms.
            data = unsafe { first_row::<T>(data, n, columns) }?;
        }
        if data.is_null() {
            return Err(Error::Lammps(format!("the atom style has no property '{name}'")));
        }
        // SAFETY: LAMMPS keeps that many values, and nothing changes them while `self` is borrowed.
        Ok(unsafe { ArrayView2::from_shape_ptr((n, columns), data.cast::<T>()) })
    }

    /// How many numbers of type `T` an atom's property has.
    fn columns_of<T: Number>(&self, name: &str) -> Result<usize> {
        let (kind, name_) = (need(&self.interface.lammps_extract_atom_datatype)?, text(name)?);
        // SAFETY: the handle is open.
        let kind = unsafe { kind(self.handle.as_ptr(), name_.as_ptr()) };
        match T::TYPES.iter().position(|&own| own == kind) {
            Some(0) => Ok(1),
            Some(_) if name == "mu" => Ok(4),
            Some(_) if ["x", "v", "f", "omega", "angmom", "torque"].contains(&name) => Ok(3),
            Some(_) => Err(Error::Lammps(format!("how many columns '{name}' has is not known"))),
            None if kind < 0 => Err(Error::Lammps(format!("atoms have no property '{name}'"))),
            None => Err(Error::Lammps(format!("atoms' property '{name}' is not kept as {}", T::NAME))),
        }
    }

    /// What a compute says of this rank's atoms, in LAMMPS's order, evaluated now if it was not at this step:
    /// `[n_local, columns]`. There must have been a run, if only `run 0`.
    ///
    /// # Errors
    /// There is no such compute, it says nothing of atoms, or it fails.
    pub fn compute_per_atom(&mut self, id: &str) -> Result<ArrayView2<'_, f64>> {
        let columns = self.compute_columns(id)?;
        let n = self.setting("nlocal")? as usize;
        if n == 0 {
            // Other ranks evaluate: all take part.
            let _ = self.compute(id, LMP_STYLE_ATOM, if columns == 0 { LMP_TYPE_VECTOR } else { LMP_TYPE_ARRAY });
            self.check()?;
            return Ok(ArrayView2::from_shape((0, columns.max(1)), &[]).expect("there are no values"));
        }
        let data = if columns == 0 {
            self.compute(id, LMP_STYLE_ATOM, LMP_TYPE_VECTOR)?
        } else {
            let rows = self.compute(id, LMP_STYLE_ATOM, LMP_TYPE_ARRAY)?;
            // SAFETY: an array is pointers to the rows of `n` atoms.
            unsafe { first_row::<f64>(rows, n, columns) }?
        };
        // SAFETY: LAMMPS keeps that many values, and nothing changes them while `self` is borrowed.
        Ok(unsafe { ArrayView2::from_shape_ptr((n, columns.max(1)), data.cast::<f64>()) })
    }

    /// A compute's one number, evaluated now if it was not at this step.
    ///
    /// # Errors
    /// There is no such compute, it has no such number, or it fails.
    pub fn compute_scalar(&mut self, id: &str) -> Result<f64> {
        let value = self.compute(id, LMP_STYLE_GLOBAL, LMP_TYPE_SCALAR)?;
        // SAFETY: for this request LAMMPS returns the place of a double.
        Ok(unsafe { *value.cast::<f64>() })
    }

    /// Columns of a compute's array of per-atom values; 0 for a vector.
    fn compute_columns(&mut self, id: &str) -> Result<usize> {
        let columns = self.compute(id, LMP_STYLE_ATOM, LMP_SIZE_COLS)?;
        // SAFETY: for this request LAMMPS returns the place of an integer.
        Ok(unsafe { *columns.cast::<c_int>() } as usize)
    }

    fn compute(&mut self, id: &str, style: u32, kind: u32) -> Result<*mut c_void> {
        let (extract, id_) = (need(&self.interface.lammps_extract_compute)?, text(id)?);
        // SAFETY: the handle is open.
        let data = unsafe { extract(self.handle.as_ptr(), id_.as_ptr(), style as c_int, kind as c_int) };
        self.check()?;
        if data.is_null() {
            return Err(Error::Lammps(format!("there is no compute '{id}' with such values, or there was no run yet")));
        }
        Ok(data)
    }

    /// A value of the whole simulation by LAMMPS's name for it, such as `dt`, `boxhi` or `units`.
    ///
    /// # Errors
    /// There is no such value.
    pub fn global(&self, name: &str) -> Result<Global> {
        let (kind, extract) =
            (need(&self.interface.lammps_extract_global_datatype)?, need(&self.interface.lammps_extract_global)?);
        let name_ = text(name)?;
        // SAFETY: the handle is open.
        let (kind, data) =
            unsafe { (kind(self.handle.as_ptr(), name_.as_ptr()), extract(self.handle.as_ptr(), name_.as_ptr())) };
        self.check()?;
        let n = if OF_AXES.contains(&name) { 3 } else { 1 };
        let unknown = || Error::Lammps(format!("it has no global value '{name}'"));
        if data.is_null() {
            return Err(unknown());
        }
        // SAFETY: LAMMPS says of which type the values are, and those of the axes are three.
        unsafe {
            let values = 0..n;
            match kind {
                LAMMPS_INT => Ok(Global::Integers(values.map(|i| i64::from(*data.cast::<i32>().add(i))).collect())),
                LAMMPS_INT64 => Ok(Global::Integers(values.map(|i| *data.cast::<i64>().add(i)).collect())),
                LAMMPS_DOUBLE => Ok(Global::Floats(values.map(|i| *data.cast::<f64>().add(i)).collect())),
                LAMMPS_STRING => Ok(Global::Text(CStr::from_ptr(data.cast()).to_string_lossy().into_owned())),
                _ => Err(unknown()),
            }
        }
    }

    /// The value of a thermo keyword, or of any formula of LAMMPS's equal-style variables, such as `temp` or `c_lam`.
    ///
    /// # Errors
    /// The formula is wrong, or a value in it is not current: LAMMPS tallies energies on steps of thermo output.
    pub fn thermo(&mut self, formula: &str) -> Result<f64> {
        const NAME: &str = "ionscape_formula";
        let (extract, free) = (need(&self.interface.lammps_extract_variable)?, need(&self.interface.lammps_free)?);
        self.command(&format!("variable {NAME} equal {formula}"))?;
        let name = text(NAME)?;
        // SAFETY: the handle is open; an equal-style variable gives the place of a double, which we free.
        let value = unsafe {
            let place = extract(self.handle.as_ptr(), name.as_ptr(), ptr::null());
            let value = place.cast::<f64>().as_ref().copied();
            free(place);
            value
        };
        let failed = self.check();
        self.command(&format!("variable {NAME} delete"))?;
        failed?;
        value.ok_or_else(|| Error::Lammps(format!("'{formula}' has no value")))
    }

    /// A property of all atoms, or the per-atom values of a compute (`c_ID`), in the order of their ids, on every rank:
    /// `[n_atoms, columns]`.
    ///
    /// # Errors
    /// There is no such value of this type, or ids are not the numbers from 1 to the number of atoms.
    pub fn gather<T: Number>(&mut self, name: &str) -> Result<Array2<T>> {
        let (gather, natoms) = (need(&self.interface.lammps_gather)?, need(&self.interface.lammps_get_natoms)?);
        let kind = match T::TYPES[0] {
            LAMMPS_INT => 0,
            LAMMPS_DOUBLE => 1,
            _ => return Err(Error::Lammps(format!("{} cannot be gathered; ask for f64 or i32", T::NAME))),
        };
        let columns = match name.strip_prefix("c_") {
            Some(_) if kind == 0 => return Err(Error::Lammps(format!("'{name}' is not kept as {}", T::NAME))),
            Some(id) => self.compute_columns(id)?.max(1),
            None => self.columns_of::<T>(name)?,
        };
        // SAFETY: the handle is open.
        let n = unsafe { natoms(self.handle.as_ptr()) } as usize;
        let name_ = text(name)?;
        let mut values = Array2::from_elem((n, columns), T::NONE);
        let data = values.as_mut_ptr().cast();
        // SAFETY: each atom has `columns` values, and the array has room for them.
        unsafe { gather(self.handle.as_ptr(), name_.as_ptr().cast_mut(), kind, columns as c_int, data) };
        self.check()?;
        // On some mistakes LAMMPS warns only, and writes nothing.
        if values.iter().any(|value| *value == T::NONE) {
            return Err(Error::Lammps(format!(
                "'{name}' cannot be gathered; ids must be 1 to the number of atoms, with atom_modify map yes"
            )));
        }
        Ok(values)
    }
}

/// Where the values of a LAMMPS array begin.
///
/// # Errors
/// Its rows do not lie one after the other.
///
/// # Safety
/// `rows` are pointers to the rows of `n` atoms, at least one, of `columns` values of type `T`.
unsafe fn first_row<T>(rows: *mut c_void, n: usize, columns: usize) -> Result<*mut c_void> {
    let rows = rows.cast::<*mut T>();
    // SAFETY: promised by the caller.
    let (first, last) = unsafe { (*rows, *rows.add(n - 1)) };
    if first.wrapping_add((n - 1) * columns) != last {
        return Err(Error::Lammps("the rows of an array do not lie one after the other".into()));
    }
    Ok(first.cast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_apart_are_refused() {
        let mut values = [0.0f64; 9];
        let first = values.as_mut_ptr();
        let mut together = [first, first.wrapping_add(3), first.wrapping_add(6)];
        let mut apart = [first, first.wrapping_add(3), first.wrapping_add(5)];
        // SAFETY: three pointers each, of which `first_row` reads no values.
        let [together, apart] =
            [&mut together, &mut apart].map(|r| unsafe { first_row::<f64>(r.as_mut_ptr().cast(), 3, 3) });
        assert_eq!(together.unwrap(), first.cast());
        assert!(apart.is_err());
    }
}
