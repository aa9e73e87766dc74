//! What `sum`, `min`, `max` and their like do to two records of a key: the same for rolling
//! aggregations and for windows.

use crate::operator::Function;

/// Adds a field up; the other fields are those of the first record, as in Flink.
pub(super) fn sum<T: 'static, N: std::ops::AddAssign + Copy + 'static>(
    field: impl Fn(&mut T) -> &mut N + Function,
) -> impl FnMut(&mut T, T) + Function {
    move |reduced: &mut T, mut value: T| *field(reduced) += *field(&mut value)
}

/// Keeps the better value of a field; the other fields are those of the first record, as in Flink.
pub(super) fn extreme<T: 'static, N: PartialOrd + Clone + 'static>(
    field: impl Fn(&mut T) -> &mut N + Function,
    better: impl Fn(&N, &N) -> bool + Function,
) -> impl FnMut(&mut T, T) + Function {
    move |reduced: &mut T, mut value: T| {
        let candidate = field(&mut value);
        if better(candidate, field(reduced)) {
            *field(reduced) = candidate.clone();
        }
    }
}

/// Keeps the whole record that is better; of equal ones the first.
pub(super) fn extreme_by<T: 'static>(
    better: impl Fn(&T, &T) -> bool + Function,
) -> impl FnMut(&mut T, T) + Function {
    move |reduced: &mut T, value: T| {
        if better(&value, reduced) {
            *reduced = value;
        }
    }
}
