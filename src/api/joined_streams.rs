//! Joins within windows: window join and co-group.
//!
//! ```
//! use std::time::Duration;
//! use weir::api::{StreamExecutionEnvironment, TumblingEventTimeWindows};
//! use weir::base::EventTime;
//! use weir::cluster::{self, ClusterOptions};
//! use weir::time::WatermarkStrategy;
//!
//! let env = StreamExecutionEnvironment::new("clicks of views");
//! let stamped = |records: Vec<(String, i64)>| {
//!     let strategy = WatermarkStrategy::for_monotonous_timestamps()
//!         .with_timestamp_assigner(|record: &(String, i64), _| EventTime(record.1));
//!     env.from_collection(records).assign_timestamps_and_watermarks(strategy)
//! };
//! let views = stamped(vec![("home".to_string(), 100), ("shop".to_string(), 900)]);
//! let clicks = stamped(vec![("shop".to_string(), 950), ("home".to_string(), 1_500)]);
//! views
//!     .join(&clicks)
//!     .where_key(|view| view.0.clone())
//!     .equal_to(|click| click.0.clone())
//!     .window(TumblingEventTimeWindows::of(Duration::from_secs(1)))
//!     .apply(|view, click, out| out.collect((view.0.clone(), view.1, click.1)))
//!     .write_to("pairs", ["page", "viewed", "clicked"]);
//! let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
//! assert_eq!(report.sinks["pairs"].rows[0].fields, ["shop", "900", "950"]);
//! assert_eq!(report.sinks["pairs"].rows.len(), 1);
//! ```

use std::marker::PhantomData;
use std::time::Duration;

use super::windows::Windowing;
use super::{DataStream, KeyedStream, WindowedStream};
use crate::operator::{Function, KeySelector};
use crate::record::{Collector, Data, Key};
use crate::window::join::{CoGroup, Join, Tagged};
use crate::window::{Evictor, Trigger};

/// Finds the key of a record of either side (Flink's `UnionKeySelector`).
pub struct UnionKey<F, G, K> {
    first: F,
    second: G,
    key: PhantomData<fn() -> K>,
}

impl<F: Clone, G: Clone, K> Clone for UnionKey<F, G, K> {
    fn clone(&self) -> Self {
        Self { first: self.first.clone(), second: self.second.clone(), key: PhantomData }
    }
}

impl<A, B, K, F, G> KeySelector<Tagged<A, B>> for UnionKey<F, G, K>
where
    K: Key,
    F: Fn(&A) -> K + Function,
    G: Fn(&B) -> K + Function,
{
    type Key = K;

    fn hash(&self, value: &Tagged<A, B>) -> i32 {
        self.key(value).hash_code()
    }

    fn matches(&self, value: &Tagged<A, B>, key: &K) -> bool {
        self.key(value).same(key)
    }

    fn key(&self, value: &Tagged<A, B>) -> K {
        match value {
            Tagged::First(value) => (self.first)(value),
            Tagged::Second(value) => (self.second)(value),
        }
    }
}

macro_rules! streams {
    ($(#[$doc:meta])* $name:ident, $where:ident, $equal:ident, $mode:ident) => {
        $(#[$doc])*
        pub struct $name<A, B> {
            first: DataStream<A>,
            second: DataStream<B>,
        }

        impl<A: Data, B: Data> $name<A, B> {
            /// The key of the first stream's records.
            pub fn where_key<K: Key, F: Fn(&A) -> K + Function>(self, key: F) -> $where<A, B, K, F> {
                $where { streams: self, first: key, key: PhantomData }
            }
        }

        /// The same, once the key of the first stream is known.
        pub struct $where<A, B, K, F> {
            streams: $name<A, B>,
            first: F,
            key: PhantomData<fn() -> K>,
        }

        impl<A: Data, B: Data, K: Key, F: Fn(&A) -> K + Function> $where<A, B, K, F> {
            /// The key of the second stream's records.
            pub fn equal_to<G: Fn(&B) -> K + Function>(self, key: G) -> $equal<A, B, K, F, G> {
                let selector = UnionKey { first: self.first, second: key, key: PhantomData };
                $equal { streams: self.streams, selector }
            }
        }

        /// The same, once the keys of both streams are known.
        pub struct $equal<A, B, K, F, G> {
            streams: $name<A, B>,
            selector: UnionKey<F, G, K>,
        }

        impl<A, B, K, F, G> $equal<A, B, K, F, G>
        where
            A: Data,
            B: Data,
            K: Key,
            F: Fn(&A) -> K + Function,
            G: Fn(&B) -> K + Function,
        {
            /// The windows in which records meet.
            pub fn window(
                self,
                windows: impl Windowing<Tagged<A, B>>,
            ) -> WithWindow<A, B, UnionKey<F, G, K>, $mode> {
                let $name { first, second } = self.streams;
                let first = first.tagged(Tagged::First);
                let union = first.union(&[&second.tagged(Tagged::Second)]);
                let keyed = KeyedStream::new(union, self.selector);
                WithWindow { windowed: keyed.window(windows), mode: PhantomData }
            }
        }
    };
}
streams! {
    /// Two streams of whose records each pair within a window is to be seen.
    JoinedStreams, JoinWhere, JoinEqualTo, Pairs
}
streams! {
    /// Two streams of whose records all of a window are to be seen, side by side.
    CoGroupedStreams, CoGroupWhere, CoGroupEqualTo, Groups
}

/// A join function sees pairs.
pub enum Pairs {}
/// A co-group function sees both sides.
pub enum Groups {}

/// Two streams with the windows in which their records meet.
pub struct WithWindow<A, B, S, M> {
    windowed: WindowedStream<Tagged<A, B>, S>,
    mode: PhantomData<fn() -> M>,
}

impl<A: Data, B: Data, S: KeySelector<Tagged<A, B>>, M> WithWindow<A, B, S, M> {
    fn change(
        self,
        change: impl FnOnce(WindowedStream<Tagged<A, B>, S>) -> WindowedStream<Tagged<A, B>, S>,
    ) -> Self {
        Self { windowed: change(self.windowed), mode: PhantomData }
    }

    /// When windows are evaluated.
    pub fn trigger(self, trigger: Trigger<Tagged<A, B>>) -> Self {
        self.change(|windowed| windowed.trigger(trigger))
    }

    /// Which records leave a window when it is evaluated.
    pub fn evictor(self, evictor: Evictor<Tagged<A, B>>) -> Self {
        self.change(|windowed| windowed.evictor(evictor))
    }

    /// For how long after its end a window takes late records.
    pub fn allowed_lateness(self, lateness: Duration) -> Self {
        self.change(|windowed| windowed.allowed_lateness(lateness))
    }
}

impl<A: Data, B: Data, S: KeySelector<Tagged<A, B>>> WithWindow<A, B, S, Pairs> {
    /// What is made of each pair of a record of the first stream and one of the second.
    pub fn apply<R: Data>(
        self,
        function: impl FnMut(&A, &B, &mut Collector<R>) + Function,
    ) -> DataStream<R> {
        self.windowed.process(Join::new(function))
    }
}

impl<A: Data, B: Data, S: KeySelector<Tagged<A, B>>> WithWindow<A, B, S, Groups> {
    /// What is made of all records of a window, each side in order of arrival; one side may be
    /// empty.
    pub fn apply<R: Data>(
        self,
        function: impl FnMut(&[&A], &[&B], &mut Collector<R>) + Function,
    ) -> DataStream<R> {
        self.windowed.process(CoGroup::new(function))
    }
}

impl<T: Data> DataStream<T> {
    /// Joins this stream with another: each pair of records of equal key in one window.
    pub fn join<B: Data>(&self, other: &DataStream<B>) -> JoinedStreams<T, B> {
        JoinedStreams { first: self.clone(), second: other.clone() }
    }

    /// Groups this stream with another: all records of equal key in one window.
    pub fn co_group<B: Data>(&self, other: &DataStream<B>) -> CoGroupedStreams<T, B> {
        CoGroupedStreams { first: self.clone(), second: other.clone() }
    }

    /// The records as those of one side, by as many subtasks as give them.
    fn tagged<X: Data>(&self, tag: impl FnMut(T) -> X + Function) -> DataStream<X> {
        self.map(tag).with_parallelism_of(self)
    }
}
