//! A class lists a base before one that inherits from it, or the same one twice: Python cannot make the class.

mod uncertain;

use crate::checks::python_fix::{edit, range, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Fix, Step};
use crate::project::python::{Ancestor, Base, Class, Classes, Disorder};

use uncertain::uncertain;

pub(super) fn check(facts: &Facts) -> Checked {
    let classes = &facts.project.python.classes;
    let concerned = |index: usize| classes.is_model(index) || facts.project.python.is_table(index);
    // One base alone is always in order.
    let several = classes.iter().enumerate().filter(|(index, class)| class.bases.len() > 1 && concerned(*index));
    let wrong = several.filter_map(|(_, class)| {
        let leads: Vec<Ancestor> = class.bases.iter().map(|base| base.leads_to.clone()).collect();
        match classes.order(&leads) {
            Some(order) => finding(facts, class, order.err()?),
            None => uncertain(classes, class),
        }
    });
    Ok(wrong.collect())
}

/// Whether one base must stand behind another: it is an ancestor of it.
fn is_above(classes: &Classes, above: &Base, below: &Base) -> bool {
    match &below.leads_to {
        Ancestor::Class(index) => classes.ancestors(*index).skip(1).any(|it| *it == above.leads_to),
        Ancestor::Outside(_) => {
            let bases = [below.leads_to.clone(), above.leads_to.clone()];
            let turned = [above.leads_to.clone(), below.leads_to.clone()];
            classes.order(&turned).is_some_and(|it| it.is_err()) && classes.order(&bases).is_some_and(|it| it.is_ok())
        }
        Ancestor::Unknown => false,
    }
}

fn finding(facts: &Facts, class: &Class, disorder: Disorder) -> Option<Finding> {
    let classes = &facts.project.python.classes;
    let (name, bases) = (&class.name.value, &class.bases);
    let path = class.name.span.path.to_string();
    let begin = |base: &Base, message: String| Finding::at(&base.written.span, format!("{path}: {name}"), message);
    let (finding, fix) = match disorder {
        Disorder::Twice(_) => {
            let is_second = |(at, base): &(usize, &Base)| bases.iter().take(*at).any(|it| it.leads_to == base.leads_to);
            let (at, second) = bases.iter().enumerate().find(is_second)?;
            let before = bases.get(at.checked_sub(1)?)?;
            let gone = edit(&range(&second.written.span, before.written.span.end, second.written.span.end), "");
            let message = format!("`{name}` lists `{}` twice", second.written.value);
            (begin(second, message).label("stands in the list already"), Some(Fix::safe("list it once", vec![gone])))
        }
        Disorder::Inconsistent => {
            let pairs =
                bases.iter().enumerate().flat_map(|(at, one)| bases.iter().skip(at + 1).map(move |two| (one, two)));
            match pairs.into_iter().find(|(one, two)| is_above(classes, one, two)) {
                Some((one, two)) => {
                    let message = format!(
                        "`{name}` lists `{}` before `{}`, which inherits from it: Python finds no order for its bases",
                        one.written.value, two.written.value
                    );
                    let finding = begin(one, message).label("must stand behind what inherits from it");
                    (
                        finding.related(&two.written.span, format!("inherits from `{}`", one.written.value)),
                        reordered(classes, class),
                    )
                }
                None => {
                    let message = format!("the bases of `{name}` demand opposite orders of what they inherit from");
                    (begin(bases.first()?, message), None)
                }
            }
        }
    };
    let listed: Vec<&str> = bases.iter().map(|base| base.written.value.as_str()).collect();
    let mut finding = finding.seen("classes", name, listed.join(", "));
    for base in bases {
        if let Ancestor::Class(index) = &base.leads_to
            && let Some(base) = classes.get(*index).filter(|base| base.bases.len() > 1 || fix.is_some())
        {
            let above: Vec<&str> = base.bases.iter().map(|base| base.written.value.as_str()).collect();
            let above = if above.is_empty() { "nothing".to_owned() } else { format!("`{}`", above.join("`, `")) };
            finding = finding.related(&base.name.span, format!("inherits from {above}"));
        }
    }
    Some(with_fix(finding, fix, "list the bases of both in the same order"))
}

/// The bases with each general one behind those that inherit from it, each in the place of another, so that comments stay.
fn reordered(classes: &Classes, class: &Class) -> Option<Fix> {
    let mut sorted: Vec<&Base> = vec![];
    let mut left: Vec<&Base> = class.bases.iter().collect();
    while !left.is_empty() {
        let free = left.iter().position(|base| !left.iter().any(|other| is_above(classes, base, other)))?;
        sorted.push(left.remove(free));
    }
    let leads: Vec<Ancestor> = sorted.iter().map(|base| base.leads_to.clone()).collect();
    classes.order(&leads)?.ok()?;
    let moved = class.bases.iter().zip(&sorted).filter(|(old, new)| old != *new);
    let steps: Vec<Step> = moved.map(|(old, new)| edit(&old.written.span, new.written.value.clone())).collect();
    let order: Vec<&str> = sorted.iter().map(|base| base.written.value.as_str()).collect();
    Some(Fix::safe(format!("list them as `{}`", order.join(", ")), steps))
}
