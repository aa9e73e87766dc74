//! "Did you mean".

pub(super) use crate::base::suggest::nearest;

/// A hint for an unknown name: the probable one, or all of them if they are few.
pub(super) fn hint<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(candidate) = nearest(name, candidates.iter().copied()) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    match candidates.len() {
        0 => None,
        1..=20 => Some(format!("known here: {}", candidates.join(", "))),
        more => Some(format!("there are {more} names here; `weir list` shows them")),
    }
}
