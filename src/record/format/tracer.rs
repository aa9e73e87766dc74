//! Traces the shape of a type through its own `Deserialize`.
//!
//! A deserializer that has no bytes hands out sample values and writes down what it was asked for.
//! One pass shows every field but of each enum only one variant, so passes are repeated until all
//! variants have been shown, and within each all that it contains. A type may contain itself: inside itself it is *closed*, with absent
//! options, empty lists and the variant that ends soonest. A type may refuse a sample (a number
//! that is not zero, a text that is a date); then the next sample is tried at that place.
//!
//! Invariant: a pass that fails leaves nothing behind but the choice of what to try next.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeOwned};

use super::probe::Probe;
use super::schema::{Plain, Shape, ShapeId, VariantShape};

/// Deeper than any type that ends.
const DEEPEST: usize = 200;
/// More passes than any type with so many variants needs.
const MOST_PASSES: usize = 10_000;

/// What went wrong in a pass.
#[derive(Debug)]
pub(super) enum Stopped {
    /// A type did not accept its sample.
    Refused(String),
    /// A type inside itself never ended.
    TooDeep,
    /// The type asks for something that this format does not have.
    Unsupported(&'static str),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => f.write_str(reason),
            Self::TooDeep => f.write_str("it contains itself without end"),
            Self::Unsupported(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Stopped {}

impl de::Error for Stopped {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::Refused(message.to_string())
    }
}

/// A named type on its way to a shape.
#[derive(Clone)]
pub(super) struct Named {
    pub id: ShapeId,
    /// Of an enum, the variants shown so far.
    pub variants: Vec<Option<VariantShape>>,
    /// Which of them have been shown with everything in them.
    pub complete: Vec<bool>,
    /// Of an enum, the variant that is shown where it lies in itself.
    closing: usize,
    /// How often the walk is inside it just now.
    pub open: usize,
}

/// All that the passes have found.
#[derive(Default)]
pub(super) struct Tracer {
    pub shapes: Vec<Shape>,
    pub named: BTreeMap<(&'static str, &'static str), Named>,
    /// Which sample to give at which place of the pass, where it is not the first.
    samples: Vec<usize>,
    /// How many samples there are at each place that the pass has come to.
    given: Vec<usize>,
    /// The enums that were closed, innermost last.
    closed: Vec<(&'static str, &'static str)>,
    pub depth: usize,
    /// Above zero inside a type that is inside itself.
    pub closing: usize,
    /// Whether the walk has come by an enum that has more to show.
    pub more_to_show: bool,
}

/// The shapes of a type, its own first; why not, in words.
pub(super) fn trace<T: DeserializeOwned>() -> Result<Vec<Shape>, String> {
    let mut tracer = Tracer { shapes: vec![Shape::Plain(Plain::Unit)], ..Tracer::default() };
    for _ in 0..MOST_PASSES {
        let named = tracer.named.clone();
        let mut root = 0;
        let stopped = match T::deserialize(Probe { tracer: &mut tracer, shape: &mut root }) {
            Ok(_) if tracer.is_complete() => return Ok(tracer.finish(root)),
            Ok(_) => {
                tracer.start_pass();
                continue;
            }
            Err(stopped) => stopped,
        };
        tracer.forget_since(&named);
        let goes_on = match stopped {
            Stopped::Refused(_) => tracer.try_next_sample(),
            Stopped::TooDeep => tracer.try_next_closing(),
            Stopped::Unsupported(_) => false,
        };
        if !goes_on {
            return Err(stopped.to_string());
        }
        tracer.start_pass();
    }
    Err("it has too many variants".to_string())
}

impl Tracer {
    fn start_pass(&mut self) {
        self.given.clear();
        self.closed.clear();
        (self.depth, self.closing, self.more_to_show) = (0, 0, false);
        for named in self.named.values_mut() {
            named.open = 0;
        }
    }

    /// Forgets which variants were shown since then.
    fn forget_since(&mut self, then: &BTreeMap<(&'static str, &'static str), Named>) {
        for (key, named) in &mut self.named {
            match then.get(key) {
                Some(before) => {
                    named.variants.clone_from(&before.variants);
                    named.complete.clone_from(&before.complete);
                }
                None => {
                    named.variants.fill(None);
                    named.complete.fill(false);
                }
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.named.values().all(|named| named.complete.iter().all(|complete| *complete))
    }

    /// The shapes with the root first.
    fn finish(mut self, root: ShapeId) -> Vec<Shape> {
        let first = self.shapes[root as usize].clone();
        self.shapes[0] = first;
        self.shapes
    }

    /// Counts on to the next combination of samples, the last place first; false after the last.
    fn try_next_sample(&mut self) -> bool {
        self.samples.resize(self.given.len(), 0);
        while let Some(sample) = self.samples.last_mut() {
            *sample += 1;
            if *sample < self.given[self.samples.len() - 1] {
                return true;
            }
            self.samples.pop();
        }
        false
    }

    /// Closes the innermost enum with another variant; false if that has been tried.
    fn try_next_closing(&mut self) -> bool {
        let Some(named) = self.closed.last().and_then(|key| self.named.get_mut(key)) else {
            return false;
        };
        named.closing += 1;
        named.closing < named.variants.len()
    }

    /// Which of `count` samples to give here.
    pub fn sample(&mut self, count: usize) -> usize {
        let place = self.given.len();
        self.given.push(count);
        self.samples.get(place).copied().unwrap_or(0)
    }

    /// The place of a shape; equal ones share it.
    pub fn intern(&mut self, shape: Shape) -> ShapeId {
        // The first place is kept for the root.
        let known = self.shapes[1..].iter().position(|known| *known == shape);
        known.map_or_else(
            || {
                self.shapes.push(shape);
                self.shapes.len() as ShapeId - 1
            },
            |place| place as ShapeId + 1,
        )
    }

    /// Enters a type, or says that it never ends.
    pub fn enter(&mut self) -> Result<(), Stopped> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(Stopped::TooDeep) } else { Ok(()) }
    }

    /// The place of a named type, made if it is met for the first time.
    pub fn name(&mut self, key: (&'static str, &'static str), variants: usize) -> ShapeId {
        if let Some(named) = self.named.get(&key) {
            return named.id;
        }
        let id = self.shapes.len() as ShapeId;
        // Until the walk comes back, the name stands for itself and equals no other shape.
        self.shapes.push(Shape::Opaque(format!("{} {}", key.0, key.1)));
        let (variants, complete) = (vec![None; variants], vec![false; variants]);
        self.named.insert(key, Named { id, variants, complete, closing: 0, open: 0 });
        id
    }

    /// Which variant of an enum to show.
    pub fn choose(&mut self, key: (&'static str, &'static str)) -> usize {
        let named = self.named.get_mut(&key).expect("it was just named");
        if self.closing > 0 {
            self.closed.push(key);
            return named.closing;
        }
        named.complete.iter().position(|complete| !complete).unwrap_or(named.closing)
    }
}
