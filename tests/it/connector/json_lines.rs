//! Files of JSON Lines: what is read, and what is said of what cannot be.

use serde::{Deserialize, Serialize};
use weir::api::{SourceOptions, StreamExecutionEnvironment};
use weir::connector::{read_csv, read_json_lines};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flight {
    carrier: String,
    delay: Option<i64>,
}

fn flight(carrier: &str, delay: Option<i64>) -> Flight {
    Flight { carrier: carrier.to_owned(), delay }
}

#[test]
fn each_line_is_a_record() {
    let check = |text: &str, expected: &[Flight]| {
        assert_eq!(read_json_lines::<Flight>(text.as_bytes()).as_deref(), Ok(expected), "{text:?}");
    };
    let both = [flight("UA", Some(2)), flight("AA", None)];
    check("", &[]);
    check("\n \r\n\n", &[]);
    check("{\"carrier\":\"UA\",\"delay\":2}\n{\"carrier\":\"AA\",\"delay\":null}\n", &both);
    // Without a last end of line, with those of another system, with a mark at the beginning.
    check("{\"carrier\":\"UA\",\"delay\":2}\n{\"carrier\":\"AA\"}", &both);
    check("{\"delay\":2,\"carrier\":\"UA\"}\r\n\r\n{\"carrier\":\"AA\"}\r\n", &both);
    check("\u{feff}{\"carrier\":\"UA\",\"delay\":2}\n [\"AA\", null] \n", &both);
    // What the record does not have is passed over.
    check("{\"gate\":{\"a\":[1]},\"carrier\":\"Ü\\n\\u00fc\"}\n", &[flight("Ü\nü", None)]);
}

#[test]
fn json_lines_and_csv_give_the_same_records() {
    let csv = "carrier,delay\nUA,2\n\"a \"\"b\"\", c\",\nÜ,-7\n";
    let from_csv: Vec<Flight> = read_csv(csv.as_bytes()).unwrap();
    let lines: Vec<String> =
        from_csv.iter().map(|flight| serde_json::to_string(flight).unwrap()).collect();
    assert_eq!(read_json_lines::<Flight>(lines.join("\n").as_bytes()), Ok(from_csv));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let check = |text: &[u8], expected: &str| {
        let error = read_json_lines::<Flight>(text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let first = "{\"carrier\": \"UA\"}\n\n";
    let checks = [
        (
            "{\"carrier\": \"UA\", \"delay\": \"late\"}",
            "character 33 (`…arrier\": \"UA\", \"delay\": \"late\"`): invalid type: string \"late\", \
             expected i64",
        ),
        ("{\"delay\": 2}", "character 12 (`{\"delay\": 2}`): missing field `carrier`"),
        (
            "{\"carrier\": \"UA\", \"delay\": 2} {}",
            "character 31 (`…\"carrier\": \"UA\", \"delay\": 2} {`): trailing characters",
        ),
        (
            "{\"carrier\": \"Ü\", \"delay\": x}",
            "character 27 (`{\"carrier\": \"Ü\", \"delay\": x`): expected value",
        ),
        (
            "{\"carrier\": \"Ü\", \"delay\": ü}",
            "character 27 (`{\"carrier\": \"Ü\", \"delay\": ü`): expected value",
        ),
        ("[1, 2]", "character 2 (`[1`): invalid type: integer `1`, expected a string"),
        (
            "{\"carrier\": \"UA\"",
            "character 16 (`{\"carrier\": \"UA\"`): EOF while parsing an object: the line ends \
             within its record",
        ),
    ];
    for (line, expected) in checks {
        check(line.as_bytes(), &format!("line 1: {expected}"));
        check(format!("{first}{line}\n").as_bytes(), &format!("line 3: {expected}"));
    }
    check(
        b"{\"carrier\": \"\xff\"}",
        "line 1: not UTF-8: invalid utf-8 sequence of 1 bytes from index 13",
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flights.jsonl");
    let env = StreamExecutionEnvironment::new("test");
    let error = || {
        let read = env.read_json_file::<Flight>(&path, SourceOptions::default());
        read.err().unwrap().to_string()
    };
    assert!(error().contains("flights.jsonl: No such file"), "{}", error());
    std::fs::write(&path, "{\"carrier\": \"UA\"}\n{\"carrier\": 7}\n").unwrap();
    let expected = "flights.jsonl, line 2: character 13 (`{\"carrier\": 7`): invalid type: integer \
                    `7`, expected a string";
    assert!(error().ends_with(expected), "{}", error());
}
