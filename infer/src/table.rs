//! Columns of text.

/// Rows of cells as lines, each column as wide as its widest cell, its cells to the right.
pub fn right_aligned(rows: &[Vec<String>]) -> String {
    lines(rows, |cell, width| format!("{cell:>width$}"))
}

/// Rows of cells as lines, each column as wide as its widest cell, its cells to the left.
pub fn left_aligned(rows: &[Vec<String>]) -> String {
    lines(rows, |cell, width| format!("{cell:<width$}"))
}

fn lines(rows: &[Vec<String>], pad: impl Fn(&str, usize) -> String) -> String {
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
    for row in rows {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells.map(|(cell, &width)| pad(cell, width)).collect();
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
    }
}
