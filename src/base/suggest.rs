//! "Did you mean": the known name that a wrong one is near.

/// The candidate that `name` was probably meant to be.
///
/// ```
/// use weir::base::suggest::nearest;
///
/// assert_eq!(nearest("paralelism", ["parallelism", "seed"]), Some("parallelism"));
/// assert_eq!(nearest("rate", ["parallelism", "seed"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing is quadratic in length, and nobody mistypes a name into a page of text.
    if name.len() > 100 {
        return None;
    }
    let folded = name.to_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded, &candidate.to_lowercase().replace('_', "-")),
                candidate,
            )
        })
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, candidate)| distance <= candidate.chars().count().max(3) / 3)
        .map(|(_, candidate)| candidate)
}
