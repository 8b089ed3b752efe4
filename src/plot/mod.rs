//! Figures, as SVG and as PNG, with no need of fonts or programs on the machine.

mod axis;
mod bars;
mod canvas;
mod curves;
mod field;
mod heat;
mod layout;
mod legend;
mod marker;
mod palette;
mod parity;
mod rows;
mod scatter;
mod stroke;
mod text;
mod transport;

pub use axis::AxisScale;
pub use bars::{Bar, BarPanel, DensityCurve, bars};
pub use canvas::Figure;
pub use curves::{CurvePanel, NamedCurve, curves};
pub use field::{FieldFigure, IonKind, Snapshot};
pub use heat::{HeatMap, heat};
pub use parity::{ParityPoint, parity};
pub use rows::{RowPanel, RowSeries, rows};
pub use scatter::{ScatterGroup, ScatterPanel, ScatterPoint, scatter};
pub use transport::{Curve, Panel, panels};
