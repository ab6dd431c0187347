//! What is kept and passed on, and by whom.

use std::time::SystemTime;

use super::*;

const GREEDY: &str = "203.0.113.1";

fn token(number: usize) -> String {
    format!("{number:0TOKEN_CHARS$}")
}

/// A journal in which one machine has so many places.
fn journal(folder: &Path, most: usize) -> Journal {
    Journal { shares: Shares::new(most), ..Journal::open(folder).unwrap() }
}

async fn note(journal: &Journal, number: usize) -> Result<(), Fault> {
    journal.note(&token(number), GREEDY.parse().ok()).await
}

#[tokio::test]
async fn a_token_is_kept_once_and_what_cannot_be_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let of = |text: &str| text.to_owned() + &"x".repeat(TOKEN_CHARS - text.len());
    for token in [of("to-ken_1"), of("to-ken_1"), of("2")] {
        assert_eq!(journal.note(&token, None).await, Ok(()), "{token}");
    }
    let (short, long) = ("x".repeat(TOKEN_CHARS - 1), "x".repeat(TOKEN_CHARS + 1));
    for bad in ["", &short, &long, &of("to ken"), &of("tök"), &of("../"), &of("=")] {
        assert_eq!(journal.note(bad, None).await, Err(Fault::NotFound), "{bad}");
    }
    fs::write(folder.path().join("x.half7"), "half").unwrap();
    fs::write(folder.path().join("00"), [0xff, 0xfe]).unwrap();
    fs::write(folder.path().join("01"), "").unwrap();
    let mut kept = read(journal.look().unwrap()).into_iter().map(|(_, token)| token).collect::<Vec<_>>();
    kept.sort();
    assert_eq!(kept, [of("2"), of("to-ken_1")]);
}

#[tokio::test]
async fn one_machine_cannot_fill_the_journal_and_a_proxy_of_ours_is_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path(), 2);
    let [greedy, other, proxy] = [GREEDY, "203.0.113.2", "10.0.0.1"].map(|ip| ip.parse().ok());
    for (number, from, kept) in [
        (1, greedy, Ok(())),
        // the same again is no further one
        (1, greedy, Ok(())),
        (2, greedy, Ok(())),
        (3, greedy, Err(Fault::Away)),
        (3, other, Ok(())),
        (4, proxy, Ok(())),
        (5, proxy, Ok(())),
        (6, proxy, Ok(())),
    ] {
        assert_eq!(journal.note(&token(number), from).await, kept, "{number} from {from:?}");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_passed_on_takes_one_place_of_its_machine_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path(), 2);
    for (number, kept) in [(1, Ok(())), (2, Ok(())), (3, Err(Fault::Away))] {
        assert_eq!(note(&journal, number).await, kept, "{number}");
    }
    let but_the_first = async |given: String| if given == token(1) { Err(Fault::Away) } else { Ok(()) };
    // in whichever order
    for _ in 0..2 {
        assert!(journal.pass_all_on(but_the_first).await.is_err());
    }
    assert_eq!([note(&journal, 3).await, note(&journal, 4).await], [Ok(()), Err(Fault::Away)]);
    // what turns out to be no token is let go too
    journal.pass_all_on(async |_| Err(Fault::NotFound)).await.unwrap();
    for (number, kept) in [(4, Ok(())), (5, Ok(())), (6, Err(Fault::Away))] {
        assert_eq!(note(&journal, number).await, kept, "{number}");
    }
}

#[tokio::test]
async fn what_another_process_adds_and_takes_is_counted_as_it_is_and_never_below_none() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path(), 1);
    let added = folder.path().join("00");
    for _ in 0..2 {
        fs::write(&added, token(1)).unwrap();
        journal.let_go(&added).await;
        assert_eq!(journal.kept().count, 0);
    }
    fs::write(&added, token(1)).unwrap();
    assert_eq!(note(&journal, 2).await, Ok(()));
    assert_eq!(note(&journal, 3).await, Err(Fault::Away));
    let files = journal.look().unwrap();
    assert_eq!((files.len(), journal.kept().count), (2, 2));
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    journal.pass_all_on(async |_| Err(Fault::Away)).await.unwrap();
    assert_eq!(journal.kept().count, 0);
    assert_eq!(note(&journal, 3).await, Ok(()));
    // taken by another process just before it is let go here
    fs::remove_file(&journal.look().unwrap()[0]).unwrap();
    journal.let_go(&added).await;
    assert_eq!(journal.kept().count, 0);
}

#[tokio::test]
async fn a_full_journal_takes_more_once_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path(), 2);
    journal.kept().count = MAX_KEPT;
    assert_eq!(note(&journal, 1).await, Err(Fault::Away));
    // asked for by who found none
    journal.noted.notified().await;
    journal.look().unwrap();
    assert_eq!(note(&journal, 1).await, Ok(()));
}

#[test]
fn what_a_crash_left_half_written_goes_and_what_another_process_is_writing_stays() {
    let folder = tempfile::tempdir().unwrap();
    let [left, new, kept] = ["00.half-1", "01.half-2", "02"].map(|name| folder.path().join(name));
    for file in [&left, &new, &kept] {
        fs::write(file, "half").unwrap();
    }
    for file in [&left, &kept] {
        File::options().write(true).open(file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
    assert_eq!(Journal::open(folder.path()).unwrap().kept().count, 1);
    assert_eq!([left.exists(), new.exists(), kept.exists()], [false, true, true]);
    // another process was faster
    clear(&left).unwrap();
}

#[tokio::test]
async fn a_journal_without_a_folder_keeps_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    folder.close().unwrap();
    assert_eq!(journal.note(&"x".repeat(TOKEN_CHARS), None).await, Err(Fault::Away));
}

#[tokio::test]
async fn tokens_that_are_never_taken_are_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path(), 20);
    for number in 0..20 {
        assert_eq!(note(&journal, number).await, Ok(()));
    }
    let is_bad = |given: &str| given.trim_start_matches('0').parse::<usize>().unwrap_or(0) < 10;
    for _ in 0..20 {
        let tell = async |given: String| if is_bad(&given) { Err(Fault::Away) } else { Ok(()) };
        assert!(journal.pass_all_on(tell).await.is_err());
    }
    let left = read(journal.look().unwrap());
    assert!(left.len() == 10 && left.iter().all(|(_, token)| is_bad(token)), "{left:?}");
}
