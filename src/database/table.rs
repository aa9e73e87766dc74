//! What tables look like, and the statements that change them.

use std::fmt::Write;

use thiserror::Error;

use crate::base::Name;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlType {
    /// Whole numbers.
    Integer,
    /// Other numbers.
    Real,
    /// Text.
    Text,
}

impl SqlType {
    fn keyword(self) -> &'static str {
        match self {
            Self::Integer => "INTEGER",
            Self::Real => "REAL",
            Self::Text => "TEXT",
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: SqlType,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its columns.
    pub columns: Vec<Column>,
    /// How many leading columns are its primary key. Rows of a table without one can only be
    /// inserted.
    pub key_columns: usize,
    /// What it holds from the beginning.
    pub rows: Vec<Vec<String>>,
}

/// Why a table cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TableError {
    /// It has no columns.
    #[error("the table {0:?} has no columns")]
    NoColumns(String),
    /// Its key has more columns than it.
    #[error("the table {0:?} has fewer columns than its key")]
    KeyTooLong(String),
    /// Its name is one that the database uses itself.
    #[error("the name of the table {0:?} must not begin with `weir_` or `sqlite_`")]
    Reserved(String),
    /// SQLite refuses it.
    #[error("the table {table:?}: {cause}")]
    Refused {
        /// Which.
        table: String,
        /// Why.
        cause: String,
    },
}

/// How the names of tables begin that are the database's own.
const RESERVED: [&str; 2] = ["weir_", "sqlite_"];

impl Table {
    /// A table without columns yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), columns: Vec::new(), key_columns: 0, rows: Vec::new() }
    }

    /// With another column.
    #[must_use]
    pub fn column(mut self, name: &str, kind: SqlType) -> Self {
        self.columns.push(Column { name: name.to_owned(), kind });
        self
    }

    /// With all its columns so far as its primary key.
    #[must_use]
    pub fn primary_key(self) -> Self {
        Self { key_columns: self.columns.len(), ..self }
    }

    /// With another row from the beginning.
    #[must_use]
    pub fn row<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.rows.push(fields.into_iter().map(Into::into).collect());
        self
    }

    pub(super) fn validate(&self) -> Result<(), TableError> {
        let name = self.name.to_string();
        if self.columns.is_empty() {
            return Err(TableError::NoColumns(name));
        }
        if self.key_columns > self.columns.len() {
            return Err(TableError::KeyTooLong(name));
        }
        let lower = name.to_lowercase();
        if RESERVED.iter().any(|reserved| lower.starts_with(reserved)) {
            return Err(TableError::Reserved(name));
        }
        Ok(())
    }

    pub(super) fn create(&self) -> String {
        let columns = self.columns.iter();
        let columns = columns.map(|it| format!("{} {}", quoted(&it.name), it.kind.keyword()));
        let mut all: Vec<String> = columns.collect();
        if self.key_columns > 0 {
            all.push(format!("PRIMARY KEY ({})", self.key().join(", ")));
        }
        format!("CREATE TABLE {} ({}) STRICT", quoted(&self.name), all.join(", "))
    }

    /// Inserts a row, or replaces the one with its key.
    pub(super) fn upsert(&self) -> String {
        let values = vec!["?"; self.columns.len()].join(", ");
        let mut sql = format!("INSERT INTO {} VALUES ({values})", quoted(&self.name));
        if self.key_columns > 0 {
            let others = self.columns[self.key_columns..].iter().map(|it| quoted(&it.name));
            let set: Vec<_> = others.map(|name| format!("{name} = excluded.{name}")).collect();
            let then = match set.is_empty() {
                true => "NOTHING".to_owned(),
                false => format!("UPDATE SET {}", set.join(", ")),
            };
            write!(sql, " ON CONFLICT ({}) DO {then}", self.key().join(", "))
                .expect("a string can be written to");
        }
        sql
    }

    /// Deletes the row with a key.
    pub(super) fn delete(&self) -> String {
        let equal: Vec<_> = self.key().iter().map(|name| format!("{name} = ?")).collect();
        format!("DELETE FROM {} WHERE {}", quoted(&self.name), equal.join(" AND "))
    }

    fn key(&self) -> Vec<String> {
        self.columns[..self.key_columns].iter().map(|it| quoted(&it.name)).collect()
    }
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
