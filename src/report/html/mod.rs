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
use sha2::{Digest, Sha256};

use super::{RenderError, RunReport};
pub use compared::render as render_compared;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

pub fn render(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    draw(report).map(String::into_bytes).map_err(RenderError::of("html"))
}

fn draw(report: &RunReport) -> Result<String, minijinja::Error> {
    let mut templates = environment()?;
    templates.add_template("case.html", include_str!("case.html"))?;
    templates.add_template("report.html", include_str!("report.html"))?;
    templates.get_template("report.html")?.render(context! {
        policy => policy(),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        page => Value::from(Serde(page::Page::of(report))),
    })
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    // Whatever their names: all templates here are HTML.
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
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
    use crate::report::sample;

    fn page(report: &RunReport) -> String {
        draw(report).unwrap()
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
    fn a_large_run_stays_a_page_that_opens() {
        let report = sample::large(6_000);
        let body = body(&report);
        let opened = body.matches("<details class=\"case\"").count();
        let rows = body.matches("<tr class=\"case\"").count();
        assert_eq!(opened, 600 + page::OTHERS);
        assert_eq!(opened + rows, page::SHOWN);
        assert!(body.contains("1,000 more cases are in <code>cases.csv</code>"));
    }
}
