//! What keys do while something has popped up.

use super::app::App;
use super::keys::Action;
use super::overlay::Overlay;

/// A pop-up takes the keys that scroll and close; any other closes it and does its work.
pub(super) fn on_overlay(app: &mut App, action: Action) -> bool {
    let Some(mut overlay) = app.overlay.take() else { return false };
    let page = isize::try_from(app.size.1.saturating_sub(8)).unwrap_or(1).max(1);
    let by = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::Close | Action::Jump => return true,
        Action::Help => return matches!(overlay, Overlay::Help { .. }),
        Action::About => return matches!(overlay, Overlay::About { .. }),
        Action::Inspect => return matches!(overlay, Overlay::Event { .. }),
        Action::StepForward
        | Action::StepBack
        | Action::ChangeForward
        | Action::ChangeBack
        | Action::MarkForward
        | Action::MarkBack
        | Action::Prefix(_)
        | Action::Start
        | Action::End
        | Action::GoTo
        | Action::Palette
        | Action::Play
        | Action::Faster
        | Action::Slower
        | Action::Show(_)
        | Action::NextScreen
        | Action::PreviousScreen
        | Action::Split
        | Action::ScrollLeft
        | Action::ScrollRight
        | Action::Detail
        | Action::OtherJob
        | Action::NextEventTime
        | Action::PreviousEventTime
        | Action::NextState
        | Action::PreviousState
        | Action::KeepState
        | Action::Compare
        | Action::HideSame
        | Action::Fold
        | Action::FoldAll
        | Action::NextCheckpoint
        | Action::PreviousCheckpoint
        | Action::NextLanes
        | Action::NextShown
        | Action::ZoomOut
        | Action::ZoomIn
        | Action::Filter
        | Action::Export
        | Action::NextTheme
        | Action::UseTheme(_)
        | Action::Quit => return false,
    };
    overlay.scroll(app, by);
    app.overlay = Some(overlay);
    true
}
