//! What actions are called, in the palette and in the configuration file.
//!
//! A name is kept once it is out: files of other people hold it.

use super::keys::{Action, Prefix};
use super::screens::Screen;
use super::theme::Theme;

impl Action {
    /// Its name. No two actions have the same.
    pub fn name(self) -> &'static str {
        match self {
            Self::StepForward => "step-forward",
            Self::StepBack => "step-back",
            Self::ChangeForward => "change-forward",
            Self::ChangeBack => "change-back",
            Self::MarkForward => "mark-forward",
            Self::MarkBack => "mark-back",
            Self::Prefix(prefix) => match prefix {
                Prefix::Forward => "find-forward",
                Prefix::Back => "find-back",
                Prefix::SetBookmark => "set-bookmark",
                Prefix::GoToBookmark => "go-to-bookmark",
            },
            Self::Compare => "compare",
            Self::HideSame => "hide-same",
            Self::Fold => "fold",
            Self::FoldAll => "fold-all",
            Self::Start => "start",
            Self::End => "end",
            Self::GoTo => "go-to",
            Self::Palette => "commands",
            Self::Play => "play",
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Show(screen) => match screen {
                Screen::Graph => "show-graph",
                Screen::Time => "show-time",
                Screen::Checkpoints => "show-checkpoints",
                Screen::State => "show-state",
                Screen::Outside => "show-outside",
                Screen::Cluster => "show-cluster",
                Screen::Events => "show-events",
            },
            Self::NextScreen => "next-screen",
            Self::PreviousScreen => "previous-screen",
            Self::Split => "split",
            Self::Up => "up",
            Self::Down => "down",
            Self::PageUp => "page-up",
            Self::PageDown => "page-down",
            Self::ScrollLeft => "scroll-left",
            Self::ScrollRight => "scroll-right",
            Self::Detail => "detail",
            Self::OtherJob => "other-job",
            Self::NextEventTime => "next-event-time",
            Self::PreviousEventTime => "previous-event-time",
            Self::NextState => "next-state",
            Self::PreviousState => "previous-state",
            Self::KeepState => "keep-state",
            Self::NextCheckpoint => "next-checkpoint",
            Self::PreviousCheckpoint => "previous-checkpoint",
            Self::NextLanes => "next-lanes",
            Self::NextShown => "next-messages",
            Self::ZoomOut => "zoom-out",
            Self::ZoomIn => "zoom-in",
            Self::Filter => "filter",
            Self::Jump => "jump",
            Self::Export => "export",
            Self::NextTheme => "next-theme",
            Self::UseTheme(theme) => match theme {
                Theme::Default => "theme-default",
                Theme::Light => "theme-light",
                Theme::Dark => "theme-dark",
                Theme::ColorBlind => "theme-colour-blind",
                Theme::None => "theme-none",
            },
            Self::Inspect => "inspect",
            Self::About => "about",
            Self::Help => "help",
            Self::Close => "close",
            Self::Quit => "quit",
        }
    }
}
