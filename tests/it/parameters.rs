//! Parameters of programs: what command lines and properties say, and what getters make of it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::iter::Cycle;
use std::time::Duration;
use std::vec::IntoIter;

use proptest::prelude::*;
use weir::api::{ParameterError, ParameterTool};

type Values = BTreeMap<String, Option<String>>;

/// What is given, by name; flags have no value.
fn values(parameters: &ParameterTool) -> Values {
    let value = |key: &str| parameters.get(key).map(str::to_string);
    parameters.keys().map(|key| (key.to_string(), value(key))).collect()
}

/// The values of a map, none of which is a flag.
fn values_of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Values {
    pairs.into_iter().map(|(key, value)| (key.to_string(), Some(value.to_string()))).collect()
}

fn shown<E: fmt::Display>(parameters: Result<ParameterTool, E>) -> String {
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(error) => return error.to_string(),
    };
    let shown = values(&parameters).into_iter().map(|(key, value)| match value {
        Some(value) => format!("{key}={value}"),
        None => key,
    });
    shown.collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_command_line_is_keys_with_and_without_values() {
    let check = |line: &[&str], expected: &str| {
        let line = line.iter().copied();
        assert_eq!(shown(ParameterTool::from_args(line.clone())), expected, "{line:?}");
    };
    check(&[], "");
    check(&["--input", "a.txt", "-output", "b.txt"], "input=a.txt | output=b.txt");
    check(&["--dry", "--input", "a", "-v"], "dry | input=a | v");
    check(&["--dry", "-v", "--x"], "dry | v | x");
    check(
        &["--a", "-1", "--b", "-.5", "--c", "-1.5e-3", "-d", "-7"],
        "a=-1 | b=-.5 | c=-1.5e-3 | d=-7",
    );
    check(&["--a", "-inf", "--b", "-nan", "--c", "-5s"], "5s | a | b | c | inf | nan");
    check(&["--a", "--1"], "1 | a");
    check(&["-1", "2"], "1=2");
    check(&["--a", "", "--b", "x y"], "a= | b=x y");
    check(&["--a", "1", "--a", "2"], "a=2");
    check(&["--a", "1", "--a"], "a");
    // As in Flink, a flag of this name.
    check(&["--a=1", "2"], "a=1=2");
    let wrong = |token: &str| {
        format!("\"{token}\" is no key: keys begin with `--` or `-`, and have one value at most")
    };
    check(&["a.txt"], &wrong("a.txt"));
    check(&["--input", "a", "b"], &wrong("b"));
    check(&["--input", "a", ""], &wrong(""));
    check(&["--"], &wrong("--"));
    check(&["--a", "-"], &wrong("-"));
}

/// All but the errors is what `java.util.Properties` of OpenJDK makes of the same text.
#[test]
fn properties_are_read_as_java_reads_them() {
    let check = |text: &str, expected: &str| {
        assert_eq!(shown(ParameterTool::from_properties_str(text)), expected, "{text:?}");
    };
    check("", "");
    check("a=1\nb:2\nc 3\nd\t=\x0c4\ne = : 5\nf==6\n", "a=1 | b=2 | c=3 | d=4 | e=: 5 | f==6");
    check("# a=1\n  ! b=2\n\n \t \nc=3 # not a comment\n", "c=3 # not a comment");
    check("# a \\\nb=1", "b=1");
    check("a\nb=\nc:   \n", "a= | b= | c=");
    check("a=1 \n", "a=1 ");
    check("=1\n", "=1");
    check("a=1\ra=2\r\nb=3", "a=2 | b=3");
    check("a=1\\\n   2\\\r\n\t3\n", "a=123");
    check("a=1\\\n\nb=2\n", "a=1 | b=2");
    check("a=1\\\n# 2\n", "a=1# 2");
    check("\\\n# 1\na=2\n", "a=2");
    check("a=1\\", "a=1");
    check("a=1\\\\\nb=2", "a=1\\ | b=2");
    check("a\\\nb=1", "ab=1");
    check("a\\ b\\=\\:c=1", "a b=:c=1");
    check("a=\\ 1\\t\\q\\\"\\#", "a= 1\tq\"#");
    check("\\#a=1\n\\!b=2", "!b=2 | #a=1");
    check("caf\\u00e9=\\ud83d\\ude00\\u002Dé", "café=😀-é");
    check("a\\\\=1", "a\\=1");
    let digits = "`\\u` stands before four hexadecimal digits";
    check("a=1\nb=\\\n\\u00g1\n", &format!("line 2: {digits}"));
    check("a=\\u+0e9", &format!("line 1: {digits}"));
    check("a=\\u00e", &format!("line 1: {digits}"));
    check(
        "\\ud83d=1",
        "line 1: a `\\u` escape is half of a character and stands without the other",
    );
}

#[test]
fn a_file_of_properties_is_told_by_its_path() {
    let check = |bytes: &[u8], expected: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, bytes).unwrap();
        let path = file.path().display().to_string();
        let shown = shown(ParameterTool::from_properties_file(&file));
        assert_eq!(shown.replace(&path, "FILE"), expected);
    };
    check("input = café.txt\n".as_bytes(), "input=café.txt");
    check(b"\\u", "FILE, line 1: `\\u` stands before four hexadecimal digits");
    check(b"a=\xe9", "FILE: stream did not contain valid UTF-8");
    let missing = ParameterTool::from_properties_file("no/such.properties").unwrap_err();
    assert!(missing.to_string().starts_with("no/such.properties: "), "{missing}");
}

#[test]
fn a_value_is_read_as_what_is_asked_for() {
    // As int, long, double, boolean and duration; `-` is an error.
    let check = |value: &str, expected: [&str; 5]| {
        fn said<T: fmt::Debug>(result: Result<T, ParameterError>) -> String {
            result.map_or_else(|_| "-".to_string(), |value| format!("{value:?}"))
        }
        let parameters = ParameterTool::from_map([("key", value)]);
        let found = [
            said(parameters.get_int("key")),
            said(parameters.get_long("key")),
            said(parameters.get_double("key")),
            said(parameters.get_boolean("key")),
            said(parameters.get_duration("key")),
        ];
        assert_eq!(found, expected, "{value:?}");
    };
    check("42", ["42", "42", "42.0", "-", "-"]);
    check("-7", ["-7", "-7", "-7.0", "-", "-"]);
    check("+7", ["7", "7", "7.0", "-", "-"]);
    check("2147483648", ["-", "2147483648", "2147483648.0", "-", "-"]);
    check("9223372036854775808", ["-", "-", "9.223372036854776e18", "-", "-"]);
    check("1.5", ["-", "-", "1.5", "-", "-"]);
    check("NaN", ["-", "-", "NaN", "-", "-"]);
    check(" 1", ["-", "-", "-", "-", "-"]);
    check("", ["-", "-", "-", "-", "-"]);
    check("true", ["-", "-", "-", "true", "-"]);
    check("FALSE", ["-", "-", "-", "false", "-"]);
    check("yes", ["-", "-", "-", "-", "-"]);
    check("250ms", ["-", "-", "-", "-", "250ms"]);
    check("5 min", ["-", "-", "-", "-", "300s"]);
    check("2h", ["-", "-", "-", "-", "7200s"]);
    check("1d", ["-", "-", "-", "-", "86400s"]);
    check("7us", ["-", "-", "-", "-", "7µs"]);
    check("18446744073709551615ns", ["-", "-", "-", "-", "18446744073.709551615s"]);
    check("18446744073709551616ns", ["-", "-", "-", "-", "-"]);
    check("18446744073710ms", ["-", "-", "-", "-", "-"]);
    check("1.5s", ["-", "-", "-", "-", "-"]);
    check("-5s", ["-", "-", "-", "-", "-"]);
    check("s", ["-", "-", "-", "-", "-"]);
    check("5 parsecs", ["-", "-", "-", "-", "-"]);
}

#[test]
fn errors_name_the_parameter_and_what_was_meant() {
    type Get = fn(&ParameterTool) -> Option<ParameterError>;
    let line = ["--flag", "--word", "four", "--inptu", "a"];
    let check = |get: Get, expected: &str| {
        let error = get(&ParameterTool::from_args(line).unwrap());
        assert_eq!(error.map_or_else(String::new, |error| error.to_string()), expected);
    };
    check(|it| it.get_required("word").err(), "");
    check(|it| it.get_required("absent").err(), "the parameter `absent` is required");
    check(
        |it| it.get_required("input").err(),
        "the parameter `input` is required; was `inptu` meant to be it?",
    );
    // What has been asked for is called so.
    check(
        |it| {
            it.get("inptu");
            it.get_long("input").err()
        },
        "the parameter `input` is required",
    );
    check(
        |it| it.get_required("flag").err(),
        "the parameter `flag` has no value, but must be a text",
    );
    check(|it| it.get_boolean("flag").err(), "");
    check(
        |it| it.get_int_or("flag", 1).err(),
        "the parameter `flag` has no value, but must be a whole number of 32 bits",
    );
    check(|it| it.get_int_or("absent", 1).err(), "");
    check(
        |it| it.get_int_or("word", 1).err(),
        "the parameter `word` is \"four\", but must be a whole number of 32 bits",
    );
    check(
        |it| it.get_long_or("word", 1).err(),
        "the parameter `word` is \"four\", but must be a whole number of 64 bits",
    );
    check(
        |it| it.get_double_or("word", 1.0).err(),
        "the parameter `word` is \"four\", but must be a number",
    );
    check(
        |it| it.get_boolean_or("word", true).err(),
        "the parameter `word` is \"four\", but must be true or false",
    );
    check(
        |it| it.get_duration_or("word", Duration::ZERO).err(),
        "the parameter `word` is \"four\", but must be a whole number of ns, us, ms, s, min, h or d, \
         such as 250ms",
    );
}

#[test]
fn whatever_is_asked_for_is_requested() {
    // What asking leaves unrequested of `a`, `b` and `c`, and what is said of that.
    let check = |ask: fn(&ParameterTool), left: &[&str], expected: &str| {
        let parameters = ParameterTool::from_map([("c", "3"), ("a", "1"), ("b", "2")]);
        ask(&parameters);
        assert_eq!(parameters.unrequested_parameters(), left);
        let refused = parameters.refuse_unrequested().err();
        assert_eq!(refused.map_or_else(String::new, |error| error.to_string()), expected);
    };
    check(|_| {}, &["a", "b", "c"], "nothing asks for the parameter `a`");
    check(
        |it| assert_eq!(it.keys().count(), 3),
        &["a", "b", "c"],
        "nothing asks for the parameter `a`",
    );
    check(|it| assert!(it.has("a")), &["b", "c"], "nothing asks for the parameter `b`");
    check(
        |it| assert_eq!(it.get_or("A", "0"), "0"),
        &["a", "b", "c"],
        "nothing asks for the parameter `a`; did you mean `A`?",
    );
    check(
        |it| {
            assert_eq!(it.get("a"), Some("1"));
            assert_eq!(it.get_required("b"), Ok("2"));
            assert_eq!(it.get_int_or("c", 0), Ok(3));
        },
        &[],
        "",
    );
}

#[test]
fn the_other_one_wins_a_merge_and_both_remember_what_was_requested() {
    let left = ParameterTool::from_map([("a", "1"), ("b", "2"), ("c", "3")]);
    let right = ParameterTool::from_args(["--b", "--d", "4", "--e", "5"]).unwrap();
    left.get("a");
    // Asked of the one that does not have it.
    left.get("e");
    right.get("d");
    let merged = left.merge_with(&right);
    assert_eq!(merged.unrequested_parameters(), ["b", "c", "e"]);
    assert_eq!(shown(Ok::<_, ParameterError>(merged.clone())), "a=1 | b | c=3 | d=4 | e=5");
    // A copy remembers too, and goes its own way.
    let copy = left.clone();
    copy.get("b");
    assert_eq!(copy.unrequested_parameters(), ["c"]);
    assert_eq!(left.unrequested_parameters(), ["b", "c"]);
}

/// Writes properties in the many ways in which Java reads the same.
struct Writer {
    choices: Cycle<IntoIter<usize>>,
    text: String,
}

impl Writer {
    fn choose<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.choices.next().expect("there are choices") % among.len()]
    }

    fn add(&mut self, among: &[&str]) {
        let chosen = self.choose(among);
        self.text.push_str(chosen);
    }

    /// Writes a key or a value, each character in a way that means it. Only between characters may
    /// the line be broken: behind them it could swallow a separator that is a blank.
    fn escaped(&mut self, text: &str) {
        for (index, c) in text.chars().enumerate() {
            if index > 0 {
                self.add(&["", "", "", "\\\n ", "\\\r\n\t", "\\\r \x0c"]);
            }
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            let units: Vec<String> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let plain = match c {
                '\t' => "\\t".to_string(),
                '\n' => "\\n".to_string(),
                '\r' => "\\r".to_string(),
                '\u{c}' => "\\f".to_string(),
                ' ' | '=' | ':' | '#' | '!' | '\\' => format!("\\{c}"),
                _ => c.to_string(),
            };
            let needless = if c.is_ascii_uppercase() { format!("\\{c}") } else { plain.clone() };
            self.add(&[&plain, &units.concat(), &needless]);
        }
    }

    fn line(&mut self, key: &str, value: &str) {
        self.add(&["", "", "\n", " \t\n", "# no=thing \\\n", "\t! no:thing\r\n"]);
        self.add(&["", "  ", "\t"]);
        self.escaped(key);
        // Without a key there is nothing for a blank to end.
        let separators = ["=", ":", " = ", "\t:\x0c", " ", "\t \x0c"];
        self.add(&separators[..if key.is_empty() { 4 } else { 6 }]);
        self.escaped(value);
        self.add(&["\n", "\r\n", "\r", "\\\n \n"]);
    }
}

/// Texts of whatever means something in properties, and of whatever else.
fn text() -> impl Strategy<Value = String> {
    let special: Vec<char> = " \t\n\r\u{c}=:#!\\-.abtnrfuU09é\u{feff}😀".chars().collect();
    let any_char = prop_oneof![4 => prop::sample::select(special), 1 => any::<char>()];
    prop::collection::vec(any_char, 0..8).prop_map(|chars| chars.into_iter().collect())
}

/// What a command line may say. Its keys do not look like negative numbers.
fn line() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    let key = text().prop_map(|rest| format!("k{rest}"));
    let word = text().prop_filter("it would be a key", |word| !word.starts_with('-'));
    let number = prop_oneof![
        any::<i64>().prop_map(|it| it.to_string()),
        any::<f64>()
            .prop_filter("not finite", |it| it.is_finite())
            .prop_map(|it| format!("{it:e}")),
    ];
    let value = prop::option::of(prop_oneof![word, number]);
    prop::collection::vec((key, value), 0..10)
}

proptest! {
    #[test]
    fn properties_come_back_however_they_are_written(
        pairs in prop::collection::vec((text(), text()), 0..8),
        choices in prop::collection::vec(any::<usize>(), 1..200),
    ) {
        let mut writer = Writer { choices: choices.into_iter().cycle(), text: String::new() };
        for (key, value) in &pairs {
            writer.line(key, value);
        }
        let read = ParameterTool::from_properties_str(&writer.text);
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let expected = values_of(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        prop_assert_eq!(values(&read), expected, "{:?}", writer.text);
    }

    #[test]
    fn a_command_line_comes_back(line in line(), dashes in prop::collection::vec(any::<bool>(), 10)) {
        let mut args = Vec::new();
        for ((key, value), one_dash) in line.iter().zip(dashes) {
            args.push(format!("{}{key}", if one_dash { "-" } else { "--" }));
            args.extend(value.clone());
        }
        let read = ParameterTool::from_args(args).expect("keys and values take turns");
        prop_assert_eq!(read.number_of_parameters(), values(&read).len());
        let expected: Values = line.into_iter().collect();
        prop_assert_eq!(values(&read), expected);
    }

    #[test]
    fn a_merge_has_all_of_both(left in line(), right in line()) {
        let tool = |line: &[(String, Option<String>)]| {
            let args = line.iter().flat_map(|(key, value)| {
                std::iter::once(format!("--{key}")).chain(value.clone())
            });
            ParameterTool::from_args(args).expect("keys and values take turns")
        };
        let merged = tool(&left).merge_with(&tool(&right));
        let expected: Values = left.into_iter().chain(right).collect();
        prop_assert_eq!(values(&merged), expected);
    }

    #[test]
    fn no_text_is_too_strange_to_be_read_or_refused(text in any::<String>()) {
        let _ = ParameterTool::from_properties_str(&text);
        let _ = ParameterTool::from_args(text.split(' '));
    }
}
