//! The loop: an output is rejected, corrected, guarded, mended, and seen again when it comes back.

use crate::correct::{guarded, id};

/// A request that the clerk's rules do not understand.
const BUNKERS: &str = "  - id: bunkers-wanted
    title: Bunkers wanted
    request:
      org_id: quay
      type: admin_config
      title: Bunkers tomorrow
      intake_payload: {channel: radio, author: skipper of the Marit, body: We take bunkers tomorrow at nine.}
    expect:
      escalates: false
      tools: {never: [send_notice]}
      state: unchanged
";

const RULES: &str = "suites/intake-note/rules.yaml";

#[test]
fn what_was_put_right_is_guarded_until_it_is_mended_and_ever_after() {
    let project = guarded();
    let suite = project.read("suites/intake-note/requests.yaml");
    project.write("suites/intake-note/requests.yaml", suite + BUNKERS);
    // New behaviour waits for a person, who is not content with it.
    project.run(&["run"]).exits(5);
    let corrected = project
        .run(&[
            "correct",
            "bunkers-wanted",
            "--set",
            "/topic=fuel",
            "--verdict",
            "rejected",
            "--reason",
            "weak_prompt",
            "--minutes",
            "4",
            "--guards",
            "Bunkers are fuel.",
            "--by",
            "m.silva",
        ])
        .exits(0);
    let id = id(&corrected);
    // The rules are what they were: the correction fails, and what the reviewer asked for goes on waiting.
    project
        .run(&["run"])
        .exits(1)
        .says("What a reviewer put right is not fixed yet in 1 of 1 correction")
        .says("corrected by m.silva on")
        .says("not asked in any earlier run");
    let wish = format!("golden/clerk/intake-note/reviewer-corrections/{id}.snap.new");
    assert!(project.read(&wish).contains("  topic: fuel\n"));
    project.run(&["run"]).exits(1).says("never held in 1 earlier run");
    // Mended, and accepted.
    project.edit(RULES, "fuel: {strong: [diesel, fuel]", "fuel: {strong: [diesel, fuel, bunkers]");
    project.run(&["run"]).exits(5);
    assert!(!project.read(&wish).contains("correction: \"bunkers"), "what the agent does is what waits now");
    project.run(&["review", "--accept-all", "--reason", "bunkers are fuel", "--by", "m.silva"]).exits(0);
    project.run(&["run"]).exits(0);
    // It comes back.
    project.edit(RULES, "diesel, fuel, bunkers]", "diesel, fuel]");
    let back = project.run(&["run"]).exits(1);
    back.says("What a reviewer put right came back in 1 of 1 correction")
        .says("corrected by m.silva on")
        .says("held in run");
    project.run(&["gate"]).exits(1).says("came back in 1 of 1 correction");
    assert!(project.of_run("report.html").contains("came back in 1 of 1"), "the page says so too");
    let listed = project.run(&["list", "corrections", "--format", "json"]).exits(0).json();
    assert_eq!((listed["guards"]["n"].as_u64(), listed["guards"]["back_now"].as_u64()), (Some(1), Some(1)));
    assert_eq!(listed["guards"]["times_back"], 1);
    assert_eq!(
        (listed["rate"]["count"].as_u64(), listed["by_reason"]["weak_prompt"]["count"].as_u64()),
        (Some(1), Some(1))
    );
    assert_eq!((listed["minutes"]["n"].as_u64(), listed["minutes"]["total"].as_f64()), (Some(1), Some(4.0)));
    assert_eq!(listed["hours_to_fix"]["n"], 1);
    // One output was put right; what the mended agent does was accepted in both cases.
    assert_eq!((listed["agreed"]["count"].as_u64(), listed["agreed"]["of"].as_u64()), (Some(2), Some(3)));
    project.run(&["list", "corrections"]).exits(0).says("1 came back at some time (times in all: 1)");
}
