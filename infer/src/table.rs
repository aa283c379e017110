//! Columns of text.

use crate::file::one_line;

/// Rows of cells as lines, each column as wide as its widest cell, its cells to the right.
pub fn right_aligned(rows: &[Vec<String>]) -> String {
    lines(rows, |cell, space| space + cell)
}

/// Rows of cells as lines, each column as wide as its widest cell, its cells to the left.
pub fn left_aligned(rows: &[Vec<String>]) -> String {
    lines(rows, |cell, space| cell.to_owned() + &space)
}

fn lines(rows: &[Vec<String>], pad: impl Fn(&str, String) -> String) -> String {
    let escaped = |row: &Vec<String>| row.iter().map(|cell| one_line(cell)).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(escaped).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines = String::new();
    for row in &rows {
        let space = |cell: &String, width: usize| " ".repeat(width - cell.chars().count());
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, &width)| pad(cell, space(cell, width)))
            .collect();
        lines.push_str(cells.join("  ").trim_end());
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["", "größe", "b"], vec!["10", "2", "345"], vec!["x"]]
            .map(|row| row.into_iter().map(String::from).collect());
        assert_eq!(right_aligned(&rows), "    größe    b\n10      2  345\n x\n");
        assert_eq!(left_aligned(&rows), "    größe  b\n10  2      345\nx\n");
        assert_eq!(right_aligned(&[]), "");
        let long = "x".repeat(100_000);
        let rows = [vec![long.clone(), "y\nz".into()]];
        assert_eq!(left_aligned(&rows), format!("{long}  y\\nz\n"));
    }
}
