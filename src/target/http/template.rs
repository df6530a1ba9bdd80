//! Templates of an HTTP target: compiled once, rendered for each trial into paths, queries and bodies.
//!
//! A template sees the variables it is given and nothing else: no files, no environment, no other template. What the
//! service answered is data: it becomes part of a path or a body, never of a template.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use minijinja::value::ValueKind;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, UndefinedBehavior, Value as Seen, escape_formatter,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::domain::pointer::below;

/// Functions that a template may call.
const FUNCTIONS: &[&str] = &["dict", "namespace", "range"];

/// What is encoded of a value in a path: all but the unreserved characters.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Names of templates whose values are percent-encoded begin so.
const PATH: &str = "path:";

/// What is known in a trial, by the name of its variable.
pub(super) type Scope = BTreeMap<String, Seen>;

/// Every template of a target.
pub(super) struct Templates {
    environment: Environment<'static>,
    /// Variables that were named since they were last taken.
    named: BTreeSet<String>,
}

/// A JSON value in which texts may be templates.
#[derive(Debug)]
pub(super) enum Body {
    /// Without any template.
    Plain(Value),
    /// The value of an expression: a text that is `{{ … }}` and nothing else.
    Value(String),
    /// The text of a template, by its name.
    Text(String),
    List(Vec<Body>),
    Map(Vec<(String, Body)>),
}

/// What is wrong with a template, and where below the settings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub pointer: String,
    pub code: &'static str,
    pub message: String,
    /// The name that is not known, where that is what is wrong.
    pub unknown: Option<String>,
}

impl Templates {
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.remove_global("debug");
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.starts_with(PATH) {
            true => AutoEscape::Custom("path".into()),
            false => AutoEscape::None,
        });
        environment.set_formatter(|out, state, value| match state.auto_escape() {
            AutoEscape::Custom(_) => in_path(out, value),
            _ => escape_formatter(out, state, value),
        });
        Self { environment, named: BTreeSet::new() }
    }

    /// The variables that templates named since this was asked last.
    pub fn take_named(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.named)
    }

    /// Compiles a text whose values are percent-encoded, and gives its name for [`Templates::text`].
    pub fn add_path(&mut self, pointer: &str, source: &str, known: &Known) -> Result<String, Wrong> {
        self.add(format!("{PATH}{pointer}"), pointer, source, known)
    }

    /// Compiles a text, and gives its name for [`Templates::text`].
    pub fn add_text(&mut self, pointer: &str, source: &str, known: &Known) -> Result<String, Wrong> {
        self.add(pointer.to_owned(), pointer, source, known)
    }

    /// Compiles every text of a value; what is wrong goes to `wrong`.
    pub fn add_body(&mut self, pointer: &str, body: &Value, known: &Known, wrong: &mut Vec<Wrong>) -> Body {
        match body {
            Value::String(text) if text.contains('{') => match self.add_value(pointer, text, known) {
                Ok(body) => body,
                Err(found) => {
                    wrong.push(found);
                    Body::Plain(Value::Null)
                }
            },
            Value::Array(items) => {
                let below = |(index, item)| self.add_body(&format!("{pointer}/{index}"), item, known, wrong);
                Body::List(items.iter().enumerate().map(below).collect())
            }
            Value::Object(map) => {
                let inside = |(key, item): (&String, &Value)| {
                    (key.clone(), self.add_body(&below(pointer, key), item, known, wrong))
                };
                Body::Map(map.iter().map(inside).collect())
            }
            plain => Body::Plain(plain.clone()),
        }
    }

    fn add_value(&mut self, pointer: &str, text: &str, known: &Known) -> Result<Body, Wrong> {
        let inside = text.trim().strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
        // Of `{{ a }} and {{ b }}` the inside is no expression.
        if let Some(inside) = inside
            && let Ok(expression) = self.environment.compile_expression_owned(inside.to_owned())
        {
            self.named.extend(known.check(pointer, expression.undeclared_variables(true))?);
            return Ok(Body::Value(inside.to_owned()));
        }
        self.add_text(pointer, text, known).map(Body::Text)
    }

    fn add(&mut self, name: String, pointer: &str, source: &str, known: &Known) -> Result<String, Wrong> {
        self.environment.add_template_owned(name.clone(), source.to_owned()).map_err(|error| {
            let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            Wrong { pointer: pointer.to_owned(), code: "template-syntax", message, unknown: None }
        })?;
        let template = self.environment.get_template(&name);
        let named = template.map(|template| template.undeclared_variables(true)).unwrap_or_default();
        self.named.extend(known.check(pointer, named)?);
        Ok(name)
    }

    /// Renders the template of this name.
    pub fn text(&self, name: &str, scope: &Scope) -> Result<String, String> {
        let template = self.environment.get_template(name);
        template.and_then(|template| template.render(seen(scope))).map_err(|error| describe(&error))
    }

    /// Renders every text of a body.
    pub fn body(&self, body: &Body, scope: &Scope) -> Result<Value, String> {
        match body {
            Body::Plain(value) => Ok(value.clone()),
            Body::Text(name) => self.text(name, scope).map(Value::String),
            Body::Value(expression) => {
                let value = self
                    .environment
                    .compile_expression(expression)
                    .and_then(|expression| expression.eval(seen(scope)))
                    .map_err(|error| describe(&error))?;
                if value.is_undefined() {
                    return Err(format!("{{{{{expression}}}}} is not there"));
                }
                serde_json::to_value(&value).map_err(|error| format!("{{{{{expression}}}}} is no JSON: {error}"))
            }
            Body::List(items) => {
                items.iter().map(|item| self.body(item, scope)).collect::<Result<_, _>>().map(Value::Array)
            }
            Body::Map(fields) => {
                let field = |(key, item): &(String, Body)| Ok((key.clone(), self.body(item, scope)?));
                fields.iter().map(field).collect::<Result<Map<_, _>, String>>().map(Value::Object)
            }
        }
    }
}

fn seen(scope: &Scope) -> Seen {
    Seen::from(scope.clone())
}

fn describe(error: &Error) -> String {
    let place = error.name().map(|name| format!(" (in {})", name.trim_start_matches(PATH))).unwrap_or_default();
    format!("{}{place}", error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}

/// Writes a value into a path: one that would be another path is none.
fn in_path(out: &mut Output, value: &Seen) -> Result<(), Error> {
    let text = match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => value.to_string(),
        other => return Err(Error::new(ErrorKind::InvalidOperation, format!("{other} cannot be part of a path"))),
    };
    if matches!(text.as_str(), "" | "." | "..") {
        let message = format!("{text:?} cannot be part of a path");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    write!(out, "{}", utf8_percent_encode(&text, IN_PATH)).map_err(Error::from)
}

/// What a template may name: variables, and of some what they hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(BTreeMap<String, Value>);

impl Known {
    /// A variable; of an object given as its example the fields are known too.
    pub fn add(&mut self, name: &str, example: Value) {
        self.0.insert(name.to_owned(), example);
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Checks names such as `request.title`, and gives the variables among them.
    fn check(&self, pointer: &str, named: HashSet<String>) -> Result<Vec<String>, Wrong> {
        let named: BTreeSet<String> = named.into_iter().collect();
        let mut variables = Vec::new();
        for path in &named {
            let mut steps = path.split('.');
            let first = steps.next().unwrap_or_default();
            if FUNCTIONS.contains(&first) && !self.has(first) {
                continue;
            }
            variables.push(first.to_owned());
            let mut unknown = (!self.has(first)).then_some(first);
            let mut here = self.0.get(first);
            for step in steps {
                let Some(Value::Object(fields)) = here else { break };
                here = fields.get(step);
                unknown = here.is_none().then_some(step);
            }
            if let Some(unknown) = unknown {
                let message = format!("there is no {path:?} for a template");
                let (pointer, unknown) = (pointer.to_owned(), Some(unknown.to_owned()));
                return Err(Wrong { pointer, code: "unknown-variable", message, unknown });
            }
        }
        Ok(variables)
    }

    /// Names near `unknown`: of variables and of their fields.
    pub fn names(&self) -> Vec<&str> {
        let fields = self.0.values().filter_map(Value::as_object).flat_map(|fields| fields.keys());
        self.0.keys().chain(fields).map(String::as_str).collect()
    }
}
