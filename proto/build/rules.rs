//! Writes a `Validate` for each message, from the `buf.validate` options of its fields.
//!
//! A rule that this file does not know stops the build, so that none is silently ignored.

use std::fmt::Write as _;

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value,
};

use crate::{Error, rust_path};

/// What to tell somebody whose text breaks a pattern, by the pattern. A pattern that is not here stops
/// the build: a regular expression is no message.
const PATTERNS: &[(&str, &str)] = &[
    (
        r"^[^\p{Cc}\x{061C}\x{200E}\x{200F}\x{2028}-\x{202E}\x{2066}-\x{2069}]*$",
        "must be one line without control or bidirectional formatting characters",
    ),
    (
        r"^(?:[\t\n\r]|[^\p{Cc}\x{202A}-\x{202E}\x{2066}-\x{2069}])*$",
        "must not hold control characters other than tab and line breaks, nor bidirectional overrides",
    ),
    (
        r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "must be small letters, digits and hyphens, without a hyphen at either end",
    ),
    ("^[!-~]{0,64}$", "must be at most 64 visible ASCII characters"),
    ("^[0-9]{0,19}$", "must be empty, or an `etag` as it was given out"),
    ("^[0-9a-z]{12}$", "must be 12 small letters and digits, as it was given out"),
    (
        "^([a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3})?$",
        "must be empty, or a language tag such as `en` or `pt-BR`",
    ),
    ("^[a-z][a-z0-9_]{0,39}$", "must be a small letter and up to 39 small letters, digits and underscores"),
    ("^[0-9a-f]{64}$", "must be 64 small hexadecimal digits, as it was given out"),
    ("^(#[0-9a-f]{6})?$", "must be empty, or `#` and six small hexadecimal digits"),
    (
        "^(https://[0-9A-Za-z][0-9A-Za-z.-]*(:[0-9]{1,5})?([/?#][!-~]*)?)?$",
        "must be empty, or an address that begins with `https://` in visible ASCII characters",
    ),
    (
        "^(https://[0-9A-Za-z][0-9A-Za-z.-]*(:[0-9]{1,5})?([/?#][!-~]*)?|\
         mailto:[0-9A-Za-z.!$&*+/=_~-]+@[0-9A-Za-z][0-9A-Za-z.-]*([?][!-~]*)?)?$",
        "must be empty, or an address that begins with `https://` or `mailto:` in visible ASCII characters",
    ),
    (
        "^(mem_[0-7][0-9a-hjkmnp-tv-z]{25})?$",
        "must be empty, or `mem_` and 26 small letters and digits, as it was given out",
    ),
    (
        "^(sub_[0-7][0-9a-hjkmnp-tv-z]{25})?$",
        "must be empty, or `sub_` and 26 small letters and digits, as it was given out",
    ),
];

pub(crate) fn generate(pool: &DescriptorPool) -> Result<String, Error> {
    let mut writer = Writer {
        field_rules: pool.get_extension_by_name("buf.validate.field").ok_or("no buf.validate.field")?,
        oneof_rules: pool.get_extension_by_name("buf.validate.oneof").ok_or("no buf.validate.oneof")?,
        patterns: Vec::new(),
    };
    let mut code = String::new();
    for message in pool.all_messages().filter(|message| message.full_name().starts_with("pharos.")) {
        let body = writer.message(&message)?;
        writeln!(
            code,
            "impl Validate for {} {{\n    fn check(&self, violations: &mut Violations) {{\n\
             let _ = &violations;\n{body}    }}\n}}",
            rust_path(message.full_name()),
        )?;
    }
    for (index, pattern) in writer.patterns.iter().enumerate() {
        writeln!(
            code,
            "static PATTERN_{index}: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| \
             regex::Regex::new({pattern:?}).expect(\"the tests compile every pattern\"));"
        )?;
    }
    let all = (0..writer.patterns.len()).map(|index| format!("&PATTERN_{index}")).collect::<Vec<_>>();
    writeln!(
        code,
        "#[cfg(test)]\nstatic PATTERNS: &[&std::sync::LazyLock<regex::Regex>] = &[{}];",
        all.join(", ")
    )?;
    Ok(code)
}

struct Writer {
    field_rules: prost_reflect::ExtensionDescriptor,
    oneof_rules: prost_reflect::ExtensionDescriptor,
    patterns: Vec<String>,
}

impl Writer {
    fn message(&mut self, message: &MessageDescriptor) -> Result<String, Error> {
        let mut code = String::new();
        for field in message.fields() {
            let in_oneof = field
                .containing_oneof()
                .filter(|oneof| !field.supports_presence() || oneof.fields().len() > 1);
            let name = field.name().to_snake_case();
            let checks = self.value(&field)?;
            if field.is_list() {
                self.list(&mut code, &field, &name, &checks)?;
            } else if let Some(oneof) = in_oneof.filter(|oneof| !oneof.name().starts_with('_')) {
                if checks.is_empty() {
                    continue;
                }
                writeln!(
                    code,
                    "if let Some({}::{}::{}(value)) = &self.{} {{ let field = {name:?}; {checks} }}",
                    module_of(message),
                    oneof.name().to_upper_camel_case(),
                    name.to_upper_camel_case(),
                    oneof.name().to_snake_case(),
                )?;
            } else if field.supports_presence() {
                if self.is_required(&field) {
                    writeln!(code, "violations.required({name:?}, self.{name}.is_some());")?;
                }
                if !checks.is_empty() {
                    writeln!(code, "if let Some(value) = &self.{name} {{ let field = {name:?}; {checks} }}")?;
                }
            } else if !checks.is_empty() {
                writeln!(code, "{{ let (field, value) = ({name:?}, &self.{name}); {checks} }}")?;
            }
        }
        for oneof in message.oneofs() {
            let options = oneof.options();
            if !options.has_extension(&self.oneof_rules) {
                continue;
            }
            let name = oneof.name().to_snake_case();
            for (rule, value) in fields_of(&options.get_extension(&self.oneof_rules))? {
                match (rule.as_str(), &value) {
                    ("required", Value::Bool(true)) => {
                        writeln!(code, "violations.required({name:?}, self.{name}.is_some());")?;
                    }
                    (other, _) => return Err(unknown(oneof.full_name(), other)),
                }
            }
        }
        Ok(code)
    }

    /// The checks of one value, on the variables `field` and `value`; of a list, those of each item.
    fn value(&mut self, field: &FieldDescriptor) -> Result<String, Error> {
        let mut code = String::new();
        if let Kind::Message(message) = field.kind()
            && message.full_name().starts_with("pharos.")
        {
            writeln!(code, "violations.nested(field, value);")?;
        }
        let options = field.options();
        if !options.has_extension(&self.field_rules) {
            return Ok(code);
        }
        for (rule, value) in fields_of(&options.get_extension(&self.field_rules))? {
            match (rule.as_str(), &value) {
                ("required", Value::Bool(true)) if self.is_required(field) => {}
                ("repeated", rules) if field.is_list() => {
                    for (rule, value) in fields_of(rules)? {
                        match (rule.as_str(), &value) {
                            ("max_items", _) => {}
                            ("items", items) => {
                                for (rule, value) in fields_of(items)? {
                                    self.scalar(&mut code, field, &rule, &value)?;
                                }
                            }
                            (other, _) => return Err(unknown(field.full_name(), other)),
                        }
                    }
                }
                (rule, value) if !field.is_list() => self.scalar(&mut code, field, rule, value)?,
                (other, _) => return Err(unknown(field.full_name(), other)),
            }
        }
        Ok(code)
    }

    fn list(
        &self,
        code: &mut String,
        field: &FieldDescriptor,
        name: &str,
        checks: &str,
    ) -> Result<(), Error> {
        let options = field.options();
        if options.has_extension(&self.field_rules) {
            for (_, rules) in fields_of(&options.get_extension(&self.field_rules))? {
                for (rule, value) in fields_of(&rules)? {
                    if let ("max_items", Some(limit)) = (rule.as_str(), value.as_u64()) {
                        writeln!(code, "violations.max_items({name:?}, self.{name}.len(), {limit});")?;
                    }
                }
            }
        }
        if !checks.is_empty() {
            writeln!(
                code,
                "for (index, value) in self.{name}.iter().enumerate() {{ \
                 let field = &format!(\"{name}[{{index}}]\"); {checks} }}"
            )?;
        }
        Ok(())
    }

    fn is_required(&self, field: &FieldDescriptor) -> bool {
        field.cardinality() != Cardinality::Repeated
            && field.supports_presence()
            && field
                .options()
                .get_extension(&self.field_rules)
                .as_message()
                .and_then(|rules| rules.get_field_by_name("required").and_then(|required| required.as_bool()))
                .unwrap_or(false)
    }

    fn scalar(
        &mut self,
        code: &mut String,
        field: &FieldDescriptor,
        rule: &str,
        value: &Value,
    ) -> Result<(), Error> {
        match rule {
            "string" => {
                for (rule, value) in fields_of(value)? {
                    match (rule.as_str(), &value) {
                        ("min_len" | "max_len", limit) => {
                            let limit = limit.as_u64().ok_or("a length is a number")?;
                            writeln!(code, "violations.{rule}(field, value, {limit});")?;
                        }
                        ("email", Value::Bool(true)) => writeln!(code, "violations.email(field, value);")?,
                        ("in", Value::List(allowed)) => {
                            let allowed = allowed.iter().filter_map(Value::as_str).collect::<Vec<_>>();
                            writeln!(code, "violations.one_of(field, value, &{allowed:?});")?;
                        }
                        ("pattern", Value::String(pattern)) => {
                            let index = self.pattern(pattern);
                            let message = describe(pattern).ok_or_else(|| {
                                format!("{}: a pattern without a message", field.full_name())
                            })?;
                            writeln!(
                                code,
                                "violations.pattern(field, value, &PATTERN_{index}, {message:?});"
                            )?;
                        }
                        (other, _) => return Err(unknown(field.full_name(), other)),
                    }
                }
            }
            "bytes" => {
                for (rule, value) in fields_of(value)? {
                    match (rule.as_str(), &value) {
                        ("min_len" | "max_len", limit) => {
                            let limit = limit.as_u64().ok_or("a length is a number")?;
                            writeln!(code, "violations.{rule}_bytes(field, value.len(), {limit});")?;
                        }
                        (other, _) => return Err(unknown(field.full_name(), other)),
                    }
                }
            }
            "int32" | "int64" => {
                for (rule, value) in fields_of(value)? {
                    let limit =
                        value.as_i64().or(value.as_i32().map(i64::from)).ok_or("a limit is a number")?;
                    match rule.as_str() {
                        "gte" | "lte" => writeln!(code, "violations.{rule}(field, *value, {limit});")?,
                        other => return Err(unknown(field.full_name(), other)),
                    }
                }
            }
            "enum" => {
                let Kind::Enum(of) = field.kind() else {
                    return Err(unknown(field.full_name(), rule));
                };
                for (rule, value) in fields_of(value)? {
                    match (rule.as_str(), &value) {
                        ("defined_only", Value::Bool(true)) => writeln!(
                            code,
                            "violations.defined(field, {}::try_from(*value).is_ok());",
                            rust_path(of.full_name())
                        )?,
                        ("not_in", Value::List(refused)) => {
                            let refused = refused.iter().filter_map(Value::as_i32).collect::<Vec<_>>();
                            writeln!(code, "violations.set(field, !{refused:?}.contains(value));")?;
                        }
                        (other, _) => return Err(unknown(field.full_name(), other)),
                    }
                }
            }
            other => return Err(unknown(field.full_name(), other)),
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &str) -> usize {
        self.patterns.iter().position(|known| known == pattern).unwrap_or_else(|| {
            self.patterns.push(pattern.to_owned());
            self.patterns.len() - 1
        })
    }
}

fn describe(pattern: &str) -> Option<String> {
    if let Some((prefix, rest)) = pattern.strip_prefix('^')?.split_once('_')
        && rest == "[0-7][0-9a-hjkmnp-tv-z]{25}$"
    {
        return Some(format!("must be `{prefix}_` and 26 small letters and digits, as it was given out"));
    }
    PATTERNS.iter().find(|(known, _)| *known == pattern).map(|(_, message)| (*message).to_owned())
}

fn fields_of(value: &Value) -> Result<Vec<(String, Value)>, Error> {
    let message: &DynamicMessage = value.as_message().ok_or("a rule is a message")?;
    Ok(message.fields().map(|(field, value)| (field.name().to_owned(), value.clone())).collect())
}

fn module_of(message: &MessageDescriptor) -> String {
    let path = rust_path(message.full_name());
    match path.rsplit_once("::") {
        Some((module, name)) => format!("{module}::{}", name.to_snake_case()),
        None => path,
    }
}

fn unknown(place: &str, rule: &str) -> Error {
    format!("{place}: the rule {rule} is not supported; teach it to build/rules.rs").into()
}
