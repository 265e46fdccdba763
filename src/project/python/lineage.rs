//! What the classes of the project inherit from, and the order Python would look them up in: worked out once for all of them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use super::classes::{Ancestor, Class, DECLARATIVE, PYDANTIC, SQLMODEL};

/// Why Python cannot make a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disorder {
    /// The same base twice: the place of the second.
    Twice(usize),
    /// No order keeps what each base and the list itself demand.
    Inconsistent,
}

/// Why the order of a class is not told.
#[derive(Clone, Debug)]
enum Unordered {
    /// Some ancestor is not known, or cannot be made itself.
    Unknown,
    /// Python cannot make the class.
    Wrong(Disorder),
}

type Order = Result<Box<[usize]>, Unordered>;

/// The classes, and after them what they inherit from besides, as numbers: who is below whom.
#[derive(Clone, Debug)]
pub(super) struct Lineage {
    nodes: Vec<Ancestor>,
    numbers: HashMap<Ancestor, usize>,
    /// The bases of each in order; of one from outside what is known to be above it. No way along them leads round in a circle.
    bases: Vec<Vec<usize>>,
    heirs: Vec<Vec<usize>>,
    /// Classes that inherit from themselves, as far as can be told, which none can.
    circular: BTreeSet<usize>,
    /// Everything above each with several bases, itself first.
    above: Vec<OnceLock<Box<[usize]>>>,
    orders: Vec<OnceLock<Order>>,
    models: Vec<bool>,
    of_sqlmodel: Vec<bool>,
}

impl Lineage {
    pub fn of(classes: &[Class]) -> Self {
        let mut nodes: Vec<Ancestor> = (0..classes.len()).map(Ancestor::Class).collect();
        let mut numbers: HashMap<Ancestor, usize> = nodes.iter().cloned().zip(0..).collect();
        let mut number = |ancestor: &Ancestor| match numbers.get(ancestor) {
            Some(known) => *known,
            None => {
                nodes.push(ancestor.clone());
                numbers.insert(ancestor.clone(), nodes.len() - 1);
                nodes.len() - 1
            }
        };
        // All classes first: they have the first numbers.
        let mut bases: Vec<Vec<usize>> =
            classes.iter().map(|class| class.bases.iter().map(|base| number(&base.leads_to)).collect()).collect();
        let outside =
            [SQLMODEL, PYDANTIC, DECLARATIVE, "object"].map(|name| number(&Ancestor::Outside(name.to_owned())));
        let mut at = classes.len();
        while let Some(node) = nodes.get(at).cloned() {
            let above = match &node {
                Ancestor::Outside(name) => outside_order(name).unwrap_or_default(),
                Ancestor::Class(_) | Ancestor::Unknown => vec![],
            };
            for ancestor in &above {
                if !numbers.contains_key(ancestor) {
                    nodes.push(ancestor.clone());
                    numbers.insert(ancestor.clone(), nodes.len() - 1);
                }
            }
            bases.push(above.iter().skip(1).filter_map(|ancestor| numbers.get(ancestor).copied()).collect());
            at += 1;
        }
        let circular = without_circles(&mut bases);
        let mut heirs: Vec<Vec<usize>> = vec![vec![]; nodes.len()];
        for (heir, bases) in bases.iter().enumerate() {
            for base in bases {
                if let Some(heirs) = heirs.get_mut(*base) {
                    heirs.push(heir);
                }
            }
        }
        let empty = nodes.len();
        let mut lineage = Self {
            nodes,
            numbers,
            bases,
            heirs,
            circular,
            above: vec![OnceLock::new(); empty],
            orders: vec![OnceLock::new(); empty],
            models: vec![],
            of_sqlmodel: vec![],
        };
        let [sqlmodel, pydantic, ..] = outside;
        lineage.models = lineage.with_heirs([pydantic]);
        lineage.of_sqlmodel = lineage.with_heirs([sqlmodel]);
        lineage
    }

    /// Whether a class is one of pydantic's, SQLModel's among them, for certain.
    pub fn is_model(&self, class: usize) -> bool {
        self.models.get(class).copied().unwrap_or_default()
    }

    /// Whether a class is one of SQLModel's.
    pub fn is_sqlmodel(&self, class: usize) -> bool {
        self.of_sqlmodel.get(class).copied().unwrap_or_default()
    }

    /// Every ancestor of a class, itself first, near ones first as far as that is easily told, whether Python could make it
    /// or not.
    pub fn ancestors(&self, class: usize) -> impl Iterator<Item = &Ancestor> + Clone {
        Above { lineage: self, line: Some(class), rest: [].iter() }.filter_map(|number| self.nodes.get(number))
    }

    /// Which of all are among these, or inherit from one of them.
    pub fn with_heirs(&self, these: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut found = vec![false; self.nodes.len()];
        let mut open: Vec<usize> = these.into_iter().collect();
        while let Some(next) = open.pop() {
            match found.get_mut(next) {
                Some(known) if !*known => *known = true,
                _ => continue,
            }
            open.extend(self.heirs.get(next).into_iter().flatten());
        }
        found
    }

    /// Which of all are, or inherit from, something of which this holds.
    pub fn with_heirs_of(&self, holds: impl Fn(&Ancestor) -> bool) -> Vec<bool> {
        self.with_heirs(self.nodes.iter().enumerate().filter(|(_, node)| holds(node)).map(|(at, _)| at))
    }

    /// The order Python looks up the attributes of a class with these bases in, by its own rule (C3).
    /// `None`: some ancestor is not known, or one of them cannot be made itself.
    pub fn order(&self, bases: &[Ancestor]) -> Option<Result<Vec<&Ancestor>, Disorder>> {
        let bases: Option<Vec<usize>> = bases.iter().map(|base| self.numbers.get(base).copied()).collect();
        let bases = bases?;
        bases.iter().for_each(|base| self.settle(*base));
        match self.merged(&bases) {
            Ok(order) => Some(Ok(order.iter().filter_map(|number| self.nodes.get(*number)).collect())),
            Err(Unordered::Wrong(disorder)) => Some(Err(disorder)),
            Err(Unordered::Unknown) => None,
        }
    }

    /// The order of a class, itself first; `None` where there is none, or none is known.
    pub fn order_of(&self, class: usize) -> Option<impl Iterator<Item = &Ancestor> + Clone> {
        self.settle(class);
        let order = self.orders.get(class)?.get()?.as_ref().ok()?;
        Some(order.iter().filter_map(|number| self.nodes.get(*number)))
    }

    /// Works out the order of a class and of all above it, those above first: a line of classes may be as long as it likes.
    fn settle(&self, class: usize) {
        let mut open = vec![class];
        while let Some(next) = open.last().copied() {
            let is_open = |base: &usize| self.orders.get(*base).is_some_and(|order| order.get().is_none());
            let bases = self.bases.get(next).map(Vec::as_slice).unwrap_or_default();
            if is_open(&next) && bases.iter().any(is_open) {
                open.extend(bases.iter().filter(|base| is_open(base)));
                continue;
            }
            open.pop();
            if let Some(order) = self.orders.get(next) {
                order.get_or_init(|| self.own_order(next));
            }
        }
    }

    fn own_order(&self, number: usize) -> Order {
        let bases = self.bases.get(number).map(Vec::as_slice).unwrap_or_default();
        let rest = match self.nodes.get(number) {
            Some(Ancestor::Class(_)) if !self.circular.contains(&number) => self.merged(bases)?,
            // Of one from outside the whole order is known, or nothing.
            Some(Ancestor::Outside(name)) if outside_order(name).is_some() => bases.to_vec(),
            _ => return Err(Unordered::Unknown),
        };
        Ok([vec![number], rest].concat().into())
    }

    /// What C3 makes of the orders of these bases, which are known by now.
    fn merged(&self, bases: &[usize]) -> Result<Vec<usize>, Unordered> {
        // `Generic[T]` steps aside by rules of its own.
        let bases: Vec<usize> =
            bases.iter().copied().filter(|base| !self.nodes.get(*base).is_some_and(is_generic)).collect();
        let mut lists: Vec<&[usize]> = vec![];
        for base in &bases {
            match self.orders.get(*base).and_then(OnceLock::get) {
                Some(Ok(order)) => lists.push(order),
                _ => return Err(Unordered::Unknown),
            }
        }
        let mut seen = HashSet::new();
        if let Some(second) = bases.iter().position(|base| !seen.insert(base)) {
            return Err(Unordered::Wrong(Disorder::Twice(second)));
        }
        if !bases.is_empty() {
            lists.push(&bases);
        }
        let mut order = merge(lists).ok_or(Unordered::Wrong(Disorder::Inconsistent))?;
        if order.is_empty() {
            order.extend(self.numbers.get(&object()));
        }
        Ok(order)
    }

    /// Everything above one with several bases, itself first.
    fn above(&self, number: usize) -> &[usize] {
        let Some(above) = self.above.get(number) else { return &[] };
        above.get_or_init(|| {
            let (mut found, mut known, mut open) = (vec![], HashSet::new(), vec![number]);
            while let Some(next) = open.pop() {
                if known.insert(next) {
                    found.push(next);
                    open.extend(self.bases.get(next).into_iter().flatten().rev());
                }
            }
            found.into()
        })
    }
}

/// Goes up from a class: along a line by itself, and where several bases meet by the list that is kept there. So a long line
/// takes no more room than its classes.
#[derive(Clone)]
struct Above<'a> {
    lineage: &'a Lineage,
    line: Option<usize>,
    rest: std::slice::Iter<'a, usize>,
}

impl Iterator for Above<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let Some(next) = self.line.take() else { return self.rest.next().copied() };
        match self.lineage.bases.get(next)?.as_slice() {
            [] => {}
            [one] => self.line = Some(*one),
            _ => self.rest = self.lineage.above(next).get(1..).unwrap_or_default().iter(),
        }
        Some(next)
    }
}

/// Takes away what leads back to where one came from, and says for which.
fn without_circles(bases: &mut [Vec<usize>]) -> BTreeSet<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        New,
        Open,
        Done,
    }
    let mut seen = vec![Seen::New; bases.len()];
    let mut circular: BTreeSet<usize> = BTreeSet::new();
    for start in 0..bases.len() {
        let mut open = vec![(start, 0)];
        while let Some((at, next)) = open.pop() {
            if let Some(seen) = seen.get_mut(at) {
                match (*seen, next) {
                    (Seen::Done, _) => continue,
                    _ => *seen = Seen::Open,
                }
            }
            match bases.get(at).and_then(|bases| bases.get(next)).copied() {
                Some(base) => match seen.get(base) {
                    Some(Seen::Open) => {
                        circular.insert(at);
                        bases.get_mut(at).map(|bases| bases.remove(next));
                        open.push((at, next));
                    }
                    _ => open.extend([(at, next + 1), (base, 0)]),
                },
                None => {
                    if let Some(seen) = seen.get_mut(at) {
                        *seen = Seen::Done;
                    }
                }
            }
        }
    }
    circular
}

/// Merges orders by C3: the first head that is in no tail comes next. `None` where there is none.
fn merge(mut lists: Vec<&[usize]>) -> Option<Vec<usize>> {
    let mut in_tails: HashMap<usize, usize> = HashMap::new();
    for number in lists.iter().flat_map(|list| list.iter().skip(1)) {
        *in_tails.entry(*number).or_default() += 1;
    }
    // The lists that begin with each, and those of them whose head is in no tail.
    let mut beginning: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, list) in lists.iter().enumerate() {
        beginning.entry(*list.first()?).or_default().push(at);
    }
    let is_free = |head: &usize, in_tails: &HashMap<usize, usize>| in_tails.get(head).is_none_or(|count| *count == 0);
    let free = beginning.iter().filter(|(head, _)| is_free(head, &in_tails)).flat_map(|(_, lists)| lists.clone());
    let mut free: BTreeSet<usize> = free.collect();
    let mut order = vec![];
    while let Some(next) = free.first().and_then(|at| lists.get(*at)?.first().copied()) {
        for at in beginning.remove(&next).unwrap_or_default() {
            free.remove(&at);
            let Some([_, rest @ ..]) = lists.get(at).copied() else { continue };
            if let Some(list) = lists.get_mut(at) {
                *list = rest;
            }
            let Some(head) = rest.first() else { continue };
            if let Some(count) = in_tails.get_mut(head) {
                *count = count.saturating_sub(1);
            }
            beginning.entry(*head).or_default().push(at);
            if is_free(head, &in_tails) {
                free.extend(beginning.get(head).into_iter().flatten());
            }
        }
        order.push(next);
    }
    lists.iter().all(|list| list.is_empty()).then_some(order)
}

/// The lookup order of a class from outside; `None` when it is not known.
fn outside_order(name: &str) -> Option<Vec<Ancestor>> {
    let order: &[&str] = match name {
        SQLMODEL => &[SQLMODEL, PYDANTIC, "object"],
        "pydantic_settings.BaseSettings" => &["pydantic_settings.BaseSettings", PYDANTIC, "object"],
        "object" => &["object"],
        PYDANTIC
        | DECLARATIVE
        | "abc.ABC"
        | "sqlalchemy.orm.MappedAsDataclass"
        | "sqlalchemy.ext.asyncio.AsyncAttrs" => return Some(vec![Ancestor::Outside(name.to_owned()), object()]),
        _ => return None,
    };
    Some(order.iter().map(|name| Ancestor::Outside((*name).to_owned())).collect())
}

fn object() -> Ancestor {
    Ancestor::Outside("object".to_owned())
}

fn is_generic(base: &Ancestor) -> bool {
    matches!(base, Ancestor::Outside(name) if matches!(name.as_str(), "typing.Generic" | "typing_extensions.Generic" | "typing.Protocol" | "typing_extensions.Protocol"))
}
