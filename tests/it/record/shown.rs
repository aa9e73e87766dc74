//! Values as text: whole while they are short, and looked at no further than they are shown.

use std::cell::Cell;

use weir::record::{shown, shown_list, shown_map};

#[test]
fn what_is_short_is_shown_as_debug_shows_it() {
    let values = vec![Some("a\n".to_string()), None];
    assert_eq!(shown(&values), format!("{values:?}"));
    assert_eq!(shown_list(&values), format!("{values:?}"));
    assert_eq!(shown_list::<u8>([]), "[]");
    assert_eq!(shown_map([("k", "1".to_string()), ("l", "2".to_string())]), r#"{"k": 1, "l": 2}"#);
}

#[test]
fn what_is_long_is_cut_and_the_rest_is_not_looked_at() {
    let looked = Cell::new(0);
    let look = |number: u32| {
        looked.set(looked.get() + 1);
        number
    };
    let text = shown_list((0..1_000_000).map(look));
    assert!(text.starts_with("[0, 1, 2, ") && text.ends_with('…'), "{text}");
    assert!(text.len() < 1_100 && looked.get() < 1_000, "{} values", looked.get());
    // A letter of several bytes is shown or left out, never a part of it.
    for shift in 0..4 {
        let text = shown(&format!("{}{}", "x".repeat(shift), "é".repeat(2_000)));
        assert!(text.ends_with("é…") && text.len() < 1_100);
    }
}
