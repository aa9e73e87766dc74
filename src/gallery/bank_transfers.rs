//! Transfers between accounts whose balances are kept in a table of the database.
//!
//! A transfer takes from one account what it gives to another, so the sum of all balances never
//! changes. Somebody outside adds them up all the time: half of a transfer would show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::two_speed_sum::rate;
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob};
use crate::api::{ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::SimDuration;
use crate::connector::{DatabaseQuery, DatabaseSink};
use crate::database::{SqlType, Table};

const BALANCES: [&str; 2] = ["account", "balance"];
/// What is in every account at first.
const OPENING: i64 = 1_000;
/// How many accounts there may be: they are all written into the table when it is made.
const MOST: u64 = 100_000;

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "Transfers between accounts whose sum must stay what it is.";
    GalleryJob::new("bank-transfers", about, bank_transfers)
        .optional("accounts", ArgumentValue::Integer(20), "how many accounts there are")
        .optional("transfers", ArgumentValue::Integer(1_000), "how many transfers there are")
        .optional("rate", ArgumentValue::Float(500.0), "how many of them come in a second")
        .optional(
            "delivery",
            ArgumentValue::Text("exactly-once".to_owned()),
            "what the sink promises: exactly-once (prepared transactions), at-least-once or none \
             (the table is changed at once)",
        )
        .optional(
            "audit",
            ArgumentValue::Boolean(true),
            "whether somebody adds the balances up all the time, and minds if the sum changes",
        )
        .sink("balances", &BALANCES)
        .expecting(expected)
}

/// From one account to another.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Transfer {
    from: u64,
    to: u64,
    amount: i64,
}

impl Transfer {
    /// The `number`-th transfer between so many accounts. Any fixed rule would do; this one spreads
    /// them over all accounts and never has the two be the same.
    fn new(number: u64, accounts: u64) -> Self {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let from = (mixed >> 33) % accounts;
        let distance = 1 + (mixed >> 7) % (accounts - 1);
        let amount = 1 + (number % 50) as i64;
        Self { from, to: (from + distance) % accounts, amount }
    }
}

struct Bank {
    accounts: u64,
    transfers: u64,
}

impl Bank {
    fn of(arguments: &Arguments) -> Result<Self, ArgumentError> {
        let number = |name| {
            u64::try_from(arguments.integer(name)?)
                .map_err(|_| ArgumentError::new(name, "a count is at least 0"))
        };
        let (accounts, transfers) = (number("accounts")?, number("transfers")?);
        if !(2..=MOST).contains(&accounts) {
            let why = format!("a transfer needs two accounts, and there are at most {MOST}");
            return Err(ArgumentError::new("accounts", why));
        }
        Ok(Self { accounts, transfers })
    }

    /// The table as the bank has it before the first transfer.
    fn table(&self) -> Table {
        let [account, balance] = BALANCES;
        let table = Table::new("balances")
            .column(account, SqlType::Integer)
            .primary_key()
            .column(balance, SqlType::Integer);
        let opened =
            |table: Table, account: u64| table.row([account.to_string(), OPENING.to_string()]);
        (0..self.accounts).fold(table, opened)
    }

    fn total(&self) -> String {
        (OPENING * self.accounts as i64).to_string()
    }
}

fn bank_transfers(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("bank-transfers");
    let bank = Bank::of(arguments)?;
    let delivery = arguments.text("delivery")?.parse();
    let delivery = delivery.map_err(|error: String| ArgumentError::new("delivery", error))?;
    let (accounts, pace) = (bank.accounts, SourceOptions::at_rate(rate(arguments, "rate")?));
    env.from_generator("transfers", bank.transfers, pace, move |i| Transfer::new(i, accounts))
        .uid("transfers")
        .parallelism(1)
        .flat_map(|Transfer { from, to, amount }, out| {
            out.collect((from, -amount));
            out.collect((to, amount));
        })
        .uid("postings")
        .key_by_field(|(account, _)| account)
        .sum(|(_, change)| change)
        .uid("sum")
        .map(|(account, change)| (account, OPENING + change))
        .uid("balance")
        .database_to(DatabaseSink::to(bank.table()).delivery(delivery))
        // One transaction for each checkpoint: several would become visible one after the other.
        .parallelism(1);
    if arguments.boolean("audit")? {
        env.query_database(DatabaseQuery {
            name: "total".into(),
            sql: "SELECT SUM(balance) FROM balances".into(),
            every: SimDuration::from_millis(50),
            expected: vec![bank.total()],
        });
    }
    super::finish(&env)
}

/// What is in every account in the end.
fn expected(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let bank = Bank::of(arguments)?;
    let mut balances: BTreeMap<u64, i64> = (0..bank.accounts).map(|it| (it, OPENING)).collect();
    for number in 0..bank.transfers {
        let Transfer { from, to, amount } = Transfer::new(number, bank.accounts);
        *balances.entry(from).or_default() -= amount;
        *balances.entry(to).or_default() += amount;
    }
    Ok(super::table("balances", balances))
}
