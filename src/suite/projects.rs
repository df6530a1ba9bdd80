//! The project file: what its type cannot say.

use std::collections::BTreeMap;

use super::{Parsed, SourceFile, read_and_check};
use crate::diagnostic::{Diagnostic, Place};
use crate::domain::{Case, Defaults, Project, Slug, pointer};

/// The format version this program reads.
const VERSION: u32 = 1;

/// Folders beside those that hold what each target did, or what was recorded of each.
const RESERVED: &[(&str, &str)] = &[("judges", "golden/recordings/judges/"), ("recordings", "golden/recordings/")];

pub fn parse(file: &SourceFile) -> Parsed<Project> {
    read_and_check(file, |project| check(project, &file.path))
}

fn check(project: &Project, path: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if project.version != VERSION {
        let message = format!("version {} is not known: this program reads version {VERSION}", project.version);
        found.push(Diagnostic::error("unknown-version", path, "/version", message));
    }
    if project.targets.is_empty() {
        found.push(Diagnostic::error("no-targets", path, "/targets", "there is no target to put under test"));
    } else if !project.targets.contains_key(&project.default_target) {
        let name = &*project.default_target;
        let message = format!("there is no target {name:?}");
        let known = project.targets.keys().map(|name| &**name);
        found.push(Diagnostic::error("unknown-target", path, "/default_target", message).suggest(name, known));
    }
    for (i, name) in project.must_not_pass.iter().enumerate() {
        let pointer = format!("/must_not_pass/{i}");
        if !project.targets.contains_key(name) {
            let message = format!("there is no target {name:?}");
            let known = project.targets.keys().map(|name| &**name);
            found.push(Diagnostic::error("unknown-target", path, pointer, message).suggest(name, known));
        } else if *name == project.default_target {
            let message = format!("{name:?} is the default target: a release of it is what the project decides about");
            found.push(Diagnostic::error("default-must-not-pass", path, pointer, message));
        } else if project.must_not_pass[..i].contains(name) {
            let message = format!("{name:?} is listed twice");
            found.push(Diagnostic::error("listed-twice", path, pointer, message));
        }
    }
    for (i, class) in project.tag_classes.iter().enumerate() {
        if project.tag_classes[..i].contains(class) {
            let message = format!("{class:?} is listed twice");
            found.push(Diagnostic::error("listed-twice", path, format!("/tag_classes/{i}"), message));
        }
    }
    in_one_area(project, path, &mut found);
    for (name, spec) in &project.targets {
        if let Some((_, folder)) = RESERVED.iter().find(|(reserved, _)| *reserved == name.as_str()) {
            let message = format!("no target can be named {name:?}: {folder} holds something else");
            let diagnostic = Diagnostic::error("reserved-name", path, format!("/targets/{name}"), message);
            found.push(diagnostic.at_key().with_help("give the target another name"));
        }
        if spec.0.len() != 1 {
            let message = format!("a target has exactly one key, its kind; this one has {}", spec.0.len());
            let pointer = format!("/targets/{name}");
            found.push(
                Diagnostic::error("one-key", path, pointer, message).with_help("e.g. `rules: {file: rules.yaml}`"),
            );
        }
    }
    judges(project, path, &mut found);
    let Defaults { jobs, repeat } = project.defaults;
    let ranges =
        [("jobs", jobs.map(u32::from), u32::from(Defaults::MOST_JOBS)), ("repeat", repeat, Case::MOST_REPEATS)];
    for (key, value, most) in ranges {
        if let Some(value) = value.filter(|value| !(1..=most).contains(value)) {
            let message = format!("{key} is a number from 1 to {most}, not {value}");
            found.push(Diagnostic::error("out-of-range", path, format!("/defaults/{key}"), message));
        }
    }
    if let Some(store) = &project.store {
        // About the file, as what is shown with a place is the line that stands there.
        let about = |code, message: &str, help: &str| {
            let diagnostic = Diagnostic::error(code, path, "", message).with_help(help);
            Diagnostic { place: Place::File, ..diagnostic }
        };
        let example = "store: postgres://evalgate@db.example/history";
        match store.split_once("://") {
            Some(("postgres" | "postgresql", rest)) => {
                let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
                if user.contains(':') || rest.to_ascii_lowercase().contains("password") {
                    let help = "leave it out and set PGPASSWORD, or set EVALGATE_STORE to the whole address";
                    found.push(about("secret-in-file", "`store` holds a password, which stands in no file", help));
                }
            }
            _ => found.push(about("unknown-store", "`store` is not an address of PostgreSQL", example)),
        }
    }
    unasked(project, path, &mut found);
    for (model, price) in &project.prices {
        let parts = [
            ("input", Some(price.input)),
            ("output", Some(price.output)),
            ("cached_input", price.cached_input),
            ("cache_write", price.cache_write),
        ];
        for (key, _) in parts.iter().filter(|(_, usd)| usd.is_some_and(|usd| !usd.is_finite() || usd < 0.0)) {
            let pointer = format!("{}/{key}", pointer::below("/prices", model));
            found.push(Diagnostic::error("out-of-range", path, pointer, "a price is a finite number, at least 0"));
        }
    }
    found
}

/// A price of a model that nobody asks is most likely that of another, mistyped.
fn unasked(project: &Project, path: &str, found: &mut Vec<Diagnostic>) {
    let specs = project.targets.values().chain(project.judges.values());
    let settings = specs.flat_map(|spec| spec.0.values());
    let asked: Vec<&str> = settings.filter_map(|settings| settings.get("model")?.as_str()).collect();
    for model in project.prices.keys().filter(|model| !asked.contains(&model.as_str())) {
        let message = format!("no target and no judge asks the model {model:?}");
        let warning = Diagnostic::warning("unused-price", path, pointer::below("/prices", model), message).at_key();
        found.push(warning.suggest(model, asked.iter().copied()));
    }
}

/// No kind of entry is in two areas, or twice in one.
fn in_one_area(project: &Project, path: &str, found: &mut Vec<Diagnostic>) {
    let mut areas: BTreeMap<&str, &Slug> = BTreeMap::new();
    for (area, kinds) in &project.system_areas {
        for (i, kind) in kinds.iter().enumerate() {
            if let Some(other) = areas.insert(kind, area) {
                let message = format!("{kind:?} is in the area {other:?} already");
                let pointer = format!("/system_areas/{area}/{i}");
                let diagnostic = Diagnostic::error("listed-twice", path, pointer, message);
                found.push(diagnostic.with_help("a kind of entry is in one area"));
            }
        }
    }
}

/// The default judge is one of the judges, and each has one kind.
fn judges(project: &Project, path: &str, found: &mut Vec<Diagnostic>) {
    if let Some(name) = project.judge.as_ref().filter(|name| !project.judges.contains_key(*name)) {
        let message = format!("there is no judge {name:?}");
        let diagnostic = Diagnostic::error("unknown-judge", path, "/judge", message);
        found.push(match project.judges.is_empty() {
            true => diagnostic.with_help(format!("e.g. `judges: {{{name}: {{chat: {{base_url: …, model: …}}}}}}`")),
            false => diagnostic.suggest(name, project.judges.keys().map(|name| &**name)),
        });
    }
    for (name, spec) in project.judges.iter().filter(|(_, spec)| spec.0.len() != 1) {
        let message = format!("a judge has exactly one key, its kind; this one has {}", spec.0.len());
        let diagnostic = Diagnostic::error("one-key", path, format!("/judges/{name}"), message);
        found.push(diagnostic.with_help("e.g. `chat: {base_url: …, model: …}`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::{codes, file};

    const GOOD: &str = "version: 1\nname: desk\ntargets: {rules: {rules: {file: rules.yaml}}, live: {http: {}}}\n\
                        default_target: rules\npolicy: pr\n";

    #[test]
    fn a_good_project_is_read() {
        let (project, found) = parse(&file("evalgate.yaml", GOOD));
        assert_eq!(found, []);
        assert_eq!(project.unwrap().targets.len(), 2);
    }

    #[test]
    fn the_default_target_is_one_of_the_targets() {
        let text = GOOD.replace("default_target: rules", "default_target: rule");
        let (project, found) = parse(&file("evalgate.yaml", &text));
        assert!(project.is_none());
        assert_eq!(codes(&text, &found), [("unknown-target", "rule")]);
        assert_eq!(found[0].help.as_deref(), Some("did you mean \"rules\"?"));
    }

    #[test]
    fn no_target_takes_the_folder_of_the_recordings() {
        let text = GOOD.replace("live:", "recordings:");
        let (project, found) = parse(&file("evalgate.yaml", &text));
        assert!(project.is_none());
        assert_eq!(codes(&text, &found), [("reserved-name", "recordings")]);
    }

    #[test]
    fn the_default_judge_is_one_of_the_judges_and_each_has_one_kind() {
        let text = format!("{GOOD}judges: {{careful: {{chat: {{}}}}, quick: {{}}}}\njudge: carefull\n");
        let (_, found) = parse(&file("evalgate.yaml", &text));
        assert_eq!(codes(&text, &found), [("one-key", "{}"), ("unknown-judge", "carefull")]);
        assert_eq!(found[0].help.as_deref(), Some("did you mean \"careful\"?"));
        let text = format!("{GOOD}judge: careful\n");
        assert!(parse(&file("evalgate.yaml", &text)).1[0].help.as_deref().unwrap().contains("judges: {careful:"));
        let text = GOOD.replace("live:", "judges:");
        assert_eq!(codes(&text, &parse(&file("evalgate.yaml", &text)).1), [("reserved-name", "judges")]);
    }

    #[test]
    fn a_target_has_one_kind_and_the_version_is_known() {
        let text = GOOD.replace("{http: {}}", "{}").replace("version: 1", "version: 2");
        let (_, found) = parse(&file("evalgate.yaml", &text));
        assert_eq!(codes(&text, &found), [("unknown-version", "2"), ("one-key", "{}")]);
    }

    #[test]
    fn what_must_not_pass_is_a_target_and_not_the_default_one() {
        let text = format!("{GOOD}must_not_pass: [live, lvie, rules, live]\n");
        let (_, found) = parse(&file("evalgate.yaml", &text));
        assert_eq!(
            codes(&text, &found),
            [("unknown-target", "lvie"), ("default-must-not-pass", "rules"), ("listed-twice", "live")]
        );
        assert_eq!(found[0].help.as_deref(), Some("did you mean \"live\"?"));
    }

    #[test]
    fn a_store_is_an_address_without_a_password_and_no_line_of_it_is_shown() {
        let codes = |store: &str| -> Vec<(&str, bool)> {
            let found = parse(&file("evalgate.yaml", &format!("{GOOD}store: {store}\n"))).1;
            found.iter().map(|d| (d.code, d.place == Place::File && !format!("{d:?}").contains("cAnArY"))).collect()
        };
        assert_eq!(codes("postgres://ada@db.example:5432/history"), []);
        assert_eq!(codes("postgres://ada:cAnArY@db.example/history"), [("secret-in-file", true)]);
        assert_eq!(codes("\"postgres://db.example/history?password=cAnArY\""), [("secret-in-file", true)]);
        assert_eq!(codes("mysql://ada:cAnArY@db.example/history"), [("unknown-store", true)]);
    }

    #[test]
    fn defaults_are_within_the_ranges_of_their_flags() {
        let with = |defaults: &str| {
            let text = format!("{GOOD}defaults: {{{defaults}}}\n");
            let found = parse(&file("evalgate.yaml", &text)).1;
            found.iter().map(|found| found.message.clone()).collect::<Vec<_>>()
        };
        assert!(with("repeat: 1000, jobs: 256").is_empty());
        assert_eq!(
            with("repeat: 100000, jobs: 60000"),
            ["jobs is a number from 1 to 256, not 60000", "repeat is a number from 1 to 1000, not 100000"]
        );
        assert_eq!(with("repeat: 0, jobs: 0").len(), 2);
    }

    #[test]
    fn a_price_of_a_model_that_nobody_asks_is_pointed_out() {
        let text = GOOD.replace("live: {http: {}}", "live: {chat: {model: gpt-4.1}}")
            + "judges: {careful: {chat: {model: small}}}\nprices: {gtp-4.1: {input: 1, output: 2}, small: {input: 1, output: 2}}\n";
        let (project, found) = parse(&file("evalgate.yaml", &text));
        assert!(project.is_some());
        assert_eq!(codes(&text, &found), [("unused-price", "gtp-4.1")]);
        assert_eq!(found[0].help.as_deref(), Some("did you mean \"gpt-4.1\"?"));
        assert_eq!(parse(&file("evalgate.yaml", &text.replace("gtp", "gpt"))).1, []);
    }

    #[test]
    fn a_class_of_tags_is_listed_once() {
        let text = format!("{GOOD}tag_classes: [owasp, lang, owasp]\n");
        let (_, found) = parse(&file("evalgate.yaml", &text));
        assert_eq!(codes(&text, &found), [("listed-twice", "owasp")]);
    }

    #[test]
    fn a_kind_of_entry_is_in_one_area() {
        let text =
            format!("{GOOD}system_areas: {{automations: [Flow, Trigger], rules: [Trigger], screens: [Form, Form]}}\n");
        let (_, found) = parse(&file("evalgate.yaml", &text));
        assert_eq!(codes(&text, &found), [("listed-twice", "Trigger"), ("listed-twice", "Form")]);
        assert_eq!(found[0].message, "\"Trigger\" is in the area \"automations\" already");
    }
}
