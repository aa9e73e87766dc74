//! The sixteen colours that every terminal has, in the shades that its owner has chosen.

use ratatui::style::Color;

use crate::view::look::Role;

pub fn color(role: Role) -> Color {
    match role {
        Role::Plain | Role::Dim | Role::Strong | Role::Bar | Role::Chosen | Role::Selected => {
            Color::Reset
        }
        Role::Waiting => Color::Yellow,
        Role::Running => Color::Green,
        Role::Done => Color::Blue,
        Role::Stopped => Color::Magenta,
        Role::Failed => Color::Red,
        Role::Pressure => Color::LightRed,
        Role::Data => Color::Cyan,
        Role::End => Color::LightBlue,
        Role::Time => Color::LightMagenta,
        Role::Checkpoint => Color::LightGreen,
        Role::Note => Color::LightYellow,
    }
}
