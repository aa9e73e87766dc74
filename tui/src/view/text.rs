//! Text from outside, made safe for the terminal, and cut to the columns it may take.
//!
//! Names, values and notes come from users' programs and files. Nothing of them may move the
//! cursor, reorder its neighbours or take more columns than it was given.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a character would do something other than stand where it is put.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` with every character that is not safe to show written out, and, if `ascii`, with `?`
/// for all that is not ASCII.
pub(super) fn safe(text: &str, ascii: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            shown.extend(c.escape_default());
        } else if ascii && !c.is_ascii() {
            shown.push('?');
        } else {
            shown.push(c);
        }
    }
    shown
}

/// How many columns a safe text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The longest beginning of a safe text that takes at most `columns`.
pub(super) fn cut(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (index, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return &text[..index];
        }
    }
    text
}

/// At most `count` characters from the beginning of any text.
pub(super) fn first(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

/// A safe text in at most `columns`, ending in `more` if something had to go.
pub(super) fn fit(text: &str, columns: usize, more: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    match columns.checked_sub(width(more)) {
        Some(room) => format!("{}{more}", cut(text, room)),
        None => cut(text, columns).to_owned(),
    }
}

/// A safe text in exactly `columns`, aligned to the left.
pub(super) fn pad(text: &str, columns: usize, more: &str) -> String {
    let mut text = fit(text, columns, more);
    text.extend(std::iter::repeat_n(' ', columns - width(&text).min(columns)));
    text
}

/// A safe text in exactly `columns`, aligned to the right.
pub(super) fn pad_left(text: &str, columns: usize, more: &str) -> String {
    let text = fit(text, columns, more);
    let room = columns - width(&text).min(columns);
    " ".repeat(room) + &text
}

/// A safe text broken into lines of at most `columns`, at spaces where there are some.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut rest = word;
        let line = lines.last_mut().expect("there is always a last line");
        let gap = usize::from(!line.is_empty());
        if width(line) + gap + width(rest) <= columns {
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(rest);
            continue;
        }
        while !rest.is_empty() {
            let part = cut(rest, columns.max(2));
            let last = lines.last_mut().expect("there is always a last line");
            if last.is_empty() {
                last.push_str(part);
            } else {
                lines.push(part.to_owned());
            }
            rest = &rest[part.len()..];
            if part.is_empty() {
                break;
            }
        }
    }
    lines
}

/// A count in at most four columns, such as `12k`.
pub(super) fn count(number: u64) -> String {
    const UNITS: [(u64, &str); 6] = [
        (1_000_000_000_000_000_000, "E"),
        (1_000_000_000_000_000, "P"),
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1_000, "k"),
    ];
    if number < 10_000 {
        return number.to_string();
    }
    let unit = UNITS.iter().find(|(size, _)| number >= *size);
    unit.map_or_else(|| number.to_string(), |(size, name)| format!("{}{name}", number / size))
}

/// A number of bytes in at most five columns, such as `12kB`.
pub(super) fn bytes(number: u64) -> String {
    format!("{}B", count(number))
}

/// A span of time in at most six columns, such as `12.5ms`.
pub(super) fn span(micros: u64) -> String {
    /// Tenths are worth a column as long as there are few whole ones.
    fn with_tenths(number: u64, unit: u64, name: &str) -> String {
        let (whole, tenth) = (number / unit, number % unit * 10 / unit);
        match tenth {
            _ if whole >= 100 => format!("{}{name}", count(whole)),
            0 => format!("{whole}{name}"),
            tenth => format!("{whole}.{tenth}{name}"),
        }
    }
    match micros {
        ..1_000 => format!("{micros}us"),
        1_000..1_000_000 => with_tenths(micros, 1_000, "ms"),
        1_000_000.. => with_tenths(micros, 1_000_000, "s"),
    }
}
