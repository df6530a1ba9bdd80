//! What can be wrong with rules: names nobody defined, templates and patterns that do not compile, output fields the
//! schema does not know, values outside its vocabulary.
//!
//! Finds everything at once, each with its JSON pointer. Knows nothing of requests.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Environment;
use serde_json::{Map, Value};

use super::spec::{Draft, FactRule, Method, Pick, RULES_VERSION, RulesSpec, Template};
use super::template::VARIABLES;
use super::when::When;
use crate::diagnostic::Diagnostic;
use crate::domain::Pipeline;

/// Everything wrong with the rules of a pipeline but their regular expressions.
pub(super) fn check(
    spec: &RulesSpec,
    pipeline: &Pipeline,
    file: &str,
    environment: &Environment<'static>,
) -> Vec<Diagnostic> {
    let mut checker = Checker { spec, pipeline, file, environment, facts: BTreeSet::new(), found: Vec::new() };
    checker.head();
    checker.looks();
    checker.facts("facts", &spec.facts);
    checker.asks();
    checker.confidence();
    checker.facts("route", &spec.route);
    checker.acts();
    checker.template("/failed", &spec.failed);
    checker.fields("/output", &spec.output, &pipeline.output_schema);
    checker.found
}

/// A regular expression that does not compile.
pub(super) fn bad_pattern(file: &str, pointer: String, error: &str) -> Diagnostic {
    let last = error.lines().last().unwrap_or(error).trim();
    Diagnostic::error("bad-pattern", file, pointer, format!("not a regular expression: {last}"))
}

struct Checker<'a> {
    spec: &'a RulesSpec,
    pipeline: &'a Pipeline,
    file: &'a str,
    environment: &'a Environment<'static>,
    /// Facts decided so far.
    facts: BTreeSet<&'a str>,
    found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn error(&mut self, code: &'static str, pointer: &str, message: String) -> &mut Diagnostic {
        self.found.push(Diagnostic::error(code, self.file, pointer, message));
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// An error when `name` is not among `known`.
    fn known_name(&mut self, what: &'static str, name: &str, known: &[&str], pointer: &str) {
        if !known.contains(&name) {
            let message = format!("there is no {what} {name:?}");
            let diagnostic = Diagnostic::error("unknown-name", self.file, pointer, message);
            self.found.push(diagnostic.suggest(name, known.iter().copied()));
        }
    }

    fn head(&mut self) {
        let spec = self.spec;
        if spec.version != RULES_VERSION {
            let message = format!("rules have format version {RULES_VERSION}, not {}", spec.version);
            self.error("unknown-version", "/version", message);
        }
        if spec.rules != self.pipeline.name {
            let message =
                format!("these rules are for pipeline {}, but lie in the folder of {}", spec.rules, self.pipeline.name);
            self.error("wrong-pipeline", "/rules", message);
        }
    }

    fn looks(&mut self) {
        let spec = self.spec;
        for (i, look) in spec.look.iter().enumerate() {
            let at = format!("/look/{i}");
            if spec.look[..i].iter().any(|other| other.name == look.name) {
                self.error("duplicate-name", &format!("{at}/name"), format!("{:?} is looked up twice", look.name));
            }
            self.tool(&look.tool, &format!("{at}/tool"));
            self.arguments(&look.args, &format!("{at}/args"));
            self.when(&look.when, format!("{at}/when"));
            if let Some(pick) = &look.each {
                self.pick(pick, &format!("{at}/each"));
            }
        }
    }

    fn tool(&mut self, tool: &str, pointer: &str) {
        let tools: Vec<&str> = self.pipeline.tools.iter().map(String::as_str).collect();
        self.known_name("tool of this pipeline called", tool, &tools, pointer);
    }

    fn arguments(&mut self, args: &Map<String, Value>, at: &str) {
        for (name, value) in args {
            if let Value::String(source) = value {
                self.template(&format!("{at}/{name}"), &Template(source.clone()));
            }
        }
    }

    fn facts(&mut self, section: &str, rules: &'a [FactRule]) {
        for (i, rule) in rules.iter().enumerate() {
            let at = format!("/{section}/{i}");
            self.method(&rule.by, &format!("{at}/by"));
            if !self.facts.insert(&rule.fact) || self.spec.look.iter().any(|look| look.name == rule.fact) {
                let message = format!("{:?} is the name of another fact or look", rule.fact);
                self.error("duplicate-name", &format!("{at}/fact"), message);
            }
        }
    }

    fn method(&mut self, method: &'a Method, at: &str) {
        match method {
            Method::Vote(vote) => {
                for (i, option) in vote.options.iter().enumerate() {
                    for (signal, weight) in &option.weights {
                        let pointer = format!("{at}/vote/options/{i}/weights/{signal}");
                        self.signal(signal, &pointer);
                        self.finite(*weight, &pointer);
                    }
                    for (k, points) in option.also.iter().enumerate() {
                        self.when(&points.when, format!("{at}/vote/options/{i}/also/{k}/when"));
                        self.finite(points.add, &format!("{at}/vote/options/{i}/also/{k}/add"));
                    }
                }
            }
            Method::First(first) => {
                for (i, rule) in first.rules.iter().enumerate() {
                    self.when(&rule.when, format!("{at}/first/rules/{i}/when"));
                    self.template(&format!("{at}/first/rules/{i}/value"), &rule.value);
                }
            }
            Method::Highest(highest) => {
                if highest.scale.is_empty() {
                    self.error("empty-scale", &format!("{at}/highest/scale"), "a scale needs at least one step".into());
                }
                let scale: Vec<&str> = highest.scale.iter().map(String::as_str).collect();
                for (i, rule) in highest.rules.iter().enumerate() {
                    self.when(&rule.when, format!("{at}/highest/rules/{i}/when"));
                    self.known_name(
                        "step of the scale called",
                        &rule.value.0,
                        &scale,
                        &format!("{at}/highest/rules/{i}/value"),
                    );
                }
            }
            Method::All(all) => {
                for (i, rule) in all.iter().enumerate() {
                    self.when(&rule.when, format!("{at}/all/{i}/when"));
                    self.template(&format!("{at}/all/{i}/value"), &rule.value);
                }
            }
        }
    }

    fn finite(&mut self, number: f64, pointer: &str) {
        if !number.is_finite() {
            self.error("not-a-number", pointer, format!("{number} is not a finite number"));
        }
    }

    fn asks(&mut self) {
        let spec = self.spec;
        for (i, ask) in spec.asks.iter().enumerate() {
            self.when(&ask.when, format!("/asks/{i}/when"));
            self.template(&format!("/asks/{i}/ask"), &ask.ask);
            self.template(&format!("/asks/{i}/unknown"), &ask.unknown);
        }
    }

    fn confidence(&mut self) {
        let rule = &self.spec.confidence;
        for (i, fact) in rule.margins.iter().enumerate() {
            let is_vote = |r: &FactRule| r.fact == *fact && matches!(r.by, Method::Vote(_));
            if !self.spec.facts.iter().any(is_vote) {
                let message = format!("{fact:?} is not a fact decided by vote");
                self.error("unknown-name", &format!("/confidence/margins/{i}"), message);
            }
        }
        for (name, number) in [("floor", rule.floor), ("ceiling", rule.ceiling)] {
            if !(0.0..=1.0).contains(&number) {
                self.error("out-of-range", &format!("/confidence/{name}"), format!("{number} is not between 0 and 1"));
            }
        }
        self.finite(rule.per_unknown, "/confidence/per_unknown");
        for (i, points) in rule.also.iter().enumerate() {
            self.when(&points.when, format!("/confidence/also/{i}/when"));
            self.finite(points.add, &format!("/confidence/also/{i}/add"));
        }
    }

    fn acts(&mut self) {
        let spec = self.spec;
        for (i, act) in spec.act.iter().enumerate() {
            self.tool(&act.tool, &format!("/act/{i}/tool"));
            self.arguments(&act.args, &format!("/act/{i}/args"));
            if let Some(of) = &act.asks {
                self.template(&format!("/act/{i}/asks"), of);
            }
            self.when(&act.when, format!("/act/{i}/when"));
        }
    }

    fn fields(&mut self, at: &str, fields: &'a BTreeMap<String, Draft>, schema: &Value) {
        let properties: Vec<&str> =
            schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
        for (name, source) in fields {
            let pointer = format!("{at}/{name}");
            if !properties.contains(&name.as_str()) {
                let message = format!("the output has no field {name:?}");
                let diagnostic = Diagnostic::error("unknown-field", self.file, pointer.as_str(), message).at_key();
                self.found.push(diagnostic.suggest(name, properties.iter().copied()));
            }
            self.source(&pointer, source, &schema["properties"][name.as_str()]);
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(required) {
                let message = format!("the output needs a field {required:?}, and no rule writes it");
                self.error("missing-field", at, message);
            }
        }
    }

    fn source(&mut self, at: &str, source: &'a Draft, schema: &Value) {
        match source {
            Draft::Fact(name) => {
                self.fact(name, &format!("{at}/fact"));
                self.vocabulary(name, schema, &format!("{at}/fact"));
            }
            Draft::Text(template) => self.template(&format!("{at}/text"), template),
            Draft::List(lines) => {
                for (i, line) in lines.iter().enumerate() {
                    let at = format!("{at}/list/{i}");
                    self.template(&format!("{at}/text"), &line.text);
                    self.rule(&at, &line.when, line.each.as_ref());
                }
            }
            Draft::Evidence(claims) => {
                for (i, claim) in claims.iter().enumerate() {
                    let at = format!("{at}/evidence/{i}");
                    self.template(&format!("{at}/claim"), &claim.claim);
                    self.template(&format!("{at}/source"), &claim.source);
                    self.rule(&at, &claim.when, claim.each.as_ref());
                }
            }
            Draft::Flag(when) => self.when(when, format!("{at}/flag")),
            Draft::Object(fields) => self.fields(&format!("{at}/object"), fields, schema),
            Draft::Const(_) | Draft::Approvals | Draft::Confidence | Draft::Questions | Draft::Unknowns => {}
        }
    }

    fn rule(&mut self, at: &str, when: &'a When, each: Option<&Pick>) {
        self.when(when, format!("{at}/when"));
        if let Some(pick) = each {
            self.pick(pick, &format!("{at}/each"));
        }
    }

    /// Every value a fact can have must be one that the output's schema allows.
    fn vocabulary(&mut self, fact: &str, schema: &Value, pointer: &str) {
        let Some(allowed) = schema["enum"].as_array() else { return };
        let rules = self.spec.facts.iter().chain(&self.spec.route).find(|rule| rule.fact == fact);
        for value in rules.into_iter().flat_map(|rule| values(&rule.by)) {
            if !value.contains("{{") && !allowed.iter().any(|a| a == value) {
                let known: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
                let message = format!("{fact:?} can be {value:?}, which the output's schema does not allow");
                let diagnostic = Diagnostic::error("not-allowed", self.file, pointer, message);
                self.found.push(diagnostic.suggest(value, known));
            }
        }
    }

    fn signal(&mut self, name: &str, pointer: &str) {
        let known: Vec<&str> = self.spec.signals.keys().map(String::as_str).collect();
        self.known_name("signal", name, &known, pointer);
    }

    fn fact(&mut self, name: &str, pointer: &str) {
        let later = self.spec.facts.iter().chain(&self.spec.route).any(|rule| rule.fact == name);
        if later && !self.facts.contains(name) {
            self.error("decided-later", pointer, format!("{name:?} is decided further down; move it up"));
            return;
        }
        let known: Vec<&str> = self.facts.iter().copied().collect();
        self.known_name("fact", name, &known, pointer);
    }

    fn pick(&mut self, pick: &Pick, at: &str) {
        let looks = self.spec.look.iter().map(|look| look.name.as_str());
        let known: Vec<&str> = looks.chain(self.facts.iter().copied()).collect();
        self.known_name("look or fact", &pick.from, &known, &format!("{at}/from"));
        for (i, signal) in pick.says.iter().enumerate() {
            self.signal(signal, &format!("{at}/says/{i}"));
        }
    }

    fn when(&mut self, when: &'a When, at: String) {
        let mut all: Vec<(String, &When)> = Vec::new();
        when.nested(at, &mut |pointer, inner| all.push((pointer.to_owned(), inner)));
        for (at, when) in all {
            for (key, signals) in [("heard", &when.heard), ("loud", &when.loud)] {
                for (i, signal) in signals.iter().enumerate() {
                    self.signal(signal, &format!("{at}/{key}/{i}"));
                }
            }
            for fact in when.facts.keys() {
                self.fact(fact, &format!("{at}/facts/{fact}"));
            }
            if let Some(pick) = &when.found {
                self.pick(pick, &format!("{at}/found"));
            }
            if let Some(failed) = &when.failed {
                for (i, tool) in failed.tools.iter().enumerate() {
                    self.tool(tool, &format!("{at}/failed/tools/{i}"));
                }
            }
            if let Some(approval) = &when.approval {
                for (i, action) in approval.actions.iter().enumerate() {
                    if let Err(error) = globset::Glob::new(action) {
                        self.error("bad-glob", &format!("{at}/approval/actions/{i}"), error.to_string());
                    }
                }
            }
            let asks: Vec<&str> = self.spec.asks.iter().map(|ask| ask.id.as_str()).collect();
            for (i, id) in when.asked.iter().enumerate() {
                self.known_name("question", id, &asks, &format!("{at}/asked/{i}"));
            }
        }
    }

    /// The template compiles, and the variables, facts and looks it names exist.
    fn template(&mut self, at: &str, template: &Template) {
        let compiled = match self.environment.template_from_str(&template.0) {
            Ok(compiled) => compiled,
            Err(error) => {
                let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                self.error("bad-template", at, format!("not a template: {detail}"));
                return;
            }
        };
        let mut names: Vec<String> = compiled.undeclared_variables(true).into_iter().collect();
        names.sort();
        let globals: BTreeSet<String> = self.environment.globals().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let mut parts = name.split('.');
            let root = parts.next().unwrap_or_default();
            if globals.contains(root) {
                continue;
            }
            self.known_name("variable", root, VARIABLES, at);
            let Some(member) = parts.next() else { continue };
            match root {
                "facts" => self.fact(member, at),
                "heard" => self.signal(member, at),
                "found" => {
                    let looks: Vec<&str> = self.spec.look.iter().map(|look| look.name.as_str()).collect();
                    self.known_name("look", member, &looks, at);
                }
                "acts" => {
                    let acts: Vec<&str> = self.spec.act.iter().map(|act| act.name.as_str()).collect();
                    self.known_name("act", member, &acts, at);
                }
                _ => {}
            }
        }
    }
}

/// Every value a decision can have.
fn values(method: &Method) -> Vec<&str> {
    match method {
        Method::Vote(vote) => {
            vote.options.iter().map(|option| option.value.as_str()).chain([vote.otherwise.as_str()]).collect()
        }
        Method::First(first) => {
            first.rules.iter().map(|rule| rule.value.0.as_str()).chain([first.otherwise.as_str()]).collect()
        }
        Method::Highest(highest) => highest.scale.iter().map(String::as_str).collect(),
        Method::All(all) => all.iter().map(|rule| rule.value.0.as_str()).collect(),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
