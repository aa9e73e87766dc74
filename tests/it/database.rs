//! The database: what its tables take, and that they follow from the entries of its redo log.

mod served;

use proptest::prelude::*;
use weir::base::Name;
use weir::database::{DatabaseState, Engine, RedoEntry, SqlType, Table};
use weir::host::DatabaseError;
use weir::record::{Row, RowKind};

fn balances() -> Table {
    Table::new("balances")
        .column("account", SqlType::Integer)
        .primary_key()
        .column("balance", SqlType::Integer)
}

fn log() -> Table {
    Table::new("log").column("line", SqlType::Text)
}

fn row(kind: RowKind, fields: &[&str]) -> Row {
    Row { kind, fields: fields.iter().map(ToString::to_string).collect(), id: None, number: None }
}

fn n(name: &str) -> Name {
    name.into()
}

/// What is in a table, or why something was refused.
fn words(result: Result<Vec<Vec<String>>, String>) -> String {
    match result {
        Ok(rows) => rows.iter().map(|row| row.join(",")).collect::<Vec<_>>().join(" "),
        Err(error) => format!("refused: {error}"),
    }
}

#[test]
fn queries_that_could_change_anything_or_ask_for_chance_are_refused() {
    let mut engine = Engine::open(&[balances()]).unwrap();
    engine.execute(&n("balances"), &[row(RowKind::Insert, &["1", "1000"])]).unwrap();
    let queries = [
        "SELECT SUM(balance), COUNT(*) FROM balances",
        "SELECT NULL, 1.5, x'00ff', 'text'",
        "SELECT balance FROM accounts",
        "SELECT",
        "",
        "DELETE FROM balances",
        "SELECT 1; DELETE FROM balances",
        "SELECT random()",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT datetime('now')",
        "PRAGMA user_version",
        "ATTACH 'x' AS y",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
    ];
    let said: Vec<String> =
        queries.iter().map(|sql| format!("{sql}\n  {}", words(engine.query(sql)))).collect();
    insta::assert_snapshot!(said.join("\n"));
    assert_eq!(words(engine.query("SELECT * FROM balances")), "1,1000");
}

#[test]
fn tables_that_cannot_be_are_refused() {
    let tables = [
        Table::new("empty"),
        Table::new("weir_prepared").column("a", SqlType::Text),
        Table::new("twice").column("a", SqlType::Text).column("a", SqlType::Text),
        Table { key_columns: 3, ..balances() },
    ];
    let refused = |table: &Table| Engine::open(std::slice::from_ref(table)).err().unwrap();
    let said: Vec<String> = tables.iter().map(|table| refused(table).to_string()).collect();
    insta::assert_snapshot!(said.join("\n"));
    let odd = Table::new("a \"name\"").column("a;b", SqlType::Real).primary_key();
    assert!(Engine::open(&[odd]).is_ok());
}

#[test]
fn rows_of_a_key_replace_each_other_and_others_are_added() {
    let mut engine = Engine::open(&[balances(), log()]).unwrap();
    let mut change = |table: &str, rows: &[Row]| {
        let changed = engine.execute(&n(table), rows);
        let left = words(engine.query(&format!("SELECT * FROM {table}")));
        format!("{table} {} -> {left}", changed.err().unwrap_or_default())
    };
    let said = [
        change(
            "balances",
            &[
                row(RowKind::Insert, &["1", "10"]),
                row(RowKind::UpdateBefore, &["1", "10"]),
                row(RowKind::UpdateAfter, &["1", "20"]),
                row(RowKind::UpdateAfter, &["2", "5"]),
            ],
        ),
        change("balances", &[row(RowKind::Delete, &["2", ""])]),
        change(
            "balances",
            &[row(RowKind::UpdateAfter, &["1", "30"]), row(RowKind::Insert, &["x", "1"])],
        ),
        change("balances", &[row(RowKind::Insert, &["1"])]),
        change("log", &[row(RowKind::Insert, &["a"]), row(RowKind::Insert, &["a"])]),
        change("log", &[row(RowKind::Delete, &["a"])]),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn prepared_transactions_are_seen_when_they_are_committed() {
    let mut state = DatabaseState::new(&[balances()]).unwrap();
    let rows = vec![row(RowKind::UpdateAfter, &["1", "7"])];
    let prepared =
        RedoEntry::Prepared { transaction: n("t"), table: n("balances"), rows: rows.clone() };
    let committed = RedoEntry::Committed { transaction: n("t") };
    let seen = |state: &DatabaseState| state.query("SELECT * FROM balances").unwrap();
    assert_eq!(state.apply(&prepared), Ok(None));
    assert_eq!((seen(&state), state.list_prepared("").unwrap()), (Vec::new(), vec![n("t")]));
    assert_eq!(state.list_prepared("u").unwrap(), Vec::<Name>::new());
    let visible = state.apply(&committed).unwrap().unwrap();
    assert_eq!(visible.rows, [(0, rows[0].clone())]);
    assert_eq!(seen(&state), [["1", "7"]]);
    assert_eq!(state.apply(&committed), Err(DatabaseError::UnknownTransaction("t".to_owned())));
    let rolled_back = RedoEntry::RolledBack { transaction: n("t") };
    assert_eq!(state.apply(&rolled_back), Ok(None));
    // What could not be committed is not prepared.
    let bad = vec![row(RowKind::UpdateAfter, &["1", "x"])];
    let bad = RedoEntry::Prepared { transaction: n("u"), table: n("balances"), rows: bad };
    assert!(state.apply(&bad).is_err());
    assert_eq!(state.list_prepared("").unwrap(), Vec::<Name>::new());
    assert_eq!(seen(&state), [["1", "7"]]);
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let kind = prop_oneof![
        6 => Just(RowKind::UpdateAfter),
        1 => Just(RowKind::UpdateBefore),
        1 => Just(RowKind::Delete),
    ];
    // A balance that is no number is refused.
    let balance =
        prop_oneof![20 => (0..100_u8).prop_map(|it| it.to_string()), 1 => Just("x".into())];
    let row = (kind, 0..6_u8, balance).prop_map(|(kind, account, balance)| Row {
        kind,
        fields: vec![account.to_string(), balance],
        id: None,
        number: None,
    });
    prop::collection::vec(row, 1..5)
}

fn entry() -> impl Strategy<Value = RedoEntry> {
    let name = || (0..4_u8).prop_map(|it| n(&format!("t{it}")));
    let table = || n("balances");
    prop_oneof![
        3 => rows().prop_map(move |rows| RedoEntry::Executed { table: table(), rows }),
        3 => (name(), rows()).prop_map(move |(transaction, rows)| {
            RedoEntry::Prepared { transaction, table: table(), rows }
        }),
        3 => name().prop_map(|transaction| RedoEntry::Committed { transaction }),
        1 => name().prop_map(|transaction| RedoEntry::RolledBack { transaction }),
        1 => name().prop_map(|transaction| RedoEntry::Marked { transaction }),
    ]
}

proptest! {
    /// After a crash, the entries that were accepted make the same tables, the same prepared
    /// transactions, and show the same rows under the same numbers.
    #[test]
    fn the_entries_make_the_database_again(entries in prop::collection::vec(entry(), 0..30)) {
        let mut lived = DatabaseState::new(&[balances()]).unwrap();
        let (mut accepted, mut shown) = (Vec::new(), Vec::new());
        for entry in entries {
            // As the component does: a name is not prepared twice.
            if let RedoEntry::Prepared { transaction, .. } = &entry
                && lived.prepared(transaction).unwrap().is_some()
            {
                continue;
            }
            if let Ok(visible) = lived.apply(&entry) {
                accepted.push(entry);
                shown.push(visible);
            }
        }
        let mut again = DatabaseState::new(&[balances()]).unwrap();
        let shown_again: Vec<_> = accepted.iter().map(|it| again.apply(it).unwrap()).collect();
        prop_assert_eq!(shown, shown_again);
        let all = "SELECT * FROM balances ORDER BY account";
        prop_assert_eq!(lived.query(all).unwrap(), again.query(all).unwrap());
        prop_assert_eq!(lived.list_prepared("").unwrap(), again.list_prepared("").unwrap());
        prop_assert_eq!(lived.list_marked(""), again.list_marked(""));
    }
}
