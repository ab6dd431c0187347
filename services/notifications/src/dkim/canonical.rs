//! What is signed of a message: its headers and its body in the form that no server on the way changes.

use super::Unsignable;

pub(super) struct Header {
    /// In lower case.
    pub(super) name: Vec<u8>,
    /// As it stands, folds included.
    pub(super) value: Vec<u8>,
}

pub(super) fn headers(head: &[u8]) -> Result<Vec<Header>, Unsignable> {
    let mut headers: Vec<Header> = Vec::new();
    for line in head.split_inclusive(|&b| b == b'\n') {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            headers.last_mut().ok_or(Unsignable::Headers)?.value.extend_from_slice(line);
        } else {
            let colon = line.iter().position(|&b| b == b':').ok_or(Unsignable::Headers)?;
            let name = line[..colon].trim_ascii_end().to_ascii_lowercase();
            headers.push(Header { name, value: line[colon + 1..].to_vec() });
        }
    }
    Ok(headers)
}

/// RFC 6376, section 3.4.2: unfolded, each run of white space one space, none at either end.
pub(super) fn put_relaxed_header(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.push(b':');
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    for (i, word) in value.split(is_space).filter(|word| !word.is_empty()).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// RFC 6376, section 3.4.4: each run of white space one space, none at the end of a line, no empty lines at
/// the end of the body, and a body that is not empty ends in CRLF.
pub(super) fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut end = 0;
    let mut space = false;
    for &byte in body {
        match byte {
            b' ' | b'\t' => space = true,
            b'\r' => {}
            b'\n' => {
                space = false;
                out.extend_from_slice(b"\r\n");
            }
            byte => {
                if std::mem::take(&mut space) {
                    out.push(b' ');
                }
                out.push(byte);
                end = out.len();
            }
        }
    }
    out.truncate(end);
    if end > 0 {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Folded, so that no line of the list of names grows long.
pub(super) fn put_name(names: &mut String, name: &[u8]) {
    if !names.is_empty() {
        names.push(':');
        if names.len() - names.rfind('\n').unwrap_or(0) > 50 {
            names.push_str("\r\n ");
        }
    }
    names.extend(name.iter().map(|&b| char::from(b)));
}
