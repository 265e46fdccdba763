//! What an annotation says: names, what they are applied to, and what stands beside each other.

use ruff_python_ast::{Expr, Operator};
use ruff_python_parser::parse_expression;

use super::collect::dotted;

/// How deep an annotation is read.
const MAX_DEPTH: usize = 12;

/// A type as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeExpression {
    /// A dotted name.
    Name(String),
    /// A dotted name with something in brackets behind it.
    Applied(String, Vec<TypeExpression>),
    /// `A | B`, of more than two as one list.
    Union(Vec<TypeExpression>),
    /// `None`.
    None,
    /// A string, which is itself a type as it is written.
    Text(String),
    /// Anything else.
    Other,
}

/// Reads an annotation; what is no expression is `Other`.
pub fn type_expression(text: &str) -> TypeExpression {
    if text.len() > 2_000 || super::too_deep(text).is_some() {
        return TypeExpression::Other;
    }
    // In brackets, so that it may go over several lines.
    match parse_expression(&format!("({text}\n)")) {
        Ok(parsed) => read(parsed.expr(), 0),
        Err(_) => TypeExpression::Other,
    }
}

fn read(expression: &Expr, depth: usize) -> TypeExpression {
    if depth > MAX_DEPTH {
        return TypeExpression::Other;
    }
    match expression {
        Expr::Name(_) | Expr::Attribute(_) => match dotted(expression) {
            name if name.starts_with('.') => TypeExpression::Other,
            name => TypeExpression::Name(name),
        },
        Expr::NoneLiteral(_) => TypeExpression::None,
        Expr::StringLiteral(string) => TypeExpression::Text(string.value.to_str().to_owned()),
        Expr::Subscript(subscript) => match read(&subscript.value, depth + 1) {
            TypeExpression::Name(name) => {
                let inner: Vec<&Expr> = match &*subscript.slice {
                    Expr::Tuple(tuple) => tuple.elts.iter().collect(),
                    other => vec![other],
                };
                TypeExpression::Applied(name, inner.into_iter().map(|inner| read(inner, depth + 1)).collect())
            }
            _ => TypeExpression::Other,
        },
        Expr::BinOp(operation) if operation.op == Operator::BitOr => {
            let mut all = vec![];
            for side in [&operation.left, &operation.right] {
                match read(side, depth + 1) {
                    TypeExpression::Union(inner) => all.extend(inner),
                    other => all.push(other),
                }
            }
            TypeExpression::Union(all)
        }
        _ => TypeExpression::Other,
    }
}

impl TypeExpression {
    /// Every name in it, strings read too.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Name(name) => vec![name.clone()],
            // What stands in `Literal[…]` is no type, and of `Annotated[…]` only the first is one.
            Self::Applied(name, inner) => {
                let count = match name.rsplit('.').next() {
                    Some("Literal") => 0,
                    Some("Annotated") => 1,
                    _ => inner.len(),
                };
                let inner = inner.iter().take(count).flat_map(Self::names);
                std::iter::once(name.clone()).chain(inner).collect()
            }
            Self::Union(inner) => inner.iter().flat_map(Self::names).collect(),
            Self::Text(text) => match type_expression(text) {
                Self::Text(_) => vec![],
                inner => inner.names(),
            },
            Self::None | Self::Other => vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_read_as_they_are_written() {
        for (text, expected, names) in [
            ("int", "Name(\"int\")", "int"),
            ("Optional[dt.date]", "Applied(\"Optional\", [Name(\"dt.date\")])", "Optional dt.date"),
            ("list[\"Hero\"]", "Applied(\"list\", [Text(\"Hero\")])", "list Hero"),
            ("\"List[Hero]\"", "Text(\"List[Hero]\")", "List Hero"),
            ("A | B | None", "Union([Name(\"A\"), Name(\"B\"), None])", "A B"),
            ("dict[\n  str,\n  int]", "Applied(\"dict\", [Name(\"str\"), Name(\"int\")])", "dict str int"),
            ("Literal['a']", "Applied(\"Literal\", [Text(\"a\")])", "Literal"),
            ("Annotated[A, Field()]", "Applied(\"Annotated\", [Name(\"A\"), Other])", "Annotated A"),
            ("f()", "Other", ""),
            ("a b", "Other", ""),
            ("", "Other", ""),
        ] {
            let read = type_expression(text);
            assert_eq!(format!("{read:?}"), expected, "{text}");
            assert_eq!(read.names().join(" "), names, "{text}");
        }
        assert_eq!(type_expression(&"[".repeat(1_000)), TypeExpression::Other);
    }
}
