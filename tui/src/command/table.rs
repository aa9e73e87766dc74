//! Rows as a table of fixed columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use weir::scenario::escape;

/// Wider cells are cut.
const WIDEST: usize = 40;

/// The lines of a table: its header, then its rows. Columns of numbers are aligned to the right.
pub fn lines<'a>(columns: &[String], rows: impl Iterator<Item = &'a [String]>) -> Vec<String> {
    let rows: Vec<Vec<String>> =
        rows.map(|row| row.iter().map(|cell| cut(cell, WIDEST)).collect()).collect();
    let header: Vec<String> = columns.iter().map(|column| cut(column, WIDEST)).collect();
    let numeric: Vec<bool> = (0..header.len())
        .map(|index| {
            let mut cells = rows.iter().filter_map(|row| row.get(index)).peekable();
            cells.peek().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok())
        })
        .collect();
    aligned(&header, &rows, &numeric)
}

/// The lines of a table whose cells are fit to be shown, with the columns of `right` aligned to the
/// right.
pub fn aligned(header: &[String], rows: &[Vec<String>], right: &[bool]) -> Vec<String> {
    let all = || std::iter::once(header).chain(rows.iter().map(Vec::as_slice));
    let width = |index: usize| {
        let cells = all().filter_map(|row| row.get(index));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |row: &[String]| {
        let mut line = String::new();
        for (index, cell) in row.iter().enumerate() {
            let space = widths.get(index).map_or(0, |width| width.saturating_sub(cell.width()));
            let (before, after) =
                if right.get(index).copied().unwrap_or(false) { (space, 0) } else { (0, space) };
            line.push_str(&" ".repeat(before + if index == 0 { 0 } else { 2 }));
            line.push_str(cell);
            line.push_str(&" ".repeat(after));
        }
        line.trim_end().to_owned()
    };
    all().map(line).collect()
}

/// `text` without anything that a terminal would obey, and cut where it is wider than `widest`.
pub fn cut(text: &str, widest: usize) -> String {
    let text = escape(text);
    if text.width() <= widest {
        return text;
    }
    let mut cut = String::new();
    for c in text.chars() {
        if cut.width() + c.width().unwrap_or(0) >= widest {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}
