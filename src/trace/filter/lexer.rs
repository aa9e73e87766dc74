//! The words and signs of a filter.

use std::ops::Range;

use super::{FilterError, Op};

/// A word or sign, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub token: TokenKind,
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    Op(Op),
    Word(String),
    Quoted(String),
}

fn error(message: impl Into<String>, span: Range<usize>) -> FilterError {
    FilterError { message: message.into(), span }
}

/// Cuts a filter into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, char)) = rest.next() {
        let mut end = start + char.len_utf8();
        let token = match char {
            char if char.is_whitespace() => continue,
            '(' => TokenKind::Open,
            ')' => TokenKind::Close,
            '=' => TokenKind::Op(Op::Equal),
            '<' => TokenKind::Op(Op::Less),
            '>' => TokenKind::Op(Op::Greater),
            '~' => TokenKind::Op(Op::Contains),
            '!' => match rest.next_if(|(_, next)| *next == '=') {
                Some(_) => {
                    end += 1;
                    TokenKind::Op(Op::NotEqual)
                }
                None => {
                    return Err(error(
                        "`!` must be followed by `=`; to negate, write `not`",
                        start..end,
                    ));
                }
            },
            quote @ ('"' | '\'') => {
                let (quoted, after) = quoted(text, end, quote)?;
                while rest.next_if(|(at, _)| *at < after).is_some() {}
                end = after;
                TokenKind::Quoted(quoted)
            }
            char if is_word(char) => {
                while let Some((at, char)) = rest.next_if(|(_, next)| is_word(*next)) {
                    end = at + char.len_utf8();
                }
                TokenKind::Word(text[start..end].to_owned())
            }
            _ => return Err(error("this character must stand within quotes", start..end)),
        };
        tokens.push(Token { token, span: start..end });
    }
    Ok(tokens)
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || "_-.#/:+*@,%$&[]{}|^;?\\".contains(char)
}

/// The text from `start` to the closing quote, and where it ends. A backslash takes the next
/// character as it is.
fn quoted(text: &str, start: usize, quote: char) -> Result<(String, usize), FilterError> {
    let mut value = String::new();
    let mut chars = text[start..].char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => value.extend(chars.next().map(|(_, char)| char)),
            char if char == quote => return Ok((value, start + at + char.len_utf8())),
            char => value.push(char),
        }
    }
    Err(error(format!("{quote} is missing at the end"), start - quote.len_utf8()..text.len()))
}
