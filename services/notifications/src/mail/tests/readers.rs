//! Readers of six languages, in their own time zones.

use super::*;

#[test]
fn each_reader_is_told_times_in_their_own_zone_and_language() {
    for (locale, zone_name, subject, at) in [
        (Locale::En, "Asia/Kolkata", "t: Identified", "21 November 2026 at 04:35 GMT+5:30"),
        (Locale::PtBr, "America/Sao_Paulo", "t: Identificado", "20 de novembro de 2026 às 20:05 GMT−3"),
        (Locale::Es, "America/Bogota", "t: Identificado", "20 de noviembre de 2026 a las 18:05 GMT−5"),
        (Locale::De, "Europe/Vienna", "t: Ursache gefunden", "21. November 2026 um 00:05 GMT+1"),
        (Locale::Fr, "Europe/Paris", "t\u{a0}: Identifié", "21 novembre 2026 à 00:05 GMT+1"),
        (Locale::Ja, "Asia/Tokyo", "t: 原因特定済み", "2026年11月21日 8:05 GMT+9"),
    ] {
        let content = Content::IncidentUpdate(update("t", "b"));
        let raw = mail_in(&ANA, &page("Acme"), &content, locale, &zone(zone_name));
        assert_well_formed(&raw);
        let message = parsed(&raw);
        // no-break spaces may come back as spaces
        let shown = message.subject().unwrap().replace('\u{a0}', " ");
        assert_eq!(shown, format!("[Acme] {}", subject.replace('\u{a0}', " ")));
        assert!(text(&message).contains(&format!("\n{at}\n")), "{}", text(&message));
        assert!(html(&message).contains(&format!(">{at}</p>")));
        assert!(html(&message).contains(&format!("<html lang=\"{}\">", locale.tag())));
        assert!(fields(&raw).contains(&("Content-Language".to_owned(), locale.tag().to_owned())));
    }
}

#[test]
fn two_zones_of_one_language_differ_in_no_header() {
    for content in contents() {
        let mail = |name| mail_in(&ANA, &page("Acme"), &content, Locale::De, &zone(name));
        let head = |raw: String| raw.split("\r\n\r\n").next().unwrap().to_owned();
        assert_eq!(head(mail("Europe/Berlin")), head(mail("Asia/Tokyo")));
    }
}

#[test]
fn a_headline_that_is_written_from_right_to_left_is_laid_out_so() {
    let raw = incident("أكمي", update("تعطل واجهة البرمجة", "نحن نحقق في المشكلة.\n\n> اقتباس"));
    assert_well_formed(&raw);
    let message = parsed(&raw);
    assert_eq!(message.subject(), Some("[أكمي] تعطل واجهة البرمجة: Identified"));
    let html = html(&message);
    assert!(html.matches(" dir=\"auto\"").count() >= 4, "{html}");
    for one_sided in ["padding-left", "border-left", "margin-left", "text-align:left"] {
        assert!(!html.contains(one_sided), "{one_sided}");
    }
}
