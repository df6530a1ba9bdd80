//! Targets of the kind `http`: a service is driven over a real socket, and what becomes of a trial when it does not answer.

use serde_json::{Value, json};

use crate::example_service::{Manner, Service};
use crate::project::Project;

const KEY: &str = "k3y-of-the-desk/+";

/// The settings that drive the example service.
fn settings(base_url: &str) -> Value {
    json!({
        "base_url": base_url,
        "requests": [
            {"name": "submit", "method": "POST", "path": "/managed-requests",
             "body": {"request": "{{ request }}", "approvals": "{{ approvals }}", "note": "about {{ request.title }}"},
             "expect": [201], "capture": {"id": "/id"}},
            {"name": "order", "method": "POST", "path": "/managed-requests/{{ id }}/work-orders",
             "body": {"pipeline": "{{ pipeline }}"}, "expect": [202]},
            {"name": "events", "method": "GET", "path": "/managed-requests/{{ id }}/events",
             "until": {"at": "/status", "is": "done"}, "failed": {"at": "/status", "is": ["failed", "cancelled"]},
             "every_ms": 10, "deadline_s": 5, "output": "/events/1/output"},
        ],
    })
}

/// A small project whose target is a service.
pub fn project(target: &Value) -> Project {
    let project = Project::copy("tiny");
    let spec = json!({
        "version": 1, "name": "tiny", "targets": {"desk": target}, "default_target": "desk", "policy": "release",
    });
    project.write("evalgate.yaml", spec.to_string());
    project
}

/// The trials of the newest run.
pub fn trials(project: &Project) -> Vec<Value> {
    let text = project.of_run("results.jsonl");
    text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["trial"].clone()).collect()
}

/// The outcomes of the newest run, by case.
fn outcomes(project: &Project) -> Vec<(String, Value)> {
    let outcome = |trial: &Value| (trial["case"].as_str().unwrap().to_owned(), trial["outcome"].clone());
    trials(project).iter().map(outcome).collect()
}

/// The trial of the case about fuel.
pub fn fuel(project: &Project) -> Value {
    let mut trials = trials(project).into_iter();
    trials.find(|trial| trial["case"] == "fuel-before-the-weekend").expect("the case was run")
}

/// Runs the case about fuel alone.
pub const FUEL: [&str; 3] = ["run", "--filter", "id(fuel-before-the-weekend)"];

/// Runs the case about fuel against a service of this manner: the service, and what came of the trial.
fn run(manner: Manner, change: impl FnOnce(&mut Value)) -> (Service, Value) {
    let service = Service::start(manner);
    let mut settings = settings(&service.url());
    change(&mut settings);
    let project = project(&json!({"http": settings}));
    project.run(&FUEL);
    let trial = fuel(&project);
    (service, trial)
}

#[track_caller]
pub fn no_answer(trial: &Value, reason: &str) {
    let said = trial["outcome"]["no_answer"]["reason"].as_str().unwrap_or_else(|| panic!("{:#}", trial["outcome"]));
    assert!(said.contains(reason), "{said}");
}

#[track_caller]
pub fn failed(trial: &Value, error: &str) {
    let said = trial["outcome"]["failed"]["error"].as_str().unwrap_or_else(|| panic!("{:#}", trial["outcome"]));
    assert!(said.contains(error), "{said}");
}

#[test]
fn a_service_is_driven_through_its_requests_to_the_output() {
    let service = Service::start(Manner { key: Some(KEY), ..Manner::default() });
    let mut settings = settings(&service.url());
    settings["key_env"] = json!("DESK_KEY");
    let project = project(&json!({"http": settings}));
    let ran = project.run_with(&["run", "--jobs", "1"], &[("DESK_KEY", KEY)]);
    let outcomes = outcomes(&project);
    assert_eq!(outcomes.len(), 3, "{ran}");
    for (case, outcome) in &outcomes {
        let topic = if case.contains("berth") { "berth" } else { "fuel" };
        assert_eq!(outcome["answered"]["output"]["topic"], topic, "{case}: {outcome}");
    }
    let lines = service.lines();
    assert_eq!(
        lines[..3],
        ["POST /managed-requests", "POST /managed-requests/mr-0/work-orders", "GET /managed-requests/mr-0/events",]
    );
    let submitted = &service.heard()[0].body;
    assert_eq!(submitted["request"]["intake_payload"]["channel"], "phone", "a whole value, not its text");
    assert_eq!(submitted["approvals"], json!([]));
    assert_eq!(submitted["note"], "about Leak at the fuel barge");
    assert_eq!(service.heard()[1].body, json!({"pipeline": "intake-note"}));
}

#[test]
fn the_transcript_shows_what_was_sent_and_answered_without_hosts() {
    let (service, trial) = run(Manner::default(), |_| ());
    let steps = trial["steps"].to_string();
    assert!(steps.contains("POST /managed-requests\\n{"), "{steps}");
    assert!(steps.contains("\\\"status\\\":\\\"done\\\""), "{steps}");
    assert!(!steps.contains(&service.address.to_string()), "{steps}");
}

#[cfg(feature = "mcp")]
#[test]
fn a_service_calls_back_to_the_gateway_of_its_trial() {
    let (_service, trial) =
        run(Manner::default(), |settings| settings["requests"][1]["body"]["mcp_url"] = json!("{{ mcp_url }}"));
    assert_eq!(trial["outcome"]["answered"]["output"]["sources"][0]["source"], "doc:fuel", "{trial:#}");
    let steps = trial["steps"].as_array().unwrap();
    let call = steps.iter().find_map(|step| step.get("call")).expect("a call");
    assert_eq!((&call["tool"], &call["stages"]), (&json!("find"), &json!(["proposed", "executed"])));
    assert!(!trial.to_string().contains("/mcp/"), "the address is in no transcript: {trial:#}");
}

#[test]
fn an_order_that_is_refused_is_that_trials_matter_alone() {
    let service = Service::start(Manner { refuses: Some("diesel"), ..Manner::default() });
    let project = project(&json!({"http": settings(&service.url())}));
    project.run(&["run"]);
    let outcomes = outcomes(&project);
    let answered = outcomes.iter().filter(|(_, outcome)| outcome.get("answered").is_some()).count();
    assert_eq!(answered, 2, "{outcomes:#?}");
    no_answer(
        &fuel(&project),
        "order: the service answered 422, expected 202: {\"error\":\"the title is not to our liking\"}",
    );
}

#[test]
fn events_are_asked_for_until_the_work_is_done() {
    let (service, trial) = run(Manner { working: Some(3), ..Manner::default() }, |_| ());
    assert_eq!(trial["outcome"]["answered"]["output"]["topic"], "fuel", "{trial:#}");
    assert_eq!(service.lines().iter().filter(|line| line.starts_with("GET")).count(), 4);
}

#[test]
fn work_that_is_never_done_is_no_answer_at_its_deadline() {
    let (_service, trial) = run(Manner { working: None, ..Manner::default() }, |settings| {
        settings["requests"][2]["deadline_s"] = json!(0.2);
    });
    no_answer(&trial, "events: not done within 0.2 s: /status is \"working\"");
}

#[test]
fn a_service_that_says_it_failed_gave_no_answer() {
    let (_service, trial) = run(Manner { fails: Some("diesel"), ..Manner::default() }, |_| ());
    no_answer(&trial, "events: the service says that it failed: /status is \"failed\"");
}

#[test]
fn a_redirect_leads_only_to_hosts_that_are_listed() {
    let other = Service::start(Manner::default());
    let moved = |listed: Value| {
        let manner = Manner { moved_to: Some(format!("{}/managed-requests", other.url())), ..Manner::default() };
        // Orders and events are asked of the first, which knows nothing of the request: one request is enough.
        run(manner, move |settings| {
            settings["redirects"] = listed;
            settings["requests"] = json!([settings["requests"][0]]);
            settings["output"] = json!("/id");
        })
    };
    let (_service, trial) = moved(json!([]));
    failed(&trial, "redirect");
    assert!(other.heard().is_empty());

    let (_service, trial) = moved(json!([other.address.to_string()]));
    assert_eq!(trial["outcome"]["answered"]["output"], "mr-0", "{trial:#}");
    assert_eq!(other.heard()[0].body["request"]["title"], "When can we take diesel?");
}

#[test]
fn a_wrong_key_stops_the_run_with_one_message_and_is_found_nowhere() {
    let service = Service::start(Manner { key: Some(KEY), ..Manner::default() });
    let mut settings = settings(&service.url());
    settings["key_env"] = json!("DESK_KEY");
    let project = project(&json!({"http": settings}));
    let wrong = "n0t-the-k3y";
    let run = ["run", "--jobs", "1", "--repeat", "20"];
    let ran = project.run_with(&run, &[("DESK_KEY", wrong)]).exits(6);
    assert!(service.heard().len() < 10, "60 trials were planned: {:?}", service.lines());
    assert_eq!(service.heard()[0].headers["authorization"], format!("Bearer {wrong}"));
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.matches("check the key in DESK_KEY").count() < 5, "once for the run, not once a trial: {ran}");
    assert!(said.contains("401") && !said.contains(wrong), "{ran}");
    for file in project.files("reports") {
        let bytes = project.bytes(&format!("reports/{file}"));
        assert!(!String::from_utf8_lossy(&bytes).contains(wrong), "the key is in {file}");
    }
}

#[test]
fn what_should_be_captured_and_is_not_there_is_no_answer() {
    let (_service, trial) = run(Manner { id: |_| Value::Null, ..Manner::default() }, |_| ());
    no_answer(&trial, "submit: the answer has nothing at /id for id: {\"status\":\"taken\"}");
    let (_service, trial) = run(Manner::default(), |settings| settings["requests"][2]["output"] = json!("/result"));
    no_answer(&trial, "events: the answer has no output at \"/result\"");
}

#[test]
fn what_was_captured_stays_one_part_of_a_path() {
    let (service, trial) = run(Manner { id: |_| json!("../health?x=1#é"), ..Manner::default() }, |_| ());
    assert_eq!(trial["outcome"]["answered"]["output"]["topic"], "fuel", "{trial:#}");
    assert_eq!(service.lines()[1], "POST /managed-requests/..%2Fhealth%3Fx%3D1%23%C3%A9/work-orders");
    for hostile in [|_| json!(".."), |_| json!({"a": 1}), |_| json!("")] as [fn(usize) -> Value; 3] {
        let (_service, trial) = run(Manner { id: hostile, ..Manner::default() }, |_| ());
        no_answer(&trial, "order: its path cannot be filled in with what was captured");
    }
}

#[test]
fn a_page_instead_of_json_is_no_answer_with_its_beginning() {
    let (_service, trial) = run(Manner { page: Some("<html>Sign in\u{1b}[2J</html>"), ..Manner::default() }, |_| ());
    no_answer(&trial, "events: the answer is not JSON");
    no_answer(&trial, "<html>Sign in\\u{1b}[2J</html>");
}

#[test]
fn a_service_that_is_not_there_stops_the_run() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let project = project(&json!({"http": settings(&format!("http://{gone}"))}));
    project.run(&["run", "--jobs", "1", "--repeat", "20"]).exits(6).says("whether the server runs");
    assert!(outcomes(&project).len() < 10, "60 trials were planned");
    failed(&trials(&project)[0], "whether the server runs");
}

#[test]
fn what_is_wrong_with_the_settings_is_said_at_its_place() {
    let mut settings = settings("http://ada:pass@desk.example");
    settings["requests"][0]["body"]["note"] = json!("{{ request.titel }}");
    settings["requests"][1]["path"] = json!("/managed-requests/{{ idd }}/work-orders");
    settings["requests"][2]["untill"] = json!({});
    settings["headers"] = json!({"Authorization": "Bearer abc"});
    let project = project(&json!({"http": settings}));
    let ran = project.run(&["check"]).exits(3);
    ran.says("the URL holds credentials").says("there is no \"request.titel\" for a template").says("title");
}
