//! How the characters of a password are written where it stands, in words.

use crate::project::urls::{DatabaseUrl, Holder, Replacement, UrlDefectKind};

/// How a character is written.
pub(super) fn written(kind: &UrlDefectKind) -> Option<String> {
    let UrlDefectKind::RawInPassword { character, .. } = kind else { return None };
    Some(as_written(&character.to_string(), &format!("%{:02X}", u32::from(*character))))
}

fn as_written(old: &str, new: &str) -> String {
    match old {
        " " => format!("a blank as `{new}`"),
        "\t" => format!("a tab as `{new}`"),
        old if old.trim().is_empty() => format!("a line end as `{new}`"),
        old => format!("`{old}` as `{new}`"),
    }
}

/// How each character that changes is written in the end, in this kind of file.
pub(super) fn how_to_write(url: &DatabaseUrl, text: &str, replacements: &[Replacement]) -> String {
    let in_text = |part: &Replacement| Some(as_written(text.get(part.range.clone())?, &part.text));
    let characters: Vec<String> = replacements.iter().filter_map(in_text).collect();
    let doubled = match url.holder {
        Holder::Ini => "; in an ini file each `%` stands twice",
        Holder::Toml => "; Alembic reads `%%` as one `%`",
        Holder::Compose | Holder::Dotenv if text.contains("$$") => "; `$$` stays, Compose reads it as one `$`",
        _ => "",
    };
    format!("write {} in the password{doubled}", listed(&characters))
}

/// Each of these once: `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    let mut once: Vec<&str> = vec![];
    for part in parts {
        if !once.contains(&part.as_str()) {
            once.push(part);
        }
    }
    match once.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
