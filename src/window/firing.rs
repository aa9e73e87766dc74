//! A timer fires: `onEventTime` and `onProcessingTime` of the window operator.
//!
//! Timers are taken out one at a time, so that whoever runs the operator may stop between any two;
//! a watermark is passed on when no more timer is due.

use super::context::AtWindow;
use super::element::evaluate;
use super::operator::{KeyTimers, Now};
use super::pane::KeyWindows;
use super::{TimeDomain, Window, WindowChange, WindowFunction, WindowOperator, WindowOutput};
use crate::base::EventTime;
use crate::record::{Failure, Key};
use crate::state::KeyedStore;
use crate::time::Timer;

impl<K, T, F, S> WindowOperator<K, T, F, S>
where
    K: Key,
    T: Clone,
    F: WindowFunction<K, T>,
    S: KeyedStore<K, KeyWindows<F::Contents, T>>,
{
    /// Moves event time on. The timers that are due now are fired by
    /// [`WindowOperator::fire_event_timer`], until it says there are no more.
    pub fn start_watermark(&mut self, watermark: EventTime) {
        self.current_watermark = watermark;
    }

    /// Fires one event-time timer that is due; false if none is.
    pub fn fire_event_timer(
        &mut self,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<bool, Failure> {
        match self.timers.pop_due_event(self.current_watermark) {
            Some(timer) => self.on_timer(TimeDomain::EventTime, timer, output).map(|()| true),
            None => Ok(false),
        }
    }

    /// Moves event time on and fires all timers that are due.
    pub fn advance_watermark(
        &mut self,
        watermark: EventTime,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<(), Failure> {
        self.start_watermark(watermark);
        while self.fire_event_timer(output)? {}
        Ok(())
    }

    /// Fires one processing-time timer that is due at the time last told; false if none is. As in
    /// Flink a timer is due when its millisecond is over, since a record may still come within it.
    pub fn fire_processing_timer(
        &mut self,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<bool, Failure> {
        let over = EventTime(self.current_processing_time.0.saturating_sub(1));
        match self.timers.pop_due_processing(over) {
            Some(timer) => self.on_timer(TimeDomain::ProcessingTime, timer, output).map(|()| true),
            None => Ok(false),
        }
    }

    /// Tells the processing time and fires all timers that are due.
    pub fn on_processing_time(
        &mut self,
        now: EventTime,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<(), Failure> {
        self.set_processing_time(now);
        while self.fire_processing_timer(output)? {}
        Ok(())
    }

    fn on_timer(
        &mut self,
        fired: TimeDomain,
        timer: Timer<K, Window>,
        output: &mut impl WindowOutput<T, F::Out>,
    ) -> Result<(), Failure> {
        self.tell_timers(output);
        let Timer { timestamp, hash_code, key, namespace: window } = timer;
        let cleanup_time = self.cleanup_time(window);
        let Self { spec, function, store, states, timers, .. } = self;
        let now = Now {
            watermark: self.current_watermark,
            processing_time: self.current_processing_time,
        };
        let (_, windows) = store.find_or_insert(
            hash_code,
            |found| found.same(&key),
            || key.clone(),
            KeyWindows::default,
        );
        let state_window = if spec.assigner.merges() {
            // A trigger may leave timers of windows that have merged away.
            window.time().and_then(|window| windows.merging.state_window(window)).map(Window::from)
        } else {
            Some(window)
        };
        if let Some(state_window) = state_window {
            let mut timers = KeyTimers { service: timers, hash_code, key: &key, window };
            let mut state = windows.take_trigger(window);
            let result = now.ask(&mut timers, &mut state, |context| match fired {
                TimeDomain::EventTime => spec.trigger.on_event_time(timestamp, context),
                TimeDomain::ProcessingTime => spec.trigger.on_processing_time(timestamp, context),
            });
            let mut at = AtWindow { key: &key, hash_code, window, now, states };
            let cleans = fired == spec.assigner.domain() && timestamp == cleanup_time;
            if let Some(pane) = windows.find(state_window) {
                // Its timer is used up: if event time starts anew, it has to be registered again.
                pane.registered = false;
                let contents = &mut pane.contents;
                evaluate(function, &mut at, result, contents, output)?;
                if cleans && contents.take().is_some() {
                    at.tell_contents(function, contents.as_ref(), output);
                }
            }
            if cleans {
                now.ask(&mut timers, &mut state, |context| spec.trigger.clear(context));
                at.call(output, |context, _| function.clear(context))?;
                if let (true, Some(window)) = (spec.assigner.merges(), window.time()) {
                    windows.merging.retire_window(window);
                }
                output.observe(&key, window, WindowChange::Cleaned);
            }
            windows.put_trigger(window, state);
            windows.prune(state_window);
        }
        if windows.is_empty() {
            store.remove(hash_code, &key);
        }
        self.tell_timers(output);
        Ok(())
    }
}
