//! Writes the list of RPCs, each with who may call it, from the `access` option.

use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, Value};

use crate::Error;

pub(crate) fn generate(pool: &DescriptorPool) -> Result<String, Error> {
    let option = pool
        .get_extension_by_name("pharos.common.v1.access")
        .ok_or("the contracts do not define the access option")?;
    let mut code = String::from("/// Every RPC of every contract.\npub static RPCS: &[Rpc] = &[\n");
    for service in pool.services().filter(|service| service.full_name().starts_with("pharos.")) {
        for method in service.methods() {
            let options = method.options();
            let declared = options.get_extension(&option);
            let caller = declared
                .as_message()
                .and_then(|access| access.fields().next().map(|(field, value)| (field, value.clone())));
            let access = match &caller {
                None => "None".to_owned(),
                Some((field, value)) => match (field.name(), value) {
                    ("anyone", _) => "Some(Access::Anyone)".to_owned(),
                    ("service", _) => "Some(Access::Service)".to_owned(),
                    ("member", Value::EnumNumber(role)) if (1..=4).contains(role) => {
                        let role = ["Viewer", "Responder", "Admin", "Owner"][usize::try_from(*role - 1)?];
                        format!("Some(Access::Member(Role::{role}))")
                    }
                    (other, value) => {
                        return Err(
                            format!("{}: access {other} {value:?} is not known", method.full_name()).into()
                        );
                    }
                },
            };
            writeln!(
                code,
                "    Rpc {{ service: {:?}, path: {:?}, access: {access}, is_stream: {} }},",
                service.full_name(),
                format!("/{}/{}", service.full_name(), method.name()),
                method.is_server_streaming(),
            )?;
        }
    }
    code.push_str("];\n");
    Ok(code)
}
