//! Where commands print: results to stdout, all else to stderr, in colour or not.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write};

use weir::scenario::escape;

use super::Failure;
use super::arguments::When;

/// What a piece of text means; each meaning has a colour, and words that do without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// What the rest is about.
    Heading,
    /// Something is as it should be.
    Good,
    /// Something is not as it should be.
    Bad,
    /// Something beside the point.
    Aside,
}

/// Where commands print.
pub struct Console {
    out: BufWriter<Stdout>,
    err: Stderr,
    color_out: bool,
    color_err: bool,
    refuses_color: bool,
    quiet: bool,
    json: bool,
}

impl Console {
    /// A console as the flags want it.
    pub fn new(color: When, quiet: bool, json: bool) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let plain = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colored = |terminal: bool| match color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !plain("NO_COLOR") && !dumb,
        };
        Self {
            color_out: colored(out.is_terminal()),
            color_err: colored(err.is_terminal()),
            refuses_color: color == When::Never,
            out: BufWriter::new(out),
            err,
            quiet,
            json,
        }
    }

    /// Whether results are printed as JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether only errors and what was asked for are printed.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Whether stderr is a terminal on which progress may be shown.
    pub fn shows_progress(&self) -> bool {
        !self.quiet && self.err.is_terminal()
    }

    /// Whether results are in colour.
    pub fn color(&self) -> bool {
        self.color_out
    }

    /// Whether it was said, in as many words, that there are to be no colours.
    pub fn refuses_color(&self) -> bool {
        self.refuses_color
    }

    /// Where results go.
    pub fn out(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Prints a line of a result.
    pub fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// Prints one JSON document.
    pub fn document(&mut self, value: &serde_json::Value) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        writeln!(self.out)
    }

    /// `text` in the colour of its meaning.
    pub fn paint(&self, meaning: Meaning, text: impl Display) -> String {
        if !self.color_out {
            return text.to_string();
        }
        let code = match meaning {
            Meaning::Heading => "1",
            Meaning::Good => "32",
            Meaning::Bad => "1;31",
            Meaning::Aside => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Writes out what is still held back.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Says why a command failed. A reader that went away hears nothing.
    pub fn failure(&mut self, failure: &Failure) {
        match failure {
            Failure::Scenario(error) => {
                let rendered = error.render(self.color_err);
                self.tell(&rendered);
            }
            Failure::Config(error) => {
                let rendered = error.render(self.color_err);
                self.tell(&rendered);
            }
            Failure::Print(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Failure::Usage(_) | Failure::File { .. } | Failure::Print(_) | Failure::Bug(_) => {
                self.error(&failure.to_string());
            }
        }
    }

    /// Says that something is wrong. Lines are kept, anything else a terminal obeys is not.
    pub fn error(&mut self, text: &str) {
        let text: Vec<String> = text.lines().map(escape).collect();
        let text = text.join("\n");
        let message = if self.color_err {
            format!("\u{1b}[1;31merror\u{1b}[0m: {text}")
        } else {
            format!("error: {text}")
        };
        self.tell(&message);
    }

    /// There is nobody left to tell if stderr is closed.
    fn tell(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}");
    }
}
