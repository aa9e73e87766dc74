//! Somebody outside who reads the database while the program runs.

use std::cell::RefCell;
use std::rc::Rc;

use crate::base::{Name, SimDuration};
use crate::host::{DatabaseAccess, DatabaseAnswer, DatabaseRequest, Host, Signal};
use crate::trace::{DatabaseEvent, Event};

/// What is asked, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseQuery {
    /// What it is called.
    pub name: Name,
    /// In SQL.
    pub sql: Name,
    /// How long it waits between an answer and the next question.
    pub every: SimDuration,
    /// The fields that the answer must have whenever it is asked, rows behind one another; none if
    /// that is not known.
    pub expected: Vec<String>,
}

/// Asks until the run ends.
pub async fn ask_regularly(host: Host, access: Rc<dyn DatabaseAccess>, query: DatabaseQuery) {
    let DatabaseQuery { name, sql, every, expected } = query;
    loop {
        host.clock.sleep_until(host.clock.now() + every).await;
        let (signal, answer) = (Signal::default(), Rc::new(RefCell::new(None)));
        let (told, slot) = (signal.clone(), answer.clone());
        let done = move |result| {
            *slot.borrow_mut() = Some(result);
            told.notify();
        };
        access.ask(DatabaseRequest::Query { sql: sql.clone() }, Box::new(done));
        signal.wait().await;
        // Nobody answers for a long time, or the query makes no sense: then nothing is told.
        if let Some(Ok(DatabaseAnswer::Rows(rows))) = answer.take() {
            let (query, answer, expected) = (name.clone(), rows.concat(), expected.clone());
            let answered = DatabaseEvent::QueryAnswered { query, answer, expected };
            host.trace.record(Event::Database(answered));
        }
    }
}
