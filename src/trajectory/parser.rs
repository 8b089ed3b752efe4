//! One frame out of the lines that hold it.

use std::sync::Arc;

use super::columns::{Columns, Plan};
use super::error::Trouble;
use super::fill::Filling;
use super::frame::Frame;
use super::header::Header;
use super::raw::Raw;
use super::rows::Rows;
use super::text::Text;

/// What reads frames, with the memory that it works in.
#[derive(Debug)]
pub(super) struct Parser {
    columns: Columns,
    keep_text: bool,
    /// The columns of the last frame as its header writes them, and what was made of them.
    planned: Option<(Vec<u8>, Arc<Vec<String>>, Plan)>,
    /// Whether other parsers have read frames of the dump.
    pub(super) goes_on: bool,
    rows: Rows,
}

impl Parser {
    pub(super) fn new(columns: Columns, keep_text: bool) -> Self {
        Self { columns, keep_text, planned: None, goes_on: false, rows: Rows::default() }
    }

    /// Reads the frame that comes next; false where the text ends. Its place is left to the caller, but for the line of its
    /// first row in this text, and its units are those that its own header tells.
    ///
    /// # Errors
    /// A bad frame; one with another number of atoms than `expected`, or without required columns that frames before had; a dump
    /// without them.
    pub(super) fn read(
        &mut self,
        text: &mut Text,
        expected: Option<u64>,
        header: &mut Header,
        frame: &mut Frame,
    ) -> Result<bool, Trouble> {
        let keep = self.keep_text;
        if !header.read(text, keep)? {
            return Ok(false);
        }
        self.plan(header)?;
        let Some((_, names, plan)) = &self.planned else { return Ok(false) };
        if let Some(n) = expected.filter(|&n| n != header.atoms) {
            let message = format!(
                "{} atoms, where the frames before have {n}; dump a group that keeps its atoms, take frames of varying atoms, or skip \
                 bad frames",
                header.atoms
            );
            return Err(Trouble::frame(header.columns_line, message));
        }
        frame.place.first_row = text.line_number();
        self.rows.read(text, header.atoms, plan, names, keep)?;
        frame.units.clone_from(&header.units);
        frame.timestep = header.timestep.unwrap_or_default();
        frame.time = header.time;
        frame.n_atoms = header.atoms as usize;
        frame.column_names = Arc::clone(names);
        if let Some(cell) = header.cell.take() {
            frame.cell = cell;
        }
        Filling { rows: &mut self.rows, plan }.fill(frame)?;
        if keep {
            let raw: &mut Raw = frame.raw.get_or_insert_default();
            raw.header = std::mem::take(&mut header.raw);
            std::mem::swap(&mut raw.rows, &mut self.rows.raw);
        } else {
            frame.raw = None;
        }
        Ok(true)
    }

    /// Finds the wanted columns, unless the last frame had the very same.
    fn plan(&mut self, header: &Header) -> Result<(), Trouble> {
        if self.planned.as_ref().is_some_and(|(columns, ..)| *columns == header.columns) {
            return Ok(());
        }
        let names: Vec<String> =
            String::from_utf8_lossy(&header.columns).split_ascii_whitespace().map(String::from).collect();
        let line = header.columns_line;
        let had_them = self.goes_on || self.planned.is_some();
        let plan = Plan::new(&names, &self.columns).map_err(|lack| match had_them {
            true => Trouble::frame(
                line,
                format!(
                    "{}, and the frames before had all; give dumps of other columns apart, or skip bad frames",
                    lack.what
                ),
            ),
            false => Trouble::Dump { line, message: lack.to_string() },
        })?;
        self.planned = Some((header.columns.clone(), Arc::new(names), plan));
        Ok(())
    }
}
