//! The naive model: everything in plain maps, each value with the moment of its last update.

use std::collections::BTreeMap;

use weir::state::AggregateFunction;

use super::programs::{Life, Spread, Step, Use, reduce};

/// A value and when it was last updated.
type Stamped<V> = (i64, V);

/// By key and namespace.
type Of<V> = BTreeMap<(i64, u8), V>;

#[derive(Default)]
pub struct Model {
    life: Option<Life>,
    now: i64,
    value: Of<Stamped<u32>>,
    list: Of<Vec<Stamped<u32>>>,
    map: Of<BTreeMap<u8, Stamped<u32>>>,
    reducing: Of<Stamped<u32>>,
    aggregating: Of<Stamped<(u32, u32, u64)>>,
    /// How often state was changed.
    pub changes: u64,
}

/// Whether a value is expired, and whether it is seen all the same.
#[derive(Clone, Copy)]
struct Rule {
    life: Option<Life>,
    now: i64,
}

impl Rule {
    fn is_expired<V>(self, value: &Stamped<V>) -> bool {
        self.life.is_some_and(|life| value.0 + life.millis <= self.now)
    }

    fn is_hidden<V>(self, value: &Stamped<V>) -> bool {
        self.is_expired(value) && !self.life.is_some_and(|life| life.returns_expired)
    }

    fn renews(self) -> bool {
        self.life.is_some_and(|life| life.renews_on_read)
    }

    /// Reads a value where it lies.
    fn read<A: Ord, V: Clone>(self, values: &mut BTreeMap<A, Stamped<V>>, at: &A) -> Option<V> {
        let value = values.get_mut(at)?;
        let seen = (!self.is_hidden(value)).then(|| value.1.clone());
        if self.is_expired(value) {
            values.remove(at);
        } else if self.renews() {
            value.0 = self.now;
        }
        seen
    }

    /// Changes a value where it lies, or what `make` makes.
    fn change<A: Ord, V: Clone>(
        self,
        values: &mut BTreeMap<A, Stamped<V>>,
        at: A,
        make: impl FnOnce() -> V,
        change: impl FnOnce(&mut V),
    ) -> V {
        let seen = values.remove(&at).filter(|value| !self.is_hidden(value));
        let mut value = seen.map_or_else(make, |value| value.1);
        change(&mut value);
        values.insert(at, (self.now, value.clone()));
        value
    }
}

impl Model {
    pub fn new(life: Option<Life>) -> Self {
        Self { life, ..Self::default() }
    }

    /// Does a step; what it should show.
    pub fn step(&mut self, step: &Step) -> String {
        match step {
            Step::Use(key, namespace, what) => return self.apply(*key, *namespace, what),
            Step::Wait(millis) => self.now += millis,
            Step::Restart(..) => self.restart(),
            Step::ClearAll => {
                let (life, now) = (self.life, self.now);
                *self = Self { life, now, changes: self.changes, ..Self::default() };
            }
        }
        String::new()
    }

    /// Expired values get lost where they are left out of what is stored.
    fn restart(&mut self) {
        let rule = Rule { life: self.life, now: self.now };
        if !self.life.is_some_and(|life| life.full_snapshot) {
            return;
        }
        self.value.retain(|_, value| !rule.is_expired(value));
        self.reducing.retain(|_, value| !rule.is_expired(value));
        self.aggregating.retain(|_, value| !rule.is_expired(value));
        for list in self.list.values_mut() {
            list.retain(|value| !rule.is_expired(value));
        }
        for map in self.map.values_mut() {
            map.retain(|_, value| !rule.is_expired(value));
        }
    }

    fn list_get(&mut self, rule: Rule, at: (i64, u8)) -> Vec<u32> {
        let Some(list) = self.list.get_mut(&at) else { return Vec::new() };
        let seen = list.iter().filter(|value| !rule.is_hidden(value)).map(|value| value.1);
        let seen = seen.collect();
        if list.iter().all(|value| rule.is_expired(value)) {
            self.list.remove(&at);
        } else if rule.renews() {
            list.retain(|value| !rule.is_expired(value));
            list.iter_mut().for_each(|value| value.0 = rule.now);
        }
        seen
    }

    fn map_entries(&mut self, rule: Rule, at: (i64, u8)) -> Vec<(u8, u32)> {
        let map = self.map.entry(at).or_default();
        let user_keys: Vec<u8> = map.keys().copied().collect();
        let read = |user_key: u8| Some((user_key, rule.read(map, &user_key)?));
        user_keys.into_iter().filter_map(read).collect()
    }

    fn apply(&mut self, key: i64, namespace: u8, what: &Use) -> String {
        let rule = Rule { life: self.life, now: self.now };
        let (alone, at) = ((key, 0), (key, namespace));
        let is_read = matches!(
            what,
            Use::ValueGet
                | Use::ListGet
                | Use::MapGet(_)
                | Use::MapContains(_)
                | Use::MapEntries
                | Use::MapIsEmpty
                | Use::ReducingGet
                | Use::AggregatingGet
        );
        self.changes += u64::from(!is_read);
        match what {
            Use::ValueGet => format!("{:?}", rule.read(&mut self.value, &alone)),
            Use::ValueUpdate(to) => {
                self.value.insert(alone, (self.now, *to));
                "()".to_string()
            }
            Use::ValueChange(by) => {
                rule.change(&mut self.value, alone, || 7, |value| reduce(value, *by)).to_string()
            }
            Use::ValueChangeIfThere(by) => {
                let there = self.value.get(&alone).is_some_and(|value| !rule.is_hidden(value));
                let change = || {
                    rule.change(&mut self.value, alone, || 0, |value| reduce(value, *by));
                };
                format!("{:?}", there.then(change))
            }
            Use::ListGet => format!("{:?}", self.list_get(rule, at)),
            Use::ListAdd(values) => {
                let values = values.iter().map(|value| (rule.now, *value));
                self.list.entry(at).or_default().extend(values);
                "()".to_string()
            }
            Use::ListUpdate(values) => {
                self.list.insert(at, values.iter().map(|value| (rule.now, *value)).collect());
                "()".to_string()
            }
            Use::MapGet(user_key) => {
                format!("{:?}", rule.read(self.map.entry(at).or_default(), user_key))
            }
            Use::MapContains(user_key) => {
                rule.read(self.map.entry(at).or_default(), user_key).is_some().to_string()
            }
            Use::MapPut(user_key, to) => {
                self.map.entry(at).or_default().insert(*user_key, (rule.now, *to));
                "()".to_string()
            }
            Use::MapChange(user_key, by) => {
                let map = self.map.entry(at).or_default();
                rule.change(map, *user_key, || 7, |value| reduce(value, *by)).to_string()
            }
            Use::MapRemove(user_key) => {
                self.map.entry(at).or_default().remove(user_key);
                "()".to_string()
            }
            Use::MapEntries => format!("{:?}", self.map_entries(rule, at)),
            Use::MapIsEmpty => {
                let map = self.map.entry(at).or_default();
                map.values().all(|value| rule.is_hidden(value)).to_string()
            }
            Use::ReducingGet => format!("{:?}", rule.read(&mut self.reducing, &at)),
            Use::ReducingAdd(value) => {
                let mut first = true;
                let make = || {
                    first = false;
                    *value
                };
                let seen = self.reducing.get(&at).is_some_and(|value| !rule.is_hidden(value));
                rule.change(&mut self.reducing, at, make, |into| {
                    if seen {
                        reduce(into, *value);
                    }
                });
                "()".to_string()
            }
            Use::AggregatingGet => {
                let accumulator = rule.read(&mut self.aggregating, &alone);
                format!("{:?}", accumulator.map(|it| Spread.get_result(&it)))
            }
            Use::AggregatingAdd(value) => {
                let make = || Spread.create_accumulator();
                rule.change(&mut self.aggregating, alone, make, |it| Spread.add(it, *value));
                "()".to_string()
            }
            Use::Clear(state) => {
                match state % 5 {
                    0 => drop(self.value.remove(&alone)),
                    1 => drop(self.list.remove(&at)),
                    2 => drop(self.map.remove(&at)),
                    3 => drop(self.reducing.remove(&at)),
                    _ => drop(self.aggregating.remove(&alone)),
                }
                "()".to_string()
            }
        }
    }
}
