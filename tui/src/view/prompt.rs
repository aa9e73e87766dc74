//! A line to type into.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::look::Role;
use super::pen::Pen;
use super::text;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    GoTo,
    Filter,
    KeepState,
    Compare,
    Command,
}

impl Question {
    fn label(self) -> &'static str {
        match self {
            Self::GoTo => "go to step or time: ",
            Self::Filter => "keep events with: ",
            Self::KeepState => "keep state with: ",
            Self::Compare => "compare with: ",
            Self::Command => ":",
        }
    }
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    pub question: Question,
    pub text: String,
    /// What was wrong with the last answer.
    pub error: Option<String>,
}

/// What a key made of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// It goes on.
    More,
    /// The answer is complete.
    Answer,
    /// No answer will come.
    Abandoned,
}

impl Prompt {
    /// Longer answers mean nothing.
    const LIMIT: usize = 200;

    pub fn new(question: Question) -> Self {
        Self { question, text: String::new(), error: None }
    }

    pub fn key(&mut self, key: KeyEvent) -> Typed {
        match key.code {
            KeyCode::Enter => return Typed::Answer,
            KeyCode::Esc => return Typed::Abandoned,
            KeyCode::Backspace => {
                if self.text.pop().is_none() {
                    return Typed::Abandoned;
                }
                self.error = None;
            }
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.text.clear();
                self.error = None;
            }
            KeyCode::Char(c) => {
                let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
                if plain && self.text.chars().count() < Self::LIMIT {
                    self.text.push(c);
                    self.error = None;
                }
            }
            // The terminal's enum: keys that type nothing.
            _ => {}
        }
        Typed::More
    }

    /// The end of the text is where one types, so that is what stays in sight.
    pub fn draw(&self, pen: &mut Pen<'_>) {
        let width = pen.width();
        pen.clear(Role::Plain);
        let x = pen.put(0, 0, self.question.label(), Role::Strong);
        let typed = pen.look.show(&self.text);
        let error = self.error.as_deref().map(|error| pen.look.show(error));
        let room = width.saturating_sub(x + 1);
        let mut shown = typed.as_str();
        while text::width(shown) > room {
            let first = shown.chars().next().map_or(0, char::len_utf8);
            shown = &shown[first..];
        }
        let x = pen.put(x, 0, shown, Role::Plain);
        let x = pen.put(x, 0, " ", Role::Selected);
        if let Some(error) = error {
            let error = pen.look.fit(&error, width.saturating_sub(x + 1));
            pen.put(x + 1, 0, &error, Role::Failed);
        }
    }
}
