//! What is on the screen, to take away: as text, as a drawing, and the diagram of space and time
//! as a drawing and a sequence diagram of its own. Pure; [`super::save`] writes the files.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use weir::replay::space_time::{to_mermaid, to_svg};

use super::app::App;
use super::draw::draw;
use super::screens::Screen;
use super::text;
use super::theme::Theme;

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The end of its name, such as `.svg`.
    pub ending: &'static str,
    /// What is in it.
    pub contents: String,
}

/// Files that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exports {
    /// What their names begin with: scenario, step and screen, in characters that every file
    /// system takes.
    pub stem: String,
    /// The files.
    pub files: Vec<Exported>,
}

/// The longest beginning of a scenario's name that gets into the name of a file.
const NAME: usize = 60;

/// All files of what is on the screen.
pub fn exports(app: &App) -> Exports {
    let (width, height) = app.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(app, &mut buffer);
    let mut files = vec![
        Exported { ending: ".txt", contents: screen_to_text(&buffer) },
        Exported { ending: ".svg", contents: screen_to_svg(&buffer, app.look.theme) },
    ];
    if app.shown.current == Screen::Time {
        let diagram = app.time.diagram(&app.timeline);
        files.push(Exported { ending: "-diagram.svg", contents: to_svg(&diagram) });
        files.push(Exported { ending: "-diagram.mmd", contents: to_mermaid(&diagram) });
    }
    let world = app.timeline.world();
    let scenario = file_name(&app.timeline.header().scenario);
    let mut stem = format!("{scenario}-step-{}", world.step);
    if world.sub > 0 {
        let _ = write!(stem, ".{}", world.sub);
    }
    let _ = write!(stem, "-{}", app.shown.current.name());
    Exports { stem, files }
}

/// A name from outside as the beginning of a file's name: it leads to no other folder, hides
/// nothing and is no option of a command.
fn file_name(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = name.chars().take(NAME).map(|c| if is_plain(c) { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "run".to_owned() } else { name.to_owned() }
}

/// The cells of a row that are seen, each with its column and how many columns it takes: what a
/// wide character covers is not seen.
fn cells(buffer: &Buffer, y: u16) -> impl Iterator<Item = (u16, u16, &Cell)> {
    let area = buffer.area;
    let mut x = area.left();
    std::iter::from_fn(move || {
        if x >= area.right() {
            return None;
        }
        let cell = &buffer[(x, y)];
        let columns = u16::try_from(text::width(cell.symbol()).max(1)).unwrap_or(1);
        let at = x - area.left();
        x = x.saturating_add(columns);
        Some((at, columns, cell))
    })
}

/// A screen as text, without the spaces at the ends of its lines.
pub fn screen_to_text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let line: String = cells(buffer, y).map(|(_, _, cell)| cell.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Points of a cell.
const CELL: (u32, u32) = (9, 18);
/// How a stretch of cells looks.
#[derive(Clone, PartialEq, Eq)]
struct Looks {
    ink: String,
    paper: String,
    modifier: Modifier,
}

impl Looks {
    fn of(cell: &Cell, theme: Theme) -> Self {
        let (ink, paper) = theme.ink_and_paper();
        let (mut ink, mut paper) = (hex(cell.fg, ink), hex(cell.bg, paper));
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut ink, &mut paper);
        }
        Self { ink, paper, modifier: cell.modifier.difference(Modifier::REVERSED) }
    }
}

/// A screen as a drawing: a grid of characters in the colours of a terminal.
pub fn screen_to_svg(buffer: &Buffer, theme: Theme) -> String {
    let area = buffer.area;
    let (_, ground) = theme.ink_and_paper();
    let (width, height) = (u32::from(area.width) * CELL.0, u32::from(area.height) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<style>text{{font:15px monospace;white-space:pre}}\
         </style>\n<rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>\n"
    );
    for y in area.top()..area.bottom() {
        let row = u32::from(y - area.top());
        let mut stretch: Option<(u16, u16, String, Looks)> = None;
        for (x, columns, cell) in cells(buffer, y) {
            let looks = Looks::of(cell, theme);
            match &mut stretch {
                Some((_, wide, text, known)) if *known == looks => {
                    *wide = wide.saturating_add(columns);
                    text.push_str(cell.symbol());
                }
                _ => {
                    if let Some(stretch) = stretch.take() {
                        write_stretch(&mut out, row, &stretch, ground);
                    }
                    stretch = Some((x, columns, cell.symbol().to_owned(), looks));
                }
            }
        }
        if let Some(stretch) = stretch {
            write_stretch(&mut out, row, &stretch, ground);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Cells beside each other that look alike. Their length is given, so that they keep to the grid
/// whatever font there is.
fn write_stretch(
    out: &mut String,
    row: u32,
    (x, columns, text, looks): &(u16, u16, String, Looks),
    ground: &str,
) {
    let (x, y) = (u32::from(*x) * CELL.0, row * CELL.1);
    let width = u32::from(*columns) * CELL.0;
    if looks.paper != ground {
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{}\"/>",
            CELL.1, looks.paper
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    if looks.modifier.contains(Modifier::BOLD) {
        style += " font-weight=\"bold\"";
    }
    if looks.modifier.contains(Modifier::DIM) {
        style += " opacity=\"0.6\"";
    }
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\" fill=\"{}\"{style}>{}</text>",
        y + 13,
        looks.ink,
        escape(text)
    );
}

/// A colour as most terminals show it.
fn hex(color: Color, default: &str) -> String {
    let name = match color {
        Color::Black => "#000000",
        Color::Red => "#cd3131",
        Color::Green => "#0dbc79",
        Color::Yellow => "#e5e510",
        Color::Blue => "#4f8fe8",
        Color::Magenta => "#bc3fbc",
        Color::Cyan => "#11a8cd",
        Color::Gray => "#c5c5c5",
        Color::DarkGray => "#767676",
        Color::LightRed => "#f14c4c",
        Color::LightGreen => "#23d18b",
        Color::LightYellow => "#f5f543",
        Color::LightBlue => "#6cb0f8",
        Color::LightMagenta => "#d670d6",
        Color::LightCyan => "#29b8db",
        Color::White => "#ffffff",
        Color::Rgb(red, green, blue) => return format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(number) => return indexed(number, default),
        Color::Reset => default,
    };
    name.to_owned()
}

/// One of the 256: a cube of colours, then shades of grey. The first sixteen are the terminal's, and
/// themes call them by their names.
fn indexed(number: u8, default: &str) -> String {
    let [red, green, blue] = match number {
        0..16 => return default.to_owned(),
        16..232 => {
            let place = number - 16;
            [place / 36, place / 6 % 6, place % 6]
                .map(|step| [0, 95, 135, 175, 215, 255][usize::from(step)])
        }
        232.. => [8 + 10 * (number - 232); 3],
    };
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text within XML. What the screen holds is safe to show already; a character that no XML document
/// may have is replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
