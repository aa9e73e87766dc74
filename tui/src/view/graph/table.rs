//! Tables: cells in columns of fixed widths, as many as there is room for.

use super::super::look::Role;
use super::super::pen::Pen;

/// A column of a table.
#[derive(Clone, Copy)]
pub(in super::super) struct Column {
    pub x: usize,
    pub width: usize,
    /// Numbers stand at its right side.
    pub right: bool,
}

/// Columns beside each other, each with a space before it.
pub(in super::super) fn columns<const N: usize>(widths: [(usize, bool); N]) -> [Column; N] {
    let mut x = 2;
    widths.map(|(width, right)| {
        let column = Column { x, width, right };
        x += width + 1;
        column
    })
}

/// Writes what fits of a row of a table.
pub(in super::super) fn write<const N: usize>(
    pen: &mut Pen<'_>,
    y: usize,
    columns: &[Column; N],
    cells: [(String, Role); N],
) {
    let end = pen.width().saturating_sub(1);
    for (column, (cell, role)) in columns.iter().zip(cells) {
        if column.x + column.width > end {
            break;
        }
        let cell = match column.right {
            true => pen.look.pad_left(&cell, column.width),
            false => pen.look.fit(&cell, column.width),
        };
        pen.put(column.x, y, &cell, role);
    }
}
