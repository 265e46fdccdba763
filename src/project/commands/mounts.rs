//! `--mount` of a command line, in the words of `-v`.

/// A mount such as `type=bind,source=.,target=/app,readonly` as `-v` says it: `.:/app:ro`; `None` without a target.
///
/// Only binds have a source here: of a volume or of memory it matters that it hides what is below.
pub(super) fn as_volume(mount: &str) -> Option<String> {
    let (mut kind, mut source, mut target, mut mode) = ("volume", "", None, "");
    for part in mount.split(',') {
        let part = part.trim_matches(['"', '\'']);
        let (key, value) = part.split_once('=').unwrap_or((part, "true"));
        match key.to_ascii_lowercase().as_str() {
            "type" => kind = value,
            "source" | "src" => source = value,
            "target" | "destination" | "dst" => target = Some(value),
            "readonly" | "ro" if matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True") => mode = ":ro",
            _ => {}
        }
    }
    let target = target?;
    Some(if kind == "bind" { format!("{source}:{target}{mode}") } else { target.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_put_into_the_words_of_volumes() {
        for (mount, expected) in [
            ("type=bind,source=$(PWD),target=/w", Some("$(PWD):/w")),
            ("src=.,dst=/w,type=bind,ro", Some(".:/w:ro")),
            ("type=bind,source=.,destination=/w,readonly=false", Some(".:/w")),
            ("source=cache,target=/c", Some("/c")),
            ("type=tmpfs,destination=/t", Some("/t")),
            ("type=bind,source=.", None),
            ("", None),
        ] {
            assert_eq!(as_volume(mount).as_deref(), expected, "{mount}");
        }
    }
}
