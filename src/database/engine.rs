//! SQLite in memory, with what a run must not ask it taken away.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Transaction, params, params_from_iter};

use super::table::{Table, TableError};
use crate::base::Name;
use crate::record::{Row, RowKind};

/// Functions of SQL whose result depends on time, on chance or on this process.
const REFUSED: [&str; 15] = [
    "random",
    "randomblob",
    "date",
    "time",
    "datetime",
    "julianday",
    "unixepoch",
    "strftime",
    "timediff",
    "current_date",
    "current_time",
    "current_timestamp",
    "load_extension",
    "sqlite_source_id",
    "sqlite_version",
];

/// After so many thousand instructions of SQLite's machine a statement is stopped.
const PATIENCE: u32 = 100_000;

/// Where the changes of prepared transactions wait.
const PREPARED: &str = "CREATE TABLE weir_prepared (
    name TEXT NOT NULL, place INTEGER NOT NULL, target TEXT NOT NULL, change TEXT NOT NULL,
    PRIMARY KEY (name, place)) STRICT";

/// See the module. Errors are in SQLite's words.
pub struct Engine {
    connection: Connection,
    tables: BTreeMap<Name, Table>,
    /// How far the statement is that runs.
    instructions: Arc<AtomicU32>,
}

impl Engine {
    /// An engine with these tables, which are empty.
    pub fn open(tables: &[Table]) -> Result<Self, TableError> {
        let all = || tables.iter().map(|it| it.name.to_string()).collect::<Vec<_>>().join(", ");
        let refused =
            |error: rusqlite::Error| TableError::Refused { table: all(), cause: error.to_string() };
        let mut connection = Connection::open_in_memory().map_err(refused)?;
        connection.execute(PREPARED, []).map_err(refused)?;
        for table in tables {
            table.validate()?;
            connection.execute(&table.create(), []).map_err(|error| TableError::Refused {
                table: table.name.to_string(),
                cause: error.to_string(),
            })?;
        }
        let instructions = Arc::new(AtomicU32::new(0));
        let counted = instructions.clone();
        let too_long = move || counted.fetch_add(1, Ordering::Relaxed) >= PATIENCE;
        connection.progress_handler(1_000, Some(too_long)).map_err(refused)?;
        connection.authorizer(Some(authorize)).map_err(refused)?;
        let tables = tables.iter().map(|table| (table.name.clone(), table.clone())).collect();
        Ok(Self { connection, tables, instructions })
    }

    fn table(&self, name: &str) -> Result<&Table, String> {
        self.tables.get(name).ok_or_else(|| format!("no such table: {name}"))
    }

    /// Changes a table in one transaction. What is only half of an update changes nothing
    /// ([`RowKind::UpdateBefore`]).
    pub fn execute(&mut self, table: &Name, rows: &[Row]) -> Result<(), String> {
        self.instructions.store(0, Ordering::Relaxed);
        let table = self.table(table)?.clone();
        let transaction = self.connection.transaction().map_err(text)?;
        change(&transaction, &table, rows)?;
        transaction.commit().map_err(text)
    }

    /// Has changes wait under the name of a transaction.
    pub fn prepare(&mut self, name: &str, table: &Name, rows: &[Row]) -> Result<(), String> {
        self.instructions.store(0, Ordering::Relaxed);
        let table = self.table(table)?.clone();
        // What cannot be committed must not be prepared.
        let rehearsal = self.connection.transaction().map_err(text)?;
        change(&rehearsal, &table, rows)?;
        rehearsal.rollback().map_err(text)?;
        let transaction = self.connection.transaction().map_err(text)?;
        {
            let insert = "INSERT INTO weir_prepared VALUES (?, ?, ?, ?)";
            let mut insert = transaction.prepare_cached(insert).map_err(text)?;
            for (place, row) in rows.iter().enumerate() {
                let change = serde_json::to_string(row).map_err(|error| error.to_string())?;
                let place = i64::try_from(place).map_err(|error| error.to_string())?;
                insert.execute(params![name, place, &*table.name, change]).map_err(text)?;
            }
        }
        transaction.commit().map_err(text)
    }

    /// The table and the changes of a prepared transaction, if there are any.
    pub fn prepared(&self, name: &str) -> Result<Option<(Name, Vec<Row>)>, String> {
        let select = "SELECT target, change FROM weir_prepared WHERE name = ? ORDER BY place";
        let mut select = self.connection.prepare_cached(select).map_err(text)?;
        let mut found = select.query([name]).map_err(text)?;
        let (mut table, mut rows) = (None, Vec::new());
        while let Some(row) = found.next().map_err(text)? {
            let target: String = row.get(0).map_err(text)?;
            let change: String = row.get(1).map_err(text)?;
            table = Some(Name::from(target.as_str()));
            rows.push(serde_json::from_str(&change).map_err(|error| error.to_string())?);
        }
        Ok(table.map(|table| (table, rows)))
    }

    /// Applies and removes the changes of a prepared transaction, in one transaction.
    pub fn commit_prepared(&mut self, name: &str) -> Result<Option<(Name, Vec<Row>)>, String> {
        self.instructions.store(0, Ordering::Relaxed);
        let Some((table, rows)) = self.prepared(name)? else { return Ok(None) };
        let definition = self.table(&table)?.clone();
        let transaction = self.connection.transaction().map_err(text)?;
        change(&transaction, &definition, &rows)?;
        remove(&transaction, name)?;
        transaction.commit().map_err(text)?;
        Ok(Some((table, rows)))
    }

    /// Removes the changes of a prepared transaction.
    pub fn rollback_prepared(&mut self, name: &str) -> Result<(), String> {
        let transaction = self.connection.transaction().map_err(text)?;
        remove(&transaction, name)?;
        transaction.commit().map_err(text)
    }

    /// The names of prepared transactions, sorted.
    pub fn list_prepared(&self, prefix: &str) -> Result<Vec<Name>, String> {
        let select = "SELECT DISTINCT name FROM weir_prepared ORDER BY name";
        let mut select = self.connection.prepare_cached(select).map_err(text)?;
        let names = select.query_map([], |row| row.get::<_, String>(0)).map_err(text)?;
        let names = names.collect::<Result<Vec<_>, _>>().map_err(text)?;
        let belongs = names.into_iter().filter(|name| name.starts_with(prefix));
        Ok(belongs.map(|name| name.as_str().into()).collect())
    }

    /// What a query says, which must not change anything.
    pub fn query(&self, sql: &str) -> Result<Vec<Vec<String>>, String> {
        self.instructions.store(0, Ordering::Relaxed);
        let mut query = self.connection.prepare(sql).map_err(text)?;
        if !query.readonly() {
            return Err("a query must not change anything".to_owned());
        }
        let columns = query.column_count();
        let mut found = query.query([]).map_err(text)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(text)? {
            let field = |place| row.get_ref(place).map(shown).map_err(text);
            rows.push((0..columns).map(field).collect::<Result<_, _>>()?);
        }
        Ok(rows)
    }
}

fn change(transaction: &Transaction<'_>, table: &Table, rows: &[Row]) -> Result<(), String> {
    for row in rows {
        if row.fields.len() != table.columns.len() {
            let (name, columns, fields) = (&table.name, table.columns.len(), row.fields.len());
            return Err(format!("table {name} has {columns} columns, but a row has {fields}"));
        }
        let (sql, fields) = match row.kind {
            RowKind::UpdateBefore => continue,
            RowKind::Insert | RowKind::UpdateAfter => (table.upsert(), &row.fields[..]),
            RowKind::Delete if table.key_columns == 0 => {
                return Err(format!("table {} has no key to delete by", table.name));
            }
            RowKind::Delete => (table.delete(), &row.fields[..table.key_columns]),
        };
        let mut statement = transaction.prepare_cached(&sql).map_err(text)?;
        statement.execute(params_from_iter(fields)).map_err(text)?;
    }
    Ok(())
}

fn remove(transaction: &Transaction<'_>, name: &str) -> Result<(), String> {
    let delete = "DELETE FROM weir_prepared WHERE name = ?";
    let mut delete = transaction.prepare_cached(delete).map_err(text)?;
    delete.execute([name]).map_err(text)?;
    Ok(())
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    let refused = match context.action {
        AuthAction::Function { function_name } => {
            let name = function_name.to_lowercase();
            REFUSED.contains(&name.as_str())
        }
        AuthAction::Attach { .. } | AuthAction::Detach { .. } | AuthAction::Pragma { .. } => true,
        _ => false,
    };
    if refused { Authorization::Deny } else { Authorization::Allow }
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// What SQLite says.
#[expect(clippy::needless_pass_by_value, reason = "this is how `map_err` hands errors over")]
fn text(error: rusqlite::Error) -> String {
    error.to_string()
}
