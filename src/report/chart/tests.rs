//! What every chart keeps: no style, no foreign code, nothing outside, the same bytes.

use regex::Regex;

use super::*;

fn mondays(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("2026-{:02}-{:02}", 1 + n / 4 % 12, 2 + n % 4 * 7)).collect()
}

/// A series that wanders, with every ninth period not measured.
fn wandering(count: usize) -> Vec<Point> {
    let value = |at: usize| 0.55 * (at as f64 / 7.0).sin() + 0.2 * (at as f64 * 1.7).cos();
    let point = |at| Point { at, value: value(at), low: Some(value(at) - 0.12), high: Some(value(at) + 0.1) };
    (0..count).filter(|at| at % 9 != 5).map(point).collect()
}

fn line(at: usize, label: &str, breaks: bool) -> Line {
    Line { at, label: label.to_owned(), breaks }
}

fn change(at: usize, label: &str) -> Change {
    Change { at, label: label.to_owned() }
}

/// A trend without marks, from −1 to 1.
fn plain<'a>(periods: &'a [String], points: &'a [Point]) -> Trend<'a> {
    let (title, description) = ("Safety", "Mean mark per week.");
    Trend { id: "safety", title, description, periods, points, lines: &[], changes: &[], low: -1.0, high: 1.0 }
}

/// Many lines, some of them next to each other.
fn crowded(periods: &[String]) -> Vec<Line> {
    let labels = ["agent", "policy + model", "suites", "judge", "agent + prompt"];
    (1..26).map(|n| line((n * 4 + n % 3) % periods.len(), labels[n % 5], n == 12)).collect()
}

fn year() -> Picture {
    let (periods, points) = (mondays(52), wandering(52));
    let lines = [line(9, "agent", false), line(22, "suites", true), line(24, "model + policy", false)];
    let changes = [change(33, "worse since")];
    trend(&Trend { lines: &lines, changes: &changes, ..plain(&periods, &points) }).unwrap()
}

fn many() -> Picture {
    let (periods, points) = (mondays(104), wandering(104));
    let (lines, changes) = (crowded(&periods), [change(40, "worse"), change(77, "better")]);
    trend(&Trend { id: "many", lines: &lines, changes: &changes, ..plain(&periods, &points) }).unwrap()
}

fn empty() -> Picture {
    trend(&plain(&mondays(12), &[])).unwrap()
}

fn small() -> String {
    let values: Vec<Option<f64>> = (0..52).map(|at| (at % 9 != 5).then(|| (at as f64 / 7.0).sin() * 0.9)).collect();
    sparkline("s1", "Safety, 52 weeks", &values, -1.0, 1.0).unwrap()
}

/// Every picture that the tests know.
fn all() -> Vec<String> {
    vec![year().svg, many().svg, empty().svg, small(), hostile().svg, sparkline("s0", "Empty", &[], 0.0, 1.0).unwrap()]
}

const HOSTILE: &str = "</title><script>alert(1)</script>\" onload='x' & <b>\n\u{202e}";

fn hostile() -> Picture {
    let periods = vec![HOSTILE.to_owned(); 3];
    let lines = [line(1, HOSTILE, true), line(1, HOSTILE, false), line(99, "beyond", true)];
    let point = |at, value| Point { at, value, low: Some(f64::NEG_INFINITY), high: Some(f64::NAN) };
    let points = [point(2, 1e300), point(0, -1e300), point(1, f64::NAN), point(7, 0.0)];
    let changes = [change(2, HOSTILE), change(99, "beyond")];
    trend(&Trend {
        id: HOSTILE,
        title: HOSTILE,
        description: HOSTILE,
        lines: &lines,
        changes: &changes,
        ..plain(&periods, &points)
    })
    .unwrap()
}

/// The absolute points of all paths of a class.
fn paths(svg: &str, class: &str) -> Vec<(i32, i32)> {
    let path = Regex::new(&format!(r#"<path class="({class})" d="([^"]+)"/>"#)).unwrap();
    let step = Regex::new(r"([MlhvZz])(-?\d+)?(?: ?(-?\d+))?").unwrap();
    let mut points = Vec::new();
    for found in path.captures_iter(svg) {
        let (mut x, mut y) = (0, 0);
        for step in step.captures_iter(&found[2]) {
            let number = |at: usize| step.get(at).map_or(0, |digits| digits.as_str().parse().unwrap());
            (x, y) = match &step[1] {
                "M" => (number(2), number(3)),
                "l" => (x + number(2), y + number(3)),
                "h" => (x + number(2), y),
                "v" => (x, y + number(2)),
                _ => (x, y),
            };
            points.push((x, y));
        }
    }
    points
}

/// How many times a series starts anew.
fn runs(svg: &str) -> usize {
    let path = Regex::new(r#"class="series" d="([^"]*)""#).unwrap();
    path.captures(svg).map_or(0, |found| found[1].matches('M').count())
}

#[test]
fn nothing_in_a_chart_is_style_script_or_a_reference() {
    let attribute = Regex::new(r#"[ "']([a-zA-Z-]+)=""#).unwrap();
    for svg in all() {
        let known =
            ["class", "viewBox", "role", "aria-labelledby", "id", "fill", "stroke", "d", "x", "y", "text-anchor"];
        for found in attribute.captures_iter(&svg) {
            assert!(known.contains(&&found[1]), "{}: {svg}", &found[1]);
        }
    }
}

#[test]
fn hostile_texts_are_inert_and_leave_the_ids_whole() {
    let picture = hostile();
    let tag = Regex::new("<(/?[a-z]+)").unwrap();
    for found in tag.captures_iter(&picture.svg) {
        assert!(["svg", "title", "desc", "g", "path", "text"].contains(&found[1].trim_start_matches('/')), "{found:?}");
    }
    assert!(!picture.svg.contains('\u{202e}') && !picture.svg.contains('\n'));
    let named =
        Regex::new(r#"aria-labelledby="([\w-]+) ([\w-]+)"><title id="([\w-]+)">.*</title><desc id="([\w-]+)">"#);
    let named = named.unwrap().captures(&picture.svg).unwrap();
    assert_eq!((&named[1], &named[2]), (&named[3], &named[4]));
    assert_eq!(picture.marks.len(), 2);
}

#[test]
fn every_chart_is_an_image_with_a_name_and_a_description() {
    for svg in all() {
        assert!(svg.starts_with("<svg class=\"chart ") && svg.contains(" role=\"img\" aria-labelledby=\""), "{svg}");
        assert!(svg.contains("<title id=") && svg.contains("<desc id=") && !svg.contains("></desc>"), "{svg}");
    }
    assert!(year().svg.contains("Mean mark per week. Marked: 2026-03-09, agent (dashed line); "));
}

#[test]
fn no_point_and_no_text_is_outside_of_the_picture() {
    let size = Regex::new(r#"viewBox="0 0 (\d+) (\d+)""#).unwrap();
    let text = Regex::new(r#"<text [^>]*x="(-?\d+)" y="(-?\d+)""#).unwrap();
    for svg in all() {
        let number = |text: &str| text.parse::<i32>().unwrap();
        let size = size.captures(&svg).unwrap();
        let texts = text.captures_iter(&svg).map(|found| (number(&found[1]), number(&found[2])));
        for (x, y) in paths(&svg, r"\w+").into_iter().chain(texts) {
            assert!((0..=number(&size[1])).contains(&x) && (0..=number(&size[2])).contains(&y), "{x} {y} in {svg}");
        }
    }
}

#[test]
fn gaps_and_lines_that_break_interrupt_the_series() {
    let periods = mondays(10);
    let point = |at| Point { at, value: 0.5, low: None, high: None };
    let points = [0, 1, 2, 5, 6, 7].map(point);
    let drawn = |lines: &[Line]| runs(&trend(&Trend { lines, ..plain(&periods, &points) }).unwrap().svg);
    assert_eq!(drawn(&[]), 2);
    assert_eq!(drawn(&[line(6, "agent", false)]), 2);
    assert_eq!(drawn(&[line(6, "suites", true)]), 3);
    assert_eq!(drawn(&[line(3, "suites", true)]), 2);
    assert_eq!(runs(&sparkline("s", "S", &[Some(0.1), None, Some(0.2), Some(0.3)], 0.0, 1.0).unwrap()), 2);
}

#[test]
fn a_chart_without_a_point_says_that_nothing_was_measured() {
    assert!(empty().svg.contains(">Nothing was measured.</text>"));
    assert!(empty().svg.contains("Mean mark per week. Nothing was measured.</desc>"));
    assert!(trend(&plain(&[], &wandering(5))).unwrap().svg.contains(">Nothing was measured.</text>"));
    assert!(sparkline("s", "S", &[None, Some(f64::NAN)], 0.0, 1.0).unwrap().contains(">not measured</text>"));
}

#[test]
fn few_labels_are_written_and_many_are_numbers_that_the_marks_explain() {
    let year = year();
    assert!(year.marks.iter().all(|mark| mark.number.is_none()) && year.svg.contains(">model + policy</text>"));
    let many = many();
    assert!(!many.svg.contains(">agent</text>"));
    assert_eq!(many.marks.iter().map(|mark| mark.number).collect::<Vec<_>>(), (1..=27).map(Some).collect::<Vec<_>>());
    let signs = |sign: &str| many.marks.iter().filter(|mark| mark.sign == sign).count();
    assert_eq!(["dashed line", "dotted line", "triangle"].map(signs), [24, 1, 2]);
}

#[test]
fn a_change_points_at_its_period_and_a_line_stands_before_it() {
    let picture = year();
    let dots: Vec<i32> = paths(&picture.svg, "dot").iter().map(|(x, _)| *x).collect();
    let (pointer, dashed) = (paths(&picture.svg, "pointer")[0].0, paths(&picture.svg, "dashed")[0].0);
    assert!(dots.contains(&pointer) && !dots.contains(&dashed));
}

#[test]
fn charts_are_small_and_always_the_same() {
    assert!(year().svg.len() < 8_000, "{}", year().svg.len());
    assert!(small().len() < 700, "{}", small().len());
    assert_eq!(all(), all());
}

#[test]
fn a_small_trend() {
    let (periods, points) = (mondays(6), wandering(6));
    let (lines, changes) = ([line(2, "agent", false)], [change(4, "worse")]);
    let picture = trend(&Trend { lines: &lines, changes: &changes, ..plain(&periods, &points) }).unwrap();
    insta::assert_snapshot!(picture.svg.replace("><", ">\n<"));
}

#[test]
fn the_style_knows_every_class_and_needs_only_what_the_page_has() {
    let class = Regex::new(r#"<(?:path|text) class="(\w+)""#).unwrap();
    let plain = ["caption"];
    for svg in all() {
        for found in class.captures_iter(&svg) {
            assert!(plain.contains(&&found[1]) || STYLE.contains(&format!(".{} ", &found[1])), "{}", &found[1]);
        }
    }
    let page = include_str!("../html/report.css");
    for found in Regex::new(r"var\((--[\w-]+)\)").unwrap().captures_iter(STYLE) {
        assert!(page.contains(&format!("{}:", &found[1])), "{}", &found[1]);
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}
