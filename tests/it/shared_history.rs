//! One story over both stores: what the history here says of runs, the shared one says too, on any machine.
//!
//! Needs PostgreSQL's programs; without them the test says so and passes, unless `EVALGATE_CI_TOOLS=1` demands it.

use crate::project::Project;

#[cfg(not(feature = "postgres"))]
#[test]
fn without_the_feature_a_shared_history_is_refused_with_what_to_do() {
    let project = Project::copy("tiny");
    project.run(&["run", "--progress", "none"]);
    let refused = [("EVALGATE_STORE", "postgres://ada:cAnArY@db.example/history")];
    for command in [&["push"][..], &["pull", "latest"], &["history", "list"]] {
        let ran = project.run_with(command, &refused).exits(2).says("was built without PostgreSQL");
        assert!(!ran.stderr.contains("cAnArY"));
        ran.says("cargo build --release --features postgres");
    }
    project.run_with(&["history", "list", "--local"], &refused).exits(0);
}

#[test]
fn a_store_that_is_none_is_refused_and_never_quoted() {
    let project = Project::copy("tiny");
    project.run(&["run", "--progress", "none"]);
    for url in
        ["cAnArY", "mysql://ada:cAnArY@db/history", "postgres://ada:cAnArY/history", "postgres://a:b@c:cAnArY@d/e"]
    {
        let ran = project.run_with(&["push"], &[("EVALGATE_STORE", url)]).exits(2).says("is no address of a store");
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("cAnArY"));
    }
    project.run(&["push"]).exits(2).says("shares its history with nobody");
    project.write("evalgate.yaml", project.read("evalgate.yaml") + "store: postgres://ada:cAnArY@db.example/history\n");
    for command in [&["check"][..], &["run"], &["push"], &["history", "list"]] {
        let ran = project.run(command).exits(3).says("a password, which stands in no file");
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("cAnArY"));
    }
}

#[cfg(all(unix, feature = "postgres"))]
mod server {
    use std::net::TcpListener;
    use std::os::unix::process::CommandExt;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use serde_json::Value;

    use crate::project::Project;

    /// The password, which must be found nowhere.
    const CANARY: &str = "cAnArY-5f1e";

    struct Server {
        child: Child,
        port: u16,
        _folder: tempfile::TempDir,
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // SAFETY: a signal to a process that this test started and has not waited for.
            unsafe { libc::kill(self.child.id() as i32, libc::SIGINT) };
            let _ = self.child.wait();
        }
    }

    impl Server {
        fn url(&self, database: &str) -> String {
            format!("postgres://evalgate:{CANARY}@127.0.0.1:{}/{database}", self.port)
        }

        /// A server of its own on loopback. It does not run as root, so root lends it another user.
        fn start() -> Option<Self> {
            let Some(programs) = programs() else {
                let demanded = std::env::var("EVALGATE_CI_TOOLS").is_ok_and(|value| value == "1");
                assert!(!demanded, "PostgreSQL is not installed, and EVALGATE_CI_TOOLS=1 demands it");
                println!("skipped: PostgreSQL is not installed");
                return None;
            };
            let folder = tempfile::tempdir().unwrap();
            let (data, secret) = (folder.path().join("data"), folder.path().join("secret"));
            std::fs::write(&secret, CANARY).unwrap();
            let user = user();
            if let Some((uid, gid)) = user {
                for path in [folder.path(), &secret] {
                    std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
                }
            }
            let program = |name: &str| {
                let mut command = Command::new(programs.join(name));
                command.current_dir(folder.path()).env_clear().env("LC_ALL", "C").stdin(Stdio::null());
                if let Some((uid, gid)) = user {
                    command.uid(uid).gid(gid);
                }
                command
            };
            let mut init = program("initdb");
            init.args(["--no-sync", "--encoding=UTF8", "--auth=scram-sha-256", "--username=evalgate"]);
            let made = init.arg("--pwfile").arg(&secret).arg("-D").arg(&data).output().unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut serve = program("postgres");
            serve.arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", "", "-F"]);
            let child = serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let server = Self { child, port, _folder: folder };
            let began = Instant::now();
            while postgres::Client::connect(&server.url("postgres"), postgres::NoTls).is_err() {
                assert!(began.elapsed() < Duration::from_secs(60), "it does not come up");
                std::thread::sleep(Duration::from_millis(50));
            }
            Some(server)
        }

        fn make(&self, database: &str) -> String {
            let mut client = postgres::Client::connect(&self.url("postgres"), postgres::NoTls).unwrap();
            client.batch_execute(&format!("CREATE DATABASE {database}")).unwrap();
            self.url(database)
        }
    }

    /// The folder of the newest server programs.
    fn programs() -> Option<PathBuf> {
        let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
        folders.sort();
        let path = std::env::var_os("PATH").unwrap_or_default();
        folders.extend(std::env::split_paths(&path));
        folders.into_iter().rev().find(|folder| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file()))
    }

    /// For root: somebody else, who has the package's files.
    fn user() -> Option<(u32, u32)> {
        let number = |arguments: &[&str]| -> Option<u32> {
            String::from_utf8(Command::new("id").args(arguments).output().ok()?.stdout).ok()?.trim().parse().ok()
        };
        (number(&["-u"])? == 0).then(|| Some((number(&["-u", "postgres"])?, number(&["-g", "postgres"])?)))?
    }

    fn run(project: &Project) {
        assert!(matches!(project.run(&["run", "--progress", "none"]).exit, Some(0 | 1 | 5)));
    }

    /// What the history says of all runs, here or at an address; what the store itself is left out.
    fn told(project: &Project, url: &str, local: bool) -> Vec<Value> {
        let local: &[&str] = if local { &["--local"] } else { &[] };
        let ask = |arguments: &[&str]| {
            let arguments: Vec<&str> = arguments.iter().chain(local).chain(&["--format", "json"]).copied().collect();
            project.run_with(&arguments, &[("EVALGATE_STORE", url)]).exits(0).json()
        };
        let runs = ask(&["history", "list"]);
        let ids = runs.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned());
        ids.map(|id| ask(&["history", "show", &id])).collect()
    }

    fn holds_no_canary(folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => holds_no_canary(&path),
                false => {
                    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                    assert!(!text.contains(CANARY), "{}", path.display());
                }
            }
        }
    }

    #[test]
    fn one_story_over_both_stores() {
        let Some(server) = Server::start() else { return };
        let url = server.make("history");
        let store = [("EVALGATE_STORE", url.as_str())];
        let here = Project::copy("tiny");
        for _ in 0..3 {
            run(&here);
        }
        here.run(&["gate", "latest~1"]);
        here.run(&["history", "tag", "latest~1", "v1.0"]).exits(0);
        let ids = here.runs();

        // Everything pushed, in several processes at once, to a database that none of them has seen.
        let children: Vec<_> = (0..4)
            .map(|_| {
                let mut command = here.command(&["push", &ids[0], &ids[1], &ids[2]]);
                command.envs(store).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            here.wait(child).exits(0);
        }
        assert_eq!(told(&here, &url, false), told(&here, &url, true));
        let again = here.run_with(&["push"], &store).exits(0).says("known");
        assert!(again.stdout.contains(&format!("postgres://127.0.0.1:{}/history", server.port)), "{again}");

        // Judged again: the same run, with one decision more.
        here.run(&["gate", "latest"]);
        here.run_with(&["push"], &store).exits(0).says("updated");
        assert_eq!(told(&here, &url, false), told(&here, &url, true));

        // Exported here and from there, the tables are the same byte for byte.
        here.run_with(&["export", "of-here", "--local"], &store).exits(0);
        here.run_with(&["export", "of-all"], &store).exits(0);
        for table in ["runs", "trials", "marks", "decisions"] {
            let of = |folder: &str| here.read(&format!("{folder}/{table}.csv"));
            assert!(of("of-here").lines().count() > 3, "{table}");
            assert_eq!(of("of-here"), of("of-all"), "{table}");
        }

        // And so is the weekly report.
        for format in ["html", "csv", "json", "markdown"] {
            let report = ["trend", "--format", format, "--by", "day"];
            let of_all = here.run_with(&report, &store).exits(0).stdout;
            let of_here = here.run_with(&[&report[..], &["--local"]].concat(), &store).exits(0).stdout;
            assert!(of_all == of_here, "{format}");
        }

        // Another machine: nothing here, everything there; a run is had back whole, by its name.
        let there = here.again();
        assert_eq!(told(&there, &url, false), told(&here, &url, true));
        there.run_with(&["pull", "v1.0", &ids[0]], &store).exits(0).says("taken in");
        there.run_with(&["pull", "v1.0"], &store).exits(0).says("known");
        assert_eq!(there.runs(), ids[..2]);
        let show = ["show", "berth-for-two-nights", "--run", &ids[1]];
        assert_eq!(there.run(&show).exits(0).stdout, here.run(&show).exits(0).stdout);
        for file in ["events.jsonl", "results.jsonl", "verdict.json", "cases.csv", "report.html"] {
            let of = |project: &Project| project.read(&format!("reports/runs/{}/{file}", ids[1]));
            assert!(of(&there) == of(&here), "{file}");
        }
        there.run(&["history", "list"]).exits(0).says("v1.0");

        // Pruned here, and back from there.
        here.run(&["history", "prune", "--keep", "1"]).exits(0).says("removed 1 of 3");
        here.run_with(&["pull", &ids[0]], &store).exits(0);
        assert_eq!(here.runs(), ids);

        // Two that have an id in common and nothing else.
        let path = there.path(&format!("reports/runs/{}/events.jsonl", ids[0]));
        let events = std::fs::read_to_string(&path).unwrap().replacen("\"repeats\":1", "\"repeats\":2", 1);
        std::fs::write(&path, events).unwrap();
        there.run_with(&["push", &ids[0]], &store).exits(2).says("is another one");
        there.run_with(&["pull", "20990101"], &store).exits(2).says("no run \"20990101\"");

        // A newer schema is refused, and so is a wrong password; the canary is nowhere.
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client.batch_execute("UPDATE evalgate_schema SET version = 99").unwrap();
        here.run_with(&["history", "list"], &store).exits(70).says("newer evalgate (schema 99");
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let wrong = [
            url.replace("evalgate:", "evalgate:not-"),
            url.replace("/history", "/elsewhere"),
            url.replace(&server.port.to_string(), &closed.to_string()),
            format!("{url}?sslmode={CANARY}"),
            format!("{url}?{CANARY}={CANARY}"),
        ];
        for url in &wrong {
            let ran = here.run_with(&["push"], &[("EVALGATE_STORE", url.as_str())]);
            assert!(matches!(ran.exit, Some(2 | 70)), "{ran}");
            assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(CANARY), "{}", ran.stderr.replace(CANARY, "!!!"));
        }
        let by_variable = url.replace(&format!(":{CANARY}@"), "@");
        // Of the first version, whose rows come into the newest one.
        client.batch_execute("DROP TABLE guards; UPDATE evalgate_schema SET version = 1").unwrap();
        here.run_with(&["export", "of-newest"], &store).exits(0);
        for table in ["trials", "marks"] {
            assert_eq!(
                here.read(&format!("of-newest/{table}.csv")),
                here.read(&format!("of-all/{table}.csv")),
                "{table}"
            );
        }
        here.run_with(&["push"], &[("EVALGATE_STORE", by_variable.as_str()), ("PGPASSWORD", CANARY)]).exits(0);
        holds_no_canary(&here.path(""));
        holds_no_canary(&there.path(""));
    }
}
