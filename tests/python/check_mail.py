"""Reads a mail and says what is wrong with it, header by header; knows nothing of the code that wrote it.

Usage: check_mail.py [--no-list] [--key NAME=RECORD]... < MAIL

The mail is as a server takes it, with CRLF. `--no-list` is for mails of no list: a confirmation, a reminder.
`--key` is a TXT record, such as `s1._domainkey.example.com=v=DKIM1; k=ed25519; p=...`: with one or more of them the
mail must be signed. A line a fault is printed, `Header: what`; it ends with 1 if there was any.
"""

import argparse
import re
import sys
import unicodedata
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32, default
from html.parser import HTMLParser

import dkim

LANGUAGES = {"en", "pt-BR", "es", "de", "fr", "ja"}
ALWAYS = {
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Language",
    "Auto-Submitted", "X-Auto-Response-Suppress", "Feedback-ID",
}
OF_A_LIST = {
    "References", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Archive", "List-Owner",
    "List-Post",
}
SOMETIMES = {"Reply-To", "DKIM-Signature"}
EXACTLY = {
    "MIME-Version": "1.0",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-Post": "NO",
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
}
# the explicit marks, embeddings, overrides and isolates of UAX 9
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
faults = []


def fault(header, what):
    faults.append(f"{header}: {what}")


def expect(right, header, what):
    if not right:
        fault(header, what)
    return right


def matched(pattern, header, value):
    """The groups of a value that must be so, or none."""
    found = re.fullmatch(pattern, value)
    expect(found, header, f"is not as it should be: {value!r}")
    return found


def shown(header, text, most):
    """A text that readers see in a list of mails."""
    expect(text.strip() == text != "", header, "is empty, or has white space around it")
    expect(len(text) <= most, header, f"has {len(text)} characters, and {most} are the most")
    bad = [c for c in text if unicodedata.category(c) == "Cc" or c in BIDI]
    expect(not bad, header, f"holds control or direction characters: {bad!r}")


def the_bytes(raw):
    expect(raw.isascii(), "bytes", "are not ASCII")
    expect(raw.endswith(b"\r\n"), "bytes", "do not end with a line")
    expect(not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw), "bytes", "hold a lone CR or LF, or a NUL")
    head, _, body = raw.partition(b"\r\n\r\n")
    expect(all(len(line) <= 998 for line in raw.split(b"\r\n")), "bytes", "hold a line of more than 998 octets")
    expect(all(len(line) <= 76 for line in body.split(b"\r\n")), "body", "holds a line of more than 76 octets")
    for line in head.split(b"\r\n"):
        expect(line.strip(), "bytes", "hold a header line of white space alone")
        expect(b"=?" not in line or len(line) <= 76, "bytes", "hold an encoded word on too long a line (RFC 2047, 2)")


def the_headers(mail, is_list):
    wanted = ALWAYS | (OF_A_LIST if is_list else set())
    names = [name for name, _ in mail.items()]
    for name in sorted(wanted):
        expect(names.count(name) == 1, name, f"is there {names.count(name)} times")
    for name in sorted(set(names) - wanted - SOMETIMES):
        fault(name, "should not be there")
    expect(names.count("Reply-To") <= 1, "Reply-To", "is there more than once")
    for name, value in mail.items():
        for defect in getattr(value, "defects", ()):
            fault(name, f"{type(defect).__name__}: {defect}")
        if name in EXACTLY:
            expect(str(value) == EXACTLY[name], name, f"should be {EXACTLY[name]!r}, is {str(value)!r}")


def the_name(raw):
    """What From calls the sender. The newer parser of Python 3.11 leaves the space between two encoded words in it."""
    name, _, _ = message_from_bytes(raw, policy=compat32)["From"].rpartition("<")
    name = re.sub(r"\r\n(?=[ \t])", "", name).strip()
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name.startswith('"') else str(make_header(decode_header(name)))


def the_people(mail, name):
    sender, to = mail["From"].addresses, mail["To"].addresses
    if expect(len(sender) == 1, "From", "should name one address"):
        shown("From", name, 64)
    expect(len(to) == 1 and not to[0].display_name, "To", "should be one address without a name")
    if mail["Reply-To"] is not None:
        expect(len(mail["Reply-To"].addresses) == 1, "Reply-To", "should be one address")
    shown("Subject", str(mail["Subject"]), 120)
    date = mail["Date"].datetime
    expect(date is not None and date.tzinfo is not None, "Date", "is not a time with a zone")
    expect(mail["Content-Language"] in LANGUAGES, "Content-Language", f"is none of ours: {mail['Content-Language']}")
    return sender[0] if sender else None


def the_thread(mail, is_list):
    """The domain of our ids."""
    pattern = r"<([a-z]+_[0-9a-z]{26})\.([0-9A-Za-z._-]+)@([0-9A-Za-z.-]+)>"
    own = matched(pattern, "Message-ID", str(mail["Message-ID"]))
    if own and is_list:
        ancestor = matched(pattern, "References", str(mail["References"]))
        if ancestor:
            expect(ancestor[1] != own[1], "References", "should not name the mail itself")
            expect(ancestor.groups()[1:] == own.groups()[1:], "References", "is of another reader or domain")
    matched(r"page_[0-9a-z]{26}:ten_[0-9a-z]{26}:[a-z]+:[0-9A-Za-z.-]+", "Feedback-ID", str(mail["Feedback-ID"]))
    return own[3] if own else None


def the_list(mail, sender_name, domain):
    """The token that ends the reader's subscription."""
    list_id = matched(r'(.+) <(page_[0-9a-z]{26})\.pages\.([0-9A-Za-z.-]+)>', "List-Id", str(mail["List-Id"]))
    if list_id:
        name = list_id[1]
        if name.startswith('"'):
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        expect(name == sender_name, "List-Id", "is not called as the sender")
        expect(list_id[3] == domain, "List-Id", "is of another domain than Message-ID")
        expect(str(mail["Feedback-ID"]).startswith(list_id[2] + ":"), "Feedback-ID", "is of another page than List-Id")
    leave = matched(
        r"<(https?://[^/]+)/u/([0-9A-Za-z._-]+)>, ?<mailto:u\+([0-9A-Za-z._-]+)@([0-9A-Za-z.-]+)\?subject=unsubscribe>",
        "List-Unsubscribe",
        str(mail["List-Unsubscribe"]),
    )
    origin = re.escape(leave[1]) if leave else r"https?://[^/]+"
    page = matched(rf"<({origin}/p/[0-9a-z-]+)>", "List-Help", str(mail["List-Help"]))
    if page:
        matched(rf"<{re.escape(page[1])}/history>", "List-Archive", str(mail["List-Archive"]))
    matched(r"<mailto:[^@<>]+@[0-9A-Za-z.-]+>", "List-Owner", str(mail["List-Owner"]))
    expect(str(mail["Subject"]).startswith("["), "Subject", "does not begin with the page in brackets")
    if leave:
        expect(leave[2] == leave[3], "List-Unsubscribe", "has two tokens")
        return f"{leave[1]}/u/{leave[2]}"
    return None


class Look(HTMLParser):
    """What a reader's program would fetch or run."""

    def __init__(self):
        super().__init__()
        self.language = None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "html":
            self.language = given.get("lang")
        expect(tag not in {"img", "script", "link", "iframe", "object", "form", "input", "svg"}, "text/html", f"has <{tag}>")
        for name, value in given.items():
            expect(name not in {"src", "srcset", "background", "ping"} and not name.startswith("on"), "text/html", f"has {name}=")
            if name == "href":
                expect(re.match(r"https?:|mailto:", value or ""), "text/html", f"links to {value}")
            if name == "style":
                self.style(value)

    def handle_data(self, data):
        if self.lasttag == "style":
            self.style(data)

    def style(self, text):
        expect(not re.search(r"url\(|@import", text or "", re.IGNORECASE), "text/html", "has a style that fetches")


def the_bodies(mail, unsubscribe):
    expect(mail.get_content_type() == "multipart/alternative", "Content-Type", f"is {mail.get_content_type()}")
    parts = list(mail.iter_parts()) if mail.is_multipart() else []
    kinds = [part.get_content_type() for part in parts]
    if not expect(kinds == ["text/plain", "text/html"], "Content-Type", f"holds {kinds}"):
        return
    for part, kind in zip(parts, kinds):
        for defect in part.defects:
            fault(kind, f"{type(defect).__name__}: {defect}")
        expect(part.get_content_charset() == "utf-8", kind, f"is in {part.get_content_charset()}")
        expect(part["Content-Transfer-Encoding"] == "quoted-printable", kind, f"is {part['Content-Transfer-Encoding']}")
        text = part.get_content()
        expect("\ufffd" not in text, kind, "is not UTF-8")
        expect(re.search(r"https?://", text), kind, "has no link")
        if unsubscribe:
            expect(unsubscribe in text, kind, "does not say how to stop it")
    look = Look()
    look.feed(parts[1].get_content())
    expect(look.language == mail["Content-Language"], "text/html", f"is marked as {look.language}")


def the_signatures(raw, mail, sender, keys, is_list):
    signatures = mail.get_all("DKIM-Signature", [])
    expect(signatures, "DKIM-Signature", "is not there")
    for index, signature in enumerate(signatures):
        tags = dict(re.findall(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)", str(signature)))
        covered = [name.strip().lower() for name in tags.get("h", "").split(":")]
        expect(covered.count("from") == 2, "DKIM-Signature", "does not sign From once more than it is there")
        for name in (ALWAYS | (OF_A_LIST - {"List-Post"} if is_list else set())) - {"X-Auto-Response-Suppress"}:
            expect(name.lower() in covered, "DKIM-Signature", f"does not cover {name}")
        domain = tags.get("d", "").strip()
        aligned = sender and f".{sender.domain}".endswith(f".{domain}")
        expect(aligned, "DKIM-Signature", f"is of {domain}, which From is not of")
        try:
            verified = dkim.DKIM(raw).verify(idx=index, dnsfunc=lambda name, timeout=5: keys.get(name.rstrip(b".")))
            expect(verified, "DKIM-Signature", "does not verify")
        except dkim.DKIMException as error:
            fault("DKIM-Signature", f"does not verify: {error}")


def check(raw, is_list, keys):
    the_bytes(raw)
    mail = message_from_bytes(raw, policy=default)
    for defect in mail.defects:
        fault("message", f"{type(defect).__name__}: {defect}")
    the_headers(mail, is_list)
    wanted = ALWAYS | (OF_A_LIST if is_list else set())
    if any(mail[name] is None for name in wanted):
        return
    name = the_name(raw)
    sender = the_people(mail, name)
    domain = the_thread(mail, is_list)
    unsubscribe = the_list(mail, name, domain) if is_list else None
    the_bodies(mail, unsubscribe)
    if keys:
        the_signatures(raw, mail, sender, keys, is_list)


arguments = argparse.ArgumentParser()
arguments.add_argument("--no-list", action="store_true")
arguments.add_argument("--key", action="append", default=[], metavar="NAME=RECORD")
arguments = arguments.parse_args()
records = dict(record.encode().split(b"=", 1) for record in arguments.key)
check(sys.stdin.buffer.read(), not arguments.no_list, records)
print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
