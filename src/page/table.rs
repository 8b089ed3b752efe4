//! Tables of words and numbers.

use crate::{Error, Result};

/// A table; the first column names the rows.
#[derive(Clone, Debug)]
pub struct Table {
    pub(super) caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
}

/// What stands in a column.
#[derive(Clone, Debug)]
pub struct Column {
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) numbers: bool,
}

impl Column {
    /// A column of words.
    pub fn words(title: impl Into<String>) -> Self {
        Self { title: title.into(), unit: String::new(), numbers: false }
    }

    /// A column of numbers, right-aligned; `unit` stands below the title and may be empty.
    pub fn numbers(title: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { title: title.into(), unit: unit.into(), numbers: true }
    }
}

impl Table {
    /// A table of `[n_rows, n_columns]` cells; empty ones stay blank.
    ///
    /// # Errors
    /// No column, or a row that has not one cell for each column.
    pub fn new(caption: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<String>>) -> Result<Self> {
        let caption = caption.into();
        if columns.is_empty() {
            return Err(Error::Input(format!(
                "the table `{caption}` has no column; give it one for the names of its rows"
            )));
        }
        if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != columns.len()) {
            return Err(Error::Input(format!(
                "row {} of the table `{caption}` has {} cells for {} columns; give it one for each",
                i + 1,
                row.len(),
                columns.len()
            )));
        }
        Ok(Self { caption, columns, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_a_cell_for_each_column() {
        let columns = || vec![Column::words("system"), Column::numbers("\u{39b}", "lj")];
        assert!(Table::new("t", columns(), vec![vec!["a".into(), "1".into()]]).is_ok());
        let error = Table::new("t", columns(), vec![vec!["a".into()]]).unwrap_err().to_string();
        assert!(error.contains("row 1 of the table `t` has 1 cells for 2 columns"), "{error}");
        assert!(Table::new("t", Vec::new(), Vec::new()).is_err());
    }
}
