//! Fraud rules that change while transactions are checked.
//!
//! Each transaction goes to the one subtask of its account; each rule goes to all of them and is
//! kept in broadcast state. Transactions only read the rules. A new rule about totals also looks at
//! the accounts that are already known: their state is keyed, and the broadcast side goes through
//! all of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::timed_table::timed_table;
use super::{ArgumentError, ArgumentKind, Arguments, GalleryJob};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::operator::{
    KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedContext, KeyedOpenContext,
};
use crate::record::{Collector, Failure, OutputTag};
use crate::state::operator_state::BroadcastState;
use crate::state::{MapStateDescriptor, ValueState, ValueStateDescriptor};

const CHECKED: [&str; 4] = ["transaction", "account", "amount", "rules"];
const ALARMS: [&str; 4] = ["account", "rule", "caused_by", "amount"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "Transactions checked against rules that come, change and go meanwhile.";
    let transactions = "transactions as CSV: arrives_s,transaction,account,amount";
    let rules = "rules as CSV: arrives_s,rule,about,limit; one without a limit is withdrawn";
    GalleryJob::new("fraud-rules", about, fraud_rules)
        .argument("transactions", ArgumentKind::File, transactions)
        .argument("rules", ArgumentKind::File, rules)
        .sink("checked", &CHECKED)
        .sink("alarms", &ALARMS)
}

/// An account has spent something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Transaction {
    transaction: String,
    account: String,
    amount: u64,
}

/// A rule; one of the same name takes its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rule {
    rule: String,
    about: About,
    limit: Option<u64>,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum About {
    /// A single transaction.
    Transaction,
    /// All that an account has spent.
    Total,
}

fn fraud_rules(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("fraud-rules");
    let options = SourceOptions::default();
    let rules = Arc::new(timed_table::<Rule>(arguments, "rules")?);
    let rules = env.from_splits("rules", rules, options).uid("rules").parallelism(1);
    let transactions = Arc::new(timed_table::<Transaction>(arguments, "transactions")?);
    let transactions = env.from_splits("transactions", transactions, options);
    let check = Check {
        rules: BroadcastState::default(),
        total: ValueState::default(),
        alarms: OutputTag::new("alarms"),
    };

    let checked = transactions
        .uid("transactions")
        .parallelism(1)
        .key_by_field(|transaction| &transaction.account)
        .connect_broadcast(&rules.broadcast_stream())
        .process(check.clone())
        .uid("check");
    checked.write_to("checked", CHECKED);
    checked.get_side_output(&check.alarms).write_to("alarms", ALARMS);
    super::finish(&env)
}

/// See the module.
#[derive(Clone)]
struct Check {
    /// The rules in force, the same in every subtask.
    rules: BroadcastState<String, Rule>,
    /// What the account has spent.
    total: ValueState<u64>,
    alarms: OutputTag<Alarm>,
}

/// A transaction, and how many rules were in force when it was checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Checked {
    transaction: String,
    account: String,
    amount: u64,
    rules: u64,
}

/// Too much for a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Alarm {
    account: String,
    rule: String,
    /// The transaction, or the rule if it found the account as it was.
    caused_by: String,
    amount: u64,
}

impl KeyedBroadcastProcessFunction<String, Transaction, Rule> for Check {
    type Out = Checked;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        self.rules = context.operator_state().broadcast_state(&MapStateDescriptor::new("rules"))?;
        self.total = context.state(ValueStateDescriptor::new("total"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        Transaction { transaction, account, amount }: Transaction,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<Checked>,
    ) -> Result<(), Failure> {
        let total = self.total.value_or_insert_with(context.state(), || 0)?;
        *total += amount;
        let total = *total;
        let rules = self.rules.entries(context.broadcast_state())?.clone();
        for Rule { rule, about, limit } in rules.values().cloned() {
            let judged = match about {
                About::Transaction => amount,
                About::Total => total,
            };
            if limit.is_some_and(|limit| judged > limit) {
                let (account, caused_by) = (account.clone(), transaction.clone());
                context.output(&self.alarms, Alarm { account, rule, caused_by, amount: judged });
            }
        }
        out.collect(Checked { transaction, account, amount, rules: rules.len() as u64 });
        Ok(())
    }

    fn process_broadcast_element(
        &mut self,
        rule: Rule,
        context: &mut KeyedBroadcastContext<'_, String>,
        _out: &mut Collector<Checked>,
    ) -> Result<(), Failure> {
        let Some(limit) = rule.limit else {
            return Ok(self.rules.remove(context.broadcast_state(), &rule.rule)?);
        };
        self.rules.put(context.broadcast_state(), rule.rule.clone(), rule.clone())?;
        if rule.about == About::Transaction {
            // Transactions are past when they are checked; only totals are still there.
            return Ok(());
        }
        let mut found = Vec::new();
        context.apply_to_keyed_state(&self.total, |state, account| {
            if let Some(&total) = self.total.value(state)?
                && total > limit
            {
                found.push((account.clone(), total));
            }
            Ok(())
        })?;
        for (account, amount) in found {
            let (rule, caused_by) = (rule.rule.clone(), "the rule".to_string());
            context.output(&self.alarms, Alarm { account, rule, caused_by, amount });
        }
        Ok(())
    }
}
