// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables for people: columns as wide as what stands in them.

/// Lines of cells under headings; the first column reads from the left, numbers from the right.
pub(super) struct Table {
    lines: Vec<Vec<String>>,
    /// Columns that read from the left.
    words: usize,
}

impl Table {
    /// A table whose first `words` columns hold words.
    pub(super) fn new(headings: &[&str], words: usize) -> Self {
        Self { lines: vec![headings.iter().map(|h| (*h).to_string()).collect()], words }
    }

    pub(super) fn line(&mut self, cells: Vec<String>) {
        self.lines.push(cells);
    }

    /// The table as text, two blanks between columns, no blank at the end of a line.
    pub(super) fn text(&self) -> String {
        let columns = self.lines.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|c| c.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for line in &self.lines {
            let cells: Vec<String> =
                line.iter()
                    .zip(&widths)
                    .enumerate()
                    .map(|(column, (cell, &width))| {
                        if column < self.words {
                            format!("{cell:<width$}")
                        } else {
                            format!("{cell:>width$}")
                        }
                    })
                    .collect();
            text += cells.join("  ").trim_end();
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let mut table = Table::new(&["name", "km"], 1);
        table.line(vec!["Ceres".into(), "482.1".into()]);
        table.line(vec!["µ".into(), "5".into()]);
        assert_eq!(table.text(), "name      km\nCeres  482.1\nµ          5\n");
    }
}
