//! Compose's interpolation of variables: `$X ${X} ${X:-d} ${X-d} ${X:?e} ${X?e} ${X:+a} ${X+a} $$`, nested in defaults.

use std::ops::Range;

/// Defaults in defaults, deeper than anybody writes.
const MAX_DEPTH: usize = 100;

/// A text after interpolation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interpolated {
    /// The text.
    pub text: String,
    /// Every variable that was asked for, with its `$…` in the template (that of the outermost, for one in a default).
    pub named: Vec<(String, Range<usize>)>,
    /// Those that are set nowhere and have no default, so that nothing stands in their place.
    pub unset: Vec<(String, Range<usize>)>,
}

/// Why a text cannot be interpolated, and where in the template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InterpolationError {
    /// The `$…` in the template.
    pub range: Range<usize>,
    /// What is wrong, lower case.
    pub message: String,
}

/// Replaces the variables of `template`.
///
/// # Errors
/// When a `${` has no proper name or end, or a variable with `?` is not set.
pub fn interpolate(
    template: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Interpolated, InterpolationError> {
    let mut result = Interpolated::default();
    if template.contains('$') {
        substitute(template, 0, None, lookup, &mut result)?;
    } else {
        template.clone_into(&mut result.text);
    }
    Ok(result)
}

/// Appends the interpolated `template` to the result. `outer` is the place of the variable whose default this is.
fn substitute(
    template: &str,
    depth: usize,
    outer: Option<&Range<usize>>,
    lookup: &dyn Fn(&str) -> Option<String>,
    result: &mut Interpolated,
) -> Result<(), InterpolationError> {
    let mut done = 0;
    while let Some(dollar) = template.get(done..).and_then(|rest| rest.find('$')).map(|found| done + found) {
        result.text.push_str(&template[done..dollar]);
        let rest = &template[dollar + 1..];
        let place = |length: usize| outer.cloned().unwrap_or(dollar..dollar + 1 + length);
        let fail = |length: usize, message: String| InterpolationError { range: place(length), message };
        done = dollar + 1;
        if rest.starts_with('$') {
            result.text.push('$');
            done += 1;
        } else if let Some(inner) = rest.strip_prefix('{') {
            let expression = expression(inner)
                .ok_or_else(|| fail(line_of(rest).len(), "invalid interpolation format".to_owned()))?;
            done += 1 + expression.length;
            let place = place(1 + expression.length);
            if depth > MAX_DEPTH {
                return Err(InterpolationError {
                    range: place,
                    message: "interpolation is nested too deep".to_owned(),
                });
            }
            apply(&expression, depth, &place, lookup, result)?;
        } else {
            let name = &rest[..name_length(rest)];
            if name.is_empty() {
                result.text.push('$');
            } else {
                done += name.len();
                let name = Expression { name, operator: None, argument: "", length: name.len() };
                apply(&name, depth, &place(name.length), lookup, result)?;
            }
        }
    }
    result.text.push_str(template.get(done..).unwrap_or(""));
    Ok(())
}

/// What stands in `${…}`.
struct Expression<'text> {
    name: &'text str,
    operator: Option<Operator>,
    argument: &'text str,
    /// Bytes behind `{`, the `}` included.
    length: usize,
}

#[derive(Clone, Copy)]
enum Operator {
    Default { when_empty: bool },
    Required { when_empty: bool },
    Alternative { when_empty: bool },
}

/// Takes the expression behind `${` apart. As in Compose, an argument ends at the brace that closes the first one, and where
/// braces do not pair, at the last one of the line.
fn expression(inner: &str) -> Option<Expression<'_>> {
    let name = &inner[..name_length(inner)];
    if name.is_empty() {
        return None;
    }
    let rest = &inner[name.len()..];
    if rest.starts_with('}') {
        return Some(Expression { name, operator: None, argument: "", length: name.len() + 1 });
    }
    let when_empty = rest.starts_with(':');
    let sign = usize::from(when_empty);
    let operator = match rest.as_bytes().get(sign)? {
        b'-' => Operator::Default { when_empty },
        b'?' => Operator::Required { when_empty },
        b'+' => Operator::Alternative { when_empty },
        _ => return None,
    };
    let argument = &rest[sign + 1..];
    // The line's end is looked for only where no brace comes before it: a line may hold any number of expressions.
    let end = closing_brace(argument).or_else(|| line_of(argument).rfind('}'))?;
    let length = name.len() + sign + 1 + end + 1;
    Some(Expression { name, operator: Some(operator), argument: &argument[..end], length })
}

/// The brace that closes one that was opened before `text`, in its first line. Like Compose, this does not see a `}` right
/// behind a `{`.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                open += 1;
                if bytes.next().is_some_and(|(_, byte)| byte == b'\n') {
                    return None;
                }
            }
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

fn apply(
    expression: &Expression<'_>,
    depth: usize,
    place: &Range<usize>,
    lookup: &dyn Fn(&str) -> Option<String>,
    result: &mut Interpolated,
) -> Result<(), InterpolationError> {
    let value = lookup(expression.name);
    result.named.push((expression.name.to_owned(), place.clone()));
    let present = |when_empty: bool| value.as_ref().is_some_and(|value| !when_empty || !value.is_empty());
    // Compose reads the argument even when it is not needed, so an error in it counts.
    let mut argument = Interpolated::default();
    substitute(expression.argument, depth + 1, Some(place), lookup, &mut argument)?;
    result.named.append(&mut argument.named);
    let used = match expression.operator {
        Some(Operator::Default { when_empty }) => !present(when_empty),
        Some(Operator::Alternative { when_empty }) => present(when_empty),
        Some(Operator::Required { when_empty }) if !present(when_empty) => {
            let mut message = format!("required variable `{}` is missing a value", expression.name);
            if !argument.text.is_empty() {
                message = format!("{message}: {}", argument.text);
            }
            return Err(InterpolationError { range: place.clone(), message });
        }
        _ => false,
    };
    if used {
        result.text.push_str(&argument.text);
        result.unset.append(&mut argument.unset);
    } else if expression.operator.is_none() && value.is_none() {
        result.unset.push((expression.name.to_owned(), place.clone()));
    } else {
        result.text.push_str(value.as_deref().unwrap_or(""));
    }
    Ok(())
}

/// Length of the variable name at the start of `text`.
fn name_length(text: &str) -> usize {
    let letter = |byte: u8| byte == b'_' || byte.is_ascii_alphabetic();
    match text.bytes().next() {
        Some(first) if letter(first) => {
            text.bytes().position(|byte| !letter(byte) && !byte.is_ascii_digit()).unwrap_or(text.len())
        }
        _ => 0,
    }
}

fn line_of(text: &str) -> &str {
    text.split('\n').next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        match name {
            "A" => Some("a".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn run(template: &str) -> String {
        match interpolate(template, &variable) {
            Ok(result) => result.text,
            Err(error) => format!("error: {error}"),
        }
    }

    /// Each pair is also what Compose makes of it: see `tests/compose_oracle.rs`.
    #[test]
    fn variables_are_replaced_as_compose_does() {
        let table = include_str!("../../tests/compose/interpolation.txt");
        let cases: Vec<_> = table.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
        assert!(cases.len() > 40);
        for line in cases {
            let (template, expected) = line.split_once(" => ").expect(line);
            let made = run(template);
            if expected == "error" {
                assert!(made.starts_with("error: "), "{line}: {made}");
            } else {
                assert_eq!(made, expected.trim_start_matches('|').trim_end_matches('|'), "{line}");
            }
        }
    }

    #[test]
    fn unset_variables_are_named_with_their_place() {
        let result = interpolate("x ${UID}:$GID ${A} ${NO:-$NESTED}", &variable).unwrap();
        assert_eq!(result.text, "x : a ");
        assert_eq!(result.unset, [("UID".into(), 2..8), ("GID".into(), 9..13), ("NESTED".into(), 19..33)]);
        assert_eq!(result.named.len(), 5);
        let error = interpolate("a ${B:?say $A}", &variable).unwrap_err();
        assert_eq!((error.range, error.message.as_str()), (2..14, "required variable `B` is missing a value: say a"));
    }

    #[test]
    fn hostile_texts_end() {
        assert!(run(&"${B:-".repeat(100_000)).starts_with("error"));
        assert!(run(&format!("{}{}", "${B:-".repeat(1000), "}".repeat(1000))).starts_with("error: interpolation is"));
        assert_eq!(run(&"${B:-x}".repeat(100_000)).len(), 100_000);
        assert_eq!(run("é$é${A:-é}é"), "é$éaé");
    }
}
