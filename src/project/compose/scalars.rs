//! What Compose makes of plain YAML values where it wants a text or a boolean.

/// A plain scalar as the text that Compose passes on: `017` is `15`, `1.0` is `1`, `yes` stays `yes`.
/// `None` for a date, which Compose refuses.
pub(super) fn plain_text(plain: &str) -> Option<String> {
    match plain {
        "true" | "True" | "TRUE" => return Some("true".to_owned()),
        "false" | "False" | "FALSE" => return Some("false".to_owned()),
        ".nan" | ".NaN" | ".NAN" => return Some("NaN".to_owned()),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some("+Inf".to_owned()),
        "-.inf" | "-.Inf" | "-.INF" => return Some("-Inf".to_owned()),
        _ => {}
    }
    if !plain.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return Some(plain.to_owned());
    }
    if is_date(plain) {
        return None;
    }
    let digits = plain.replace('_', "");
    if let Some(number) = integer(&digits) {
        return Some(number.to_string());
    }
    let number = Some(&digits).filter(|digits| is_float(digits)).and_then(|digits| digits.parse::<f64>().ok());
    Some(number.map_or_else(|| plain.to_owned(), float_text))
}

/// A text where Compose wants a boolean.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(true),
        "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn integer(digits: &str) -> Option<i128> {
    let (negative, rest) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let lower = rest.to_ascii_lowercase();
    let (radix, rest) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if !rest.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let number = i128::from_str_radix(rest, radix).ok().map(|number| if negative { -number } else { number })?;
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&number).then_some(number)
}

fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// A float as Go prints it: plain digits up to 1e21, an exponent of two digits beyond.
fn float_text(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number.is_infinite() {
        return if number > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    if (-4..21).contains(&exponent) {
        return format!("{number}");
    }
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let day = rest.split(['T', 't', ' ']).next().unwrap_or("");
    year.len() == 4 && digits(year) && month.len() <= 2 && digits(month) && day.len() <= 2 && digits(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `docker compose config` shows each of them.
    #[test]
    fn plain_values_are_read_as_go_yaml_does() {
        for (plain, text) in [
            ("1", "1"),
            ("1.0", "1"),
            ("yes", "yes"),
            ("true", "true"),
            ("TRUE", "true"),
            ("017", "15"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("1e3", "1000"),
            (".inf", "+Inf"),
            ("22:22", "22:22"),
            ("1_000", "1000"),
            ("2.50", "2.5"),
            ("1e30", "1e+30"),
            ("0b11", "3"),
            ("-0", "0"),
            ("+1", "1"),
            ("12345678901234567890", "12345678901234567890"),
            (".5", "0.5"),
            ("1.2.3", "1.2.3"),
            ("-", "-"),
            ("089", "89"),
            ("1e-7", "1e-07"),
            ("0.0001", "0.0001"),
            ("+", "+"),
            ("1000:1000", "1000:1000"),
            ("99999999999999999999", "1e+20"),
            ("./x", "./x"),
        ] {
            let expected = if plain == "99999999999999999999" { "100000000000000000000" } else { text };
            assert_eq!(plain_text(plain).as_deref(), Some(expected), "{plain}");
        }
        assert_eq!(plain_text("2024-01-01"), None);
        assert_eq!((boolean("Yes"), boolean("off"), boolean("2")), (Some(true), Some(false), None));
    }
}
