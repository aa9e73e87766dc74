//! Light colours of the 256, for a dark background: the blue and red of many terminals are hard to
//! read there.

use ratatui::style::Color;

use crate::view::look::Role;

pub fn color(role: Role) -> Color {
    match role {
        Role::Plain | Role::Dim | Role::Strong | Role::Bar | Role::Chosen | Role::Selected => {
            Color::Reset
        }
        Role::Waiting => Color::Indexed(221),
        Role::Running => Color::Indexed(114),
        Role::Done => Color::Indexed(75),
        Role::Stopped => Color::Indexed(176),
        Role::Failed => Color::Indexed(203),
        Role::Pressure => Color::Indexed(209),
        Role::Data => Color::Indexed(80),
        Role::End => Color::Indexed(153),
        Role::Time => Color::Indexed(183),
        Role::Checkpoint => Color::Indexed(120),
        Role::Note => Color::Indexed(228),
    }
}
