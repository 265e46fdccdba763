//! `extends:` of services: from the same file and from others.

use std::rc::Rc;

use crate::text::{Span, Spanned};

use super::load::{Reader, Scope};
use super::merge::merge;
use super::paths;
use super::tree::{Data, Tree};

/// Services that extend each other deeper than this are a circle.
const MAX_DEPTH: usize = 40;

impl Reader<'_> {
    /// A tree whose services hold what they extend.
    pub(super) fn with_extends(&mut self, path: &str, mut tree: Tree, scope: &Scope) -> Tree {
        let has_extends =
            |services: &Tree| services.entries().iter().any(|(_, service)| service.get("extends").is_some());
        if !tree.get("services").is_some_and(has_extends) {
            return tree;
        }
        let original = Rc::new(tree.clone());
        if let Data::Mapping(sections) = &mut tree.data
            && let Some((_, services)) = sections.iter_mut().find(|(key, _)| key.value == "services")
            && let Data::Mapping(services) = &mut services.data
        {
            for (name, service) in services.iter_mut() {
                self.note_extends(path, name, service, scope);
                let own = std::mem::replace(service, Tree::null(service.span.clone(), service.directory.clone()));
                *service = self.extended(path, &original, name, own, scope, &mut vec![]);
            }
        }
        tree
    }

    /// Notes which service of which file a service extends.
    fn note_extends(&mut self, path: &str, name: &Spanned<String>, service: &Tree, scope: &Scope) {
        let Some(extends) = service.get("extends") else { return };
        let Some((base, _)) = service_of(extends) else { return };
        let file = match extends.present("file").and_then(Tree::text) {
            Some(file) => self.resolve(&scope.directory, file),
            None => path.to_owned(),
        };
        self.extends.push((name.value.clone(), file, base));
    }

    /// A service laid over the one that it extends.
    fn extended(
        &mut self,
        path: &str,
        file: &Rc<Tree>,
        name: &Spanned<String>,
        mut own: Tree,
        scope: &Scope,
        open: &mut Vec<(String, String)>,
    ) -> Tree {
        let Some(extends) = own.get("extends").cloned() else { return own };
        if let Data::Mapping(entries) = &mut own.data {
            entries.retain(|(key, _)| key.value != "extends");
        }
        let unseen = format!("what `{}` inherits", name.value);
        let Some((service, place)) = service_of(&extends) else {
            self.refuse(&extends.span, format!("extends.{}.service is required", name.value), unseen);
            return own;
        };
        let wanted = Wanted { service, place, unseen };
        open.push((path.to_owned(), name.value.clone()));
        let base = match extends.present("file").and_then(|file| Some((file.text()?.to_owned(), file.span.clone()))) {
            Some((other, span)) => self.base_in_file(&other, &span, &wanted, scope, open),
            None => self.base_in_tree(path, file, &wanted, scope, open),
        };
        open.pop();
        let Some(mut base) = base else { return own };
        base.forbid_edits();
        let block = own.block.clone();
        let span = own.span.clone();
        let mut conflicts = vec![];
        let mut path = vec!["services".to_owned(), name.value.clone()];
        let merged = merge(base, own, &mut path, &mut conflicts);
        for (span, message) in conflicts {
            self.refuse(&span, message, "what this value changes");
        }
        Tree { block, span, ..merged }
    }

    fn base_in_file(
        &mut self,
        other: &str,
        span: &Span,
        wanted: &Wanted,
        scope: &Scope,
        open: &mut Vec<(String, String)>,
    ) -> Option<Tree> {
        let other = self.resolve(&scope.directory, other);
        let scope = Scope { directory: paths::parent(&other).into(), ..scope.clone() };
        let documents = self.documents(&other, &scope, Some(span));
        let file = documents.into_iter().reduce(|base, over| merge(base, over, &mut vec![], &mut vec![]))?;
        self.base_in_tree(&other, &Rc::new(file), wanted, &scope, open)
    }

    fn base_in_tree(
        &mut self,
        path: &str,
        file: &Rc<Tree>,
        wanted: &Wanted,
        scope: &Scope,
        open: &mut Vec<(String, String)>,
    ) -> Option<Tree> {
        let circle = open.iter().any(|(file, service)| file == path && *service == wanted.service);
        if circle || open.len() > MAX_DEPTH {
            let message = format!("circular reference: `{}` extends itself", wanted.service);
            self.refuse(&wanted.place, message, wanted.unseen.clone());
            return None;
        }
        let found = file
            .get("services")
            .and_then(|services| services.entries().iter().find(|(name, _)| name.value == wanted.service).cloned());
        match found {
            Some((name, service)) => Some(self.extended(path, file, &name, service, scope, open)),
            None => {
                let message = format!("service `{}` is not in `{path}`", wanted.service);
                self.refuse(&wanted.place, message, wanted.unseen.clone());
                None
            }
        }
    }
}

/// The service that is looked for, where it is named, and what cannot be judged without it.
struct Wanted {
    service: String,
    place: Span,
    unseen: String,
}

/// The service that `extends:` names.
fn service_of(extends: &Tree) -> Option<(String, Span)> {
    let service = if extends.is_mapping() { extends.get("service")? } else { extends };
    Some((service.text()?.to_owned(), service.span.clone()))
}
