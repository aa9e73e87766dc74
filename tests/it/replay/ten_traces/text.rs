//! Texts of two ways of writing, by what they say.

/// What a text says: names of fields, numbers, texts and bare variants, in order. The trace shows
/// values as `Debug` does, a snapshot knows neither names of structs nor sets, and some types store
/// moments as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    words: Vec<String>,
    is_cut: bool,
}

impl Text {
    pub fn of(mut text: &str) -> Self {
        let is_of_word = |c: char| c.is_alphanumeric() || "_-.…".contains(c);
        let (mut words, is_cut) = (Vec::new(), text.ends_with('…'));
        while let Some(first) = text.chars().next() {
            let length = match first {
                '"' => quoted(text),
                c if is_of_word(c) => text.find(|c| !is_of_word(c)).unwrap_or(text.len()),
                c => c.len_utf8(),
            };
            let (word, behind) = text.split_at(length);
            text = behind;
            let has_parts = text.starts_with(['(', '{']) || text.starts_with(" {");
            if first == '"' {
                let moment = word.trim_matches('"').parse::<jiff::Timestamp>();
                words.push(moment.map_or(word.to_owned(), |it| it.as_millisecond().to_string()));
            } else if is_of_word(first) && !(first.is_uppercase() && has_parts) {
                words.push(word.to_owned());
            }
        }
        if is_cut {
            // The last word, and a name before it of which it is not known whether it has parts.
            words.truncate(words.len().saturating_sub(2));
        }
        Self { words, is_cut }
    }

    /// Whether it says what `whole` says, as far as it goes.
    pub fn shows(&self, whole: &Self) -> bool {
        if self.is_cut { whole.words.starts_with(&self.words) } else { self == whole }
    }
}

/// How long the quoted text is that `text` begins with.
fn quoted(text: &str) -> usize {
    let mut is_escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn two_ways_of_writing_say_the_same() {
    let whole =
        r#"[{happened: "1970-01-01T00:00:07Z", of: "t 7\" {", paid: Some(None)}, {is: No}]"#;
    let whole = Text::of(whole);
    let check = |debug: &str, expected| assert_eq!(Text::of(debug).shows(&whole), expected);
    let first = r#"[Payment { happened: EventTime(7000), of: "t 7\" {", paid: Some(None) }, "#;
    check(&format!("{first}Word {{ is: No }}]"), true);
    check(&format!("{first}Word {{ is: Yes }}]"), false);
    check(&format!("{first}Word {{ is: N…"), true);
    check(&format!("{first}Word …"), true);
    check(&format!("{first}Word {{ is: No }}, Word {{ is: No, or: …"), false);
    check(r#"[Payment { happened: EventTime(8000), of: "t…"#, false);
}
