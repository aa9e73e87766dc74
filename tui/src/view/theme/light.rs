//! Dark colours of the 256, for a light background. On white each has a contrast of 4 and more, which
//! yellow and light green never have.

use ratatui::style::Color;

use crate::view::look::Role;

pub fn color(role: Role) -> Color {
    match role {
        Role::Plain | Role::Dim | Role::Strong | Role::Bar | Role::Chosen | Role::Selected => {
            Color::Reset
        }
        Role::Waiting => Color::Indexed(94),
        Role::Running => Color::Indexed(28),
        Role::Done => Color::Indexed(25),
        Role::Stopped => Color::Indexed(90),
        Role::Failed => Color::Indexed(160),
        Role::Pressure => Color::Indexed(130),
        Role::Data => Color::Indexed(30),
        Role::End => Color::Indexed(18),
        Role::Time => Color::Indexed(92),
        Role::Checkpoint => Color::Indexed(22),
        Role::Note => Color::Indexed(125),
    }
}
