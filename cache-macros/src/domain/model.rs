//! A record and the options of its cache, checked.

use super::keys::Keys;
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
        "key",
        "domain",
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
    options: &["key", "tag", "tags", "lookup"],
    positional: false,
};

pub(super) struct DomainModel {
    pub(super) vis: Visibility,
    pub(super) record: Ident,
    pub(super) generics: Generics,
    pub(super) cache: Ident,
    /// Its name in the configuration, if that is not the text of its keys.
    pub(super) domain: Option<LitStr>,
    pub(super) ttl: Option<Time>,
    pub(super) ttl_with: Option<OfValue>,
    pub(super) negative: Option<Time>,
    pub(super) policy: Policy,
    pub(super) version: Option<u32>,
    pub(super) encoding: Encoding,
    pub(super) keeping: Keeping,
    pub(super) sensitive: bool,
    pub(super) krate: Path,
    pub(super) keys: Keys,
    pub(super) tags: Vec<FieldTag>,
    /// Fields of several tags each.
    pub(super) tag_lists: Vec<TagList>,
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

/// A field of which every item makes a tag.
pub(super) struct TagList {
    pub(super) field: Field,
    /// In terms of an item, by the name of the field; without one, it is a tag as it stands.
    pub(super) template: Option<Template>,
}

/// A field, and what is written on it.
struct Marked {
    field: Field,
    is_key: Option<Ident>,
    tag: Option<Opt>,
    tags: Option<Opt>,
    is_lookup: bool,
}

impl Marked {
    fn parse(field: &syn::Field, errors: &mut Errors) -> Option<Self> {
        let mut options = Options::parse(attribute_tokens(&field.attrs, errors), &ON_FIELD, errors);
        let is_key = options.name_of("key");
        Some(Marked {
            field: Field {
                name: field.ident.clone()?,
                ty: field.ty.clone(),
            },
            is_key: is_key.filter(|_| options.take_flag("key", errors)),
            tag: options.take("tag"),
            tags: options.take("tags"),
            is_lookup: options.take_flag("lookup", errors),
        })
    }
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
        let marked: Vec<Marked> = fields
            .named
            .iter()
            .filter_map(|field| Marked::parse(field, errors))
            .collect();
        let keys = keys(input, &marked, &mut options, errors);
        let domain = options.take_str("domain", errors);
        if let Some(domain) = &domain {
            check_domain(domain, errors);
        }
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
            domain,
            keys,
            tags: Vec::new(),
            tag_lists: Vec::new(),
            more_tags: options
                .take_strs("tags", errors)
                .into_iter()
                .map(|tag| Template::parse(tag, Role::Tag, errors))
                .collect(),
            lookups: Vec::new(),
            fields: marked.iter().map(|it| it.field.name.clone()).collect(),
        };
        for marked in marked {
            model.add_field(marked, errors);
        }
        model.check(errors);
        Some(model)
    }

    fn add_field(&mut self, marked: Marked, errors: &mut Errors) {
        let Marked { field, .. } = marked;
        if is_list(&field.ty) {
            check_list(&field, marked.tag.as_ref(), marked.is_lookup, errors);
        }
        if let Some(tag) = marked.tag
            && let Some(template) = self.field_tag(&field, tag, errors)
        {
            self.tags.push(FieldTag {
                field: field.clone(),
                template,
            });
        }
        if let Some(tags) = marked.tags {
            let template = self.item_tag(&field, tags, errors);
            self.tag_lists.push(TagList {
                field: field.clone(),
                template,
            });
        }
        if marked.is_lookup {
            self.lookups.push(field);
        }
    }

    /// `tags`, or `tags = "topic:{topics}"`.
    fn item_tag(&self, field: &Field, option: Opt, errors: &mut Errors) -> Option<Template> {
        match option.value {
            Value::Flag => None,
            _ => self.field_tag(field, option, errors),
        }
    }

    /// `tag`, or `tag = "user:{user_id}"`.
    fn field_tag(&self, field: &Field, option: Opt, errors: &mut Errors) -> Option<Template> {
        let written = match &*option.name.to_string() {
            "tags" => "tags = \"topic:{topics}\"",
            _ => "tag = \"user:{user_id}\"",
        };
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
                        format!("option `{}` takes a string: `{written}`", option.name),
                    );
                    return None;
                }
            },
            _ => {
                errors.push(
                    &option.name,
                    format!(
                        "option `{}` stands alone or takes a string: `{written}`",
                        option.name
                    ),
                );
                return None;
            }
        };
        let template = Template::parse(literal, Role::Tag, errors);
        let others = self.fields.iter().filter(|name| **name != field.name);
        let mistake = if let Some(other) = others.into_iter().find(|name| template.mentions(name)) {
            let name = &field.name;
            if option.name == "tags" {
                format!(
                    "the tags of field `{name}` are made of its items, one of each, and not of `{other}`"
                )
            } else {
                format!(
                    "the tag of field `{name}` can only be made of that field, not of `{other}`: `invalidate_by_{name}` knows no other; put it into `#[cache(tags = […])]` on the type"
                )
            }
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
        let text = format!("{}:{1}:{{{1}}}", self.keys.text(), field.name);
        LitStr::new(&text, field.name.span())
    }

    fn check(&mut self, errors: &mut Errors) {
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

    /// Whether a tag is known before the record is, to whoever names these fields.
    pub(super) fn follows_from(&self, tag: &Template, named: &[Field]) -> bool {
        let mut in_it = self.fields.iter().filter(|name| tag.mentions(name));
        in_it.all(|name| named.iter().any(|field| field.name == *name))
    }

    /// Its name in the configuration: `session` of `CACHE_SESSION_TTL`.
    pub(super) fn domain_name(&self) -> String {
        let text = || self.keys.text().replace(':', "-");
        self.domain.as_ref().map_or_else(text, LitStr::value)
    }

    /// The tag of all records, where no pattern says which keys are theirs.
    pub(super) fn tag_of_all(&self) -> Option<String> {
        (!self.keys.fill_their_prefix()).then(|| self.domain_name())
    }
}

/// A list is not one value.
fn check_list(field: &Field, tag: Option<&Opt>, is_lookup: bool, errors: &mut Errors) {
    let name = &field.name;
    if let Some(tag) = tag {
        let mistake = format!(
            "field `{name}` is a list, of which this makes one tag; `#[cache(tags)]` makes one of each item"
        );
        errors.push(&tag.name, mistake);
    }
    if is_lookup {
        let mistake =
            format!("field `{name}` is a list, and a record is found by one value, or an `Option`");
        errors.push(name, mistake);
    }
}

/// Whether a type is called as lists are. Bytes are one value.
fn is_list(ty: &Type) -> bool {
    const LISTS: [&str; 8] = [
        "Vec",
        "VecDeque",
        "LinkedList",
        "HashSet",
        "BTreeSet",
        "HashMap",
        "BTreeMap",
        "BinaryHeap",
    ];
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    let is_of_bytes = matches!(&last.arguments, syn::PathArguments::AngleBracketed(of) if of.args.to_token_stream().to_string() == "u8");
    LISTS.iter().any(|list| last.ident == list) && !is_of_bytes
}

/// `prefix` and marked fields, or `key`.
fn keys(
    input: &DeriveInput,
    marked: &[Marked],
    options: &mut Options,
    errors: &mut Errors,
) -> Keys {
    let (prefix, key) = (options.name_of("prefix"), options.name_of("key"));
    if let (Some(_), Some(key)) = (&prefix, &key) {
        errors.push(
            key,
            "`prefix` and `key` are given; the key says how it begins",
        );
    }
    let prefix = options.take_str("prefix", errors).or_else(|| {
        if prefix.is_none() && key.is_none() {
            errors.push(
                &input.ident,
                "the cache needs a prefix for its keys, `#[cache(prefix = \"session\")]`, or a template of them, `#[cache(key = \"session:{id}\")]`",
            );
        }
        None
    });
    let template = options.take_str("key", errors);
    if let Some(template) = template.filter(|_| prefix.is_none()) {
        for mark in marked.iter().filter_map(|it| it.is_key.as_ref()) {
            errors.push(
                mark,
                "the type has a `key`, which says of which fields it is made; take this mark away",
            );
        }
        let all: Vec<Field> = marked.iter().map(|it| it.field.clone()).collect();
        return Keys::of_template(template, &all, errors);
    }
    let prefix = prefix.unwrap_or_else(|| LitStr::new("unnamed", input.ident.span()));
    check_prefix(&prefix, errors);
    let fields = marked.iter().filter(|it| it.is_key.is_some());
    let fields: Vec<Field> = fields.map(|it| it.field.clone()).collect();
    if fields.is_empty() && key.is_none() {
        errors.push(
            &input.ident,
            "no field is the key; mark one: `#[cache(key)]`",
        );
    }
    Keys::prefixed(&prefix, fields)
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

fn check_domain(domain: &LitStr, errors: &mut Errors) {
    let text = domain.value();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.is_empty() || !text.chars().all(is_plain) {
        errors.push(
            domain,
            "a domain's name, as in `CACHE_MESSAGE_TTL`, is made of letters, digits, `-` and `_`",
        );
    }
}
