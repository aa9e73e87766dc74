//! Hashes of keys, and the key groups and subtasks that follow from them.

use serde::Deserialize;
use serde_json::Value;
use weir::record::key_group::{self, KeyGroupRange};
use weir::record::{Key, KeyGroup};

use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
struct KeyCase {
    t: String,
    k: Value,
    h: i32,
    g: Vec<KeyGroup>,
    op128_3: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RangeCase {
    max_parallelism: u32,
    parallelism: u32,
    ranges: Vec<[KeyGroup; 2]>,
    #[serde(default)]
    owner_of_key_group: Vec<u32>,
}

/// Runs one vector.
type Check = fn(&Value) -> Outcome;

pub fn run(file: &Value) -> Cases {
    let mut cases = Cases::new();
    let maxima = parse(&file["maxParallelisms"]);
    for list in ["keys", "otherKeys"] {
        for case in vectors(file, list) {
            let outcome = maxima.clone().and_then(|maxima: Vec<u32>| key(case, &maxima));
            cases.push((format!("{list} {}", case["k"]), outcome));
        }
    }
    let lists: [(&str, Check); 3] = [
        ("murmur", murmur),
        ("ranges", ranges),
        ("defaultMaxParallelism", default_max_parallelism),
    ];
    for (list, check) in lists {
        for (place, case) in vectors(file, list).iter().enumerate() {
            cases.push((format!("{list} {place}"), check(case)));
        }
    }
    cases
}

fn key(case: &Value, maxima: &[u32]) -> Outcome {
    let case: KeyCase = parse(case)?;
    if let Some(hash) = hash_code(&case)? {
        expect_eq("hash code", &case.h, &hash)?;
    }
    let groups: Vec<KeyGroup> = maxima.iter().map(|&max| key_group::assign(case.h, max)).collect();
    expect_eq("key groups", &case.g, &groups)?;
    let owner = key_group::owner(key_group::assign(case.h, 128), 3, 128);
    expect_eq("subtask of 3", &case.op128_3, &owner)
}

/// The hash of a key as this build's typed API has it; none for types whose value cannot be read
/// back from Java's `toString` (tuples), where the vector's own hash must do.
fn hash_code(case: &KeyCase) -> Result<Option<i32>, String> {
    let hash = match case.t.as_str() {
        "int" => parse::<i32>(&case.k)?.hash_code(),
        "long" => parse::<i64>(&case.k)?.hash_code(),
        "string" | "String" => parse::<String>(&case.k)?.hash_code(),
        "Boolean" => shown::<bool>(&case.k)?.hash_code(),
        "Double" => shown::<f64>(&case.k)?.hash_code(),
        "Float" => shown::<f32>(&case.k)?.hash_code(),
        "Byte" => shown::<i8>(&case.k)?.hash_code(),
        "Short" => shown::<i16>(&case.k)?.hash_code(),
        "Integer" => shown::<i32>(&case.k)?.hash_code(),
        "Long" => shown::<i64>(&case.k)?.hash_code(),
        "Character" => shown::<char>(&case.k)?.hash_code(),
        _ => return Ok(None),
    };
    Ok(Some(hash))
}

/// A value that the vector gives as text.
fn shown<T: std::str::FromStr<Err: std::fmt::Display>>(value: &Value) -> Result<T, String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    text.parse().map_err(|error| format!("{text:?}: {error}"))
}

fn murmur(case: &Value) -> Outcome {
    let (hash_code, expected): (i32, u32) = parse(case)?;
    expect_eq("murmur hash", &expected, &key_group::murmur_hash(hash_code))
}

fn ranges(case: &Value) -> Outcome {
    let case: RangeCase = parse(case)?;
    let (parallelism, max) = (case.parallelism, case.max_parallelism);
    let ranges: Vec<[KeyGroup; 2]> = (0..parallelism)
        .map(|index| KeyGroupRange::of_subtask(index, parallelism, max))
        .map(|range| [range.start, range.end])
        .collect();
    expect_eq("ranges", &case.ranges, &ranges)?;
    if case.owner_of_key_group.is_empty() {
        return Ok(());
    }
    let groups = 0..KeyGroup::try_from(max).map_err(|error| error.to_string())?;
    let owners: Vec<u32> = groups.map(|group| key_group::owner(group, parallelism, max)).collect();
    expect_eq("owners", &case.owner_of_key_group, &owners)
}

fn default_max_parallelism(case: &Value) -> Outcome {
    let (parallelism, expected): (u32, u32) = parse(case)?;
    expect_eq("default", &expected, &key_group::default_max_parallelism(parallelism))
}
