//! Colours of the 256 after those of Okabe and Ito, for a dark background.
//!
//! With little or no sense of red or of green what is left is yellow against blue, and light against
//! dark. These differ in that, each from each, and a test computes it.

use ratatui::style::Color;

use crate::view::look::Role;

pub fn color(role: Role) -> Color {
    match role {
        Role::Plain | Role::Dim | Role::Strong | Role::Bar | Role::Chosen | Role::Selected => {
            Color::Reset
        }
        Role::Waiting => Color::Indexed(226),
        Role::Running => Color::Indexed(37),
        Role::Done => Color::Indexed(27),
        Role::Stopped => Color::Indexed(167),
        Role::Failed => Color::Indexed(160),
        Role::Pressure => Color::Indexed(208),
        Role::Data => Color::Indexed(87),
        Role::End => Color::Indexed(61),
        Role::Time => Color::Indexed(147),
        Role::Checkpoint => Color::Indexed(151),
        Role::Note => Color::Indexed(222),
    }
}
