//! Values that stay the same from trial to trial: as JSON they are written once.
//!
//! To a template they are the values that they stand for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{DynObject, Enumerator, Kwargs, Object, ObjectRepr};
use minijinja::{Error, Value, filters};

/// A list or a map that stays the same.
pub(super) struct Kept {
    value: DynObject,
    /// As JSON, by indent.
    texts: Mutex<Vec<(Option<Value>, Value)>>,
}

impl Kept {
    /// Stands for a value. What is neither a list nor a map is small, and stays what it is.
    pub fn of(value: Value) -> Value {
        match value.as_object() {
            Some(object) => Value::from_object(Self { value: object.clone(), texts: Mutex::default() }),
            None => value,
        }
    }
}

/// The filter of this name: the library's own, which is asked once for what stays the same.
pub(super) fn tojson(value: &Value, indent: Option<Value>, args: Kwargs) -> Result<Value, Error> {
    let Some(kept) = value.downcast_object_ref::<Kept>() else { return filters::tojson(value, indent, args) };
    let indent = match indent {
        Some(indent) => Some(indent),
        None => args.get("indent")?,
    };
    args.assert_all_used()?;
    let mut texts = kept.texts.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, text)) = texts.iter().find(|(known, _)| *known == indent) {
        return Ok(text.clone());
    }
    let text = filters::tojson(
        &Value::from_dyn_object(kept.value.clone()),
        indent.clone(),
        Kwargs::from_iter([] as [(&str, Value); 0]),
    )?;
    texts.push((indent, text.clone()));
    Ok(text)
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

impl Object for Kept {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        self.value.repr()
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.value.get_value(key)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.value.get_value_by_str(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.value.enumerate()
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.value.enumerator_len()
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.value.is_true()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.render(f)
    }
}

#[cfg(test)]
mod tests {
    use minijinja::value::Serde;
    use minijinja::{Environment, context};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_cannot_tell_it_from_the_value_it_stands_for() {
        let value = json!({"b": [1, {"x": "<é>"}, null, 2.5], "a": {"deep": {"er": true}}, "empty": {}, "none": []});
        let plain = Value::from(Serde(&value));
        let mut environment = Environment::new();
        environment.add_filter("tojson", tojson);
        for template in [
            "{{ v }}",
            "{{ v | tojson }} {{ v | tojson(indent=2) }} {{ v | tojson(4) }} {{ v | tojson(true) }} {{ v | tojson }}",
            "{{ [v, v] | tojson }} {{ {'in': v} | tojson(indent=2) }}",
            "{% for key in v %}{{ key }}={{ v[key] }} {{ loop.last }};{% endfor %} {{ v | length }}",
            "{% for key, value in v | items %}{{ key }}:{{ value | tojson }},{% endfor %}",
            "{{ v.b[1].x }} {{ v['a'].deep.er }} {{ v.nothing is defined }} {{ 'b' in v }} {{ v is mapping }}",
            "{{ v == v }} {{ v == plain }} {{ plain == v }} {% if v %}yes{% endif %} {{ v.b | first }} {{ v | dictsort }}",
            "{{ v.b | join('-') }} {{ v | list }} {{ v | pprint }} {{ v is iterable }} {{ v is sequence }}",
        ] {
            let render = |v: Value| environment.render_str(template, context! { v, plain => plain.clone() }).unwrap();
            assert_eq!(render(Kept::of(plain.clone())), render(plain.clone()), "{template}");
        }
    }

    #[test]
    fn a_list_stays_a_list_and_what_is_small_stays_what_it_is() {
        let list = Value::from(Serde(&json!([{"a": 1}, {"a": 2}])));
        let mut environment = Environment::new();
        environment.add_filter("tojson", tojson);
        let template = "{{ v }}{% for x in v %}{{ x.a }}{{ loop.index }}{% else %}none{% endfor %}{{ v[1] }}{{ v[-1] }}\
                        {{ v | map(attribute='a') | list }}{{ v[:1] }}{{ v | reverse | first }}{{ v is sequence }}";
        let render = |v: Value| environment.render_str(template, context! { v }).unwrap();
        assert_eq!(render(Kept::of(list.clone())), render(list));
        let empty = Value::from(Serde(&json!([])));
        assert_eq!(render_empty(&environment, Kept::of(empty.clone())), render_empty(&environment, empty));
        assert_eq!(Kept::of(Value::from("text")).as_str(), Some("text"));
        assert_eq!(Kept::of(Value::from(true)), Value::from(true));
    }

    fn render_empty(environment: &Environment, v: Value) -> String {
        environment
            .render_str(
                "{% if v %}some{% else %}none{% endif %}{% for x in v %}{% else %}none{% endfor %}",
                context! { v },
            )
            .unwrap()
    }

    #[test]
    fn a_wrong_argument_is_an_error_however_often_it_was_written() {
        let mut environment = Environment::new();
        environment.add_filter("tojson", tojson);
        let kept = Kept::of(Value::from(Serde(&json!({"a": 1}))));
        let render = |text: &str| environment.render_str(text, context! { v => kept.clone() });
        assert!(render("{{ v | tojson }}").is_ok());
        assert!(render("{{ v | tojson(spaces=2) }}").is_err());
        assert!(render("{{ v | tojson(indent='x') }}").is_err());
    }
}
