//! What is wrong with a configuration: one error, at one place, with a hint.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use weir::scenario::escape;

/// Longer lines are not shown; nobody reads a caret in them.
const SHOWN_LINE: usize = 4_000;

/// What is wrong, before it is known in which file.
#[derive(Debug)]
pub(super) struct Problem {
    /// Bytes of the text; none if it is the file as a whole.
    at: Option<Range<usize>>,
    message: String,
    hint: Option<String>,
}

impl Problem {
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at: Some(at), message: message.into(), hint: None }
    }

    pub fn of_file(message: impl Into<String>) -> Self {
        Self { at: None, message: message.into(), hint: None }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// What is wrong with a configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError(Box<Content>);

#[derive(Clone, PartialEq, Eq)]
struct Content {
    origin: String,
    message: String,
    hint: Option<String>,
    line: Option<Line>,
}

/// A line of the file, and the bytes of it that are meant.
#[derive(Clone, PartialEq, Eq)]
struct Line {
    /// From 1.
    number: usize,
    text: String,
    span: Range<usize>,
}

impl ConfigError {
    pub(super) fn new(problem: Problem, origin: &str, text: &str) -> Self {
        let Problem { at, message, hint } = problem;
        let line = at.map(|at| line_of(text, &at));
        Self(Box::new(Content { origin: origin.to_owned(), message, hint, line }))
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The line and the column, both from 1 and the column in characters, if it is not the file as
    /// a whole.
    pub fn place(&self) -> Option<(usize, usize)> {
        let Line { number, text, span } = self.0.line.as_ref()?;
        Some((*number, text[..span.start].chars().count() + 1))
    }

    /// The error as it is shown to a person.
    pub fn render(&self, color: bool) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(escape(self.message())));
        group = match (&self.0.line, self.place()) {
            (Some(line), _) if line.text.len() <= SHOWN_LINE => group.element(
                Snippet::source(line.text.as_str())
                    .line_start(line.number)
                    .path(self.0.origin.as_str())
                    .annotation(AnnotationKind::Primary.span(line.span.clone())),
            ),
            (_, Some((line, column))) => {
                let place = Origin::path(self.0.origin.as_str());
                group.element(place.line(line).char_column(column))
            }
            (_, None) => group.element(Origin::path(self.0.origin.as_str())),
        };
        if let Some(hint) = self.hint() {
            group = group.element(Level::HELP.message(escape(hint)));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }
}

/// The line in which a place begins. A place that goes on over the line's end is cut there.
fn line_of(text: &str, at: &Range<usize>) -> Line {
    let floor = |index: usize| {
        let mut index = index.min(text.len());
        while !text.is_char_boundary(index) {
            index -= 1;
        }
        index
    };
    let start = floor(at.start);
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let from = (start - line_start).min(line.len());
    let to = floor(at.end.max(start)).saturating_sub(line_start).clamp(from, line.len());
    Line { number: before.matches('\n').count() + 1, text: line.to_owned(), span: from..to }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}
