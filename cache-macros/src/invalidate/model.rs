//! The options of `#[cache_invalidate]`, checked against the function.

use crate::error::Errors;
use crate::function::Function;
use crate::options::{Known, Options};
use crate::template::{Role, Template};
use proc_macro2::TokenStream;
use syn::{Expr, Path};

const KNOWN: Known = Known {
    attribute: "`#[cache_invalidate]`",
    options: &["tags", "when", "on", "cache", "crate"],
    positional: true,
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
    Both,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Ok,
    Always,
}

pub(super) struct Invalidation {
    pub(super) patterns: Vec<Template>,
    pub(super) tags: Vec<Template>,
    pub(super) when: When,
    pub(super) on: On,
    pub(super) cache: Option<Expr>,
    pub(super) krate: Path,
}

impl Invalidation {
    pub(super) fn parse(
        attribute: TokenStream,
        function: Option<&Function>,
        errors: &mut Errors,
    ) -> Self {
        let is_blank = attribute.is_empty();
        let mut options = Options::parse(attribute, &KNOWN, errors);
        let positional = std::mem::take(&mut options.positional);
        let tags = options.take_strs("tags", errors);
        let whens = [
            ("before", When::Before),
            ("after", When::After),
            ("both", When::Both),
        ];
        let ons = [("ok", On::Ok), ("always", On::Always)];
        let invalidation = Invalidation {
            patterns: positional
                .into_iter()
                .map(|text| Template::parse(text, Role::Pattern, errors))
                .collect(),
            tags: tags
                .into_iter()
                .map(|text| Template::parse(text, Role::Tag, errors))
                .collect(),
            when: choice(&mut options, "when", &whens, errors).unwrap_or(When::After),
            on: choice(&mut options, "on", &ons, errors).unwrap_or(On::Ok),
            cache: options.take_expr("cache", errors),
            krate: options.take_crate(errors),
        };
        if invalidation.patterns.is_empty()
            && invalidation.tags.is_empty()
            && (is_blank || errors.is_empty())
        {
            errors.push_on_attribute(
                function,
                "nothing to invalidate; name patterns or tags: `#[cache_invalidate(\"user:{id}\", tags = [\"user:{id}\"])]`",
            );
        }
        if let Some(function) = function {
            invalidation.check(function, errors);
        }
        invalidation
    }

    fn check(&self, function: &Function, errors: &mut Errors) {
        let arguments = function.arguments();
        let scope = arguments.scope();
        for pattern in &self.patterns {
            pattern.check_names(Role::Pattern, &scope, errors);
        }
        for tag in &self.tags {
            tag.check_names(Role::Tag, &scope, errors);
        }
    }
}

/// `when = before`: a bare word out of a few.
fn choice<T: Copy>(
    options: &mut Options,
    name: &str,
    choices: &[(&str, T)],
    errors: &mut Errors,
) -> Option<T> {
    let expr = options.take_expr(name, errors)?;
    if let Expr::Path(path) = &expr
        && let Some(word) = path.path.get_ident()
        && let Some((_, choice)) = choices.iter().find(|(text, _)| word == text)
    {
        return Some(*choice);
    }
    let words = choices.iter().map(|(text, _)| *text);
    errors.push(
        &expr,
        format!("option `{name}` is one of {}", crate::suggest::list(words)),
    );
    None
}
