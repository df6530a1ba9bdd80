use std::time::Instant as Wall;

use super::*;
use crate::client::BODY_CAP;

fn sh(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).into()
}

fn path() -> BTreeMap<OsString, OsString> {
    BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())])
}

/// Runs a program for at most ten seconds: what came of it and what it logged.
async fn ran(argv: &[String], stdin: &[u8]) -> (Result<Ended, Fault>, String) {
    within(argv, stdin, Duration::from_secs(10)).await
}

async fn within(argv: &[String], stdin: &[u8], deadline: Duration) -> (Result<Ended, Fault>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Tail::default();
    let process = Process { argv, folder: folder.path(), environment: path(), stdin, deadline, most: BODY_CAP };
    let ended = process.run(&mut log).await;
    (ended, log.take(str::to_owned))
}

/// Whether a process exists that is more than an entry nobody has collected.
fn lives(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.rsplit_once(") ").unwrap().1.starts_with('Z')
}

/// Waits until it does not, for at most ten seconds.
async fn dies(id: &str) {
    let began = Wall::now();
    while lives(id) {
        assert!(began.elapsed() < Duration::from_secs(10), "process {id} is still there");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_process_reads_answers_logs_and_ends() {
    let (ended, log) = ran(&sh("cat; echo noted >&2"), b"{\"a\": 1}").await;
    assert_eq!(ended, Ok(Ended { status: 0, stdout: b"{\"a\": 1}".to_vec(), cut: None, leaked: 0 }));
    assert_eq!(log, "noted\n");
}

#[tokio::test]
async fn an_exit_code_and_a_signal_are_told_apart() {
    assert_eq!(ran(&sh("exit 7"), b"").await.0.unwrap().status, 7);
    assert_eq!(ran(&sh("kill -9 $$"), b"").await.0.unwrap().status, 137);
}

#[tokio::test]
async fn the_environment_holds_what_was_given_and_nothing_else() {
    let mut environment = path();
    environment.insert("MODE".into(), "eval".into());
    let folder = tempfile::tempdir().unwrap();
    let argv = ["env".to_owned()];
    let process = Process {
        argv: &argv,
        folder: folder.path(),
        environment,
        stdin: b"",
        deadline: Duration::from_secs(10),
        most: BODY_CAP,
    };
    let ended = process.run(&mut Tail::default()).await.unwrap();
    let stdout = String::from_utf8(ended.stdout).unwrap();
    let mut names: Vec<&str> = stdout.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["MODE", "PATH"]);
}

#[tokio::test]
async fn whoever_reads_nothing_does_not_hang_us() {
    let much = vec![b'x'; 4 << 20];
    let (ended, _) = ran(&sh("echo '{}'"), &much).await;
    assert_eq!(ended.unwrap().stdout, b"{}\n");
    let (ended, _) = within(&sh("sleep 600"), &much, Duration::from_millis(200)).await;
    assert_eq!(ended.unwrap().cut, Some(Cut::Deadline));
}

#[tokio::test]
async fn much_in_and_much_out_at_once_do_not_block_each_other() {
    let much = vec![b'x'; 4 << 20];
    let (ended, log) = ran(&sh("head -c 3000000 /dev/zero >&2; cat; head -c 3000000 /dev/zero >&2"), &much).await;
    assert_eq!(ended.unwrap().stdout.len(), much.len());
    assert!(log.starts_with("[5983616 bytes before this were left out]"), "{}", &log[..60]);
}

#[tokio::test]
async fn a_flood_is_cut_and_what_makes_it_is_gone() {
    let began = Wall::now();
    let (ended, log) = ran(&sh("echo $$ >&2; exec yes"), b"").await;
    let ended = ended.unwrap();
    assert_eq!((ended.cut, ended.stdout.len()), (Some(Cut::Flood), BODY_CAP + 1));
    assert!(began.elapsed() < Duration::from_secs(9));
    dies(&log).await;
}

#[tokio::test]
async fn an_endless_log_is_followed_to_the_deadline() {
    let (ended, log) = within(&sh("exec yes >&2"), b"", Duration::from_millis(300)).await;
    assert_eq!(ended.unwrap().cut, Some(Cut::Deadline));
    assert!(log.len() < pipes::LOG_CAP + 100 && log.ends_with("y\n"), "{}", log.len());
}

#[tokio::test]
async fn at_the_deadline_a_process_may_say_goodbye() {
    let script = "trap 'echo goodbye >&2; exit 3' TERM; echo ready >&2; while :; do sleep 0.01; done";
    let (ended, log) = within(&sh(script), b"", Duration::from_secs(2)).await;
    let ended = ended.unwrap();
    assert_eq!((ended.cut, ended.status), (Some(Cut::Deadline), 3));
    assert!(log.starts_with("ready\n") && log.ends_with("goodbye\n"), "{log}");
}

#[tokio::test]
async fn who_will_not_end_is_ended_with_all_it_started() {
    let script =
        "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.1; done' & while :; do sleep 0.1; done";
    let (ended, _) = within(&sh(script), b"", Duration::from_secs(2)).await;
    let ended = ended.unwrap();
    assert_eq!((ended.cut, ended.status), (Some(Cut::Deadline), 137));
    dies(&String::from_utf8(ended.stdout).unwrap()).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_left_behind_is_counted_and_killed_even_with_the_output_in_its_hands() {
    let began = Wall::now();
    let (ended, log) = ran(&sh("sleep 600 & echo $! >&2; sleep 600 & echo '{}'"), b"").await;
    let ended = ended.unwrap();
    assert_eq!((ended.status, ended.cut, ended.leaked), (0, None, 2));
    assert_eq!(ended.stdout, b"{}\n");
    assert!(began.elapsed() < Duration::from_secs(9));
    dies(&log).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_flood_by_those_left_behind_is_cut_too() {
    let (ended, _) = ran(&sh("yes & exit 0"), b"").await;
    let ended = ended.unwrap();
    assert!(ended.leaked == 1 || ended.cut == Some(Cut::Flood), "{} {:?}", ended.leaked, ended.cut);
    assert!(ended.stdout.len() <= BODY_CAP + 1);
}

#[tokio::test]
async fn who_ends_a_moment_later_was_not_left_behind() {
    let (ended, _) = ran(&sh("(sleep 0.05; echo late) & echo early"), b"").await;
    let ended = ended.unwrap();
    assert_eq!(ended.leaked, 0);
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), "early\nlate\n");
}

#[tokio::test]
async fn a_trial_that_is_given_up_leaves_nothing_behind() {
    let argv = sh("sleep 600 & echo said >&2; echo $! $$ > ids.part; mv ids.part ids; wait");
    let folder = tempfile::tempdir().unwrap();
    let ids = async {
        loop {
            match std::fs::read_to_string(folder.path().join("ids")) {
                Ok(ids) => break ids,
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        }
    };
    let mut log = Tail::default();
    let deadline = Duration::from_secs(60);
    let process =
        Process { argv: &argv, folder: folder.path(), environment: path(), stdin: b"", deadline, most: BODY_CAP };
    let ids = tokio::select! {
        ended = process.run(&mut log) => panic!("it ended: {ended:?}"),
        ids = ids => ids,
    };
    assert_eq!(ids.split_whitespace().count(), 2, "{ids:?}");
    for id in ids.split_whitespace() {
        dies(id).await;
    }
}

#[tokio::test]
async fn what_cannot_be_started_is_said_and_stops_the_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "hello").unwrap();
    let fault = async |argv: &[&str], folder: &Path| {
        let argv: Vec<String> = argv.iter().map(|&part| part.to_owned()).collect();
        let process = Process {
            argv: &argv,
            folder,
            environment: path(),
            stdin: b"",
            deadline: Duration::from_secs(10),
            most: BODY_CAP,
        };
        let fault = process.run(&mut Tail::default()).await.unwrap_err();
        assert!(fault.stops, "{fault}");
        fault.message
    };
    let here = folder.path();
    assert_eq!(
        fault(&["no-such-agent"], here).await,
        "no-such-agent could not be started: it is not in any folder of PATH"
    );
    assert!(fault(&["./missing.sh"], here).await.contains("there is no such file"));
    assert!(fault(&["./notes.txt"], here).await.contains("it is not executable"));
    assert!(fault(&[], here).await.contains("argv is empty"));
    assert!(fault(&["sh"], &here.join("nowhere")).await.contains("is not there"));
}
