//! The variables of a service, which never show a secret when they are printed or recorded.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::text::{Spanned, mask_setting};

/// Variables by name, each with the place of its value. Printing and recording hides the values of secret ones.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Variables(pub BTreeMap<String, Spanned<Option<String>>>);

impl Variables {
    /// The value of a variable that is set.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.value.as_deref()
    }
}

impl Deref for Variables {
    type Target = BTreeMap<String, Spanned<Option<String>>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'variables> IntoIterator for &'variables Variables {
    type Item = (&'variables String, &'variables Spanned<Option<String>>);
    type IntoIter = std::collections::btree_map::Iter<'variables, String, Spanned<Option<String>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Records build arguments without their secrets.
pub(super) fn record_arguments<S: serde::Serializer>(
    arguments: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(arguments.iter().map(|(name, value)| (name, mask_setting(name, value))))
}

/// Records the words of a command without their secrets.
pub(super) fn record_words<S: serde::Serializer>(
    words: &Option<Spanned<Vec<String>>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let masked = |word: &String| match word.split_once('=') {
        Some((name, value)) => format!("{name}={}", mask_setting(name, value)),
        None => crate::text::mask_url(word),
    };
    let words = words.as_ref().map(|words| words.clone().map(|words| words.iter().map(masked).collect::<Vec<_>>()));
    words.serialize(serializer)
}

fn masked(name: &str, value: &Spanned<Option<String>>) -> Spanned<Option<String>> {
    Spanned::new(value.value.as_ref().map(|text| mask_setting(name, text)), value.span.clone())
}

impl Serialize for Variables {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, masked(name, value))))
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.0.iter().map(|(name, value)| (name, masked(name, value)))).finish()
    }
}
