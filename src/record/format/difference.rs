//! What differs between the type that was stored and the one that reads it.
//!
//! Both are walked side by side until they part; what is said is where, in the names that the
//! program uses.

use std::collections::BTreeSet;

use super::schema::{Field, Schema, Shape, ShapeId, Variant, VariantShape};

/// Deeper than anyone nests.
const DEEPEST: usize = 100;

impl Schema {
    /// What differs in `other`, in words; nothing if it is the same.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self == other {
            return None;
        }
        let mut walk = Walk { old: self, new: other, path: Vec::new(), seen: BTreeSet::new() };
        Some(walk.shape(0, 0).unwrap_or_else(|| format!("it was {self} and is {other}")))
    }
}

struct Walk<'a> {
    old: &'a Schema,
    new: &'a Schema,
    /// The fields that lead here.
    path: Vec<String>,
    /// The pairs that have been compared, or are being.
    seen: BTreeSet<(ShapeId, ShapeId)>,
}

impl<'a> Walk<'a> {
    fn place(&self) -> String {
        if self.path.is_empty() { "it".to_string() } else { format!("`{}`", self.path.join(".")) }
    }

    fn within(&mut self, name: &str, old: ShapeId, new: ShapeId) -> Option<String> {
        self.path.push(name.to_string());
        let difference = self.shape(old, new);
        self.path.pop();
        difference
    }

    fn shape(&mut self, old: ShapeId, new: ShapeId) -> Option<String> {
        if self.path.len() > DEEPEST || !self.seen.insert((old, new)) {
            return None;
        }
        let (was, is): (&'a Shape, &'a Shape) = (self.old.shape(old)?, self.new.shape(new)?);
        if was.title() != is.title() {
            return Some(format!("{} was {} and is {}", self.place(), was.title(), is.title()));
        }
        match (was, is) {
            (Shape::Option(old), Shape::Option(new))
            | (Shape::Newtype(_, old), Shape::Newtype(_, new)) => self.within("0", *old, *new),
            (Shape::List(old), Shape::List(new)) => self.within("[]", *old, *new),
            (Shape::Map(old_key, old), Shape::Map(new_key, new)) => {
                let keys = self.within("keys", *old_key, *new_key);
                keys.or_else(|| self.within("values", *old, *new))
            }
            (Shape::Tuple(old), Shape::Tuple(new))
            | (Shape::TupleStruct(_, old), Shape::TupleStruct(_, new)) => self.items(old, new),
            (Shape::Struct(_, old), Shape::Struct(_, new)) => self.fields(old, new),
            (Shape::Enum(_, old), Shape::Enum(_, new)) => self.variants(old, new),
            (_, _) => None,
        }
    }

    fn items(&mut self, old: &[ShapeId], new: &[ShapeId]) -> Option<String> {
        if old.len() != new.len() {
            let (place, was, is) = (self.place(), old.len(), new.len());
            return Some(format!("{place} held {was} values and holds {is}"));
        }
        let mut pairs = old.iter().zip(new).enumerate();
        pairs.find_map(|(place, (old, new))| self.within(&place.to_string(), *old, *new))
    }

    fn fields(&mut self, old: &[Field], new: &[Field]) -> Option<String> {
        let has = |fields: &[Field], name: &str| fields.iter().any(|field| field.name == name);
        let within = |path: &[String], name: &str| {
            let path = path.iter().map(String::as_str).chain([name]);
            path.collect::<Vec<_>>().join(".")
        };
        if let Some(gone) = old.iter().find(|field| !has(new, &field.name)) {
            return Some(format!("`{}` is gone", within(&self.path, &gone.name)));
        }
        if let Some(added) = new.iter().find(|field| !has(old, &field.name)) {
            return Some(format!("`{}` is new", within(&self.path, &added.name)));
        }
        if old.iter().zip(new).any(|(old, new)| old.name != new.name) {
            return Some(format!("the fields of {} have changed places", self.place()));
        }
        let mut pairs = old.iter().zip(new);
        pairs.find_map(|(old, new)| self.within(&old.name, old.shape, new.shape))
    }

    fn variants(&mut self, old: &[Variant], new: &[Variant]) -> Option<String> {
        for (was, is) in old.iter().zip(new) {
            if was.name != is.name {
                let place = self.place();
                return Some(format!("variant {} of {place} is now {}", was.name, is.name));
            }
            self.path.push(was.name.clone());
            let difference = self.variant(&was.shape, &is.shape);
            self.path.pop();
            if difference.is_some() {
                return difference;
            }
        }
        let (place, was, is) = (self.place(), old.len(), new.len());
        (was != is).then(|| format!("{place} had {was} variants and has {is}"))
    }

    fn variant(&mut self, was: &VariantShape, is: &VariantShape) -> Option<String> {
        match (was, is) {
            (VariantShape::Unit, VariantShape::Unit) => None,
            (VariantShape::Newtype(old), VariantShape::Newtype(new)) => {
                self.within("0", *old, *new)
            }
            (VariantShape::Tuple(old), VariantShape::Tuple(new)) => self.items(old, new),
            (VariantShape::Struct(old), VariantShape::Struct(new)) => self.fields(old, new),
            (
                VariantShape::Unit
                | VariantShape::Newtype(_)
                | VariantShape::Tuple(_)
                | VariantShape::Struct(_),
                _,
            ) => Some(format!("variant {} holds something else", self.place())),
        }
    }
}
