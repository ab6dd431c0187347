//! One command line, parsed.
use super::policy::Reply;

/// A command that is well formed; whether it comes at the right time is the session's business.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Ehlo,
    Helo,
    Lhlo,
    /// With the message's size in octets, if it was announced.
    Mail {
        sender: String,
        size: Option<u64>,
    },
    Rcpt {
        recipient: String,
    },
    Data,
    Rset,
    Noop,
    Vrfy,
    Quit,
}

/// The refusal of a line that is no command; the code is 5xx.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(u16, &'static str);

impl From<Refusal> for Reply {
    fn from(Refusal(code, text): Refusal) -> Self {
        Self::say(code, text)
    }
}

/// The refusal of a line over the limit.
pub(super) const LINE_TOO_LONG: Refusal = Refusal(500, "5.5.2 line too long");

const LONE_LF: Refusal = Refusal(500, "5.5.2 a line ends with CR LF");
const NOT_ASCII_TEXT: Refusal = Refusal(500, "5.5.2 control character in a command");
const UNKNOWN: Refusal = Refusal(500, "5.5.2 no such command");
const NOT_OFFERED: Refusal = Refusal(502, "5.5.1 not offered here");
const NO_ARGUMENT: Refusal = Refusal(501, "5.5.4 an argument is missing");
const ARGUMENT: Refusal = Refusal(501, "5.5.4 this command takes no argument");
const MAIL_FORM: Refusal = Refusal(501, "5.5.4 write MAIL FROM:<address>");
const RCPT_FORM: Refusal = Refusal(501, "5.5.4 write RCPT TO:<address>");
const BAD_SENDER: Refusal = Refusal(501, "5.1.7 the sender is no address");
const BAD_RECIPIENT: Refusal = Refusal(501, "5.1.3 the recipient is no address");
const NOT_ASCII_ADDRESS: Refusal = Refusal(553, "5.6.7 SMTPUTF8 is not offered, addresses are ASCII");
const UNKNOWN_PARAMETER: Refusal = Refusal(555, "5.5.4 parameter not known");
const BAD_PARAMETER: Refusal = Refusal(501, "5.5.4 the parameter's value is wrong");

/// Longest local part, domain and path without brackets, in octets (RFC 5321, section 4.5.3.1.1 to .3).
const MAX_LOCAL_OCTETS: usize = 64;
const MAX_DOMAIN_OCTETS: usize = 255;
const MAX_PATH_OCTETS: usize = 254;

/// Parses one line with its line end.
pub(super) fn parse(line: &[u8]) -> Result<Command, Refusal> {
    let line = line.strip_suffix(b"\r\n").ok_or(LONE_LF)?;
    if line.iter().any(u8::is_ascii_control) {
        return Err(NOT_ASCII_TEXT);
    }
    let line = std::str::from_utf8(line).map_err(|_| UNKNOWN)?.trim_end_matches(' ');
    let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
    // Every verb that is offered has four letters.
    let verb: [u8; 4] = verb.as_bytes().try_into().map_err(|_| UNKNOWN)?;
    match &verb.map(|letter| letter.to_ascii_uppercase()) {
        b"EHLO" => some(argument).map(|()| Command::Ehlo),
        b"LHLO" => some(argument).map(|()| Command::Lhlo),
        b"HELO" => some(argument).map(|()| Command::Helo),
        b"MAIL" => mail(argument),
        b"RCPT" => rcpt(argument),
        b"DATA" => none(argument).map(|()| Command::Data),
        b"RSET" => none(argument).map(|()| Command::Rset),
        b"NOOP" => Ok(Command::Noop),
        b"VRFY" => some(argument).map(|()| Command::Vrfy),
        b"QUIT" => none(argument).map(|()| Command::Quit),
        b"EXPN" | b"HELP" | b"AUTH" => Err(NOT_OFFERED),
        _ => Err(UNKNOWN),
    }
}

fn some(argument: &str) -> Result<(), Refusal> {
    if argument.is_empty() { Err(NO_ARGUMENT) } else { Ok(()) }
}

fn none(argument: &str) -> Result<(), Refusal> {
    if argument.is_empty() { Ok(()) } else { Err(ARGUMENT) }
}

fn mail(argument: &str) -> Result<Command, Refusal> {
    let (sender, rest) =
        path_after("FROM:", argument).and_then(|rest| rest.split_once('>')).ok_or(MAIL_FORM)?;
    let parameters = parameters(rest).ok_or(MAIL_FORM)?;
    // Whatever a peer calls itself: nobody is written to there. But it must not look like two.
    if !sender.is_ascii() {
        return Err(NOT_ASCII_ADDRESS);
    }
    if sender.contains('<') {
        return Err(BAD_SENDER);
    }
    let mut size = None;
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name.eq_ignore_ascii_case("SIZE") {
            let is_number = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit());
            size = Some(value.parse().ok().filter(|_| is_number).ok_or(BAD_PARAMETER)?);
        } else if name.eq_ignore_ascii_case("BODY") {
            if !value.eq_ignore_ascii_case("7BIT") && !value.eq_ignore_ascii_case("8BITMIME") {
                return Err(BAD_PARAMETER);
            }
        } else {
            return Err(UNKNOWN_PARAMETER);
        }
    }
    Ok(Command::Mail { sender: sender.to_owned(), size })
}

fn rcpt(argument: &str) -> Result<Command, Refusal> {
    let (path, rest) = path_after("TO:", argument).and_then(end_of_path).ok_or(RCPT_FORM)?;
    let parameters = parameters(rest).ok_or(RCPT_FORM)?;
    // The one recipient that needs no domain (RFC 5321, section 4.5.1).
    let is_postmaster = path.eq_ignore_ascii_case("postmaster");
    let recipient = if is_postmaster { path } else { address(path, BAD_RECIPIENT)? };
    if !parameters.is_empty() {
        return Err(UNKNOWN_PARAMETER);
    }
    Ok(Command::Rcpt { recipient: recipient.to_owned() })
}

/// What follows the opening angle bracket after `keyword`. Blanks before it are no peer's fault that we could mend.
fn path_after<'a>(keyword: &str, argument: &'a str) -> Option<&'a str> {
    let (head, rest) = argument.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword).then(|| rest.trim_start_matches(' ').strip_prefix('<'))?
}

/// The parameters behind a path, if they stand apart from it.
fn parameters(rest: &str) -> Option<&str> {
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim_start_matches(' '))
}

/// The path up to the closing angle bracket, and what is behind it. One in a quoted local part closes nothing.
fn end_of_path(path: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, character) in path.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return Some((&path[..at], &path[at + 1..])),
            _ => {}
        }
    }
    None
}

/// The mailbox in a path: `local@domain`. A source route before it is ignored (RFC 5321, section 4.1.1.3).
fn address(path: &str, refusal: Refusal) -> Result<&str, Refusal> {
    if !path.is_ascii() {
        return Err(NOT_ASCII_ADDRESS);
    }
    let mailbox = match path.strip_prefix('@').map(|route| route.split_once(':')) {
        Some(Some((_, mailbox))) => mailbox,
        Some(None) => return Err(refusal),
        None => path,
    };
    match mailbox.rsplit_once('@') {
        Some((local, domain)) if path.len() <= MAX_PATH_OCTETS && is_local(local) && is_domain(domain) => {
            Ok(mailbox)
        }
        Some(_) | None => Err(refusal),
    }
}

fn is_local(local: &str) -> bool {
    if local.len() > MAX_LOCAL_OCTETS {
        return false;
    }
    match local.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').is_some_and(is_quoted_content),
        None => local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_octet)),
    }
}

fn is_quoted_content(content: &str) -> bool {
    let mut octets = content.bytes();
    while let Some(octet) = octets.next() {
        let is_broken = match octet {
            b'"' => true,
            b'\\' => octets.next().is_none(),
            _ => false,
        };
        if is_broken {
            return false;
        }
    }
    true
}

/// `atext` of RFC 5322, section 3.2.3.
fn is_atom_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    let literal = domain.strip_prefix('[').and_then(|literal| literal.strip_suffix(']'));
    domain.len() <= MAX_DOMAIN_OCTETS
        && match literal {
            Some(literal) => !literal.is_empty() && !literal.contains(['[', ']', '\\', ' ']),
            None => domain.split('.').all(is_label),
        }
}
