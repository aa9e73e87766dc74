//! Values as text for a person, cut where the text has become long: state may hold any number of
//! records, and the trace shows it with each that changes it.

use std::fmt::{self, Write};

/// After how many bytes text is cut.
const SHOWN_BYTES: usize = 1024;

/// Takes text as long as there is room.
struct Room(String);

impl Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut end = text.len().min(SHOWN_BYTES.saturating_sub(self.0.len()));
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.0.push_str(&text[..end]);
        if end == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

fn written(write: impl FnOnce(&mut Room) -> fmt::Result) -> String {
    let mut room = Room(String::new());
    if write(&mut room).is_err() {
        room.0.push('…');
    }
    room.0
}

/// A value as `Debug` shows it.
pub fn shown(value: &dyn fmt::Debug) -> String {
    written(|room| write!(room, "{value:?}"))
}

/// Values in brackets. Those for which there is no room are not looked at.
pub fn shown_list<T: fmt::Debug>(values: impl IntoIterator<Item = T>) -> String {
    written(|room| {
        room.write_char('[')?;
        for (place, value) in values.into_iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(room, "{separator}{value:?}")?;
        }
        room.write_char(']')
    })
}

/// Entries in braces. Those for which there is no room are not looked at.
pub fn shown_map<K: fmt::Debug>(entries: impl IntoIterator<Item = (K, String)>) -> String {
    written(|room| {
        room.write_char('{')?;
        for (place, (key, value)) in entries.into_iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(room, "{separator}{key:?}: {value}")?;
        }
        room.write_char('}')
    })
}
