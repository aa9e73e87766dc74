//! Keys, with the hashes that Java gives them.

use std::cmp::Ordering;

use super::Data;

/// A type that streams can be keyed by. Its hash is Java's `hashCode`, so that a key lands on the
/// key group on which Flink puts it; its order is used wherever keys must be listed.
///
/// Keys of one's own that are the same although they differ (in case, say) need
/// [`canonical`](Key::canonical) too.
///
/// For a type of one's own, combine the hashes of its fields as Java's `Objects.hash` would:
///
/// ```
/// use std::cmp::Ordering;
/// use serde::{Deserialize, Serialize};
/// use weir::record::Key;
///
/// #[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
/// struct Route { from: String, to: String }
///
/// impl Key for Route {
///     fn hash_code(&self) -> i32 {
///         self.from.hash_code().wrapping_mul(31).wrapping_add(self.to.hash_code())
///     }
///     fn compare(&self, other: &Self) -> Ordering {
///         self.cmp(other)
///     }
/// }
/// assert_eq!("ab".to_string().hash_code(), 3105);
/// ```
pub trait Key: Data {
    /// Java's `hashCode`.
    fn hash_code(&self) -> i32;
    /// A total order; keys are the same when it says `Equal`.
    fn compare(&self, other: &Self) -> Ordering;
    /// Whether these are the same key.
    #[inline]
    fn same(&self, other: &Self) -> bool {
        self.compare(other).is_eq()
    }
    /// The one of all keys that are the same as this under which state is stored. State is found
    /// by the bytes of its key, so keys that are the same must come to one whose bytes are.
    #[must_use]
    #[inline]
    fn canonical(self) -> Self {
        self
    }
}

/// `Integer`, `Short` and `Byte` hash to their value.
macro_rules! small_integer_keys {
    ($($type:ty),*) => {$(
        impl Key for $type {
            #[inline]
            fn hash_code(&self) -> i32 {
                i32::from(*self)
            }
            #[inline]
            fn compare(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
        }
    )*};
}
small_integer_keys!(i32, i16, i8, u16, u8);

/// `Long.hashCode`: the upper half folded into the lower.
fn hash_bits(bits: u64) -> i32 {
    (bits ^ (bits >> 32)) as i32
}

macro_rules! integer_keys {
    ($($type:ty => |$value:ident| $hash:expr),* $(,)?) => {$(
        impl Key for $type {
            #[inline]
            fn hash_code(&self) -> i32 {
                let $value = *self;
                $hash
            }
            #[inline]
            fn compare(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
        }
    )*};
}
integer_keys! {
    i64 => |value| hash_bits(value as u64),
    u64 => |value| hash_bits(value),
    usize => |value| hash_bits(value as u64),
    u32 => |value| value as i32,
    bool => |value| if value { 1231 } else { 1237 },
    char => |value| value as i32,
    () => |_value| 0,
}

/// Java tells `0.0` from `-0.0` and holds all `NaN`s for one.
fn double_bits(value: f64) -> u64 {
    if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() }
}

fn float_bits(value: f32) -> u32 {
    if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() }
}

impl Key for f64 {
    fn hash_code(&self) -> i32 {
        hash_bits(double_bits(*self))
    }
    fn compare(&self, other: &Self) -> Ordering {
        f64::from_bits(double_bits(*self)).total_cmp(&f64::from_bits(double_bits(*other)))
    }
    fn canonical(self) -> Self {
        f64::from_bits(double_bits(self))
    }
}

impl Key for f32 {
    fn hash_code(&self) -> i32 {
        float_bits(*self) as i32
    }
    fn compare(&self, other: &Self) -> Ordering {
        f32::from_bits(float_bits(*self)).total_cmp(&f32::from_bits(float_bits(*other)))
    }
    fn canonical(self) -> Self {
        f32::from_bits(float_bits(self))
    }
}

impl Key for String {
    /// Java hashes UTF-16 units, which for ASCII are the bytes.
    #[inline]
    fn hash_code(&self) -> i32 {
        let step = |hash: i32, unit: i32| hash.wrapping_mul(31).wrapping_add(unit);
        if self.is_ascii() {
            self.bytes().fold(0, |hash, byte| step(hash, i32::from(byte)))
        } else {
            self.encode_utf16().fold(0, |hash, unit| step(hash, i32::from(unit)))
        }
    }
    #[inline]
    fn compare(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
    #[inline]
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl<T: Key> Key for Option<T> {
    fn hash_code(&self) -> i32 {
        self.as_ref().map_or(0, Key::hash_code)
    }
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Some(a), Some(b)) => a.compare(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }
    fn canonical(self) -> Self {
        self.map(Key::canonical)
    }
}

impl<T: Key> Key for Vec<T> {
    /// `List.hashCode`.
    fn hash_code(&self) -> i32 {
        self.iter().fold(1, |hash, item| hash.wrapping_mul(31).wrapping_add(item.hash_code()))
    }
    fn compare(&self, other: &Self) -> Ordering {
        let pairs = self.iter().zip(other);
        let first = pairs.map(|(a, b)| a.compare(b)).find(|order| order.is_ne());
        first.unwrap_or_else(|| self.len().cmp(&other.len()))
    }
    fn canonical(self) -> Self {
        self.into_iter().map(Key::canonical).collect()
    }
}

/// Flink's tuples: the first field's hash, then 31 times it plus the next, and so on.
macro_rules! tuple_keys {
    ($($first:ident $(, $rest:ident)*);*) => {$(
        #[allow(non_snake_case)]
        impl<$first: Key $(, $rest: Key)*> Key for ($first, $($rest,)*) {
            fn hash_code(&self) -> i32 {
                let ($first, $($rest,)*) = self;
                let hash = $first.hash_code();
                $(let hash = hash.wrapping_mul(31).wrapping_add($rest.hash_code());)*
                hash
            }
            fn compare(&self, other: &Self) -> Ordering {
                let ($first, $($rest,)*) = self;
                let order = $first.compare(&other.0);
                tuple_keys!(@compare order, other $(, $rest)*)
            }
            fn canonical(self) -> Self {
                let ($first, $($rest,)*) = self;
                ($first.canonical(), $($rest.canonical(),)*)
            }
        }
    )*};
    (@compare $order:ident, $other:ident) => { $order };
    (@compare $order:ident, $other:ident, $a:ident) => { $order.then_with(|| $a.compare(&$other.1)) };
    (@compare $order:ident, $other:ident, $a:ident, $b:ident) => {
        $order.then_with(|| $a.compare(&$other.1)).then_with(|| $b.compare(&$other.2))
    };
    (@compare $order:ident, $other:ident, $a:ident, $b:ident, $c:ident) => {
        $order
            .then_with(|| $a.compare(&$other.1))
            .then_with(|| $b.compare(&$other.2))
            .then_with(|| $c.compare(&$other.3))
    };
}
tuple_keys!(A; A, B; A, B, C; A, B, C, D);
