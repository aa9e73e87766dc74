//! What a probe gives to a type that has parts: its items, its entries, one of its variants.

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::probe::{Probe, with_names};
use super::schema::{ShapeId, VariantShape};
use super::tracer::{Stopped, Tracer};

fn part<'de, S: DeserializeSeed<'de>>(
    tracer: &mut Tracer,
    items: &mut Vec<ShapeId>,
    seed: S,
) -> Result<S::Value, Stopped> {
    let mut shape = 0;
    let value = seed.deserialize(Probe { tracer, shape: &mut shape })?;
    items.push(shape);
    Ok(value)
}

/// So many items, one after the other.
pub(super) struct Items<'a> {
    pub tracer: &'a mut Tracer,
    pub items: &'a mut Vec<ShapeId>,
    pub left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Stopped;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stopped> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        part(self.tracer, self.items, seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// So many keys with values.
pub(super) struct Entries<'a> {
    pub tracer: &'a mut Tracer,
    pub items: &'a mut Vec<ShapeId>,
    pub left: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Stopped;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stopped> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        part(self.tracer, self.items, seed).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stopped> {
        part(self.tracer, self.items, seed)
    }
}

/// One variant of an enum, and what it turns out to hold.
pub(super) struct OneVariant<'a> {
    pub tracer: &'a mut Tracer,
    pub index: u32,
    pub shape: &'a mut Option<VariantShape>,
}

impl<'de, 'a> EnumAccess<'de> for OneVariant<'a> {
    type Error = Stopped;
    type Variant = OneVariant<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, OneVariant<'a>), Stopped> {
        let index: U32Deserializer<Stopped> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for OneVariant<'_> {
    type Error = Stopped;

    fn unit_variant(self) -> Result<(), Stopped> {
        *self.shape = Some(VariantShape::Unit);
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stopped> {
        let mut items = Vec::new();
        let value = part(self.tracer, &mut items, seed)?;
        *self.shape = Some(VariantShape::Newtype(items[0]));
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stopped> {
        let mut items = Vec::new();
        let access = Items { tracer: self.tracer, items: &mut items, left: len };
        let value = visitor.visit_seq(access)?;
        *self.shape = Some(VariantShape::Tuple(items));
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stopped> {
        let mut items = Vec::new();
        let access = Items { tracer: self.tracer, items: &mut items, left: fields.len() };
        let value = visitor.visit_seq(access)?;
        *self.shape = Some(VariantShape::Struct(with_names(fields, items)));
        Ok(value)
    }
}
