//! What is wrong with a scenario: one error, at one place, with a hint.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::shown::escape;
use super::source::{At, Source, line_of};

/// Longer lines are shown without their source; nobody reads a caret in them.
const SHOWN_LINE: usize = 4_000;

/// What is wrong with a scenario.
#[derive(Clone, PartialEq, Eq)]
pub struct ScenarioError(Box<Content>);

#[derive(Clone, PartialEq, Eq)]
struct Content {
    source: Arc<Source>,
    at: At,
    problem: Problem,
}

/// What is wrong, before it is known where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub message: String,
    pub hint: Option<String>,
    /// The place, if it is not the value itself.
    pub at: Option<At>,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, at: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    pub fn at(mut self, at: At) -> Self {
        self.at = Some(at);
        self
    }

    /// The error that this is at `at`, unless it knows its place better.
    pub fn locate(mut self, source: &Arc<Source>, at: &At) -> ScenarioError {
        let at = self.at.take().unwrap_or_else(|| at.clone());
        ScenarioError(Box::new(Content { source: Arc::clone(source), at, problem: self }))
    }
}

impl ScenarioError {
    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.0.problem.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.problem.hint.as_deref()
    }

    /// The name of the file or flag, the line and the column, both from 1 and the column in
    /// characters.
    pub fn place(&self) -> (String, usize, usize) {
        let (origin, text, span) = self.excerpt();
        let line = line_of(text, &span);
        (origin, line.number, line.text[..line.span.start].chars().count() + 1)
    }

    /// The error as it is shown to a person.
    pub fn render(&self, color: bool) -> String {
        let problem = &self.0.problem;
        let (origin, text, span) = self.excerpt();
        let line = line_of(text, &span);
        let mut group = Group::with_title(Level::ERROR.primary_title(escape(&problem.message)));
        let plain = matches!(self.0.at, At::File) || line.text.len() > SHOWN_LINE;
        if plain {
            let mut place = Origin::path(origin);
            if !matches!(self.0.at, At::File) {
                let (_, number, column) = self.place();
                place = place.line(number).char_column(column);
            }
            group = group.element(place);
        } else {
            group = group.element(
                Snippet::source(line.text)
                    .line_start(line.number)
                    .path(origin)
                    .annotation(AnnotationKind::Primary.span(line.span)),
            );
        }
        if let Some(hint) = &problem.hint {
            group = group.element(Level::HELP.message(escape(hint)));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }

    fn excerpt(&self) -> (String, &str, std::ops::Range<usize>) {
        let source = &self.0.source;
        match &self.0.at {
            At::File => (source.name.clone(), "", 0..0),
            At::Text(span) => (source.name.clone(), &source.text, span.clone()),
            At::Flag { flag, span } => ("--set".to_owned(), &source.flags[*flag], span.clone()),
        }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ScenarioError {}
