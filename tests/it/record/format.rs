//! The binary format: schemas, values as text, documents, and damage.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use weir::record::format::{
    FormatError, Schema, decode, describe, encode, from_document, read_header, to_document,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Total {
    carrier: String,
    count: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Event {
    Started,
    Moved(i32),
    Turned(i8, bool),
    Said { text: String, to: Option<char> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Fork(Box<Tree>, Box<Tree>),
    Leaf(u8),
}

/// Enums that only one variant of another leads to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Outer {
    Nothing,
    Inner(Vec<(Event, Tree)>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Folder {
    name: String,
    parent: Option<Box<Folder>>,
    inside: Vec<Folder>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Metres(f64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    unit: Unit,
    height: Metres,
    ports: Vec<NonZeroU32>,
    by_name: BTreeMap<String, (u16, i128)>,
    events: [Event; 2],
    nested: Option<Option<u8>>,
}

/// A value as text, through bytes and schema alone.
fn check<T>(value: &T, text: &str)
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let schema = Schema::trace::<T>().unwrap();
    let bytes = encode(value).unwrap();
    assert_eq!(describe(&bytes, &schema).as_deref(), Ok(text));
    assert_eq!(decode::<T>(&bytes).as_ref(), Ok(value));
    let document = to_document(value).unwrap();
    let (stored, rest) = read_header(&document).unwrap();
    assert_eq!((&stored, rest), (&schema, &bytes[..]));
    assert_eq!(from_document::<T>(&document).as_ref(), Ok(value));
}

#[test]
fn values_are_shown_without_their_type() {
    check(&Total { carrier: "UA".into(), count: 3 }, r#"{carrier: "UA", count: 3}"#);
    check(&vec![Event::Started, Event::Moved(-7)], "[Started, Moved(-7)]");
    check(&Event::Turned(-1, true), "Turned(-1, true)");
    check(&Event::Said { text: "a".into(), to: Some('ß') }, r#"Said {text: "a", to: Some('ß')}"#);
    let leaf = |value| Box::new(Tree::Leaf(value));
    let tree = Tree::Fork(Box::new(Tree::Fork(leaf(1), leaf(2))), leaf(3));
    check(&tree, "Fork(Fork(Leaf(1), Leaf(2)), Leaf(3))");
    check(&vec![Outer::Nothing], "[Nothing]");
    let inner = (Event::Turned(0, false), Tree::Leaf(9));
    check(&Outer::Inner(vec![inner]), "Inner([(Turned(0, false), Leaf(9))])");
    let folder = |name: &str| Folder { name: name.into(), parent: None, inside: Vec::new() };
    let nested = Folder { parent: Some(Box::new(folder("/"))), ..folder("home") };
    let shown =
        r#"{name: "home", parent: Some({name: "/", parent: None, inside: []}), inside: []}"#;
    check(&nested, shown);
    check(&(), "()");
    check(&Some((1.5f32, -0.0f64)), "Some((1.5, -0.0))");
}

#[test]
fn every_kind_of_type_is_traced() {
    let value = Everything {
        unit: Unit,
        height: Metres(8848.0),
        ports: vec![NonZeroU32::MIN],
        by_name: BTreeMap::from([("x".to_string(), (1, -2))]),
        events: [Event::Started, Event::Moved(1)],
        nested: Some(None),
    };
    let shown = "{unit: Unit, height: 8848.0, ports: [1], by_name: {\"x\": (1, -2)}, \
                 events: (Started, Moved(1)), nested: Some(None)}";
    check(&value, shown);
    let schema = Schema::trace::<Everything>().unwrap().to_string();
    let expected = "Everything {unit: Unit, height: Metres of f64, ports: a list of u32, \
                    by_name: a map from text to a tuple of 2 (u16, i128), \
                    events: a tuple of 2 (Event (Started | Moved | Turned | Said), Event), \
                    nested: an option of an option of u8}";
    assert_eq!(schema.replace("Event (Started | Moved | Turned | Said))", "Event)"), expected);
}

#[test]
fn what_is_stored_cannot_draw_outside_its_place() {
    check(&"a\u{1b}[2J\"\n\u{202e}".to_string(), r#""a\u{1b}[2J\"\n\u{202e}""#);
    check(&'\u{7}', r"'\u{7}'");
}

#[test]
fn a_type_that_cannot_be_traced_is_shown_as_bytes() {
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u8),
    }
    let error = Schema::trace::<Either>().unwrap_err().to_string();
    assert!(error.contains("Either") && error.contains("only from the bytes"), "{error}");
    assert_eq!(describe(&[1, 255], &Schema::of::<Either>()).as_deref(), Ok("0x01ff"));
}

/// What a reader is told whose type is not the one that was written.
fn change<Old: DeserializeOwned, New: DeserializeOwned>() -> String {
    let (old, new) = (Schema::trace::<Old>().unwrap(), Schema::trace::<New>().unwrap());
    assert_eq!(old.difference(&old), None);
    assert_ne!(old.fingerprint(), new.fingerprint());
    old.difference(&new).unwrap()
}

#[test]
fn a_changed_type_is_told_in_words() {
    mod changed {
        use serde::Deserialize;
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        pub struct Total {
            carrier: String,
            count: i32,
        }
    }
    mod longer {
        use serde::Deserialize;
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        pub struct Total {
            carrier: String,
            count: u64,
            sum: f64,
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is asked for")]
        pub enum Event {
            Started,
            Moved(i32),
            Stopped,
        }
    }
    let told = [
        change::<Total, changed::Total>(),
        change::<Total, longer::Total>(),
        change::<Vec<longer::Total>, Vec<Total>>(),
        change::<Event, longer::Event>(),
        change::<Total, String>(),
        change::<(u8, u8), (u8, u16)>(),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    `count` was u64 and is i32
    `sum` is new
    `[].sum` is gone
    variant Turned of it is now Stopped
    it was Total and is text
    `1` was u8 and is u16
    ");
}

#[test]
fn documents_say_what_they_are() {
    let document = to_document(&Total { carrier: "UA".into(), count: 3 }).unwrap();
    let error = from_document::<Metres>(&document).unwrap_err();
    assert!(matches!(error, FormatError::SchemaChanged(_)), "{error}");
    assert_eq!(from_document::<Total>(b"PK\x03\x04"), Err(FormatError::NotADocument));
    let mut newer = document.clone();
    newer[4] = 9;
    assert_eq!(from_document::<Total>(&newer), Err(FormatError::Version { found: 9 }));
    let mut longer = document;
    longer.push(0);
    let left_over = from_document::<Total>(&longer).unwrap_err();
    assert!(matches!(left_over, FormatError::LeftOver { count: 1, .. }), "{left_over}");
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sample(Vec<(String, Option<i64>)>, BTreeMap<u16, Vec<f32>>, Vec<()>);

fn samples() -> impl Strategy<Value = Sample> {
    let pairs = prop::collection::vec((".{0,8}", any::<Option<i64>>()), 0..5);
    let lists = prop::collection::vec(-1e9f32..1e9, 0..4);
    let map = prop::collection::btree_map(any::<u16>(), lists, 0..4);
    (pairs, map, prop::collection::vec(Just(()), 0..3)).prop_map(|(a, b, c)| Sample(a, b, c))
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in samples()) {
        let bytes = encode(&value).unwrap();
        prop_assert_eq!(&decode::<Sample>(&bytes).unwrap(), &value);
        prop_assert!(describe(&bytes, &Schema::of::<Sample>()).is_ok());
        prop_assert_eq!(weir::record::format::encoded_len(&value).unwrap(), bytes.len());
    }

    /// Damage is an error or another value, never a panic and never a walk without end.
    #[test]
    fn damage_is_survived(
        value in samples(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut document = to_document(&value).unwrap();
        for (place, byte) in damage {
            let place = place.index(document.len());
            document[place] = byte;
        }
        document.truncate(cut.index(document.len()) + 1);
        let _ = from_document::<Sample>(&document);
        if let Ok((schema, rest)) = read_header(&document) {
            let _ = describe(rest, &schema);
            let _ = schema.to_string();
            let _ = schema.difference(&Schema::of::<Sample>());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for schema in [Schema::of::<Everything>(), Schema::of::<Tree>(), Schema::of::<Sample>()] {
            let _ = describe(&bytes, &schema);
        }
        let _ = decode::<Everything>(&bytes);
        let _ = decode::<Schema>(&bytes).map(|schema| describe(&bytes, &schema));
    }
}
