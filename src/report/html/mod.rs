//! `report.html`: the whole run in one file that opens offline, without a network request and without JavaScript.
//!
//! The templates escape everything; style and script are the only inline code, and the page's content security policy
//! names their hashes, so nothing else can run even if an escape were missed.

mod case;
mod compared;
mod diff;
mod page;
mod timeline;

use data_encoding::BASE64;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::cases::CaseView;
use super::results::Place;
use super::{Out, RenderError, RunReport};
use crate::domain::Area;
use case::{CaseDetail, CaseRow};
pub use compared::render as render_compared;
use page::Listed;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Cases that are made at once, on all cores, and those among them that one core makes.
const AT_ONCE: usize = 64;
const TOGETHER: usize = 8;

pub fn render(report: &RunReport, out: Out) -> Result<(), RenderError> {
    let overview = report.overview()?;
    let listed = Listed::of(overview);
    let templates = templates().map_err(broken)?;
    let mut page = templates
        .get_template("report.html")
        .and_then(|template| {
            template.render_captured(context! {
                policy => policy(),
                style => Value::from_safe_string(STYLE.to_owned()),
                script => Value::from_safe_string(SCRIPT.to_owned()),
                page => Value::from(Serde(page::Page::of(report, overview, &listed))),
            })
        })
        .map_err(broken)?;
    let mut block = |out: Out, name| {
        let text = page.with_state_mut(|state| state.render_block(name)).map_err(broken)?;
        out.write_all(text.as_bytes()).map_err(RenderError::of("html"))
    };
    let columns: Vec<Area> = overview.asked.iter().copied().collect();
    block(out, "head")?;
    if !listed.open.is_empty() {
        block(out, "list")?;
        cases(&templates, (&listed.open, "detail"), out, |place| {
            let trials = report.full(place)?;
            Ok(CaseDetail::of(report, &CaseView::of(&trials), &columns))
        })?;
        block(out, "list_end")?;
    }
    if !listed.rows.is_empty() {
        block(out, "rows")?;
        cases(&templates, (&listed.rows, "row"), out, |place| {
            let trials = report.brief(place)?;
            Ok(CaseRow::of(&CaseView::of(&trials), &columns))
        })?;
        block(out, "rows_end")?;
    }
    block(out, "foot")?;
    out.flush().map_err(RenderError::of("html"))
}

fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = environment()?;
    templates.add_template("case.html", include_str!("case.html"))?;
    templates.add_template("report.html", include_str!("report.html"))?;
    Ok(templates)
}

/// Writes cases in order, some of them made at the same time.
fn cases<T: Serialize + Send + Sync + 'static>(
    templates: &Environment,
    (places, name): (&[&Place], &str),
    out: Out,
    make: impl Fn(&Place) -> Result<T, RenderError> + Sync,
) -> Result<(), RenderError> {
    // What the macro of the case templates makes of each case.
    let drawn = |places: &[&Place]| {
        let macros = templates.get_template("case.html").and_then(|template| template.render_captured(()));
        let mut macros = macros.map_err(broken)?;
        let mut text = String::new();
        for place in places {
            let value = [Value::from(Serde(make(place)?))];
            text += &macros.with_state_mut(|state| state.call_macro(name, &value)).map_err(broken)?;
        }
        Ok(text)
    };
    for places in places.chunks(AT_ONCE) {
        let texts: Vec<Result<String, RenderError>> = places.par_chunks(TOGETHER).map(drawn).collect();
        for text in texts {
            out.write_all(text?.as_bytes()).map_err(RenderError::of("html"))?;
        }
    }
    Ok(())
}

/// A page without script, of one template; `more` is style beside that of all reports.
pub fn static_page(template: &str, more: &str, page: impl Serialize) -> Result<Vec<u8>, RenderError> {
    let style = format!("{STYLE}{more}");
    let draw = || {
        let mut templates = environment()?;
        templates.add_template("page.html", template)?;
        templates.get_template("page.html")?.render(context! {
            policy => format!("default-src 'none'; style-src {}; base-uri 'none'; form-action 'none'", hash(&style)),
            style => Value::from_safe_string(style.clone()),
            page => Value::from(Serde(&page)),
        })
    };
    draw().map(String::into_bytes).map_err(broken)
}

fn broken(error: minijinja::Error) -> RenderError {
    RenderError::of("html")(error)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    // Whatever their names: all templates here are HTML.
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // A template loses one line break at its end.
    templates.add_template("head.html", concat!(include_str!("head.html"), "\n"))?;
    Ok(templates)
}

/// The content security policy: nothing but this page's own style and script.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn hash(code: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(code)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::printable;
    use crate::report::results::SHOWN;
    use crate::report::{sample, tests::rendered};

    fn page(report: &RunReport) -> String {
        rendered("html", report)
    }

    #[test]
    fn bounds_and_p_values_are_shown_exactly_where_answers_vary() {
        for (report, shown) in [(sample::run(), false), (sample::varying(), true)] {
            let page = page(&report);
            for text in ["p(Holm)", "pass^k", "the accepted repeats of the same cases"] {
                assert_eq!(page.contains(text), shown, "{text}");
            }
        }
    }

    /// The page without what the tool itself put into `<style>` and `<script>`.
    fn body(report: &RunReport) -> String {
        page(report).replace(STYLE, "").replace(SCRIPT, "")
    }

    #[test]
    fn hostile_text_is_shown_and_does_not_run() {
        let body = body(&sample::run());
        assert_eq!(body.matches("<script").count(), 1, "only the page's own script");
        for markup in ["<img", "<svg onload", "<a href=\"javascript", "<b>"] {
            assert!(!body.contains(markup), "{markup} is markup");
        }
        assert!(body.contains("{{ 7*7 }} {% for x in y %}"), "template code stays text");
        assert!(body.contains("&lt;&#x2f;script&gt;&lt;script&gt;alert(1)"), "a script stays text");
        assert!(body.contains("\\u{202e}cod.exe"), "BiDi controls are seen");
        assert!(body.contains("\\u{1b}[2J"), "escapes are seen");
    }

    #[test]
    fn every_waiver_is_a_row_with_its_state_and_its_end() {
        let body = body(&sample::waived());
        for state in ["in use", "not needed", "EXPIRED", "not yet", "refused"] {
            assert!(body.contains(&format!("\">{state}</span></td>")), "{state}");
        }
        assert!(body.contains("<td>ada &lt;@ops&gt;</td>") && body.contains("<td>2026-03-10, expired 2 days ago</td>"));
        assert_eq!(body.matches("<script").count(), 1);
    }

    #[test]
    fn every_attribute_that_could_run_or_load_is_the_tools_own() {
        let body = body(&sample::run());
        for tag in body.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
            let mut pieces = tag.split('"');
            while let Some(names) = pieces.next() {
                let value = pieces.next().unwrap_or_default();
                let name = names.split_whitespace().last().unwrap_or_default();
                assert!(
                    !name.starts_with("on") && !["style=", "src=", "srcset=", "action="].contains(&name),
                    "<{tag}>"
                );
                assert!(name != "href=" || value.starts_with('#'), "<{tag}>");
            }
        }
    }

    #[test]
    fn the_policy_allows_this_style_and_script_and_nothing_else() {
        let page = page(&sample::run());
        let policy = policy();
        assert!(page.contains(&format!("content=\"{}\"", policy.replace('\'', "&#x27;").replace('/', "&#x2f;"))));
        assert!(page.contains(&format!("<style>{STYLE}</style>")));
        assert!(page.contains(&format!("<script>{SCRIPT}</script>")));
        assert!(policy.starts_with("default-src 'none'; "));
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</"));
        assert!(!STYLE.contains("url(") && !SCRIPT.contains("innerHTML"));
    }

    #[test]
    fn every_case_is_there_with_its_reasons_and_where_it_comes_from() {
        let report = sample::run();
        let body = body(&report);
        for result in &report.results {
            assert!(body.contains(&format!("id=\"case-{}\"", result.case.id)));
            assert!(body.contains(&format!("{}:{}", result.file, result.line).replace('/', "&#x2f;")));
            for criterion in &result.scored.criteria {
                let why = minijinja::HtmlEscape(&printable(criterion.mark.why())).to_string();
                assert!(body.contains(&why), "{why}");
            }
        }
    }

    #[test]
    fn a_clean_area_says_what_that_is_worth_and_a_case_how_to_run_it_again() {
        let body = body(&sample::run());
        assert!(
            body.contains("<p class=\"quiet\">0 violations in 7 cases (true rate below 34.8 %, 95 % confidence)</p>")
        );
        let command = format!("evalgate run --target rules --filter &#x27;id({})&#x27;", sample::REGRESSED);
        assert!(body.contains(&command));
    }

    #[test]
    fn ids_are_unique_and_links_lead_somewhere() {
        let body = body(&sample::run());
        let after = |marker: &str| -> Vec<String> {
            body.split(marker).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
        };
        let mut ids = after(" id=\"");
        for target in after("href=\"#") {
            assert!(ids.contains(&target), "#{target} is nowhere");
        }
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn of_many_repeats_the_worst_are_shown_and_the_others_counted() {
        let mut report = sample::run();
        let mut good = sample::repeats(&report.results, "quarter-end-report")[0].clone();
        let mut bad = sample::repeats(&report.results, sample::REGRESSED)[0].clone();
        bad.case = std::sync::Arc::clone(&good.case);
        report.results = (1..=15)
            .map(|repeat| {
                let result = if repeat == 14 { &mut bad } else { &mut good };
                result.trial.repeat = repeat;
                result.clone()
            })
            .collect();
        let body = body(&report);
        assert_eq!(body.matches("<details class=\"repeat\"").count(), 10);
        assert!(body.contains("<h4>Repeat 14</h4>") && body.contains("<details class=\"repeat\" open>"));
        assert!(body.contains("5 more repeats, none of them worse"));
    }

    #[test]
    fn a_large_run_stays_a_page_that_opens() {
        let report = sample::large(SHOWN + 1_000);
        let body = body(&report);
        let opened = body.matches("<details class=\"case\"").count();
        let rows = body.matches("<tr class=\"case\"").count();
        assert_eq!(opened, (SHOWN + 1_000) / 10 + page::OTHERS);
        assert_eq!(opened + rows, SHOWN);
        assert!(body.contains("1,000 more cases, none of them worse, are in <code>cases.csv</code>"));
    }
}
