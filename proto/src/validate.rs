//! The checks that the contracts' field rules turn into.

use regex::Regex;

/// A field that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path, such as `affected_components[2].status`.
    pub field: String,
    /// What it must be.
    pub description: String,
}

/// A message whose fields have rules.
pub trait Validate {
    /// Adds a violation for each rule that a field breaks.
    fn check(&self, violations: &mut Violations);

    /// All rules that the message breaks; none if it is good.
    fn violations(&self) -> Vec<Violation> {
        let mut violations = Violations::default();
        self.check(&mut violations);
        violations.found
    }
}

/// The violations found so far, and the path to the message being looked at.
#[derive(Debug, Default)]
pub struct Violations {
    path: String,
    found: Vec<Violation>,
}

/// More than this many violations help nobody; the rest is left out.
const MAX_VIOLATIONS: usize = 50;

impl Violations {
    fn add(&mut self, field: &str, description: impl Into<String>) {
        if self.found.len() < MAX_VIOLATIONS {
            self.found
                .push(Violation { field: format!("{}{field}", self.path), description: description.into() });
        }
    }

    fn nested(&mut self, field: &str, value: &impl Validate) {
        let length = self.path.len();
        self.path.push_str(field);
        self.path.push('.');
        value.check(self);
        self.path.truncate(length);
    }

    fn required(&mut self, field: &str, present: bool) {
        if !present {
            self.add(field, "must be set");
        }
    }

    fn min_len(&mut self, field: &str, value: &str, limit: usize) {
        let length = value.chars().count();
        if length == 0 && limit > 0 {
            self.add(field, "must not be empty");
        } else if length < limit {
            self.add(field, format!("must have at least {limit} characters, but has {length}"));
        }
    }

    fn max_len(&mut self, field: &str, value: &str, limit: usize) {
        let length = value.chars().count();
        if length > limit {
            self.add(field, format!("must have at most {limit} characters, but has {length}"));
        }
    }

    fn min_len_bytes(&mut self, field: &str, length: usize, limit: usize) {
        if length < limit {
            self.add(field, format!("must have at least {limit} bytes, but has {length}"));
        }
    }

    fn max_len_bytes(&mut self, field: &str, length: usize, limit: usize) {
        if length > limit {
            self.add(field, format!("must have at most {limit} bytes, but has {length}"));
        }
    }

    fn pattern(&mut self, field: &str, value: &str, pattern: &Regex, message: &str) {
        if !pattern.is_match(value) {
            self.add(field, message);
        }
    }

    /// As HTML defines a valid e-mail address, which is what protovalidate's rule means:
    /// <https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>
    fn email(&mut self, field: &str, value: &str) {
        let well_formed = value.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte))
                && domain.split('.').all(is_label)
        });
        if !well_formed {
            self.add(field, "must be an e-mail address");
        }
    }

    fn one_of(&mut self, field: &str, value: &str, allowed: &[&str]) {
        if !allowed.contains(&value) {
            self.add(field, format!("must be one of: {}", allowed.join(", ")));
        }
    }

    fn max_items(&mut self, field: &str, count: usize, limit: usize) {
        if count > limit {
            self.add(field, format!("must have at most {limit} items, but has {count}"));
        }
    }

    fn gte(&mut self, field: &str, value: impl Into<i64>, limit: i64) {
        let value = value.into();
        if value < limit {
            self.add(field, format!("must be at least {limit}, but is {value}"));
        }
    }

    fn lte(&mut self, field: &str, value: impl Into<i64>, limit: i64) {
        let value = value.into();
        if value > limit {
            self.add(field, format!("must be at most {limit}, but is {value}"));
        }
    }

    fn defined(&mut self, field: &str, defined: bool) {
        if !defined {
            self.add(field, "must be a value that the contract defines");
        }
    }

    fn set(&mut self, field: &str, set: bool) {
        if !set {
            self.add(field, "must be set");
        }
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        common::v1::Branding,
        incidents::v1::{
            AffectedComponent, ComponentStatus, CreateIncidentRequest, GetPageRequest, Phase,
            get_page_request,
        },
        internal::v1::{Audience, PlanAudienceRequest},
        tenants::v1::{CreatePageRequest, SetPageLogoRequest, SignUpRequest, UpdatePageRequest},
    };

    fn fields(message: &impl Validate) -> Vec<String> {
        message.violations().into_iter().map(|violation| violation.field).collect()
    }

    fn good_page() -> CreatePageRequest {
        CreatePageRequest {
            slug: "acme".into(),
            name: "Acme".into(),
            locale: "pt-BR".into(),
            time_zone: "America/Sao_Paulo".into(),
            request_id: String::new(),
        }
    }

    #[test]
    fn every_pattern_of_the_contracts_compiles() {
        for pattern in PATTERNS {
            std::sync::LazyLock::force(pattern);
        }
    }

    #[test]
    fn a_good_message_has_no_violations() {
        assert_eq!(good_page().violations(), []);
    }

    #[test]
    fn a_length_is_refused_on_either_side_and_counted_in_characters() {
        for (length, good) in [(0, false), (1, true), (64, true), (65, false)] {
            let page = CreatePageRequest { name: "é".repeat(length), ..good_page() };
            assert_eq!(page.violations().is_empty(), good, "{length} characters");
        }
    }

    #[test]
    fn a_name_with_a_line_break_or_a_bidi_character_is_refused() {
        for bad in ["a\rb", "a\nb", "a\u{202e}b", "a\u{2066}b", "a\u{0}b", "a\u{85}b", "a\u{2028}b"] {
            let page = CreatePageRequest { name: bad.into(), ..good_page() };
            assert_eq!(fields(&page), ["name"], "{bad:?}");
        }
    }

    #[test]
    fn an_item_of_a_list_is_named_by_its_index() {
        let incident = CreateIncidentRequest {
            page_id: "page_01arz3ndektsv4rrffq69g5fav".into(),
            title: "t".into(),
            phase: Phase::Resolved.into(),
            body: "a\tb\r\nc".into(),
            affected_components: vec![
                AffectedComponent {
                    component_id: "cmp_01arz3ndektsv4rrffq69g5fav".into(),
                    status: ComponentStatus::Operational.into(),
                },
                AffectedComponent { component_id: "cmp_no".into(), status: 99 },
            ],
            ..Default::default()
        };
        assert_eq!(
            fields(&incident),
            ["affected_components[1].component_id", "affected_components[1].status"]
        );
    }

    #[test]
    fn an_unset_choice_and_an_unset_message_are_refused() {
        assert_eq!(fields(&GetPageRequest { page: None }), ["page"]);
        assert_eq!(
            fields(&GetPageRequest { page: Some(get_page_request::Page::PageId("x".into())) }),
            ["page_id"]
        );
        let plan = PlanAudienceRequest {
            tenant_id: "ten_01arz3ndektsv4rrffq69g5fav".into(),
            audience: None,
            segment_size: 1,
        };
        assert_eq!(fields(&plan), ["audience"]);
        let plan = PlanAudienceRequest { audience: Some(Audience::default()), ..plan };
        assert_eq!(fields(&plan), ["audience.page_id"]);
    }

    #[test]
    fn an_address_is_judged_as_html_does() {
        let sign_up = |email: &str| SignUpRequest {
            company_name: "Acme".into(),
            email: email.into(),
            password: "correct horse battery".into(),
        };
        for good in ["a@b", "ada.l+x@example.com", "o'hara@xn--bcher-kva.example"] {
            assert_eq!(sign_up(good).violations(), [], "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a@-b", "a b@c", "a@b..c", "ä@b", "a@b\r\n", "a\"b@c", "<a@b>"] {
            assert_eq!(fields(&sign_up(bad)), ["email"], "{bad:?}");
        }
    }

    fn branded(branding: Branding) -> UpdatePageRequest {
        UpdatePageRequest {
            page_id: "page_01arz3ndektsv4rrffq69g5fav".into(),
            update_mask: Some(prost_types::FieldMask::default()),
            branding: Some(branding),
            ..Default::default()
        }
    }

    #[test]
    fn a_colour_is_six_small_hexadecimal_digits() {
        for (accent_color, good) in [
            ("", true),
            ("#0f6fde", true),
            ("#fff", false),
            ("#0F6FDE", false),
            ("0f6fde", false),
            ("#0f6fde0", false),
            ("#0f6fde;", false),
            ("red", false),
        ] {
            let request = branded(Branding { accent_color: accent_color.into(), ..Default::default() });
            let expected: &[&str] = if good { &[] } else { &["branding.accent_color"] };
            assert_eq!(fields(&request), expected, "{accent_color}");
        }
    }

    #[test]
    fn a_link_is_https_and_for_help_a_mail_address_too() {
        let long = |length: usize| format!("https://acme.example/{}", "a".repeat(length - 21));
        for (url, website, support) in [
            ("", true, true),
            ("https://acme.example", true, true),
            ("https://acme.example:8443/a?b=c#d'\"<>", true, true),
            (&long(2048), true, true),
            (&long(2049), false, false),
            ("mailto:help+status@acme.example?subject=a%20b", false, true),
            ("mailto:", false, false),
            ("http://acme.example", false, false),
            ("https://", false, false),
            ("https:///acme", false, false),
            ("https://acme.example@evil.example", false, false),
            ("https://acme.example/a b", false, false),
            ("https://acme.example/\n", false, false),
            ("https://b\u{fc}cher.example", false, false),
            ("javascript:alert(1)", false, false),
            (" https://acme.example", false, false),
            ("data:text/html,x", false, false),
        ] {
            let request =
                branded(Branding { website_url: url.into(), support_url: url.into(), ..Default::default() });
            let mut expected = Vec::new();
            expected.extend((!website).then_some("branding.website_url"));
            expected.extend((!support).then_some("branding.support_url"));
            // a length and a pattern may both be broken
            let mut found = fields(&request);
            found.dedup();
            assert_eq!(found, expected, "{url:?}");
        }
    }

    #[test]
    fn a_length_in_bytes_is_refused_on_either_side() {
        for (length, good) in [(0, false), (1, true), (131_072, true), (131_073, false)] {
            let page_id = "page_01arz3ndektsv4rrffq69g5fav".into();
            let request = SetPageLogoRequest { page_id, image: vec![0; length], ..Default::default() };
            let expected: &[&str] = if good { &[] } else { &["image"] };
            assert_eq!(fields(&request), expected, "{length} bytes");
        }
    }

    #[test]
    fn the_words_for_a_logo_are_one_line_of_two_hundred_characters() {
        let longest = "\u{e9}".repeat(200);
        let too_long = "\u{e9}".repeat(201);
        for (alt, good) in [("", true), (&*longest, true), (&too_long, false), ("a\nb", false)] {
            let page_id = "page_01arz3ndektsv4rrffq69g5fav".into();
            let request = SetPageLogoRequest { page_id, image: vec![0], alt: alt.into() };
            let expected: &[&str] = if good { &[] } else { &["alt"] };
            assert_eq!(fields(&request), expected, "{alt:?}");
        }
    }
}
