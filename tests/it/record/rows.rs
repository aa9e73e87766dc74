//! Records as rows of text: whatever is in a field comes out of it.

use proptest::prelude::*;
use weir::connector::rows;

proptest! {
    #[test]
    fn fields_keep_what_is_in_them(records in prop::collection::vec((any::<String>(), "[\",\r\n a]{0,5}"), 0..20)) {
        let expected: Vec<Vec<String>> =
            records.iter().map(|(first, second)| vec![first.clone(), second.clone()]).collect();
        prop_assert_eq!(rows(&records).unwrap(), expected);
    }
}

#[test]
fn rows_may_differ_in_length() {
    let found = rows(&[vec!["a", ""], vec![""], vec!["b", "c", "d"]]).unwrap();
    assert_eq!(found, [vec!["a", ""], vec![""], vec!["b", "c", "d"]]);
}
