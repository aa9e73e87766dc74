//! From tokens to a filter: `or` of `and`s of `not`s of comparisons or parentheses.

use std::ops::Range;

use super::lexer::{Token, TokenKind, tokens};
use super::{Comparison, FilterError, Node, Number, Op};
use crate::trace::json::{ENVELOPE, known_kind};
use crate::trace::kinds::{FieldType, kinds, suggestion};

/// How deep parentheses and `not` may nest.
const DEPTH: usize = 64;

pub(super) fn parse(text: &str) -> Result<Node, FilterError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, end: text.len(), depth: 0 };
    let node = parser.any()?;
    match parser.tokens.first() {
        None => Ok(node),
        Some(token) => {
            let message = "expected `and`, `or` or the end of the filter here";
            Err(FilterError { message: message.into(), span: token.span.clone() })
        }
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    end: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Takes the next token if it is this bare word.
    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.tokens.first(), Some(Token { token: TokenKind::Word(word), .. })
            if word == keyword);
        if found {
            self.next();
        }
        found
    }

    fn here(&self) -> Range<usize> {
        self.tokens.first().map_or(self.end..self.end, |token| token.span.clone())
    }

    fn fail<T>(&self, message: impl Into<String>, span: Range<usize>) -> Result<T, FilterError> {
        Err(FilterError { message: message.into(), span })
    }

    fn any(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.all()?];
        while self.keyword("or") {
            nodes.push(self.all()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) })
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.one()?];
        while self.keyword("and") {
            nodes.push(self.one()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::All(nodes) })
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        let start = self.here();
        self.depth += 1;
        if self.depth > DEPTH {
            return self.fail(format!("nested more than {DEPTH} deep"), start);
        }
        let node = if self.keyword("not") {
            Node::Not(Box::new(self.one()?))
        } else if matches!(self.tokens.first(), Some(Token { token: TokenKind::Open, .. })) {
            self.next();
            let inner = self.any()?;
            match self.next() {
                Some(Token { token: TokenKind::Close, .. }) => inner,
                Some(_) | None => return self.fail("this parenthesis is not closed", start),
            }
        } else {
            Node::Compare(self.comparison()?)
        };
        self.depth -= 1;
        Ok(node)
    }

    fn comparison(&mut self) -> Result<Comparison, FilterError> {
        let span = self.here();
        let field = match self.next().map(|token| &token.token) {
            Some(TokenKind::Word(field)) => field.clone(),
            Some(TokenKind::Open | TokenKind::Close | TokenKind::Op(_) | TokenKind::Quoted(_))
            | None => return self.fail("expected a field name here, such as `kind`", span),
        };
        let types = types_of(&field)
            .ok_or_else(|| FilterError { message: unknown(&field), span: span.clone() })?;
        let span = self.here();
        let op = match self.next().map(|token| &token.token) {
            Some(TokenKind::Op(op)) => *op,
            Some(
                TokenKind::Open | TokenKind::Close | TokenKind::Word(_) | TokenKind::Quoted(_),
            )
            | None => return self.fail("expected one of `=`, `!=`, `<`, `>`, `~` here", span),
        };
        let span = self.here();
        let text = match self.next().map(|token| &token.token) {
            Some(TokenKind::Word(text) | TokenKind::Quoted(text)) => text.clone(),
            Some(TokenKind::Open | TokenKind::Close | TokenKind::Op(_)) | None => {
                return self.fail("expected a value here", span);
            }
        };
        let number = number(&text, field.ends_with("_us"));
        let comparison = Comparison { field, op, text, number };
        match check(&comparison, &types) {
            Ok(()) => Ok(comparison),
            Err(message) => self.fail(message, span),
        }
    }
}

/// What a field holds in the kinds of events that have it; nothing if none does.
fn types_of(field: &str) -> Option<Vec<&'static FieldType>> {
    match field {
        "step" | "sub" | "t_us" | "t_ns" | "life" => return Some(vec![&FieldType::Integer]),
        "node" | "area" | "kind" => return Some(vec![&FieldType::Text]),
        _ => {}
    }
    let fields = kinds().iter().flat_map(|kind| &kind.fields);
    let types: Vec<_> = fields.filter(|known| known.name == field).map(|f| &f.holds).collect();
    (!types.is_empty()).then_some(types)
}

fn unknown(field: &str) -> String {
    let envelope = ENVELOPE.iter().map(|(name, _)| *name);
    let own = kinds().iter().flat_map(|kind| &kind.fields).map(|field| field.name.as_str());
    format!("no event has a field `{field}`{}", suggestion(field, envelope.chain(own)))
}

/// Whether any value of these types could fit.
fn check(comparison: &Comparison, types: &[&FieldType]) -> Result<(), String> {
    let Comparison { field, op, text, number } = comparison;
    if !matches!(op, Op::Equal | Op::NotEqual | Op::Less | Op::Greater) {
        return Ok(());
    }
    if number.is_none() && types.iter().all(|holds| **holds == FieldType::Integer) {
        let times = if field.ends_with("_us") { " or a time such as 1.2s" } else { "" };
        return Err(format!("`{field}` is compared with a number{times}, not `{text}`"));
    }
    if !matches!(op, Op::Equal | Op::NotEqual) {
        return Ok(());
    }
    match field.as_str() {
        "kind" => return known_kind(text).map(|_| ()),
        "area" => return known_area(text),
        _ => {}
    }
    let mut words = Vec::new();
    for holds in types {
        match holds {
            FieldType::OneOf(more) => words.extend(more.iter().map(String::as_str)),
            FieldType::Integer | FieldType::Text | FieldType::List(_) | FieldType::Document => {
                return Ok(());
            }
        }
    }
    if words.contains(&text.as_str()) {
        return Ok(());
    }
    let hint = suggestion(text, words.iter().copied());
    Err(format!("`{field}` is never `{text}`{hint}"))
}

fn known_area(area: &str) -> Result<(), String> {
    let mut areas: Vec<_> = kinds().iter().map(|kind| kind.area).collect();
    areas.dedup();
    if areas.contains(&area) {
        return Ok(());
    }
    Err(format!("there is no area `{area}`; there are {}", areas.join(", ")))
}

/// A number; where a time is meant also one with a unit, in microseconds.
fn number(text: &str, is_time: bool) -> Option<Number> {
    let units = [("ns", 0.001), ("us", 1.0), ("ms", 1e3), ("s", 1e6), ("min", 6e7), ("h", 3.6e9)];
    if let Ok(whole) = text.parse() {
        return Some(Number::Whole(whole));
    }
    // Rust also reads words such as `inf` and `nan` as numbers.
    let real = |text: &str| {
        let numeric = text.starts_with(|char: char| char.is_ascii_digit() || "-+.".contains(char));
        text.parse::<f64>().ok().filter(|number| numeric && number.is_finite())
    };
    let with_unit =
        |(unit, micros): (&str, f64)| real(text.strip_suffix(unit)?).map(|number| number * micros);
    let time = || if is_time { units.into_iter().find_map(with_unit) } else { None };
    real(text).or_else(time).map(Number::Real)
}
