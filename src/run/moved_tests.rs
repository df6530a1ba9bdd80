use std::fs;
use std::path::Path;

use super::*;
use crate::load::{Root, check};

const SUITE: &str = "suites/intake-note/requests.yaml";
const FUEL: &str = "fuel-before-the-weekend";

fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

/// The small project, one of its files edited.
fn project(file: &str, edit: impl Fn(String) -> String) -> (tempfile::TempDir, Checked) {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/tiny"), folder.path());
    let text = fs::read_to_string(folder.path().join(file)).unwrap();
    let edited = edit(text.clone());
    assert_ne!(edited, text, "{file}");
    fs::write(folder.path().join(file), edited).unwrap();
    let checked = check(Root::find(folder.path()).unwrap()).unwrap();
    (folder, checked)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => _ = fs::copy(entry.path(), to.join(entry.file_name())).unwrap(),
        }
    }
}

/// What was accepted of cases, each with its suite.
fn accepted(cases: &[(&str, &str)]) -> Listing {
    let key = |(suite, case): &(&str, &str)| SnapshotKey {
        pipeline: slug("intake-note"),
        suite: slug(suite),
        case: slug(case),
    };
    Listing { accepted: cases.iter().map(key).collect(), ..Listing::default() }
}

fn told(gone: &Gone) -> (Vec<&str>, Vec<(&str, &str)>) {
    let moved = gone.moved.iter().map(|moved| (moved.from.as_str(), moved.to.as_str()));
    (gone.orphans.iter().map(Slug::as_str).collect(), moved.collect())
}

fn then(cases: &[&str]) -> CasesThen {
    cases.iter().map(|case| (slug(case), CaseKind::GoldenRequest)).collect()
}

fn renamed(to: &str, from: &str) -> impl Fn(String) -> String {
    let line = format!("- id: {to}\n    moved_from: [{from}]");
    move |text| text.replace("- id: fuel-before-the-weekend", &line)
}

#[test]
fn a_renamed_case_is_told_as_moved() {
    let (_folder, checked) = project(SUITE, renamed("fuel-on-friday", FUEL));
    let listing = accepted(&[("requests", FUEL), ("requests", "berth-for-two-nights")]);
    assert_eq!(told(&gone(&checked, &listing, None)), (vec![], vec![(FUEL, "fuel-on-friday")]));
    let before = then(&[FUEL, "berth-for-two-nights"]);
    assert_eq!(told(&gone(&checked, &listing, Some(&before))), (vec![], vec![(FUEL, "fuel-on-friday")]));
    // Once that is over, its old snapshot may stay.
    let after = then(&["fuel-on-friday", "berth-for-two-nights"]);
    assert_eq!(told(&gone(&checked, &listing, Some(&after))), (vec![], vec![]));
}

#[test]
fn a_case_that_was_there_beside_another_takes_nothing_over_from_it() {
    let (_folder, checked) = project(SUITE, |text| {
        text.replace("- id: berth-for-two-nights", &format!("- id: berth-for-two-nights\n    moved_from: [{FUEL}]"))
            .replace("- id: fuel-before-the-weekend", "- id: another")
    });
    let listing = accepted(&[("requests", FUEL), ("requests", "berth-for-two-nights")]);
    let both = then(&[FUEL, "berth-for-two-nights"]);
    assert_eq!(told(&gone(&checked, &listing, Some(&both))), (vec![FUEL], vec![]));
}

#[test]
fn a_case_takes_over_from_one_other_of_its_kind_and_pipeline() {
    let (_folder, checked) = project(SUITE, renamed("fuel-on-friday", &format!("{FUEL}, fuel-on-sunday")));
    let two = accepted(&[("requests", FUEL), ("requests", "fuel-on-sunday")]);
    assert_eq!(told(&gone(&checked, &two, None)), (vec!["fuel-on-sunday"], vec![(FUEL, "fuel-on-friday")]));
    for suite in ["danger", "a-suite-that-is-gone"] {
        let other = accepted(&[(suite, FUEL)]);
        assert_eq!(told(&gone(&checked, &other, None)), (vec![FUEL], vec![]), "{suite}");
    }
    // Where the suite is gone, what the run is held against may still know.
    let known = then(&[FUEL]);
    let moved = gone(&checked, &accepted(&[("a-suite-that-is-gone", FUEL)]), Some(&known));
    assert_eq!(told(&moved), (vec![], vec![(FUEL, "fuel-on-friday")]));
    let mut elsewhere = accepted(&[("requests", FUEL)]);
    elsewhere.accepted[0].pipeline = slug("another");
    assert_eq!(told(&gone(&checked, &elsewhere, Some(&known))), (vec![FUEL], vec![]));
}
