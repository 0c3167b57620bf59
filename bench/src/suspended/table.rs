//! How the figures are printed: one line each, the empty server, the filled one, and the ratio.

/// A table that grows while it is measured.
pub(crate) struct Table {
    head: String,
    rows: Vec<Row>,
}

struct Row {
    what: String,
    empty: Option<f64>,
    filled: f64,
    with_ratio: bool,
}

impl Table {
    /// A table whose second column has this head.
    pub(crate) fn new(head: String) -> Self {
        Self { head, rows: Vec::new() }
    }

    /// A figure that only the filled server has.
    pub(crate) fn filled(&mut self, what: &str, filled: f64) {
        self.rows.push(Row { what: what.to_owned(), empty: None, filled, with_ratio: false });
    }

    /// A figure of both servers.
    pub(crate) fn both(&mut self, what: &str, [empty, filled]: [f64; 2]) {
        let empty = Some(empty);
        self.rows.push(Row { what: what.to_owned(), empty, filled, with_ratio: true });
    }

    /// A figure of both servers that is so small that its ratio means nothing.
    pub(crate) fn each(&mut self, what: &str, [empty, filled]: [f64; 2]) {
        let empty = Some(empty);
        self.rows.push(Row { what: what.to_owned(), empty, filled, with_ratio: false });
    }

    pub(crate) fn print(&self) {
        println!("{:<60} {:>10} {:>18} {:>7}", "", "empty", self.head, "ratio");
        for row in &self.rows {
            let ratio = row.empty.filter(|_| row.with_ratio).map(|empty| row.filled / empty);
            let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
            let empty = row.empty.map(number).unwrap_or_default();
            println!("{:<60} {empty:>10} {:>18} {ratio:>7}", row.what, number(row.filled));
        }
    }
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
