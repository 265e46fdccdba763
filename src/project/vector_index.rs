//! Indexes of pgvector: which columns they can lie over, by what a real server (pgvector 0.8) says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::text::pattern;

/// A type that hnsw and ivfflat can index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VectorType {
    /// `vector`.
    Vector,
    /// `halfvec`.
    Halfvec,
    /// `sparsevec`.
    Sparsevec,
    /// `bit`.
    Bit,
}

/// How many dimensions a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimensions {
    /// None are written down: each row may have its own.
    Free,
    /// So many.
    Fixed(u64),
    /// It cannot be told.
    Unknown,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorColumn {
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Its type and dimensions; `None` when it is of another type or cannot be told.
    pub kind: Option<(VectorType, Dimensions)>,
}

/// An index, as far as it is literal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its table.
    pub table: Option<String>,
    /// `postgresql_using`, `USING`.
    pub method: Option<String>,
    /// Its columns; empty when one of them is no plain column.
    pub columns: Vec<String>,
    /// The operator classes by column; `None` when they cannot be told.
    pub operators: Option<BTreeMap<String, String>>,
}

/// Why a server refuses an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it says.
    pub says: String,
    /// What would do, beginning with a verb.
    pub instead: String,
}

impl VectorType {
    /// The type of a class of `pgvector.sqlalchemy`, or of a name in SQL.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "vector" => Self::Vector,
            "halfvec" => Self::Halfvec,
            "sparsevec" => Self::Sparsevec,
            "bit" => Self::Bit,
            _ => return None,
        })
    }

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::Halfvec => "halfvec",
            Self::Sparsevec => "sparsevec",
            Self::Bit => "bit",
        }
    }

    /// The distances that an access method has operator classes for.
    fn distances(self, method: &str) -> &'static [&'static str] {
        match (self, method) {
            (Self::Bit, "hnsw") => &["hamming", "jaccard"],
            (Self::Bit, _) => &["hamming"],
            (Self::Sparsevec, "ivfflat") => &[],
            (_, "hnsw") => &["cosine", "ip", "l1", "l2"],
            _ => &["cosine", "ip", "l2"],
        }
    }

    /// The most dimensions that can be indexed.
    fn most(self) -> Option<u64> {
        match self {
            Self::Vector => Some(2000),
            Self::Halfvec => Some(4000),
            Self::Sparsevec => None,
            Self::Bit => Some(64_000),
        }
    }
}

/// The operator classes of a dictionary display such as `{"embedding": "vector_l2_ops"}`; `None` when it is none.
pub fn operators(written: &str) -> Option<BTreeMap<String, String>> {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| pattern(r#"["']([^"']+)["']\s*:\s*["']([^"']+)["']"#));
    let inner = written.trim().strip_prefix('{')?.strip_suffix('}')?;
    let found: BTreeMap<String, String> =
        PAIR.captures_iter(inner).map(|pair| (pair[1].to_owned(), pair[2].to_owned())).collect();
    (found.len() == inner.matches(':').count() && !inner.contains("**")).then_some(found)
}

/// Dimensions as they are written in Python or SQL.
pub fn dimensions(written: &str) -> Dimensions {
    match written.trim() {
        "None" => Dimensions::Free,
        number => number.replace('_', "").parse().map_or(Dimensions::Unknown, Dimensions::Fixed),
    }
}

/// Why an index over one column cannot be made, in the order in which the server finds out; nothing: it can.
///
/// `operators` is the operator class: `Some(None)` when none is named, `None` when it cannot be told.
pub fn refusals(method: &str, kind: (VectorType, Dimensions), operators: Option<Option<&str>>) -> Vec<Refusal> {
    let (sort, dimensions) = kind;
    let (name, distances) = (sort.name(), sort.distances(method));
    let mut found = vec![];
    let mut refuse = |says: String, instead: String| found.push(Refusal { says, instead });
    let class = |distance: &str| format!("{name}_{distance}_ops");
    let example = class(if distances.contains(&"cosine") { "cosine" } else { "hamming" });
    match operators {
        Some(None) if sort == VectorType::Vector && method == "ivfflat" => {}
        _ if distances.is_empty() => refuse(
            format!("data type {name} has no operator class for access method \"{method}\""),
            format!("use hnsw: {method} takes no {name}"),
        ),
        Some(None) => refuse(
            format!("data type {name} has no default operator class for access method \"{method}\""),
            format!("name the operator class of the distance that queries use, such as `{example}`"),
        ),
        Some(Some(operators)) if !distances.iter().any(|distance| class(distance) == operators) => {
            let types = [VectorType::Vector, VectorType::Halfvec, VectorType::Sparsevec, VectorType::Bit];
            let of_other = types.iter().find(|other| operators.starts_with(&format!("{}_", other.name())));
            match of_other {
                Some(other) if *other != sort => refuse(
                    format!("operator class \"{operators}\" does not accept data type {name}"),
                    format!("name one of {name}, such as `{example}`"),
                ),
                Some(_) => refuse(
                    format!("operator class \"{operators}\" does not exist for access method \"{method}\""),
                    format!("name one that {method} has, such as `{example}`"),
                ),
                // Somebody may have made one of their own.
                None => {}
            }
        }
        _ => {}
    }
    match dimensions {
        Dimensions::Free if sort != VectorType::Bit => refuse(
            "column does not have dimensions".to_owned(),
            format!("write down how many dimensions the column has: `{}(1536)`", name.to_ascii_uppercase()),
        ),
        Dimensions::Fixed(count) if sort.most().is_some_and(|most| count > most) => {
            let most = sort.most().unwrap_or_default();
            let instead = match sort {
                VectorType::Vector if count <= 4000 => {
                    format!("make it `HALFVEC({count})`, which can be indexed up to 4000 dimensions, or store fewer")
                }
                _ => "store fewer dimensions, or index `binary_quantize` of the column".to_owned(),
            };
            refuse(format!("column cannot have more than {most} dimensions for {method} index"), instead);
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dimensions::{Fixed, Free, Unknown};
    use VectorType::{Bit, Halfvec, Sparsevec, Vector};

    #[test]
    fn indexes_are_refused_as_the_server_does() {
        let no_default = |name: &str, method: &str| {
            format!("data type {name} has no default operator class for access method \"{method}\"")
        };
        let free = "column does not have dimensions";
        let most =
            |count: u32, method: &str| format!("column cannot have more than {count} dimensions for {method} index");
        for (method, kind, operators, expected) in [
            ("hnsw", (Vector, Free), Some("vector_cosine_ops"), vec![free.to_owned()]),
            ("hnsw", (Vector, Free), None, vec![no_default("vector", "hnsw"), free.to_owned()]),
            ("ivfflat", (Vector, Free), None, vec![free.to_owned()]),
            ("hnsw", (Vector, Fixed(3)), None, vec![no_default("vector", "hnsw")]),
            ("ivfflat", (Vector, Fixed(3)), None, vec![]),
            ("hnsw", (Vector, Fixed(2000)), Some("vector_l1_ops"), vec![]),
            ("hnsw", (Vector, Unknown), Some("vector_l2_ops"), vec![]),
            ("hnsw", (Vector, Fixed(2001)), Some("vector_l2_ops"), vec![most(2000, "hnsw")]),
            ("ivfflat", (Vector, Fixed(2001)), Some("vector_l2_ops"), vec![most(2000, "ivfflat")]),
            (
                "ivfflat",
                (Vector, Fixed(3)),
                Some("vector_l1_ops"),
                vec!["operator class \"vector_l1_ops\" does not exist for access method \"ivfflat\"".to_owned()],
            ),
            ("ivfflat", (Halfvec, Fixed(3)), None, vec![no_default("halfvec", "ivfflat")]),
            ("hnsw", (Halfvec, Fixed(4000)), Some("halfvec_l2_ops"), vec![]),
            ("hnsw", (Halfvec, Fixed(4001)), Some("halfvec_l2_ops"), vec![most(4000, "hnsw")]),
            (
                "hnsw",
                (Halfvec, Fixed(3)),
                Some("vector_cosine_ops"),
                vec!["operator class \"vector_cosine_ops\" does not accept data type halfvec".to_owned()],
            ),
            ("hnsw", (Vector, Fixed(3)), Some("my_ops"), vec![]),
            ("hnsw", (Sparsevec, Fixed(100_000)), Some("sparsevec_l2_ops"), vec![]),
            ("hnsw", (Sparsevec, Free), Some("sparsevec_l2_ops"), vec![free.to_owned()]),
            (
                "ivfflat",
                (Sparsevec, Fixed(3)),
                Some("sparsevec_l2_ops"),
                vec!["data type sparsevec has no operator class for access method \"ivfflat\"".to_owned()],
            ),
            ("hnsw", (Bit, Fixed(64_001)), Some("bit_hamming_ops"), vec![most(64_000, "hnsw")]),
            (
                "ivfflat",
                (Bit, Fixed(3)),
                Some("bit_jaccard_ops"),
                vec!["operator class \"bit_jaccard_ops\" does not exist for access method \"ivfflat\"".to_owned()],
            ),
        ] {
            let said: Vec<String> = refusals(method, kind, Some(operators)).into_iter().map(|one| one.says).collect();
            assert_eq!(said, expected, "{method} {kind:?} {operators:?}");
        }
    }

    #[test]
    fn what_is_no_plain_dictionary_has_operators_that_cannot_be_told() {
        let pairs = |text: &str| operators(text).map(|found| found.into_iter().collect::<Vec<_>>());
        let one = Some(vec![("e".to_owned(), "vector_l2_ops".to_owned())]);
        assert_eq!(pairs("{\"e\": 'vector_l2_ops'}"), one);
        assert_eq!(pairs("{\n  \"e\": \"vector_l2_ops\",\n}"), one);
        assert_eq!(pairs("{}"), Some(vec![]));
        assert_eq!(pairs("{name: 'x'}"), None);
        assert_eq!(pairs("OPS"), None);
        assert_eq!(pairs("{**OPS, 'e': 'x'}"), None);
        assert_eq!((dimensions("1_536"), dimensions("None"), dimensions("DIM")), (Fixed(1536), Free, Unknown));
    }
}
