//! Quoted-printable (RFC 2045, section 6.7) with places left open.

/// The longest line, its final `=` included.
pub(super) const MAX_LINE: usize = 76;

/// Encodes `text`, whose line ends are LF, onto `out`, and answers the places in `out`
/// at which `mark` stood.
///
/// Each place has a line of its own between soft line breaks, so that up to 75
/// characters that need no encoding can be put there. Beyond what the RFC asks for,
/// no line begins with a dot (SMTP would double it) or with "From " (some mail stores
/// would quote it), and no character is torn by a line break.
pub(super) fn encode(text: &str, mark: char, out: &mut Vec<u8>) -> Vec<usize> {
    let mut places = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.extend_from_slice(b"\r\n");
        }
        encode_line(line, mark, out, &mut places);
    }
    places
}

fn encode_line(line: &str, mark: char, out: &mut Vec<u8>, places: &mut Vec<usize>) {
    let mut column = 0;
    for (at, c) in line.char_indices() {
        let rest = &line[at + c.len_utf8()..];
        if c == mark {
            if column > 0 {
                soft_break(out);
            }
            places.push(out.len());
            if !rest.is_empty() {
                soft_break(out);
            }
            column = 0;
            continue;
        }
        let plain = match c {
            '=' => false,
            ' ' | '\t' => !rest.is_empty(),
            _ => c.is_ascii_graphic(),
        };
        let width = if plain { 1 } else { 3 * c.len_utf8() };
        if column + width >= MAX_LINE {
            soft_break(out);
            column = 0;
        }
        let misread = column == 0 && (c == '.' || (c == 'F' && rest.starts_with("rom ")));
        let mut utf8 = [0; 4];
        let bytes = c.encode_utf8(&mut utf8).as_bytes();
        if plain && !misread {
            out.extend_from_slice(bytes);
            column += 1;
        } else {
            for byte in bytes {
                out.extend_from_slice(format!("={byte:02X}").as_bytes());
            }
            column += 3 * bytes.len();
        }
    }
}

fn soft_break(out: &mut Vec<u8>) {
    out.extend_from_slice(b"=\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::decoders::quoted_printable::quoted_printable_decode;

    const MARK: char = '\u{1}';

    fn encoded(text: &str) -> String {
        let mut out = Vec::new();
        assert!(encode(text, MARK, &mut out).is_empty());
        String::from_utf8(out).unwrap()
    }

    fn assert_comes_back(text: &str) {
        let encoded = encoded(text);
        for line in encoded.split("\r\n") {
            assert!(line.len() <= MAX_LINE && !line.contains(['\r', '\n']), "{line:?}");
            assert!(!line.ends_with([' ', '\t']), "{line:?}");
            assert!(!line.starts_with('.') && !line.starts_with("From "), "{line:?}");
        }
        let decoded = quoted_printable_decode(encoded.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap().replace("\r\n", "\n"), text);
    }

    #[test]
    fn plain_text_stays_readable() {
        assert_eq!(encoded("1 + 1 = 2\nação "), "1 + 1 =3D 2\r\na=C3=A7=C3=A3o=20");
    }

    #[test]
    fn every_text_comes_back() {
        for text in [
            "",
            "\n\n",
            ".\n..\n.a\nFrom me\nFrom",
            " \n\t\na \n b",
            "a\rb",
            "=\n==",
            &"x".repeat(1000),
            &"x ".repeat(1000),
            &" ".repeat(200),
            &"\u{1F525}é".repeat(500),
            &"a.".repeat(300),
            &format!("{}.{}", "x".repeat(75), "y".repeat(75)),
        ] {
            assert_comes_back(text);
        }
        for length in 60..160 {
            assert_comes_back(&format!("{}\n.From é", "x".repeat(length)));
            assert_comes_back(&format!("{}From é.", "x".repeat(length)));
        }
    }

    #[test]
    fn a_place_has_a_line_of_its_own() {
        let mut out = Vec::new();
        let places = encode("see /u/\u{1}.\n\u{1}\nend", MARK, &mut out);
        assert_eq!(String::from_utf8(out.clone()).unwrap(), "see /u/=\r\n=\r\n=2E\r\n\r\nend");
        for place in places.into_iter().rev() {
            out.splice(place..place, *b"token");
        }
        assert_eq!(quoted_printable_decode(&out).unwrap(), b"see /u/token.\r\ntoken\r\nend");
    }
}
