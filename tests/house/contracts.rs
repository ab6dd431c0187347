//! The contracts: what each must say for the doors to be safe and for the comments to be the reference manual.

use std::collections::BTreeSet;

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use proto::{Access, RPCS, common::v1::Role};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(proto::DESCRIPTORS).expect("the build has read them too")
}

fn is_ours(full_name: &str) -> bool {
    full_name.starts_with("pharos.")
}

#[test]
fn every_rpc_says_who_may_call_it() {
    let listed: BTreeSet<_> = RPCS.iter().map(|rpc| rpc.path.to_owned()).collect();
    let described: BTreeSet<_> = pool()
        .services()
        .filter(|service| is_ours(service.full_name()))
        .flat_map(|service| {
            let name = service.full_name().to_owned();
            service.methods().map(move |rpc| format!("/{name}/{}", rpc.name())).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(listed, described);

    let silent: Vec<_> = RPCS
        .iter()
        .filter(|rpc| matches!(rpc.access, None | Some(Access::Member(Role::Unspecified))))
        .map(|rpc| rpc.path)
        .collect();
    assert!(silent.is_empty(), "add the option (pharos.common.v1.access) to {silent:?}");
}

#[test]
fn services_call_the_internal_package_and_nobody_else_does() {
    let wrong: Vec<_> = RPCS
        .iter()
        .filter(|rpc| rpc.service.starts_with("pharos.internal.") != (rpc.access == Some(Access::Service)))
        .map(|rpc| rpc.path)
        .collect();
    assert!(wrong.is_empty(), "the public door decides by the package, so these are wrong: {wrong:?}");
}

#[test]
fn everything_in_a_contract_has_a_comment() {
    let (pool, mut bare) = (pool(), Vec::new());
    for file in pool.files().filter(|file| is_ours(file.package_name())) {
        let source =
            file.file_descriptor_proto().source_code_info.as_ref().expect("the build keeps comments");
        let told: BTreeSet<&[i32]> = source
            .location
            .iter()
            .filter(|location| !location.leading_comments().trim().is_empty())
            .map(|location| location.path.as_slice())
            .collect();
        let mut look = |path: &[i32], name: &str| {
            if !told.contains(path) {
                bare.push(name.to_owned());
            }
        };
        for service in file.services() {
            look(service.path(), service.full_name());
            service.methods().for_each(|rpc| look(rpc.path(), rpc.full_name()));
        }
        for extension in file.extensions() {
            look(extension.path(), extension.full_name());
        }
        for message in pool.all_messages().filter(|message| message.parent_file() == file) {
            look(message.path(), message.full_name());
            message.fields().for_each(|field| look(field.path(), field.full_name()));
        }
        for of in pool.all_enums().filter(|of| of.parent_file() == file) {
            look(of.path(), of.full_name());
            of.values().for_each(|value| look(value.path(), value.full_name()));
        }
    }
    assert!(bare.is_empty(), "say what these are, with their limits: {bare:?}");
}

#[test]
fn whatever_creates_can_be_repeated_safely() {
    let mut without = Vec::new();
    for service in pool().services().filter(|service| is_ours(service.full_name())) {
        for rpc in service.methods() {
            let creates = ["Create", "Post"].iter().any(|verb| rpc.name().starts_with(verb));
            if creates && rpc.input().get_field_by_name("request_id").is_none() {
                without.push(rpc.full_name().to_owned());
            }
        }
    }
    assert!(without.is_empty(), "give these a request_id: {without:?}");
}

/// What a request can hold has an end, so that nobody can send more than a handler was written for.
#[test]
fn every_field_of_a_request_has_its_limits() {
    let pool = pool();
    let rules = pool.get_extension_by_name("buf.validate.field").expect("the contracts import it");
    let mut unlimited = Vec::new();
    for message in requests(&pool) {
        for field in message.fields() {
            let options = field.options();
            let rules = options.get_extension(&rules).into_owned();
            let rules = rules.as_message().expect("field rules are a message");
            if !is_limited(&field, rules) {
                unlimited.push(field.full_name().to_owned());
            }
        }
    }
    assert!(unlimited.is_empty(), "give these a rule of buf.validate: {unlimited:?}");
}

/// Every message of ours that an RPC takes, and those inside them.
fn requests(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    let mut found: Vec<MessageDescriptor> = Vec::new();
    let mut waiting: Vec<_> = pool
        .services()
        .flat_map(|service| service.methods().map(|rpc| rpc.input()).collect::<Vec<_>>())
        .collect();
    while let Some(message) = waiting.pop() {
        if !is_ours(message.full_name()) || found.contains(&message) {
            continue;
        }
        waiting.extend(message.fields().filter_map(|field| field.kind().as_message().cloned()));
        found.push(message);
    }
    found
}

fn is_limited(field: &FieldDescriptor, rules: &DynamicMessage) -> bool {
    if field.is_map() {
        return false;
    }
    if !field.is_list() {
        return is_value_limited(field, rules);
    }
    let Some(list) = set(rules, "repeated") else { return false };
    let Value::Message(list) = list else { return false };
    let items = set(&list, "items");
    let items = items.as_ref().and_then(Value::as_message);
    set(&list, "max_items").is_some()
        && match items {
            Some(items) => is_value_limited(field, items),
            None => field.kind().as_message().is_some(),
        }
}

/// A text has a longest length, a list of allowed values, or a pattern without an endless part; bytes have a
/// largest number; an enum is one that the contract defines.
fn is_value_limited(field: &FieldDescriptor, rules: &DynamicMessage) -> bool {
    let inner = |kind| match set(rules, kind) {
        Some(Value::Message(inner)) => Some(inner),
        _ => None,
    };
    let kind = field.kind();
    if matches!(kind, Kind::String) {
        inner("string").is_some_and(|rules| {
            let pattern = set(&rules, "pattern");
            let pattern = pattern.as_ref().and_then(Value::as_str);
            let ends = pattern.is_some_and(|pattern| {
                pattern.starts_with('^') && pattern.ends_with('$') && !pattern.contains(['*', '+'])
            });
            set(&rules, "max_len").is_some() || set(&rules, "in").is_some() || ends
        })
    } else if kind.as_enum().is_some() {
        inner("enum").is_some_and(|rules| set(&rules, "defined_only") == Some(Value::Bool(true)))
    } else if matches!(kind, Kind::Bytes) {
        inner("bytes").is_some_and(|rules| set(&rules, "max_len").is_some())
    } else {
        true
    }
}

/// The value of a rule, if the contract gives it one.
fn set(rules: &DynamicMessage, rule: &str) -> Option<Value> {
    rules.has_field_by_name(rule).then(|| rules.get_field_by_name(rule).map(|value| value.into_owned()))?
}
