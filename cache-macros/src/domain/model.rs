//! A record and the options of its cache, checked.

use crate::encoding::Encoding;
use crate::error::Errors;
use crate::keeping::Keeping;
use crate::options::{Known, Opt, Options, Value, written};
use crate::policy::{Declared, Policy};
use crate::storing::{OfValue, Time};
use crate::template::{Role, Scope, Template};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident};
use syn::{Attribute, Data, DeriveInput, Fields, Generics, LitStr, Path, Type, Visibility};

const ON_TYPE: Known = Known {
    attribute: "`#[cache]` on a type",
    options: &[
        "prefix",
        "ttl",
        "ttl_with",
        "tags",
        "name",
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
        "negative",
        "sensitive",
        "crate",
    ],
    positional: false,
};

const ON_FIELD: Known = Known {
    attribute: "`#[cache]` on a field",
    options: &["key", "tag", "lookup"],
    positional: false,
};

pub(super) struct DomainModel {
    pub(super) vis: Visibility,
    pub(super) record: Ident,
    pub(super) generics: Generics,
    pub(super) cache: Ident,
    pub(super) prefix: LitStr,
    pub(super) ttl: Option<Time>,
    pub(super) ttl_with: Option<OfValue>,
    pub(super) negative: Option<Time>,
    pub(super) policy: Policy,
    pub(super) version: Option<u32>,
    pub(super) encoding: Encoding,
    pub(super) keeping: Keeping,
    pub(super) sensitive: bool,
    pub(super) krate: Path,
    pub(super) keys: Vec<Field>,
    pub(super) tags: Vec<FieldTag>,
    pub(super) more_tags: Vec<Template>,
    pub(super) lookups: Vec<Field>,
    /// The names of all fields.
    pub(super) fields: Vec<Ident>,
}

#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: Ident,
    pub(super) ty: Type,
}

/// A field that makes a tag.
pub(super) struct FieldTag {
    pub(super) field: Field,
    /// In terms of the field alone.
    pub(super) template: Template,
}

impl DomainModel {
    /// `None` if this is not a struct with named fields.
    pub(super) fn parse(input: &DeriveInput, errors: &mut Errors) -> Option<Self> {
        let Data::Struct(data) = &input.data else {
            errors.push(
                &input.ident,
                "`DomainCache` is for records: a struct with named fields",
            );
            return None;
        };
        let Fields::Named(fields) = &data.fields else {
            errors.push(
                &input.ident,
                "`DomainCache` needs named fields, one of them marked `#[cache(key)]`",
            );
            return None;
        };
        let mut options = Options::parse(attribute_tokens(&input.attrs, errors), &ON_TYPE, errors);
        if options.name_of("prefix").is_none() {
            errors.push(
                &input.ident,
                "the cache needs a prefix for its keys: `#[cache(prefix = \"session\")]`",
            );
        }
        let prefix = options.take_str("prefix", errors);
        let prefix = prefix.unwrap_or_else(|| LitStr::new("unnamed", input.ident.span()));
        check_prefix(&prefix, errors);
        if let (Some(_), Some(ttl_with)) = (options.name_of("ttl"), options.name_of("ttl_with")) {
            errors.push(ttl_with, "`ttl` and `ttl_with` are given; decide for one");
        }
        let ttl = Time::ttl(&mut options, errors);
        let declared = if options.name_of("ttl_with").is_some() {
            Declared::Otherwise
        } else {
            ttl.as_ref().into()
        };
        let policy = Policy::parse(&mut options, declared, errors);
        let mut model = DomainModel {
            vis: input.vis.clone(),
            record: input.ident.clone(),
            generics: input.generics.clone(),
            cache: cache_name(&input.ident, &mut options, errors),
            policy,
            negative: Time::negative(&mut options, errors),
            ttl,
            ttl_with: options
                .take_expr("ttl_with", errors)
                .and_then(|expr| OfValue::parse(expr, "ttl_with", errors)),
            version: options
                .take_expr("version", errors)
                .and_then(|expr| crate::storing::version(&expr, errors)),
            encoding: Encoding::parse(&mut options, errors),
            keeping: Keeping::parse(&mut options, errors),
            sensitive: options.take_flag("sensitive", errors),
            krate: options.take_crate(errors),
            keys: Vec::new(),
            tags: Vec::new(),
            more_tags: options
                .take_strs("tags", errors)
                .into_iter()
                .map(|tag| Template::parse(tag, Role::Tag, errors))
                .collect(),
            lookups: Vec::new(),
            fields: fields
                .named
                .iter()
                .filter_map(|field| field.ident.clone())
                .collect(),
            prefix,
        };
        for field in &fields.named {
            model.add_field(field, errors);
        }
        model.check(&input.ident, errors);
        Some(model)
    }

    fn add_field(&mut self, field: &syn::Field, errors: &mut Errors) {
        let mut options = Options::parse(attribute_tokens(&field.attrs, errors), &ON_FIELD, errors);
        let Some(name) = field.ident.clone() else {
            return;
        };
        let field = Field {
            name,
            ty: field.ty.clone(),
        };
        if options.take_flag("key", errors) {
            self.keys.push(field.clone());
        }
        if let Some(template) = options
            .take("tag")
            .and_then(|tag| self.field_tag(&field, tag, errors))
        {
            self.tags.push(FieldTag {
                field: field.clone(),
                template,
            });
        }
        if options.take_flag("lookup", errors) {
            self.lookups.push(field);
        }
    }

    /// `tag`, or `tag = "user:{user_id}"`.
    fn field_tag(&self, field: &Field, option: Opt, errors: &mut Errors) -> Option<Template> {
        let literal = match option.value {
            Value::Flag => self.default_tag(field),
            Value::Expr(expr) => match *expr {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(literal),
                    ..
                }) => literal,
                other => {
                    errors.push(
                        other,
                        "option `tag` takes a string: `tag = \"user:{user_id}\"`",
                    );
                    return None;
                }
            },
            _ => {
                errors.push(
                    &option.name,
                    "option `tag` stands alone or takes a string: `tag = \"user:{user_id}\"`",
                );
                return None;
            }
        };
        let template = Template::parse(literal, Role::Tag, errors);
        let others = self.fields.iter().filter(|name| **name != field.name);
        let mistake = if let Some(other) = others.into_iter().find(|name| template.mentions(name)) {
            format!(
                "the tag of field `{0}` can only be made of that field, not of `{other}`: `invalidate_by_{0}` knows no other; put it into `#[cache(tags = […])]` on the type",
                field.name
            )
        } else if !template.mentions(&field.name) {
            format!(
                "the tag of field `{0}` does not mention it; write `{{{0}}}`, or put it into `#[cache(tags = […])]` on the type",
                field.name
            )
        } else {
            return Some(template);
        };
        errors.push(&template.literal, mistake);
        // So that `invalidate_by_…` is there, and takes what it would take.
        Some(Template::parse(self.default_tag(field), Role::Tag, errors))
    }

    fn default_tag(&self, field: &Field) -> LitStr {
        let text = format!("{}:{1}:{{{1}}}", self.prefix.value(), field.name);
        LitStr::new(&text, field.name.span())
    }

    fn check(&mut self, record: &Ident, errors: &mut Errors) {
        if self.keys.is_empty() {
            errors.push(record, "no field is the key; mark one: `#[cache(key)]`");
        }
        let mut tags = std::mem::take(&mut self.more_tags);
        let scope = self.scope();
        for tag in &tags {
            tag.check_names(Role::Tag, &scope, errors);
        }
        // What is wrong is reported once, and not by the expansion again.
        tags.retain(|tag| tag.is_clear(&scope));
        self.more_tags = tags;
    }

    /// Templates are over the fields.
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope {
            what: "field",
            names: &self.fields,
            receiver: None,
        }
    }

    /// `session:{id}`, for the wiring.
    pub(super) fn key_template(&self) -> String {
        let keys = self.keys.iter().map(|key| format!(":{{{}}}", key.name));
        format!("{}{}", self.prefix.value(), keys.collect::<String>())
    }
}

/// The contents of every `#[cache(…)]`, one behind the other.
fn attribute_tokens(attrs: &[Attribute], errors: &mut Errors) -> TokenStream {
    let mut tokens = TokenStream::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("cache")) {
        match attr.meta.require_list() {
            Ok(list) => {
                if !tokens.is_empty() {
                    tokens.extend(<syn::Token![,]>::default().to_token_stream());
                }
                tokens.extend(list.tokens.clone());
            }
            Err(_) => errors.push(attr, "`#[cache]` needs options: `#[cache(key)]`"),
        }
    }
    tokens
}

fn cache_name(record: &Ident, options: &mut Options, errors: &mut Errors) -> Ident {
    let default = || format_ident!("{record}Cache");
    match options.take_expr("name", errors) {
        None => default(),
        Some(syn::Expr::Path(path)) if path.path.get_ident().is_some() => {
            path.path.get_ident().cloned().unwrap_or_else(default)
        }
        Some(other) => {
            errors.push(
                other,
                format!("option `name` takes a name: `{}`", written("name")),
            );
            default()
        }
    }
}

fn check_prefix(prefix: &LitStr, errors: &mut Errors) {
    let text = prefix.value();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    if text.is_empty() {
        errors.push(
            prefix,
            "an empty prefix; it would mix the keys of all caches",
        );
    } else if !text.chars().all(is_plain) {
        errors.push(
            prefix,
            "a prefix is made of letters, digits, `-`, `_`, `.` and `:`",
        );
    } else if text.ends_with(':') || text.starts_with(':') {
        errors.push(
            prefix,
            format!(
                "the `:` between prefix and key is put there for you; write `prefix = \"{}\"`",
                text.trim_matches(':')
            ),
        );
    }
}
