//! Fields as reports have them: `name: value` in blocks, like the headers of a mail (RFC 3464, section 2.1).

/// The fields of one block.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The blocks of a report, which blank lines part; those without a field are left out.
    ///
    /// A line that begins with a space goes on with the one before; one that is no field is skipped.
    pub(super) fn blocks(report: &[u8]) -> Vec<Self> {
        let mut blocks = vec![Self::default()];
        for line in String::from_utf8_lossy(report).lines() {
            let last = blocks.len() - 1;
            let fields = &mut blocks[last].0;
            if line.trim().is_empty() {
                if !fields.is_empty() {
                    blocks.push(Self::default());
                }
            } else if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        blocks.retain(|block| !block.0.is_empty());
        blocks
    }

    /// The first value of a field, by its name in small letters; empty if there is none.
    pub(super) fn first(&self, name: &str) -> &str {
        self.0.iter().find(|(has, _)| has == name).map_or("", |(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_blocks_and_on_several_lines() {
        let report = b"\r\nReporting-MTA: dns; mx.example\r\n\r\n\r\nAction: failed\r\n\
            Diagnostic-Code: smtp;\r\n\t550 5.1.1\r\n  no such user\r\nno field\r\naction: delayed\r\n\r\n";
        let blocks = Fields::blocks(report);
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].first("reporting-mta"), "dns; mx.example");
        assert_eq!(blocks[1].first("action"), "failed");
        assert_eq!(blocks[1].first("diagnostic-code"), "smtp; 550 5.1.1 no such user");
        assert_eq!(blocks[1].first("status"), "");
    }

    #[test]
    fn what_has_no_field_has_no_block() {
        for nothing in [&b""[..], b"\r\n\r\n", b" indented\r\n", b"words\n\nmore words", b"\xff\xfe\x00"] {
            assert!(Fields::blocks(nothing).is_empty(), "{nothing:?}");
        }
    }
}
