//! What a stored value looks like: names and types, without values.
//!
//! Shapes lie in one flat list and name each other by place, so that a type may contain itself and
//! a damaged schema cannot nest without end. Invariant: the list is in the order in which a walk
//! from the root meets the shapes, so equal types have equal schemas.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::tracer;

/// The place of a shape in its schema.
pub type ShapeId = u32;

/// A shape without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[allow(missing_docs)]
pub enum Plain {
    #[strum(serialize = "nothing")]
    Unit,
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    Text,
    Bytes,
}

/// One shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// One without parts.
    Plain(Plain),
    /// There or not.
    Option(ShapeId),
    /// Any number of one shape.
    List(ShapeId),
    /// So many, each with its shape.
    Tuple(Vec<ShapeId>),
    /// Keys with values.
    Map(ShapeId, ShapeId),
    /// A struct without fields.
    UnitStruct(String),
    /// A struct around one thing.
    Newtype(String, ShapeId),
    /// A struct whose fields have no names.
    TupleStruct(String, Vec<ShapeId>),
    /// A struct.
    Struct(String, Vec<Field>),
    /// One of several.
    Enum(String, Vec<Variant>),
    /// A type that could not be traced, by its Rust name.
    Opaque(String),
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub shape: ShapeId,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub shape: VariantShape,
}

/// What a variant holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum VariantShape {
    Unit,
    Newtype(ShapeId),
    Tuple(Vec<ShapeId>),
    Struct(Vec<Field>),
}

/// The shape of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// All shapes; the first is the type's own.
    pub shapes: Vec<Shape>,
}

/// Why a type cannot be traced.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the shape of {type_name} cannot be traced: {reason}")]
pub struct SchemaError {
    /// The type.
    pub type_name: &'static str,
    /// Why.
    pub reason: String,
}

impl Schema {
    /// Traces a type.
    pub fn trace<T: DeserializeOwned>() -> Result<Self, SchemaError> {
        let shapes = tracer::trace::<T>()
            .map_err(|reason| SchemaError { type_name: std::any::type_name::<T>(), reason })?;
        Ok(Self { shapes: in_order(&shapes) })
    }

    /// Traces a type. One that cannot be traced is known by its name alone.
    pub fn of<T: DeserializeOwned>() -> Self {
        Self::trace::<T>().unwrap_or_else(|error| Self {
            shapes: vec![Shape::Opaque(error.type_name.to_string())],
        })
    }

    /// A number that differs, as good as surely, where the schemas do.
    pub fn fingerprint(&self) -> u64 {
        xxh3_64(&super::encode(self).expect("a schema is plain data"))
    }

    /// The shape at a place. A damaged schema may name places that are not there.
    pub fn shape(&self, id: ShapeId) -> Option<&Shape> {
        self.shapes.get(id as usize)
    }
}

impl Shape {
    /// What a reader calls it.
    pub fn title(&self) -> String {
        let word = match self {
            Self::Plain(plain) => (*plain).into(),
            Self::Option(_) => "an option",
            Self::List(_) => "a list",
            Self::Tuple(items) => return format!("a tuple of {}", items.len()),
            Self::Map(..) => "a map",
            Self::UnitStruct(name)
            | Self::Newtype(name, _)
            | Self::TupleStruct(name, _)
            | Self::Struct(name, _)
            | Self::Enum(name, _)
            | Self::Opaque(name) => return name.clone(),
        };
        word.to_string()
    }

    /// The shapes that it names, in order.
    fn parts(&self) -> Vec<ShapeId> {
        match self {
            Self::Option(item) | Self::List(item) | Self::Newtype(_, item) => vec![*item],
            Self::Tuple(items) | Self::TupleStruct(_, items) => items.clone(),
            Self::Map(key, value) => vec![*key, *value],
            Self::Struct(_, fields) => fields.iter().map(|field| field.shape).collect(),
            Self::Enum(_, variants) => variants.iter().flat_map(|it| it.shape.parts()).collect(),
            Self::Plain(_) | Self::UnitStruct(_) | Self::Opaque(_) => Vec::new(),
        }
    }

    /// The same shape with its parts at other places.
    fn moved(&self, place: &impl Fn(ShapeId) -> ShapeId) -> Self {
        let all = |items: &[ShapeId]| items.iter().map(|item| place(*item)).collect();
        let fields = |fields: &[Field]| moved_fields(fields, place);
        match self {
            Self::Option(item) => Self::Option(place(*item)),
            Self::List(item) => Self::List(place(*item)),
            Self::Newtype(name, item) => Self::Newtype(name.clone(), place(*item)),
            Self::Tuple(items) => Self::Tuple(all(items)),
            Self::TupleStruct(name, items) => Self::TupleStruct(name.clone(), all(items)),
            Self::Map(key, value) => Self::Map(place(*key), place(*value)),
            Self::Struct(name, list) => Self::Struct(name.clone(), fields(list)),
            Self::Enum(name, variants) => {
                let variant = |it: &Variant| {
                    let shape = match &it.shape {
                        VariantShape::Unit => VariantShape::Unit,
                        VariantShape::Newtype(item) => VariantShape::Newtype(place(*item)),
                        VariantShape::Tuple(items) => VariantShape::Tuple(all(items)),
                        VariantShape::Struct(list) => VariantShape::Struct(fields(list)),
                    };
                    Variant { name: it.name.clone(), shape }
                };
                Self::Enum(name.clone(), variants.iter().map(variant).collect())
            }
            Self::Plain(_) | Self::UnitStruct(_) | Self::Opaque(_) => self.clone(),
        }
    }
}

impl VariantShape {
    fn parts(&self) -> Vec<ShapeId> {
        match self {
            Self::Unit => Vec::new(),
            Self::Newtype(item) => vec![*item],
            Self::Tuple(items) => items.clone(),
            Self::Struct(fields) => fields.iter().map(|field| field.shape).collect(),
        }
    }
}

fn moved_fields(fields: &[Field], place: &impl Fn(ShapeId) -> ShapeId) -> Vec<Field> {
    fields.iter().map(|it| Field { name: it.name.clone(), shape: place(it.shape) }).collect()
}

/// The shapes that a walk from the first one meets, in its order.
fn in_order(shapes: &[Shape]) -> Vec<Shape> {
    let (mut order, mut places) = (Vec::new(), BTreeMap::new());
    let mut ahead = vec![0];
    while let Some(id) = ahead.pop() {
        places.entry(id).or_insert_with(|| {
            order.push(id);
            ahead.extend(shapes[id as usize].parts().into_iter().rev());
            order.len() as ShapeId - 1
        });
    }
    order.iter().map(|id| shapes[*id as usize].moved(&|id| places[&id])).collect()
}

/// The type as a reader would write it; named types that come again are not repeated.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_shape(self, 0, &mut Vec::new(), &mut text)?;
        f.write_str(&text)
    }
}

fn write_shape(
    schema: &Schema,
    id: ShapeId,
    seen: &mut Vec<ShapeId>,
    text: &mut String,
) -> fmt::Result {
    let Some(shape) = schema.shape(id) else { return text.write_str("?") };
    // A type within itself is named, and so is what lies deeper than anyone reads.
    if seen.contains(&id) || seen.len() == 16 {
        return text.write_str(&shape.title());
    }
    seen.push(id);
    match shape {
        Shape::Option(item) | Shape::List(item) | Shape::Newtype(_, item) => {
            write!(text, "{} of ", shape.title())?;
            write_shape(schema, *item, seen, text)?;
        }
        Shape::Map(key, value) => {
            text.write_str("a map from ")?;
            write_shape(schema, *key, seen, text)?;
            text.write_str(" to ")?;
            write_shape(schema, *value, seen, text)?;
        }
        Shape::Struct(name, fields) => {
            write!(text, "{name} {{")?;
            for (place, field) in fields.iter().enumerate() {
                write!(text, "{}{}: ", if place == 0 { "" } else { ", " }, field.name)?;
                write_shape(schema, field.shape, seen, text)?;
            }
            text.write_str("}")?;
        }
        Shape::Enum(name, variants) => {
            let names: Vec<&str> = variants.iter().map(|it| it.name.as_str()).collect();
            write!(text, "{name} ({})", names.join(" | "))?;
        }
        Shape::Tuple(items) | Shape::TupleStruct(_, items) => {
            write!(text, "{} (", shape.title())?;
            for (place, item) in items.iter().enumerate() {
                text.write_str(if place == 0 { "" } else { ", " })?;
                write_shape(schema, *item, seen, text)?;
            }
            text.write_str(")")?;
        }
        Shape::Plain(_) | Shape::UnitStruct(_) | Shape::Opaque(_) => {
            text.write_str(&shape.title())?;
        }
    }
    seen.retain(|it| *it != id);
    Ok(())
}
