use super::*;
use crate::domain::{Area, Trit};
use crate::review::page::Line;
use crate::review::sample::changed;

use Area::{PermissionAdherence, TaskSuccess};
use Trit::{Harmful, Incomplete, Useful};

/// `a` and `b` fell in the same way, `c` got better.
fn waiting() -> Vec<Pending> {
    vec![
        changed("a", TaskSuccess, Useful, Incomplete, "n"),
        changed("b", TaskSuccess, Useful, Incomplete, "n"),
        changed("c", TaskSuccess, Incomplete, Useful, "m"),
    ]
}

fn start(pending: &[Pending]) -> Session<'_> {
    Session::new(pending, "rules", None)
}

/// Presses keys: letters, `⏎`, `⎋`, `⌫`. Gives the last wish.
fn press(session: &mut Session, keys: &str) -> Wish {
    let mut wish = Wish::Nothing;
    for c in keys.chars() {
        let key = match c {
            '⏎' => Key::Enter,
            '⎋' => Key::Escape,
            '⌫' => Key::Backspace,
            c => Key::Char(c),
        };
        wish = session.press(key, Timestamp::UNIX_EPOCH);
    }
    wish
}

fn decisions(session: &Session) -> Vec<String> {
    let told = |(at, decided): (usize, &Decided)| {
        let case = &session.pending[at].key.case;
        format!("{case} {}{}", decided.told(), decided.reason.as_ref().map_or(String::new(), |r| format!(": {r}")))
    };
    session.decisions().map(told).collect()
}

fn frame(session: &mut Session, body: usize, rows: usize) -> Vec<String> {
    let line = |n| Line { tone: crate::review::Tone::Plain, text: format!("line {n}") };
    let body: Vec<Line> = match session.lines(80) {
        Some(lines) => lines,
        None => (1..=body).map(line).collect(),
    };
    session.frame(&body, 80, rows).into_iter().map(|line| line.text).collect()
}

#[test]
fn what_fell_is_accepted_with_a_reason_only_and_enter_repeats_the_last_one() {
    let pending = waiting();
    let mut session = start(&pending);
    assert_eq!(press(&mut session, "a"), Wish::Nothing);
    assert!(session.is_writing());
    press(&mut session, "  ⏎");
    assert!(decisions(&session).is_empty(), "a blank is no reason");
    assert_eq!(press(&mut session, "agreedd⌫⏎"), Wish::Keep);
    assert_eq!((decisions(&session), session.at()), (vec!["a accepted: agreed".to_owned()], 1));
    press(&mut session, "a⏎");
    assert_eq!(decisions(&session)[1], "b accepted: agreed");
    press(&mut session, "a");
    assert_eq!(decisions(&session)[2], "c accepted", "nothing fell there");
    assert_eq!(session.view(), View::Summary);
    assert_eq!(press(&mut session, "y"), Wish::Write);
}

#[test]
fn keys_are_letters_of_a_text_while_one_is_written_and_escape_leaves_it() {
    let pending = waiting();
    let mut session = start(&pending);
    press(&mut session, "aqu?w⎋");
    assert!(!session.is_writing() && decisions(&session).is_empty());
    assert_eq!(session.view(), View::Change);
}

#[test]
fn every_decision_can_be_taken_back_up_to_the_first() {
    let pending = waiting();
    let mut session = start(&pending);
    press(&mut session, "rsr");
    assert_eq!(decisions(&session), ["a rejected", "c rejected"]);
    press(&mut session, "u");
    assert_eq!((decisions(&session).len(), session.at()), (1, 2));
    press(&mut session, "u");
    assert_eq!((decisions(&session).len(), session.at()), (1, 1), "a skip is a step as well");
    assert_eq!(press(&mut session, "u"), Wish::Keep);
    assert_eq!((decisions(&session).len(), session.at()), (0, 0));
    assert_eq!(press(&mut session, "u"), Wish::Nothing);
    assert_eq!(session.draft(Timestamp::UNIX_EPOCH), None);
}

#[test]
fn what_was_skipped_is_left_undecided_and_can_be_gone_back_to() {
    let pending = waiting();
    let mut session = start(&pending);
    press(&mut session, "rss");
    assert_eq!((session.view(), session.open()), (View::Summary, 2));
    press(&mut session, "n");
    assert_eq!((session.view(), session.at()), (View::Change, 1));
}

#[test]
fn the_same_change_is_decided_once_for_all_after_a_question() {
    let pending = waiting();
    let mut session = start(&pending);
    press(&mut session, "i");
    assert!(frame(&mut session, 3, 24).join(" ").contains("decide it first, then press i"));
    press(&mut session, "ayes⏎");
    assert!(frame(&mut session, 3, 24).join(" ").contains("1 more case changed in the same way: i decides it alike"));
    press(&mut session, "i");
    assert!(
        frame(&mut session, 3, 24)
            .join("\n")
            .contains("accept 1 more case that changed in exactly the same way (b)? y or n")
    );
    press(&mut session, "n");
    assert_eq!(decisions(&session).len(), 1);
    press(&mut session, "iy");
    assert_eq!(decisions(&session), ["a accepted: yes", "b accepted: yes"]);
    assert_eq!(session.at(), 2);
    press(&mut session, "u");
    assert_eq!(decisions(&session), ["a accepted: yes"]);
}

#[test]
fn what_is_grave_is_never_accepted_along_with_another_but_may_be_rejected() {
    for (area, after) in [(TaskSuccess, Harmful), (PermissionAdherence, Incomplete)] {
        let pending = [changed("a", area, Useful, after, "n"), changed("b", area, Useful, after, "n")];
        let mut session = start(&pending);
        press(&mut session, "ayes⏎i");
        assert!(frame(&mut session, 3, 24).join(" ").contains("accept it by its id"));
        press(&mut session, "y");
        assert_eq!(decisions(&session), ["a accepted: yes"]);
        press(&mut session, "uriy");
        assert_eq!(decisions(&session), ["a rejected", "b rejected"]);
    }
}

#[test]
fn fields_are_chosen_by_number_and_merged_outside() {
    let pending = waiting();
    let mut session = start(&pending);
    press(&mut session, "f7⏎");
    assert!(session.is_writing(), "there is no field 7");
    let fields = vec!["/x".to_owned()];
    assert_eq!(press(&mut session, "1⏎"), Wish::Merge { places: vec![0], fields: fields.clone() });
    assert_eq!(session.merged(Err("the file is gone".into())), Wish::Nothing);
    assert!(decisions(&session).is_empty());
    press(&mut session, "f1⏎");
    assert_eq!(session.merged(Ok(vec![merged(&[])])), Wish::Keep);
    assert_eq!(decisions(&session), ["a accepted in /x"]);
    assert_eq!(press(&mut session, "i"), Wish::Merge { places: vec![1], fields });
    session.merged(Ok(vec![merged(&[])]));
    press(&mut session, "y");
    assert_eq!(decisions(&session)[1], "b accepted in /x");
}

fn merged(fields: &[String]) -> Merged {
    use crate::review::sample::snapshot;
    let accepted = snapshot(&"old".into(), "a", Some((TaskSuccess, Useful)));
    let proposed = snapshot(&"n".into(), "a", Some((TaskSuccess, Incomplete)));
    crate::review::merge(Some(&accepted), &proposed, &crate::golden::Difference::default(), fields, None).unwrap()
}

#[test]
fn decisions_are_taken_up_again_as_far_as_the_behaviour_is_the_same() {
    let pending = waiting();
    let mut session = start(&pending);
    press(&mut session, "ayes⏎r");
    let draft = session.draft(Timestamp::UNIX_EPOCH).unwrap();
    let text = serde_json::to_string(&draft).unwrap();
    assert_eq!(serde_json::from_str::<Draft>(&text).unwrap(), draft);

    let mut changed_since = waiting();
    changed_since[1] = changed("b", TaskSuccess, Useful, Incomplete, "newer");
    let mut session = Session::new(&changed_since, "rules", Some(draft.clone()));
    let asked = frame(&mut session, 3, 24).join(" ");
    assert!(asked.contains("1 decision of 1970-01-01 00:00 UTC not written yet (1 more are out of date)"), "{asked}");
    assert_eq!(press(&mut session, "x"), Wish::Nothing);
    press(&mut session, "y");
    assert_eq!((decisions(&session), session.at()), (vec!["a accepted: yes".to_owned()], 1));

    let mut session = Session::new(&pending, "rules", Some(draft));
    assert_eq!(press(&mut session, "n"), Wish::Keep);
    assert_eq!(session.draft(Timestamp::UNIX_EPOCH), None, "forgotten");
}

#[test]
fn a_long_view_is_shown_page_by_page_and_no_line_is_passed_over() {
    let pending = waiting();
    let mut session = start(&pending);
    let mut seen = Vec::new();
    loop {
        let lines = frame(&mut session, 43, 24);
        assert!(lines.len() <= 24, "{lines:#?}");
        seen.extend(lines.iter().filter(|line| line.starts_with("line ")).cloned());
        if !lines.iter().any(|line| line.contains("space for more")) {
            break;
        }
        press(&mut session, " ");
    }
    assert_eq!(seen, (1..=43).map(|n| format!("line {n}")).collect::<Vec<_>>());
    press(&mut session, "bbbbb");
    assert_eq!(frame(&mut session, 43, 24)[1], "line 1");
}

#[test]
fn a_transcript_is_left_by_its_key_and_by_q_and_decided_from() {
    let pending = waiting();
    let mut session = start(&pending);
    for keys in ["tt", "tq", "t⎋", "ee", "?q"] {
        assert_eq!(press(&mut session, keys), Wish::Nothing);
        assert_eq!(session.view(), View::Change, "{keys}");
    }
    press(&mut session, "tr");
    assert_eq!((decisions(&session).len(), session.view(), session.at()), (1, View::Change, 1));
    assert_eq!(press(&mut session, "q"), Wish::Leave);
    assert_eq!(session.press(Key::Interrupt, Timestamp::UNIX_EPOCH), Wish::Interrupt);
}

#[test]
fn nothing_is_written_without_a_decision_and_the_summary_tells_each_with_its_reason() {
    let pending = waiting();
    let mut session = start(&pending);
    press(&mut session, "w");
    assert_eq!(press(&mut session, "y"), Wish::Nothing);
    press(&mut session, "nabecause of the fair⏎rw");
    insta::assert_snapshot!(frame(&mut session, 3, 12).join("\n"), @r"
    decisions · 2 decided · target rules
    1 accepted, 1 rejected, 1 left undecided

      triage/requests/a: accepted
          worse: task_success/c
          reason: because of the fair
      triage/requests/b: rejected
          worse: task_success/c



    write what is decided? y writes, n goes on with the rest, u undoes, q keeps
    ");
}

#[test]
fn minutes_are_those_between_keys_and_a_long_absence_is_not_reading() {
    let pending = waiting();
    let mut session = start(&pending);
    let at = |seconds| Timestamp::from_second(seconds).unwrap();
    session.press(Key::Char('t'), at(0));
    session.press(Key::Char('t'), at(90));
    session.press(Key::Char('r'), at(100_000));
    assert_eq!(session.decisions().next().unwrap().1.minutes, Some(6.5));
}

#[test]
fn a_correction_is_made_outside_decides_one_case_and_is_not_kept_in_the_draft() {
    let pending = waiting();
    let mut session = start(&pending);
    assert_eq!(press(&mut session, "c"), Wish::Correct);
    assert_eq!(session.corrected(Ok(None)), Wish::Nothing);
    assert_eq!(session.corrected(Err("no editor".into())), Wish::Nothing);
    assert!(decisions(&session).is_empty());
    press(&mut session, "c");
    assert_eq!(session.corrected(Ok(Some(Slug::new("a-1f3c9d").unwrap()))), Wish::Keep);
    assert_eq!((decisions(&session), session.at()), (vec!["a corrected as a-1f3c9d".to_owned()], 1));
    assert_eq!(session.draft(Timestamp::UNIX_EPOCH), None);
    press(&mut session, "i");
    assert_eq!(decisions(&session).len(), 1, "the other one is not corrected along");
    press(&mut session, "u");
    assert!(decisions(&session).is_empty());
}
