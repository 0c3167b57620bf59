//! Tables for people: aligned columns, no lines.

use comfy_table::{CellAlignment, Table, presets};

/// Blanks between two columns.
const GAP: u16 = 2;

/// A column: its heading and its side.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// Text.
    Left(&'static str),
    /// Numbers.
    Right(&'static str),
}

/// Lays out rows under headings. A cell may have several lines. Ends with a newline.
#[must_use]
pub fn table<R>(columns: &[Column], rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = String>,
{
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(columns.iter().map(|column| match column {
        Column::Left(heading) | Column::Right(heading) => *heading,
    }));
    for row in rows {
        table.add_row(row.into_iter().map(|cell| clean(&cell)));
    }
    for (column, shown) in columns.iter().zip(table.column_iter_mut()) {
        shown.set_padding((0, GAP));
        if let Column::Right(_) = column {
            shown.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{}\n", table.trim_fmt())
}

/// Without control characters, which could move the cursor of whoever looks; line ends stay.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// What a cell shows when there is nothing to show.
pub const NOTHING: &str = "-";

/// A cell that may be empty.
#[must_use]
pub fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_lines_do_not_end_in_blanks() {
        let rows = [["A".to_owned(), "5".to_owned()], ["LONG".to_owned(), "1234".to_owned()]];
        let shown = table(&[Column::Left("ID"), Column::Right("STOCK")], rows);
        assert_eq!(shown, "ID    STOCK\nA         5\nLONG   1234\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[31m"), "a\u{fffd}[31m");
    }
}
