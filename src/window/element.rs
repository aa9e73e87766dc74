//! A record comes: `processElement` of the window operator.
//!
//! The hot path adds a record to panes that are open already and whose timers are registered: one
//! look-up of the key, no allocation, neither trigger nor timer. It is taken only where that is
//! what trigger and timers would have come to; everything else goes the general way.

use super::context::AtWindow;
use super::operator::{KeyTimers, Merging, Now};
use super::pane::KeyWindows;
use super::{
    KeyOf, Merge, StreamRecord, TimeDomain, TimeWindow, TriggerResult, Window, WindowChange,
    WindowError, WindowFunction, WindowOperator, WindowOutput, WindowShape,
};
use crate::base::EventTime;
use crate::record::{Batch, Failure, Key};
use crate::state::KeyedStore;

impl<K, T, F, S> WindowOperator<K, T, F, S>
where
    K: Key,
    T: Clone,
    F: WindowFunction<K, T>,
    S: KeyedStore<K, KeyWindows<F::Contents, T>>,
{
    /// Takes a batch in, record by record.
    pub fn process_batch<P: KeyOf<T, Key = K>>(
        &mut self,
        batch: Batch<T>,
        keys: &P,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<(), Failure> {
        let Batch { values, timestamps, ids, hashes, markers: _ } = batch;
        for (place, value) in values.into_iter().enumerate() {
            let hash_code = match &hashes {
                Some(hashes) => hashes[place] as i32,
                None => keys.hash(&value),
            };
            let timestamp = timestamps.as_ref().map_or(EventTime::NONE, |column| column[place]);
            if let Some(value) = self.add_directly(hash_code, keys, value, timestamp, output) {
                let id = ids.as_ref().map(|column| column[place]);
                self.add(hash_code, keys, StreamRecord { value, timestamp, id }, output)?;
            }
        }
        Ok(())
    }

    /// Takes a record in.
    pub fn process_element<P: KeyOf<T, Key = K>>(
        &mut self,
        hash_code: i32,
        keys: &P,
        record: StreamRecord<T>,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<(), Failure> {
        let StreamRecord { value, timestamp, id } = record;
        match self.add_directly(hash_code, keys, value, timestamp, output) {
            None => Ok(()),
            Some(value) => self.add(hash_code, keys, StreamRecord { value, timestamp, id }, output),
        }
    }

    /// Adds a record if all its panes are open and wait for nothing but the watermark; gives it
    /// back if they are not.
    #[inline]
    fn add_directly<P: KeyOf<T, Key = K>>(
        &mut self,
        hash_code: i32,
        keys: &P,
        value: T,
        timestamp: EventTime,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Option<T> {
        let Some(shape) = self.direct else { return Some(value) };
        let (watermark, now) = (self.current_watermark, self.now());
        let states = &mut self.states;
        let is_key = |key: &K| keys.matches(&value, key);
        let found = self.store.find(hash_code, is_key, || keys.key(&value));
        let Some((key, windows)) = found else { return Some(value) };
        let mut add = |contents: &mut F::Contents, value: T, window: Window| {
            self.function.add(contents, value, timestamp);
            let at = AtWindow { key, hash_code, window, now, states };
            at.tell_contents(&self.function, Some(&*contents), output);
        };
        match shape {
            WindowShape::Tumbling { .. } => {
                for pane in windows.panes.iter_mut().rev() {
                    let Window::Time(window) = pane.window else { continue };
                    if window.contains(timestamp) {
                        if pane.registered
                            && window.max_timestamp() > watermark
                            && let Some(contents) = &mut pane.contents
                        {
                            add(contents, value, pane.window);
                            return None;
                        }
                        return Some(value);
                    }
                }
                Some(value)
            }
            WindowShape::Sliding { size, slide, offset } => {
                let start = TimeWindow::window_start_with_offset(timestamp.0, offset, slide);
                let newest = TimeWindow::new(start, start.wrapping_add(size));
                let Some(last) =
                    windows.panes.iter().rposition(|pane| pane.window == Window::Time(newest))
                else {
                    return Some(value);
                };
                // A window further back begins earlier by one slide: its pane is the one before.
                let mut first = last + 1;
                let mut start = start;
                while start > timestamp.0.wrapping_sub(size) {
                    if first == 0 {
                        return Some(value);
                    }
                    first -= 1;
                    let pane = &windows.panes[first];
                    let window = TimeWindow::new(start, start.wrapping_add(size));
                    let open = pane.window == Window::Time(window)
                        && pane.registered
                        && window.max_timestamp() > watermark;
                    if !open {
                        return Some(value);
                    }
                    start = start.wrapping_sub(slide);
                }
                if first > last {
                    return Some(value);
                }
                const HELD: &str = "a pane with timers and no trigger has contents";
                for pane in &mut windows.panes[first + 1..=last] {
                    add(pane.contents.as_mut().expect(HELD), value.clone(), pane.window);
                }
                let pane = &mut windows.panes[first];
                add(pane.contents.as_mut().expect(HELD), value, pane.window);
                None
            }
            WindowShape::Session { .. } => Some(value),
        }
    }

    /// Adds a record the general way.
    fn add<P: KeyOf<T, Key = K>>(
        &mut self,
        hash_code: i32,
        keys: &P,
        record: StreamRecord<T>,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<(), Failure> {
        let mut assigned = std::mem::take(&mut self.assigned);
        assigned.clear();
        let (timestamp, now) = (record.timestamp, self.current_processing_time);
        self.spec.assigner.assign_windows(&record.value, timestamp, now, &mut assigned)?;
        let refused = if self.spec.assigner.merges() {
            self.add_merging(hash_code, keys, record, &assigned, output)?
        } else {
            assigned.retain(|window| !self.is_window_late(*window));
            self.add_to(hash_code, keys, record, &assigned, output)?
        };
        self.assigned = assigned;
        if let Some(record) = refused {
            self.refuse(record, output);
        }
        self.tell_timers(output);
        Ok(())
    }

    /// A record that no window took.
    fn refuse(&mut self, record: StreamRecord<T>, output: &mut impl WindowOutput<T, F::Out>) {
        let domain = self.spec.assigner.domain();
        let watermark = self.current_watermark;
        if self.spec.lateness.is_element_late(domain, record.timestamp, watermark) {
            output.late(record, watermark);
        }
    }

    fn now(&self) -> Now {
        Now { watermark: self.current_watermark, processing_time: self.current_processing_time }
    }

    /// Adds a record to windows that do not merge. Gives it back if there are none.
    fn add_to<P: KeyOf<T, Key = K>>(
        &mut self,
        hash_code: i32,
        keys: &P,
        record: StreamRecord<T>,
        assigned: &[Window],
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<Option<StreamRecord<T>>, Failure> {
        if assigned.is_empty() {
            return Ok(Some(record));
        }
        let now = self.now();
        let Self { spec, function, store, states, timers, direct, .. } = self;
        let domain = spec.assigner.domain();
        let StreamRecord { value, timestamp, id: _ } = record;
        let (key, windows) = store.find_or_insert(
            hash_code,
            |key| keys.matches(&value, key),
            || keys.key(&value),
            KeyWindows::default,
        );
        let mut value = Some(value);
        for (left, &window) in (0..assigned.len()).rev().zip(assigned) {
            let pane = windows.pane(window);
            if pane.contents.is_none() {
                output.observe(key, window, WindowChange::Created);
            }
            let mut timers = KeyTimers { service: timers, hash_code, key, window };
            let element = value.as_ref().expect("it is given away with the last window");
            let result = now.ask(&mut timers, &mut pane.trigger, |context| {
                spec.trigger.on_element(element, timestamp, context)
            });
            let given = if left == 0 { value.take() } else { value.clone() };
            let given = given.expect("it is given away with the last window");
            add_to_pane(function, &mut pane.contents, given, timestamp);
            let mut at = AtWindow { key, hash_code, window, now, states };
            at.tell_contents(function, pane.contents.as_ref(), output);
            evaluate(function, &mut at, result, &mut pane.contents, output)?;
            pane.registered = direct.is_some() && result == TriggerResult::Continue;
            let cleanup_time = spec.lateness.cleanup_time(domain, window);
            // Without lateness the trigger has just registered that very moment.
            if !pane.registered || cleanup_time != window.max_timestamp() {
                timers.register_cleanup(domain, cleanup_time);
            }
            if pane.contents.is_none() {
                windows.prune(window);
            }
        }
        if windows.is_empty() {
            let key = key.clone();
            store.remove(hash_code, &key);
        }
        Ok(None)
    }

    /// Adds a record to windows that merge. Gives it back if all are late.
    fn add_merging<P: KeyOf<T, Key = K>>(
        &mut self,
        hash_code: i32,
        keys: &P,
        record: StreamRecord<T>,
        assigned: &[Window],
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<Option<StreamRecord<T>>, Failure> {
        let now = self.now();
        let Self { spec, function, store, states, timers, .. } = self;
        let domain = spec.assigner.domain();
        let (key, windows) = store.find_or_insert(
            hash_code,
            |key| keys.matches(&record.value, key),
            || keys.key(&record.value),
            KeyWindows::default,
        );
        let mut taken = false;
        for window in assigned {
            let window = window.time().ok_or(WindowError::GlobalCannotMerge)?;
            let added = match &spec.merging {
                Merging::Correct => windows.merging.add_window(window),
                Merging::Custom(rule) => rule.add_window(&mut windows.merging, window),
            };
            let actual = Window::Time(added.window);
            let mut timers = KeyTimers { service: timers, hash_code, key, window: actual };
            if let Some(merge) = &added.merge {
                let current = match domain {
                    TimeDomain::EventTime => now.watermark,
                    TimeDomain::ProcessingTime => now.processing_time,
                };
                if spec.lateness.cleanup_time(domain, actual) <= current {
                    let (current, merged) = (current.0, actual);
                    return Err(WindowError::MergedIntoThePast { current, merged }.into());
                }
                output.observe(key, actual, WindowChange::Merged(&merge.merged));
                merge_triggers(spec, now, windows, &mut timers, merge);
                merge_contents(function, windows, merge);
            }
            if spec.lateness.is_window_late(domain, actual, now.watermark) {
                windows.merging.retire_window(added.window);
                continue;
            }
            taken = true;
            let state_window = windows.merging.state_window(added.window);
            let state_window =
                Window::Time(state_window.expect("the window has just been added to the set"));
            timers.window = actual;
            let mut state = windows.take_trigger(actual);
            let result = now.ask(&mut timers, &mut state, |context| {
                spec.trigger.on_element(&record.value, record.timestamp, context)
            });
            windows.put_trigger(actual, state);
            let pane = windows.pane(state_window);
            if pane.contents.is_none() {
                output.observe(key, actual, WindowChange::Created);
            }
            let contents = &mut pane.contents;
            add_to_pane(function, contents, record.value.clone(), record.timestamp);
            let mut at = AtWindow { key, hash_code, window: actual, now, states };
            at.tell_contents(function, contents.as_ref(), output);
            evaluate(function, &mut at, result, contents, output)?;
            timers.register_cleanup(domain, spec.lateness.cleanup_time(domain, actual));
            windows.prune(state_window);
        }
        if windows.is_empty() {
            let key = key.clone();
            store.remove(hash_code, &key);
        }
        Ok(if taken { None } else { Some(record) })
    }
}

#[inline]
fn add_to_pane<K, T, F: WindowFunction<K, T>>(
    function: &mut F,
    contents: &mut Option<F::Contents>,
    value: T,
    timestamp: EventTime,
) {
    match contents {
        Some(contents) => function.add(contents, value, timestamp),
        None => *contents = Some(function.create(value, timestamp)),
    }
}

/// Does with a window what its trigger says.
pub(super) fn evaluate<K: Key, T, F: WindowFunction<K, T>>(
    function: &mut F,
    at: &mut AtWindow<'_, K>,
    result: TriggerResult,
    contents: &mut Option<F::Contents>,
    output: &mut impl WindowOutput<T, F::Out>,
) -> Result<(), Failure> {
    if result.is_fire()
        && let Some(held) = contents
    {
        output.observe(at.key, at.window, WindowChange::Fired);
        if !at.call(output, |context, output| function.fire(context, held, output))? {
            *contents = None;
        }
        if F::EVICTS {
            at.tell_contents(function, contents.as_ref(), output);
        }
    }
    if result.is_purge() && contents.take().is_some() {
        output.observe(at.key, at.window, WindowChange::Purged);
        at.tell_contents(function, contents.as_ref(), output);
    }
    Ok(())
}

/// Lets the trigger take the states of merged windows over, then forgets those windows.
fn merge_triggers<K: Key, T: Clone, C>(
    spec: &super::WindowSpec<T>,
    now: Now,
    windows: &mut KeyWindows<C, T>,
    timers: &mut KeyTimers<'_, K>,
    merge: &Merge,
) {
    let domain = spec.assigner.domain();
    let result = Window::Time(merge.result);
    let mut merged_states = Vec::new();
    for &merged in &merge.merged {
        let state = windows.take_trigger(merged.into());
        if !state.is_empty() {
            merged_states.push(state);
        }
        windows.prune(merged.into());
    }
    let mut state = windows.take_trigger(result);
    timers.window = result;
    now.ask(timers, &mut state, |context| spec.trigger.on_merge(merged_states, context));
    windows.put_trigger(result, state);
    for &merged in &merge.merged {
        let merged = Window::Time(merged);
        timers.window = merged;
        let mut forgotten = super::TriggerState::Empty;
        now.ask(timers, &mut forgotten, |context| spec.trigger.clear(context));
        timers.delete_cleanup(domain, spec.lateness.cleanup_time(domain, merged));
    }
}

/// Moves the contents of merged state windows into the one that stays: first the sources among
/// each other, then they into the target, which is the order in which Flink's heap state does it.
fn merge_contents<K, T, F: WindowFunction<K, T>>(
    function: &mut F,
    windows: &mut KeyWindows<F::Contents, T>,
    merge: &Merge,
) {
    let mut gathered: Option<F::Contents> = None;
    for &source in &merge.merged_state_windows {
        match (&mut gathered, windows.take_contents(source.into())) {
            (Some(all), Some(contents)) => function.merge(all, contents),
            (None, contents) => gathered = contents,
            (Some(_), None) => {}
        }
    }
    if let Some(gathered) = gathered {
        let pane = windows.pane(merge.state_window.into());
        match &mut pane.contents {
            Some(contents) => function.merge(contents, gathered),
            None => pane.contents = Some(gathered),
        }
    }
}
