//! The names that a function's arguments bind.

use crate::template::Scope;
use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{FnArg, Pat, PatIdent, Signature};

/// Every name that the arguments bind, in order; `self` is not among them.
pub(crate) struct Arguments {
    pub(crate) names: Vec<Ident>,
    /// The names of each argument of the signature, `self` left out.
    pub(crate) by_argument: Vec<Vec<Ident>>,
    /// What `self` is called where the computation stands, if there is one.
    receiver: Option<Ident>,
}

impl Arguments {
    /// `patterns` are the patterns that a wrapper has moved into the body, by the name it put in their place.
    pub(super) fn of(sig: &Signature, patterns: &[(Ident, Pat)], receiver: Option<Ident>) -> Self {
        let by_argument: Vec<_> = sig
            .inputs
            .iter()
            .filter_map(|input| match input {
                FnArg::Receiver(_) => None,
                FnArg::Typed(typed) => Some(names(&typed.pat, patterns)),
            })
            .collect();
        Arguments {
            names: by_argument.iter().flatten().cloned().collect(),
            by_argument,
            receiver,
        }
    }

    /// What templates may use.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            what: "argument",
            names: &self.names,
            receiver: self.receiver.clone(),
        }
    }
}

pub(super) fn names(pattern: &Pat, moved: &[(Ident, Pat)]) -> Vec<Ident> {
    let pattern = match pattern {
        Pat::Ident(ident) => moved
            .iter()
            .find(|(name, _)| *name == ident.ident)
            .map_or(pattern, |(_, original)| original),
        _ => pattern,
    };
    if let Pat::Ident(argument) = pattern {
        // Whatever its spelling, a whole argument cannot be a constant.
        return vec![argument.ident.clone()];
    }
    let mut bindings = Bindings(Vec::new());
    bindings.visit_pat(pattern);
    bindings.0
}

struct Bindings(Vec<Ident>);

impl<'ast> Visit<'ast> for Bindings {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        // In a pattern, a name in capitals is a constant or a unit struct.
        let name = pattern.ident.to_string();
        if !name.starts_with(char::is_uppercase) {
            self.0.push(pattern.ident.clone());
        }
        syn::visit::visit_pat_ident(self, pattern);
    }
}
