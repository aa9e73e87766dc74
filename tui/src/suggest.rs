//! "Did you mean".

/// The candidate that `name` was probably meant to be.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Comparing is quadratic in length, and nobody mistypes a name into a page of text.
    if name.len() > 100 {
        return None;
    }
    let folded = name.to_lowercase().replace([' ', '_'], "-");
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&folded, candidate), candidate))
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, candidate)| distance <= candidate.chars().count().max(3) / 3)
        .map(|(_, candidate)| candidate)
}
