//! Trust in the numbers: licences of judges, marks that are missing, gates without a verdict, and what is excused.

use super::Sources;
use crate::calibration::Licence;
use crate::gate::{Decision, LicenceLine, WaiverLine, counted};
use crate::report::trend::document::{Block, Cell, Table, Tone, columns};
use crate::report::words;
use crate::stats::proportion::clopper_pearson;
use crate::trend::CONFIDENCE;

pub fn block(sources: &Sources) -> Block {
    let material = sources.material;
    let mut lead = Vec::new();
    if material.verdict.is_none() {
        lead.push(
            "Licences and waivers are those of the newest run's verdict, whose folder is not here: `evalgate pull` brings it."
                .to_owned(),
        );
    }
    let tables = vec![missing(sources), gates(sources), licences(sources), waivers(sources)];
    Block { id: "trust", title: "Trust in the numbers", lead, tables, charts: Vec::new() }
}

fn missing(sources: &Sources) -> Table {
    let row = |area: &crate::domain::Area| {
        let sums = sources.material.newest.iter().filter(|(_, of, _)| of == area).map(|(_, _, sum)| sum);
        let (marked, not_scored, missing) = sums.fold((0, 0, 0), |(marked, not_scored, missing), sum| {
            (marked + sum.marked(), not_scored + sum.not_scored, missing + sum.missing)
        });
        let asked = marked + missing;
        let share = (asked > 0).then(|| missing as f64 / asked as f64);
        vec![
            Cell::text(area.name()),
            Cell::count(marked).linked(sources.newest()),
            Cell::count(missing).linked(sources.newest()),
            Cell::rate(share, clopper_pearson(missing, asked, CONFIDENCE)).linked(sources.newest()),
            Cell::count(not_scored - missing).linked(sources.newest()),
        ]
    };
    let material = sources.material;
    let mut of = material.pipeline.as_ref().map_or("all its pipelines".to_owned(), |pipeline| format!("of {pipeline}"));
    if material.org.is_some() {
        of += ", all orgs";
    }
    Table {
        id: "missing",
        caption: format!(
            "Marks of the newest run, {of}. Missing: the target failed. Not scored: nothing of the area \
                  applied, or nobody could judge it."
        ),
        columns: columns([
            ("area", "Area"),
            ("marks", "Marks"),
            ("missing", "Missing"),
            ("share", "Share missing"),
            ("not_scored", "Not scored"),
        ]),
        rows: crate::domain::Area::ALL.iter().map(row).collect(),
        folded: false,
    }
}

fn gates(sources: &Sources) -> Table {
    let entries = &sources.material.entries;
    let since = sources.material.counted_since;
    let recent: Vec<_> = entries.iter().filter(|entry| entry.decided.at >= since).collect();
    let row = |decision: &Decision| {
        let n = recent.iter().filter(|entry| entry.decided.decision == *decision).count() as u64;
        let share = (!recent.is_empty()).then(|| n as f64 / recent.len() as f64);
        let interval = clopper_pearson(n, recent.len() as u64, CONFIDENCE);
        let link = Some("#log-decisions".to_owned());
        vec![
            Cell::text(words::decision(*decision).1),
            Cell::count(n).linked(link.clone()),
            Cell::rate(share, interval).linked(link),
        ]
    };
    Table {
        id: "gates",
        caption: format!(
            "{} since {}.{}",
            counted(recent.len(), "decision"),
            crate::trend::day(since),
            sources.whole_runs()
        ),
        columns: columns([("decision", "Decision"), ("n", "How often"), ("share", "Share")]),
        rows: crate::trend::Release::STANDS.iter().map(row).collect(),
        folded: false,
    }
}

fn licences(sources: &Sources) -> Table {
    let licences = sources.material.verdict.as_ref().map(|verdict| verdict.licences.as_slice()).unwrap_or_default();
    let row = |line: &LicenceLine| {
        let (word, tone) = match line.licence {
            Licence::Licensed(_) => ("may gate", Tone::Good),
            Licence::Refused(_) => ("may not gate", Tone::Middle),
        };
        vec![
            Cell::text(line.judge.as_str()),
            Cell::text(line.area.name()),
            Cell::text(word).toned(tone),
            Cell::text(line.licence.sentence(&line.judge, line.area)),
        ]
    };
    Table {
        id: "licences",
        caption: format!("Judges, as the newest run was judged.{}", sources.whole_runs()),
        columns: columns([("judge", "Judge"), ("area", "Area"), ("licence", "Licence"), ("why", "Why")]),
        rows: licences.iter().map(row).collect(),
        folded: false,
    }
}

fn waivers(sources: &Sources) -> Table {
    let waivers = sources.material.verdict.as_ref().map(|verdict| verdict.waivers.as_slice()).unwrap_or_default();
    let row = |line: &WaiverLine| {
        let waiver = &line.waiver;
        vec![
            Cell::text(waiver.case.as_str()),
            Cell::text(waiver.area.to_string()),
            Cell::text(words::waiver_state(line.state)),
            Cell::text(waiver.owner.clone()),
            Cell::text(waiver.expires.to_string()),
            Cell::text(waiver.reason.clone()),
        ]
    };
    Table {
        id: "waivers",
        caption:
            "Waivers, as the newest run was judged: cases whose fall is excused, and that count as quarantined for so \
                  long."
                .to_owned(),
        columns: columns([
            ("case", "Case"),
            ("area", "Area"),
            ("state", "State"),
            ("owner", "Owner"),
            ("expires", "Last day"),
            ("reason", "Reason"),
        ]),
        rows: waivers.iter().map(row).collect(),
        folded: false,
    }
}
