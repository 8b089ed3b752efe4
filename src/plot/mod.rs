//! Figures, as SVG and as PNG, with no need of fonts or programs on the machine.

mod axis;
mod canvas;
mod curves;
mod field;
mod palette;
mod parity;
mod rows;
mod transport;

pub use canvas::Figure;
pub use curves::{CurvePanel, NamedCurve, curves};
pub use field::{FieldFigure, IonKind, Snapshot};
pub use parity::{ParityPoint, parity};
pub use rows::{RowPanel, RowSeries, rows};
pub use transport::{Curve, Panel, panels};
