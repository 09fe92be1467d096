//! The options of `#[cached]`, checked against the function.

use super::apart;
use super::batch::Batch;
use crate::error::Errors;
use crate::function::Function;
use crate::keeping::Keeping;
use crate::options::{Known, Options};
use crate::output;
use crate::shared::{Skipped, check_every_argument, check_every_parameter};
use crate::storing::{Storing, Time};
use crate::template::{Role, Scope, Template};
use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Path};

const KNOWN: Known = Known {
    attribute: "`#[cached]`",
    options: &[
        "ttl",
        "key",
        "tags",
        "tags_with",
        "skip",
        "cache",
        "negative",
        "when",
        "unless",
        "version",
        "codec",
        "compress",
        "local",
        "consistency",
        "swr",
        "stale_if_error",
        "throttle",
        "revalidate",
        "jitter",
        "idle",
        "early",
        "soft_timeout",
        "timeout",
        "sensitive",
        "batch",
        "companion",
        "crate",
    ],
    positional: false,
};

pub(super) struct Cached {
    pub(super) key: Option<Template>,
    pub(super) storing: Storing,
    pub(super) keeping: Keeping,
    pub(super) cache: Option<Expr>,
    pub(super) when: Option<Expr>,
    pub(super) companion: bool,
    pub(super) batch: Option<Batch>,
    pub(super) krate: Path,
    /// The arguments that make up a default key.
    pub(super) keyed: Vec<Ident>,
    /// Whether there are generic arguments, which a default key tells as well.
    pub(super) generic: bool,
}

impl Cached {
    pub(super) fn parse(
        attribute: TokenStream,
        function: Option<&Function>,
        errors: &mut Errors,
    ) -> Self {
        let mut options = Options::parse(attribute, &KNOWN, errors);
        let names = function
            .map(|function| function.arguments().names)
            .unwrap_or_default();
        let key = options.take_str("key", errors);
        let key = key.map(|key| Template::parse(key, Role::Key, errors));
        let storing = Storing::parse(&mut options, errors);
        let skippable = function.map(|function| [&*names, &function.parameters()].concat());
        let skipped = Skipped::parse(&mut options, skippable.as_deref(), errors);
        let is_batch = options.name_of("batch").is_some();
        let batch = options.take("batch").and_then(|option| {
            Batch::parse(option, function, &skipped.names, key.is_some(), errors)
        });
        let names = match &batch {
            Some(batch) => batch.names(&names),
            None => names,
        };
        let companion = options.name_of("companion");
        let companion = companion.filter(|_| options.take_flag("companion", errors));
        let cached = Cached {
            storing,
            keeping: Keeping::parse(&mut options, errors),
            cache: options.take_expr("cache", errors),
            when: options.take_expr("when", errors),
            companion: companion.is_some(),
            batch,
            krate: options.take_crate(errors),
            keyed: names
                .iter()
                .filter(|name| !skipped.names.contains(name))
                .cloned()
                .collect(),
            generic: function.is_some_and(Function::is_generic),
            key,
        };
        // Of a batch that could not be read nobody knows the names.
        if let Some(function) = function
            && is_batch == cached.batch.is_some()
        {
            cached.check(function, &skipped, companion.as_ref(), errors);
        }
        cached
    }

    fn check(
        &self,
        function: &Function,
        skipped: &Skipped,
        companion: Option<&Ident>,
        errors: &mut Errors,
    ) {
        let arguments = function.arguments();
        let names = self.names(&arguments.names);
        let scope = Scope {
            names: &names,
            ..arguments.scope()
        };
        if let Some(key) = &self.key {
            key.check_names(Role::Key, &scope, errors);
        }
        self.storing.check_names(&scope, errors);
        let key = self.key.as_ref().filter(|key| key.is_clear(&scope));
        check_every_argument(&names, key, skipped, errors);
        check_every_parameter(function, key, skipped, errors);
        output::check(function, "#[cached]", errors);
        if self.batch.is_some() {
            self.check_batch(companion, errors);
        } else if let Some(option) = self.storing.policy.apart() {
            apart::check(function, &option, errors);
        }
        if let Some(companion) = companion
            && self.batch.is_none()
        {
            self.check_companion(function, companion, errors);
        }
    }

    fn check_batch(&self, companion: Option<&Ident>, errors: &mut Errors) {
        for name in self
            .storing
            .policy
            .beside_batches()
            .into_iter()
            .chain(companion.cloned())
        {
            errors.push(&name, format!("`{name}` is for functions of one identifier; leave it out, or call one such function for each"));
        }
        if let Some(Time::Adaptive(_)) = self.storing.ttl
            && let Some(batch) = &self.batch
        {
            errors.push(
                &batch.list,
                "an adaptive `ttl` is for functions of one identifier; give a duration",
            );
        }
    }

    /// The names that templates may use.
    fn names(&self, names: &[Ident]) -> Vec<Ident> {
        match &self.batch {
            Some(batch) => batch.names(names),
            None => names.to_vec(),
        }
    }

    fn check_companion(&self, function: &Function, companion: &Ident, errors: &mut Errors) {
        if function.receiver().is_some() {
            errors.push(companion, "`companion` makes a module beside the function, which a method cannot have; give the type a method that calls `cache.delete(key!(…))`");
        } else if self.key.is_none() && !function.sig.generics.params.is_empty() {
            errors.push(companion, "`companion` of a generic function needs a `key`");
        }
    }
}
