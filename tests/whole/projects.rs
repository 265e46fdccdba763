//! What is found in each whole project that is broken in every way at once, and what of it is left for a person.

/// A project of `fixtures/whole` and its patch.
pub struct Whole {
    /// Its folder.
    pub name: &'static str,
    /// Where Alembic's settings are in it.
    pub python: &'static str,
    /// Name of the role and of the database.
    pub database: &'static str,
    /// What Alembic says first of the broken one.
    pub says: &'static str,
    /// Each finding of the broken one with its place.
    pub found: &'static [&'static str],
    /// What safe fixes leave.
    pub left: &'static [&'static str],
    /// Further runs of devdoctor, for what needs a person's yes.
    pub then: &'static [&'static [&'static str]],
    /// What the person does by hand in the end, as the findings say.
    pub by_hand: &'static str,
}

pub const SRC_LAYOUT: Whole = Whole {
    name: "src-layout",
    python: ".",
    database: "orchard",
    says: "TypeError: unsupported operand type(s) for %: 'dict' and 'dict'",
    found: &[],
    left: &[],
    then: &[],
    by_hand: "",
};

pub const MONOREPO: Whole = Whole {
    name: "monorepo",
    python: "backend",
    database: "market",
    says: "ValueError: dictionary update sequence element #0 has length 1; 2 is required",
    found: &[],
    left: &[],
    then: &[],
    by_hand: "alembic merge heads -m merge",
};

pub const ASYNCIO: Whole = Whole {
    name: "asyncio",
    python: ".",
    database: "ferry",
    says: "TypeError: unsupported operand type(s) for %: 'dict' and 'dict'",
    found: &[],
    left: &[],
    then: &[&["fix", "--yes", "--unsafe", "--only", "url-placeholder"]],
    by_hand: "",
};
