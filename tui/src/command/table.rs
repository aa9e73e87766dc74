//! Rows as a table of fixed columns.

use unicode_width::UnicodeWidthStr;
use weir::scenario::escape;

/// Wider cells are cut.
const WIDEST: usize = 40;

/// The lines of a table: its header, then its rows. Columns of numbers are aligned to the right.
pub fn lines<'a>(columns: &[String], rows: impl Iterator<Item = &'a [String]>) -> Vec<String> {
    let rows: Vec<Vec<String>> =
        rows.map(|row| row.iter().map(|cell| cell_text(cell)).collect()).collect();
    let header: Vec<String> = columns.iter().map(|column| cell_text(column)).collect();
    let numeric: Vec<bool> = (0..header.len())
        .map(|index| {
            let mut cells = rows.iter().filter_map(|row| row.get(index)).peekable();
            cells.peek().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok())
        })
        .collect();
    let width = |index: usize| {
        let cells = rows.iter().chain([&header]).filter_map(|row| row.get(index));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (index, cell) in row.iter().enumerate() {
            let space = widths.get(index).map_or(0, |width| width.saturating_sub(cell.width()));
            let (before, after) =
                if numeric.get(index).copied().unwrap_or(false) { (space, 0) } else { (0, space) };
            line.push_str(&" ".repeat(before + if index == 0 { 0 } else { 2 }));
            line.push_str(cell);
            line.push_str(&" ".repeat(after));
        }
        line.trim_end().to_owned()
    };
    [&header].into_iter().chain(&rows).map(line).collect()
}

fn cell_text(text: &str) -> String {
    let text = escape(text);
    if text.width() <= WIDEST {
        return text;
    }
    let mut cut = String::new();
    for c in text.chars() {
        if cut.width() >= WIDEST - 1 {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}
