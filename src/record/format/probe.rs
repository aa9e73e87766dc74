//! The deserializer that has no bytes: it asks the tracer what to give, and writes down what it was
//! asked for.

use std::any::type_name;

use serde::de::{Deserializer, Visitor};

use super::access::{Entries, Items, OneVariant};
use super::schema::{Field, Plain, Shape, ShapeId, Variant, VariantShape};
use super::tracer::{Stopped, Tracer};

/// Texts that types which read texts accept: any, a number, a moment, an address, a span.
const TEXTS: &[&str] = &["", "a", "1", "1970-01-01T00:00:00Z", "1970-01-01", "127.0.0.1", "PT0S"];

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
