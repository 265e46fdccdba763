//! What the tests of the whole program share: people, projects, runs of devdoctor, and the real parts.
//!
//! A test that needs a real part reads where it is from the `DEVDOCTOR_TEST_*` variables that `tests/run` sets, and panics when
//! one is absent: a test that was asked for never passes by not running.

#![allow(dead_code, reason = "each test program uses its own share of this")]

pub mod alembic;
pub mod answer;
pub mod person;
pub mod postgres;
pub mod project;
pub mod proxy;
pub mod random;
pub mod sets;
pub mod tree;

/// A variable that `tests/run` sets.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: this test needs the real parts, which `tests/run` prepares and names in its `env` file"
        )
    })
}

/// The folder of the fixtures.
pub fn fixtures() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// A TCP port of the loopback address that was free a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
