//! A thousand malformed variants of real scenarios: each ends in exactly one error that points at
//! a place in the text, soon. Variants that are still scenarios do not count.

use super::*;

/// The texts that are damaged: one embedded scenario of each theme.
fn originals() -> Vec<&'static str> {
    ["failure/taskmanager-lost", "network/lossy", "flow/back-pressure"]
        .map(|name| embedded().text(name).expect("it is embedded"))
        .to_vec()
}

/// One way to damage a text.
#[derive(Clone, Debug)]
enum Damage {
    Cut(usize),
    Byte(usize, u8),
    Insert(usize, String),
    Value(usize, String),
    RepeatLine(usize),
    Nest(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let odd = prop_oneof![
        Just("99999999999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("1e400".to_owned()),
        Just("nan".to_owned()),
        Just("\"99999999999999999999s\"".to_owned()),
        Just("\"5ms..1ms\"".to_owned()),
        Just("\"\u{202e}\u{7}\"".to_owned()),
        Just("1979-05-27".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("[[[[1]]]]".to_owned()),
        Just("true".to_owned()),
        "\"[ -~]{0,20}\"",
        any::<i64>().prop_map(|number| number.to_string()),
    ];
    prop_oneof![
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (any::<usize>(), "\\PC{1,8}").prop_map(|(at, text)| Damage::Insert(at, text)),
        (any::<usize>(), odd).prop_map(|(line, value)| Damage::Value(line, value)),
        any::<usize>().prop_map(Damage::RepeatLine),
        (any::<usize>(), 1..5_000_usize).prop_map(|(line, depth)| Damage::Nest(line, depth)),
    ]
}

fn apply(text: &[u8], damage: &Damage) -> Vec<u8> {
    let mut bytes = text.to_vec();
    let lines = || text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let with_value = |line: usize, value: &str| {
        let mut lines = lines();
        let index = line % lines.len();
        let key: Vec<u8> = lines[index].iter().copied().take_while(|&byte| byte != b'=').collect();
        lines[index] = [key, b"= ".to_vec(), value.as_bytes().to_vec()].concat();
        lines.join(&b'\n')
    };
    match damage {
        Damage::Cut(at) => bytes.truncate(at % (text.len() + 1)),
        Damage::Byte(at, byte) => {
            if !bytes.is_empty() {
                bytes[at % text.len()] = *byte;
            }
        }
        Damage::Insert(at, insert) => {
            let at = at % (text.len() + 1);
            bytes.splice(at..at, insert.bytes());
        }
        Damage::Value(line, value) => bytes = with_value(*line, value),
        Damage::RepeatLine(line) => {
            let mut lines = lines();
            let index = line % lines.len();
            lines.insert(index, lines[index].clone());
            bytes = lines.join(&b'\n');
        }
        Damage::Nest(line, depth) => {
            let nested = match depth % 3 {
                0 => "[".repeat(*depth),
                1 => format!("{}1{}", "[".repeat(*depth), "]".repeat(*depth)),
                _ => format!("{}1{}", "{ a = ".repeat(*depth), " }".repeat(*depth)),
            };
            bytes = with_value(*line, &nested);
        }
    }
    bytes
}

/// Loads and lowers `bytes` as a file beside real data; an error must be one, and point into the
/// file. Says whether there was one.
fn check_bytes(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (data, theme) = (folder.path().join("data"), folder.path().join("theme"));
    std::fs::create_dir(&data).unwrap();
    std::fs::create_dir(&theme).unwrap();
    let flights = "sched_dep,carrier,flight,origin,dest,dep_delay_min\n\
                   2013-01-01T10:15:00Z,UA,1545,EWR,IAH,2\n";
    std::fs::write(data.join("departures-2013-01.csv"), flights).unwrap();
    let path = theme.join("scenario.toml");
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let lowered = load(path)
        .and_then(|scenario| lower(&scenario, &weir::gallery::registry(), &Overrides::default()));
    let Err(error) = lowered else { return false };
    let (place, line, _) = error.place();
    assert_eq!(place, path);
    assert!(line <= bytes.iter().filter(|&&byte| byte == b'\n').count() + 1);
    let rendered = error.render(false);
    assert_eq!(rendered.lines().filter(|line| line.starts_with("error:")).count(), 1, "{rendered}");
    if bytes.len() <= LARGEST {
        assert!(rendered.contains(&format!("{path}:{line}:")), "{rendered}");
    }
    assert!(!rendered.contains(['\u{7}', '\u{1b}', '\u{202e}']), "{rendered:?}");
    assert!(rendered.len() < 16_000, "{} bytes of error", rendered.len());
    true
}

/// Larger files are refused as a whole.
const LARGEST: usize = 1 << 18;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        max_global_rejects: 20_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_malformed_scenario_has_one_error_at_one_place(
        original in 0..3_usize,
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let mut bytes = originals()[original].as_bytes().to_vec();
        for damage in &damages {
            bytes = apply(&bytes, damage);
        }
        prop_assume!(check_bytes(&bytes));
    }
}

#[test]
fn texts_that_once_were_trouble_elsewhere_end_in_an_error() {
    let check_bytes = |bytes: &[u8]| assert!(check_bytes(bytes));
    check_bytes(b"");
    check_bytes(b"\xff\xfe");
    check_bytes(b"title = \"t\"\n\xff");
    check_bytes("a.".repeat(100_000).as_bytes());
    check_bytes("[".repeat(100_000).as_bytes());
    check_bytes("[[a]]\n".repeat(100_000).as_bytes());
    check_bytes(format!("title = \"{}\"", "x".repeat(900_000)).as_bytes());
    check_bytes(format!("{}\n", "x".repeat(900_000)).as_bytes());
    let keys: String = (0..60_000).map(|n| format!("k{n} = 1\n")).collect();
    check_bytes(keys.as_bytes());
    // As large as a scenario may be, in the shapes that cost most.
    check_bytes(format!("k = [{}]", "{a=1},".repeat(40_000)).as_bytes());
    let dotted: String = (0..20_000).map(|n| format!("a{n:x}.b.c.d=1\n")).collect();
    check_bytes(dotted.as_bytes());
    assert!(check(&"# x\n".repeat(300_000)).contains("bytes"));
}
