//! Languages: whatever is said to readers is said in each of them, and the contracts take each of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use kit::locale::Locale;

use crate::tree::{files, text};

/// The texts of a source in the format of Project Fluent: by key, the values that are put in.
fn texts(source: &str) -> Said {
    let mut texts = BTreeMap::new();
    let mut last = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with([' ', '}'])) {
            key.clone_into(&mut last);
            assert!(texts.insert(last.clone(), BTreeSet::new()).is_none(), "{key} is there twice");
        }
        for value in line.split('$').skip(1) {
            let name = value.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            texts.entry(last.clone()).or_insert_with(BTreeSet::new).insert(name.to_owned());
        }
    }
    texts
}

/// What is said, by key, with the values that are put in.
type Said = BTreeMap<String, BTreeSet<String>>;

/// The sources of each set of texts: by folder and file name, the languages and what is said in each.
fn catalogues() -> BTreeMap<(PathBuf, String), BTreeMap<String, Said>> {
    let mut found = BTreeMap::<_, BTreeMap<_, _>>::new();
    for file in
        files().into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "ftl"))
    {
        let part = |nth: usize| {
            file.ancestors()
                .nth(nth)
                .and_then(|it| it.file_name())
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let folder = file.ancestors().nth(2).expect("a folder of languages").to_owned();
        let said = texts(&text(&file).unwrap_or_default());
        found.entry((folder, part(0))).or_default().insert(part(1), said);
    }
    found
}

#[test]
fn every_language_says_the_same_things() {
    let all: BTreeSet<_> = Locale::ALL.iter().map(|locale| locale.tag().to_owned()).collect();
    let catalogues = catalogues();
    assert!(catalogues.len() >= 2, "the texts of pages and of mails");
    for (of, languages) in catalogues {
        assert_eq!(languages.keys().cloned().collect::<BTreeSet<_>>(), all, "{of:?}");
        let english = &languages[Locale::En.tag()];
        assert!(english.len() > 15, "{of:?}");
        for (language, said) in &languages {
            let keys = |said: &BTreeMap<String, _>| said.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(said), keys(english), "{of:?} in {language}");
            for (key, values) in said {
                // a choice by a number need not repeat it, and another language may have no need to choose
                let unknown = values.difference(&english[key]).collect::<Vec<_>>();
                assert!(unknown.is_empty(), "{of:?} in {language}: {key} is not given {unknown:?}");
                let missing =
                    english[key].difference(values).filter(|name| *name != "count").collect::<Vec<_>>();
                assert!(missing.is_empty(), "{of:?} in {language}: {key} does not say {missing:?}");
            }
        }
    }
}

#[test]
fn wherever_the_contracts_take_a_language_they_take_every_one() {
    let offered = Locale::ALL.map(|locale| format!("\"{}\"", locale.tag())).join(",");
    let mut rules = 0;
    for file in
        files().into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "proto"))
    {
        let dense: String = text(&file).unwrap_or_default().split_whitespace().collect();
        for list in dense.split("in:[").skip(1).filter_map(|rest| Some(rest.split_once(']')?.0)) {
            if list.contains(&format!("\"{}\"", Locale::En.tag())) {
                assert_eq!(list, offered, "{}", file.display());
                rules += 1;
            }
        }
    }
    assert!(rules >= 2, "{rules}");
}
