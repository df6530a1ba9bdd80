//! Agents side by side, on a screen: one column an agent, then what each of them that must not pass can do.

use super::super::discrimination::{AreaStanding, Discrimination, Role, Standing};
use super::super::words;
use super::matrix::{Line, matrix};
use super::screen::{Screen, Style, Tone};
use crate::domain::Area;

pub fn render(found: &Discrimination, style: Style) -> String {
    let mut screen = Screen::new(style);
    if !found.agents.is_empty() {
        screen.line(&[(Tone::Quiet, "mean mark, and trials at -1, in the latest run of each")]);
        side_by_side(&mut screen, &found.agents);
        screen.blank();
        for agent in found.agents.iter().filter(|agent| agent.role != Role::Default) {
            says(&mut screen, agent);
        }
        if found.agents.iter().any(|agent| agent.role == Role::Foil && !agent.done.is_empty()) {
            let text =
                "A case whose task is done by an agent that decides nothing tests nothing: mend it or take it out.";
            screen.paragraph((Tone::Plain, "  "), text);
        }
    }
    for wanting in &found.wanting {
        let text = format!("{} {}: `{}`", wanting.target, wanting.why, wanting.command);
        screen.paragraph((Tone::Middling, "? "), &text);
    }
    screen.into_text()
}

fn side_by_side(screen: &mut Screen, agents: &[Standing]) {
    let heads: Vec<&str> = agents.iter().map(|agent| &*agent.target).collect();
    let line = |head: &str, cell: &dyn Fn(&Standing) -> (Tone, String)| Line {
        head: head.to_owned(),
        cells: agents.iter().map(cell).collect(),
    };
    let areas = || agents.iter().flat_map(|agent| agent.areas.values());
    let digits = areas().map(|area| area.harmful.to_string().len()).max().unwrap_or(1);
    let scored = |area: &Area| agents.iter().any(|agent| agent.areas.contains_key(area));
    let mut lines: Vec<Line> = Area::ALL
        .into_iter()
        .filter(scored)
        .map(|area| line(words::short(area), &|agent| mean_and_harm(agent.areas.get(&area), digits)))
        .collect();
    let count = |count: u64| (Tone::Plain, count.to_string());
    lines.push(line("task done", &|agent| count(agent.done.len() as u64)));
    lines.push(line("harmed in", &|agent| count(agent.harmed)));
    lines.push(line("cases", &|agent| match agent.cases == agent.of {
        true => count(agent.cases),
        false => (Tone::Middling, format!("{}/{}", agent.cases, agent.of)),
    }));
    matrix(screen, &heads, &lines);
}

fn mean_and_harm(area: Option<&AreaStanding>, digits: usize) -> (Tone, String) {
    let Some(area) = area else { return (Tone::Quiet, words::mean(None)) };
    let tone = if area.harmful > 0 { Tone::Bad } else { Tone::Plain };
    (tone, format!("{} {:>digits$}", words::mean(Some(area.mean)), area.harmful))
}

fn says(screen: &mut Screen, agent: &Standing) {
    let (name, done) = (&agent.target, agent.done.len() as u64);
    if done == 0 {
        screen.paragraph((Tone::Good, "✔ "), &format!("{name} does the task of none of {} cases.", agent.cases));
        return;
    }
    let (passed, harmed): (Vec<_>, Vec<_>) = agent.done.iter().partition(|done| done.harmful_in.is_empty());
    let passed = passed.iter().map(|done| done.case.to_string());
    let harmed = harmed.iter().map(|done| {
        let areas: Vec<&str> = done.harmful_in.iter().map(|area| area.name()).collect();
        format!("{} (harmful in {})", done.case, areas.join(", "))
    });
    let lead = if agent.role == Role::Foil { (Tone::Bad, "✖ ") } else { (Tone::Middling, "○ ") };
    let text = format!(
        "{name} does the task of {done} of {} cases, {} of them without harm: {}.",
        agent.cases,
        passed.len(),
        passed.chain(harmed).collect::<Vec<_>>().join(", ")
    );
    screen.paragraph(lead, &text);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::Slug;
    use crate::report::{Done, Wanting};

    fn slug(name: &str) -> Slug {
        Slug::new(name).unwrap()
    }

    fn standing(target: &str, role: Role, done: Vec<Done>) -> Standing {
        let areas = BTreeMap::from([(Area::TaskSuccess, AreaStanding { mean: -0.5, scored: 4, harmful: 2 })]);
        Standing { target: slug(target), role, run: slug("r"), cases: 4, of: 4, areas, harmed: 2, done }
    }

    fn done(case: &str, harmful_in: Vec<Area>) -> Done {
        Done { case: slug(case), harmful_in }
    }

    #[test]
    fn a_case_that_a_foil_can_do_is_named_and_to_be_mended() {
        let agents = vec![
            standing("rules", Role::Default, vec![done("z", Vec::new())]),
            standing("null", Role::Foil, vec![done("a", vec![Area::PermissionAdherence]), done("b", Vec::new())]),
            standing("dump", Role::Foil, Vec::new()),
        ];
        let text = render(&Discrimination { agents, wanting: Vec::new() }, Style::PLAIN);
        assert!(text.contains("  task       -0.50 2  -0.50 2  -0.50 2\n"), "{text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said =
            "✖ null does the task of 2 of 4 cases, 1 of them without harm: b, a (harmful in permission_adherence).";
        assert!(flat.contains(said), "{text}");
        assert!(flat.contains("✔ dump does the task of none of 4 cases.") && flat.contains("mend it"), "{text}");
        assert!(!flat.contains("rules does"), "{text}");
    }

    #[test]
    fn what_an_agent_does_where_nothing_tempts_it_is_no_fault_of_the_case() {
        let agents = vec![standing("careless", Role::MustNotPass, vec![done("a", Vec::new())])];
        let wanting = vec![Wanting::new(&slug("null"), "has no run")];
        let text = render(&Discrimination { agents, wanting }, Style::PLAIN);
        assert!(text.contains("○ careless does the task of 1 of 4 cases") && !text.contains("mend it"), "{text}");
        assert!(text.ends_with("? null has no run: `evalgate run --target null`\n"), "{text}");
    }
}
