//! Damaged files: one error, never a panic, and never other events than were written.

use std::sync::OnceLock;

use insta::assert_snapshot;
use proptest::prelude::*;
use weir::trace::{Level, TraceFile};

use super::{examples, jsonl, trace_of};

/// A change to the bytes of a file.
#[derive(Clone, Debug)]
enum Damage {
    Flip { at: f64, bit: u8 },
    Set { at: f64, byte: u8 },
    Cut { from: f64 },
    Remove { at: f64, bytes: usize },
    Insert { at: f64, bytes: Vec<u8> },
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = 0.0..1.0_f64;
    prop_oneof![
        (place.clone(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip { at, bit }),
        (place.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Set { at, byte }),
        place.clone().prop_map(|from| Damage::Cut { from }),
        (place.clone(), 1..20_usize).prop_map(|(at, bytes)| Damage::Remove { at, bytes }),
        (place, prop::collection::vec(any::<u8>(), 1..20))
            .prop_map(|(at, bytes)| Damage::Insert { at, bytes }),
    ]
}

fn apply(damage: &Damage, file: &mut Vec<u8>) {
    let length = file.len();
    let place = |at: f64| ((at * length as f64) as usize).min(length.saturating_sub(1));
    match damage {
        Damage::Flip { at, bit } => file[place(*at)] ^= 1 << bit,
        Damage::Set { at, byte } => file[place(*at)] = *byte,
        Damage::Cut { from } => file.truncate(place(*from)),
        Damage::Remove { at, bytes } => {
            let start = place(*at);
            file.drain(start..(start + bytes).min(length));
        }
        Damage::Insert { at, bytes } => {
            let start = place(*at);
            file.splice(start..start, bytes.iter().copied());
        }
    }
}

fn whole() -> &'static TraceFile {
    static WHOLE: OnceLock<TraceFile> = OnceLock::new();
    WHOLE.get_or_init(|| trace_of(Level::Records, &examples::run()))
}

fn check(written: &[u8], damage: &Damage) -> Result<(), TestCaseError> {
    let mut file = written.to_vec();
    apply(damage, &mut file);
    match TraceFile::parse(file.clone()) {
        Err(error) => prop_assert!(!error.to_string().is_empty()),
        Ok(trace) => {
            let binary = written.starts_with(b"WEIRTRC");
            prop_assert!(!binary || file == written, "a changed binary file was taken for whole");
            prop_assert!(trace.iter().eq(whole().iter()));
        }
    }
    Ok(())
}

/// Where in a JSON Lines file the header ends: it has no checksum of its own.
fn events_of(lines: &[u8]) -> usize {
    lines.iter().position(|byte| *byte == b'\n').expect("a header line")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_binary_file_is_refused(damage in damage()) {
        check(whole().as_bytes(), &damage)?;
    }

    #[test]
    fn damaged_lines_are_refused_or_mean_the_same(damage in damage()) {
        let lines = jsonl(whole());
        let mut file = lines.clone();
        apply(&damage, &mut file);
        if file.starts_with(&lines[..events_of(&lines)]) {
            check(&lines, &damage)?;
        } else if let Ok(trace) = TraceFile::parse(file) {
            prop_assert_eq!(&trace.trailer().digest, &whole().trailer().digest);
        }
    }

    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(TraceFile::parse(noise.clone()).is_err());
        let magic = b"WEIRTRC\0\x01\0".iter().copied();
        prop_assert!(TraceFile::parse(magic.chain(noise).collect()).is_err());
    }
}

#[test]
fn errors_say_where_and_what() {
    let binary = whole().as_bytes().to_vec();
    let lines = String::from_utf8(jsonl(whole())).expect("JSON is text");
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut file = binary.clone();
        change(&mut file);
        file
    };
    let (header, events) = lines.split_once('\n').expect("a header line");
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("something else", b"hello".to_vec()),
        ("only the magic", binary[..8].to_vec()),
        ("other version", changed(&|file| file[8] = 9)),
        ("cut in the header", binary[..40].to_vec()),
        ("huge length", changed(&|file| file[11..15].fill(0xff))),
        ("no end mark", binary[..binary.len() - 3].to_vec()),
        ("more after the end", changed(&|file| file.push(0))),
        ("other JSON", b"{\"a\":1}\n".to_vec()),
        ("not a kind", lines.replace("buffer-sent", "bufer-sent").into_bytes()),
        ("not a field", lines.replace("\"backlog\"", "\"backlogs\"").into_bytes()),
        ("not a node", lines.replace("\"node\":\"client\"", "\"node\":\"klient\"").into_bytes()),
        (
            "a line is missing",
            format!("{header}\n{}", events.split_once('\n').unwrap().1).into_bytes(),
        ),
        ("the end is missing", lines[..lines.len() - 1].rsplit_once('\n').unwrap().0.into()),
        ("another digest", lines.replacen("\"digest\":\"", "\"digest\":\"0", 1).into_bytes()),
        ("no trailer", lines.replacen("\"trailer\":", "\"trailers\":", 1).into_bytes()),
    ];
    let report: Vec<_> = files
        .into_iter()
        .map(|(what, file)| {
            let error = TraceFile::parse(file).expect_err(what);
            format!("{what}: {error}")
        })
        .collect();
    assert_snapshot!(report.join("\n"), @r#"
nothing: not a trace: at byte 0 a binary trace begins with `WEIRTRC`, a JSON Lines trace with an object
something else: not a trace: at byte 0 a binary trace begins with `WEIRTRC`, a JSON Lines trace with an object
only the magic: truncated: at byte 8 the format version was expected, but the file ends
other version: format version 9 at byte 8, but this Weir reads version 2
cut in the header: truncated: at byte 10 a section of 269 bytes was expected, but the file ends
huge length: truncated: at byte 10 a section of 4294967295 bytes was expected, but the file ends
no end mark: truncated: at byte 2668 the end mark was expected, but the file ends
more after the end: damaged: at byte 2668 the trailer's offset, the end mark and nothing more was expected
other JSON: line 1 (byte 0): the first line must say `"format":"weir-trace"`
not a kind: line 27 (byte 4023): there is no event `bufer-sent`, did you mean `buffer-sent`?
not a field: line 27 (byte 4023): `buffer-sent` has no field `backlogs`, did you mean `backlog`?
not a node: line 2 (byte 451): the header names no node `klient`
a line is missing: line 2 (byte 451): expected step 1.0: events are missing or moved
the end is missing: truncated: at byte 24730 event 137 of 137 was expected, but the file ends
another digest: damaged: at byte 0 events that give the header's digest and counts was expected
no trailer: line 1 (byte 0): the header has no `trailer`: events were left out, so it cannot be read back
"#);
}
