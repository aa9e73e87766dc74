//! A node's way to the database: asks, asks again, gives up.
//!
//! Previous: sinks, and whoever reads tables. Next: [`Database`](super::Database).

use super::super::outbox::{Component, Outbox};
use super::super::ports;
use super::super::requests::{Overdue, Requests};
use super::super::rpc::{DatabaseClientRpc, DatabaseRpc};
use super::super::shell::Reports;
use super::super::storage_client::Answered;
use crate::base::{Name, SimDuration, SimTime};
use crate::host::{
    Address, DatabaseAccess, DatabaseAnswer, DatabaseDone, DatabaseError, DatabaseRequest, Port,
};

/// After how long without an answer a request is repeated.
const PATIENCE: SimDuration = SimDuration::from_secs(2);
/// After how long one is repeated that was refused because of a lock.
const LOCK_WAIT: SimDuration = SimDuration::from_millis(100);
/// After how long a request is given up.
const GIVE_UP: SimDuration = SimDuration::from_secs(120);

/// What is asked, and whom to tell.
pub struct DatabaseCall {
    request: DatabaseRequest,
    done: DatabaseDone,
}

/// See the module.
pub struct DatabaseClient {
    database: Address,
    requests: Requests<DatabaseCall>,
}

type Out = Outbox<DatabaseClient>;

impl DatabaseClient {
    /// A life that begins `now`.
    pub fn new(database: Address, now: SimTime) -> Self {
        Self { database, requests: Requests::new(now, GIVE_UP) }
    }

    fn send(&mut self, now: SimTime, request: u64, out: &mut Out) {
        let Some((call, tries)) = self.requests.ask(request) else { return };
        out.send(self.database, DatabaseRpc { request, what: call.request.clone() });
        out.wake_at(now + PATIENCE, (request, tries));
    }

    fn finish(
        &mut self,
        request: u64,
        answer: Result<DatabaseAnswer, DatabaseError>,
        out: &mut Out,
    ) {
        if let Some(DatabaseCall { done, .. }) = self.requests.take(request) {
            out.act(Answered::new(move || done(answer)));
        }
    }
}

impl Component for DatabaseClient {
    type Message = DatabaseClientRpc;
    type Timer = (u64, u32);
    type Action = Answered;
    type Report = DatabaseCall;

    fn name(&self) -> Name {
        "databaseclient".into()
    }

    fn port(&self) -> Port {
        ports::DATABASE_CLIENT
    }

    fn on_start(&mut self, _now: SimTime, _out: &mut Out) {}

    fn on_message(
        &mut self,
        now: SimTime,
        _from: Address,
        DatabaseClientRpc { request, answer }: DatabaseClientRpc,
        out: &mut Out,
    ) {
        if answer == Err(DatabaseError::Locked)
            && let Some((_, tries)) = self.requests.ask(request)
        {
            // The wait for the answer is over, and that for the lock begins.
            return out.wake_at(now + LOCK_WAIT, (request, tries));
        }
        self.finish(request, answer, out);
    }

    /// The database may come back: the pending requests are repeated in time.
    fn on_reset(&mut self, _now: SimTime, _peer: Address, _out: &mut Out) {}

    fn on_timer(&mut self, now: SimTime, (request, tries): (u64, u32), out: &mut Out) {
        match self.requests.overdue(now, (request, tries)) {
            Overdue::No => {}
            Overdue::AskAgain => self.send(now, request, out),
            Overdue::GiveUp => self.finish(request, Err(DatabaseError::TimedOut), out),
        }
    }

    fn on_report(&mut self, now: SimTime, call: DatabaseCall, out: &mut Out) {
        let request = self.requests.add(now, call);
        self.send(now, request, out);
    }
}

/// What sinks of the node have of it.
#[derive(Clone)]
pub struct DatabaseHandle(pub Reports<DatabaseCall>);

impl DatabaseAccess for DatabaseHandle {
    fn ask(&self, request: DatabaseRequest, done: DatabaseDone) {
        self.0.push(DatabaseCall { request, done });
    }
}
