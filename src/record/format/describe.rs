//! Shows a stored value as text, knowing its schema and not its Rust type.
//!
//! Invariants: texts and characters are escaped, so that no stored value can draw outside its
//! place on a screen; the walk ends, whatever the bytes and the schema say.

use std::fmt::Write;

use serde::de::DeserializeOwned;

use super::schema::{Field, Plain, Schema, Shape, ShapeId, VariantShape};
use super::{FormatError, decode_prefix};

/// Deeper than anyone nests.
const DEEPEST: usize = 100;
/// Items that take no bytes are believed up to this number.
const MOST_EMPTY_ITEMS: u64 = 10_000;

/// A stored value as text, such as `{carrier: "UA", count: 3}`.
pub fn describe(bytes: &[u8], schema: &Schema) -> Result<String, FormatError> {
    let (text, rest) = describe_prefix(bytes, schema)?;
    if rest.is_empty() {
        return Ok(text);
    }
    let type_name = title(schema);
    Err(FormatError::LeftOver { count: rest.len(), type_name })
}

/// The value that these bytes begin with as text, and the rest.
pub fn describe_prefix<'a>(
    bytes: &'a [u8],
    schema: &Schema,
) -> Result<(String, &'a [u8]), FormatError> {
    let mut walk = Walk { schema, rest: bytes, text: String::new(), depth: 0 };
    match walk.shape(0) {
        Ok(()) => Ok((walk.text, walk.rest)),
        Err(Odd(reason)) => Err(FormatError::Damaged { type_name: title(schema), reason }),
    }
}

fn title(schema: &Schema) -> String {
    schema.shape(0).map_or_else(|| "value".to_string(), Shape::title)
}

/// Why the walk cannot go on.
struct Odd(String);

fn odd<T>(reason: &str) -> Result<T, Odd> {
    Err(Odd(reason.to_string()))
}

struct Walk<'a, 's> {
    schema: &'s Schema,
    rest: &'a [u8],
    text: String,
    depth: usize,
}

impl<'s> Walk<'_, 's> {
    fn read<T: DeserializeOwned>(&mut self) -> Result<T, Odd> {
        let (value, rest) = decode_prefix(self.rest).map_err(|error| Odd(error.to_string()))?;
        self.rest = rest;
        Ok(value)
    }

    fn show(&mut self, value: impl std::fmt::Debug) {
        write!(self.text, "{value:?}").expect("writing to a string succeeds");
    }

    /// A name as it is, or in quotes if it is not a plain word.
    fn name(&mut self, name: &str) {
        let plain = name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
        if plain && !name.is_empty() { self.text.push_str(name) } else { self.show(name) }
    }

    fn shape(&mut self, id: ShapeId) -> Result<(), Odd> {
        let schema: &'s Schema = self.schema;
        let Some(shape) = schema.shape(id) else { return odd("the schema names no such shape") };
        self.depth += 1;
        if self.depth > DEEPEST {
            return odd("it is nested too deep");
        }
        match shape {
            Shape::Plain(plain) => self.plain(*plain)?,
            Shape::Option(item) => match self.read::<u8>()? {
                0 => self.text.push_str("None"),
                1 => {
                    self.text.push_str("Some(");
                    self.shape(*item)?;
                    self.text.push(')');
                }
                _ => return odd("an option is neither there nor not"),
            },
            Shape::List(item) => self.list(&[*item], ["[", "]"])?,
            Shape::Map(key, value) => self.list(&[*key, *value], ["{", "}"])?,
            Shape::Tuple(items) | Shape::TupleStruct(_, items) => self.items(items)?,
            Shape::UnitStruct(name) => self.name(name),
            Shape::Newtype(_, item) => self.shape(*item)?,
            Shape::Struct(_, fields) => self.fields(fields)?,
            Shape::Enum(_, variants) => {
                let index: u32 = self.read()?;
                let Some(variant) = variants.get(index as usize) else {
                    return odd("there is no such variant");
                };
                self.name(&variant.name);
                self.variant(&variant.shape)?;
            }
            Shape::Opaque(_) => self.opaque(),
        }
        self.depth -= 1;
        Ok(())
    }

    fn variant(&mut self, shape: &'s VariantShape) -> Result<(), Odd> {
        match shape {
            VariantShape::Unit => Ok(()),
            VariantShape::Newtype(item) => self.items(std::slice::from_ref(item)),
            VariantShape::Tuple(items) => self.items(items),
            VariantShape::Struct(fields) => {
                self.text.push(' ');
                self.fields(fields)
            }
        }
    }

    fn items(&mut self, items: &[ShapeId]) -> Result<(), Odd> {
        self.text.push('(');
        for (place, item) in items.iter().enumerate() {
            self.text.push_str(if place == 0 { "" } else { ", " });
            self.shape(*item)?;
        }
        self.text.push(')');
        Ok(())
    }

    fn fields(&mut self, fields: &'s [Field]) -> Result<(), Odd> {
        self.text.push('{');
        for (place, field) in fields.iter().enumerate() {
            self.text.push_str(if place == 0 { "" } else { ", " });
            self.name(&field.name);
            self.text.push_str(": ");
            self.shape(field.shape)?;
        }
        self.text.push('}');
        Ok(())
    }

    /// Items of one shape, or entries of two.
    fn list(&mut self, shapes: &[ShapeId], [open, close]: [&str; 2]) -> Result<(), Odd> {
        let count: u64 = self.read()?;
        let before = self.rest.len();
        self.text.push_str(open);
        for place in 0..count {
            if place == MOST_EMPTY_ITEMS && self.rest.len() == before {
                return odd("it has too many empty items");
            }
            self.text.push_str(if place == 0 { "" } else { ", " });
            for (part, shape) in shapes.iter().enumerate() {
                self.text.push_str(if part == 0 { "" } else { ": " });
                self.shape(*shape)?;
            }
        }
        self.text.push_str(close);
        Ok(())
    }

    /// Nobody knows where a value of an untraced type ends, so it takes all that is left.
    fn opaque(&mut self) {
        self.text.push_str("0x");
        for byte in self.rest {
            write!(self.text, "{byte:02x}").expect("writing to a string succeeds");
        }
        self.rest = &[];
    }

    fn bytes(&mut self) -> Result<(), Odd> {
        let len: u64 = self.read()?;
        let len = usize::try_from(len).ok().filter(|len| *len <= self.rest.len());
        let Some(len) = len else { return odd("it ends too soon") };
        let (bytes, rest) = self.rest.split_at(len);
        self.rest = bytes;
        self.opaque();
        self.rest = rest;
        Ok(())
    }

    fn plain(&mut self, plain: Plain) -> Result<(), Odd> {
        macro_rules! show {
            ($type:ty) => {{
                let value: $type = self.read()?;
                self.show(value);
            }};
        }
        match plain {
            Plain::Unit => self.text.push_str("()"),
            Plain::Bool => show!(bool),
            Plain::I8 => show!(i8),
            Plain::I16 => show!(i16),
            Plain::I32 => show!(i32),
            Plain::I64 => show!(i64),
            Plain::I128 => show!(i128),
            Plain::U8 => show!(u8),
            Plain::U16 => show!(u16),
            Plain::U32 => show!(u32),
            Plain::U64 => show!(u64),
            Plain::U128 => show!(u128),
            Plain::F32 => show!(f32),
            Plain::F64 => show!(f64),
            Plain::Char => show!(char),
            Plain::Text => show!(String),
            Plain::Bytes => self.bytes()?,
        }
        Ok(())
    }
}
