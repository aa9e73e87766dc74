//! Traces the shape of a type through its own `Deserialize`.
//!
//! A deserializer that has no bytes hands out sample values and writes down what it was asked for.
//! One pass shows every field but of each enum only one variant, so passes are repeated until all
//! variants have been shown, and within each all that it contains. A type may contain itself: inside itself it is *closed*, with absent
//! options, empty lists and the variant that ends soonest. A type may refuse a sample (a number
//! that is not zero, a text that is a date); then the next sample is tried at that place.
//!
//! Invariant: a pass that fails leaves nothing behind but the choice of what to try next.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};

use super::access::{Entries, Items, OneVariant};
use super::schema::{Field, Plain, Shape, ShapeId, Variant, VariantShape};

/// Deeper than any type that ends.
const DEEPEST: usize = 200;
/// More passes than any type with so many variants needs.
const MOST_PASSES: usize = 10_000;

/// Texts that types which read texts accept: any, a number, a moment, an address, a span.
const TEXTS: &[&str] = &["", "a", "1", "1970-01-01T00:00:00Z", "1970-01-01", "127.0.0.1", "PT0S"];

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
struct Named {
    id: ShapeId,
    /// Of an enum, the variants shown so far.
    variants: Vec<Option<VariantShape>>,
    /// Which of them have been shown with everything in them.
    complete: Vec<bool>,
    /// Of an enum, the variant that is shown where it lies in itself.
    closing: usize,
    /// How often the walk is inside it just now.
    open: usize,
}

/// All that the passes have found.
#[derive(Default)]
pub(super) struct Tracer {
    shapes: Vec<Shape>,
    named: BTreeMap<(&'static str, &'static str), Named>,
    /// Which sample to give at which place of the pass, where it is not the first.
    samples: Vec<usize>,
    /// How many samples there are at each place that the pass has come to.
    given: Vec<usize>,
    /// The enums that were closed, innermost last.
    closed: Vec<(&'static str, &'static str)>,
    depth: usize,
    /// Above zero inside a type that is inside itself.
    closing: usize,
    /// Whether the walk has come by an enum that has more to show.
    more_to_show: bool,
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
    fn sample(&mut self, count: usize) -> usize {
        let place = self.given.len();
        self.given.push(count);
        self.samples.get(place).copied().unwrap_or(0)
    }

    /// The place of a shape; equal ones share it.
    fn intern(&mut self, shape: Shape) -> ShapeId {
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
    fn enter(&mut self) -> Result<(), Stopped> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(Stopped::TooDeep) } else { Ok(()) }
    }
}

/// Where in a type the walk is.
pub(super) struct Probe<'a> {
    pub tracer: &'a mut Tracer,
    /// Where the shape goes.
    pub shape: &'a mut ShapeId,
}

impl Probe<'_> {
    fn plain(&mut self, plain: Plain) {
        *self.shape = self.tracer.intern(Shape::Plain(plain));
    }

    fn plain_sample(&mut self, plain: Plain, count: usize) -> usize {
        self.plain(plain);
        self.tracer.sample(count)
    }

    /// Walks a named type: `walk` goes through it, `body` makes its shape of the parts.
    fn named<'de, V: Visitor<'de>>(
        self,
        name: &'static str,
        walk: impl FnOnce(&mut Tracer, &mut Vec<ShapeId>, V) -> Result<V::Value, Stopped>,
        body: impl FnOnce(Vec<ShapeId>) -> Shape,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let key = (type_name::<V>(), name);
        let Self { tracer, shape } = self;
        tracer.enter()?;
        let id = tracer.name(key, 0);
        *shape = id;
        let named = tracer.named.get_mut(&key).expect("it was just named");
        named.open += 1;
        let inside_itself = named.open > 1;
        tracer.closing += usize::from(inside_itself);
        let mut parts = Vec::new();
        let value = walk(tracer, &mut parts, visitor)?;
        tracer.closing -= usize::from(inside_itself);
        tracer.named.get_mut(&key).expect("names are kept").open -= 1;
        tracer.depth -= 1;
        if tracer.closing == 0 {
            tracer.shapes[id as usize] = body(parts);
        }
        Ok(value)
    }
}

impl Tracer {
    fn name(&mut self, key: (&'static str, &'static str), variants: usize) -> ShapeId {
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
    fn choose(&mut self, key: (&'static str, &'static str)) -> usize {
        let named = self.named.get_mut(&key).expect("it was just named");
        if self.closing > 0 {
            self.closed.push(key);
            return named.closing;
        }
        named.complete.iter().position(|complete| !complete).unwrap_or(named.closing)
    }
}

/// Numbers: one and then nought, since more types refuse nought.
macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $plain:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
            let sample = self.plain_sample(Plain::$plain, 2);
            visitor.$visit(if sample == 0 { 1 as $type } else { 0 as $type })
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stopped;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! {
        deserialize_i8 visit_i8 i8, I8;
        deserialize_i16 visit_i16 i16, I16;
        deserialize_i32 visit_i32 i32, I32;
        deserialize_i64 visit_i64 i64, I64;
        deserialize_i128 visit_i128 i128, I128;
        deserialize_u8 visit_u8 u8, U8;
        deserialize_u16 visit_u16 u16, U16;
        deserialize_u32 visit_u32 u32, U32;
        deserialize_u64 visit_u64 u64, U64;
        deserialize_u128 visit_u128 u128, U128;
        deserialize_f32 visit_f32 f32, F32;
        deserialize_f64 visit_f64 f64, F64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stopped> {
        Err(Stopped::Unsupported("it reads values whose type is known only from the bytes"))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        self.deserialize_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        self.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        let sample = self.plain_sample(Plain::Bool, 2);
        visitor.visit_bool(sample == 1)
    }

    fn deserialize_char<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.plain(Plain::Char);
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        let sample = self.plain_sample(Plain::Text, TEXTS.len());
        visitor.visit_borrowed_str(TEXTS[sample])
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.plain(Plain::Bytes);
        visitor.visit_borrowed_bytes(b"")
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stopped> {
        self.plain(Plain::Unit);
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        let Self { tracer, shape } = self;
        if tracer.closing > 0 {
            return visitor.visit_none();
        }
        tracer.enter()?;
        let mut item = 0;
        let value = visitor.visit_some(Probe { tracer, shape: &mut item })?;
        tracer.depth -= 1;
        *shape = tracer.intern(Shape::Option(item));
        Ok(value)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        let Self { tracer, shape } = self;
        tracer.enter()?;
        let count = usize::from(tracer.closing == 0);
        let mut items = Vec::new();
        let value = visitor.visit_seq(Items { tracer, items: &mut items, left: count })?;
        tracer.depth -= 1;
        if let Some(&item) = items.first() {
            *shape = tracer.intern(Shape::List(item));
        }
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let Self { tracer, shape } = self;
        tracer.enter()?;
        let mut items = Vec::new();
        let value = visitor.visit_seq(Items { tracer, items: &mut items, left: len })?;
        tracer.depth -= 1;
        if tracer.closing == 0 {
            *shape = tracer.intern(Shape::Tuple(items));
        }
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stopped> {
        let Self { tracer, shape } = self;
        tracer.enter()?;
        let count = usize::from(tracer.closing == 0);
        let mut items = Vec::new();
        let value = visitor.visit_map(Entries { tracer, items: &mut items, left: count })?;
        tracer.depth -= 1;
        if let [key, item] = items[..] {
            *shape = tracer.intern(Shape::Map(key, item));
        }
        Ok(value)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        *self.shape = self.tracer.intern(Shape::UnitStruct(name.to_string()));
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let walk = |tracer: &mut Tracer, parts: &mut Vec<ShapeId>, visitor: V| {
            let mut shape = 0;
            let value = visitor.visit_newtype_struct(Probe { tracer, shape: &mut shape })?;
            parts.push(shape);
            Ok(value)
        };
        self.named(name, walk, |parts| Shape::Newtype(name.to_string(), parts[0]), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let walk = |tracer: &mut Tracer, items: &mut Vec<ShapeId>, visitor: V| {
            visitor.visit_seq(Items { tracer, items, left: len })
        };
        self.named(name, walk, |parts| Shape::TupleStruct(name.to_string(), parts), visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let walk = |tracer: &mut Tracer, items: &mut Vec<ShapeId>, visitor: V| {
            visitor.visit_seq(Items { tracer, items, left: fields.len() })
        };
        let body = |parts| Shape::Struct(name.to_string(), with_names(fields, parts));
        self.named(name, walk, body, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let key = (type_name::<V>(), name);
        self.tracer.name(key, variants.len());
        let mut shown = None;
        let walk = |tracer: &mut Tracer, _: &mut Vec<ShapeId>, visitor: V| {
            let chosen = tracer.choose(key);
            let more_before = std::mem::take(&mut tracer.more_to_show);
            let variant = OneVariant { index: chosen as u32, shape: &mut shown, tracer };
            let value = visitor.visit_enum(variant)?;
            if tracer.closing == 0 {
                let named = tracer.named.get_mut(&key).expect("it was named before");
                named.variants[chosen] = shown.take();
                named.complete[chosen] = !tracer.more_to_show;
                tracer.more_to_show |= named.complete.contains(&false);
            }
            tracer.more_to_show |= more_before;
            Ok(value)
        };
        let Self { tracer, shape } = self;
        let probe = Probe { tracer: &mut *tracer, shape: &mut *shape };
        // The shape follows from all passes, so it is set here and not from this walk's parts.
        let value = probe.named(name, walk, |_| Shape::Plain(Plain::Unit), visitor)?;
        if tracer.closing == 0 {
            let named = &tracer.named[&key];
            let variant = |(name, shape): (&&str, &Option<VariantShape>)| Variant {
                name: name.to_string(),
                shape: shape.clone().unwrap_or(VariantShape::Unit),
            };
            let list = variants.iter().zip(&named.variants).map(variant).collect();
            tracer.shapes[named.id as usize] = Shape::Enum(name.to_string(), list);
        }
        Ok(value)
    }
}

/// Fields with their names.
pub(super) fn with_names(names: &[&str], shapes: Vec<ShapeId>) -> Vec<Field> {
    let field = |(name, shape): (&&str, ShapeId)| Field { name: (*name).to_string(), shape };
    names.iter().zip(shapes).map(field).collect()
}
