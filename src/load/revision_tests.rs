use super::*;

/// A repository with a project in a folder of it: two commits, the first of them tagged `v1`, and changes in the index
/// and the work tree.
struct Repository(TempDir);

impl Repository {
    fn new(project: &str) -> Self {
        let it = Self(tempfile::tempdir().unwrap());
        it.git(&["init", "-q", "-b", "main", "."]);
        let write = |path: &str, text: &str| {
            let path = it.project(project).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("rubrics/policies/pr.yaml", "one\n");
        write("golden/rules/a b.snap", "é\n");
        write("golden/gone.snap", "gone\n");
        write("other.txt", "not asked for\n");
        it.commit();
        it.git(&["tag", "v1"]);
        fs::remove_file(it.project(project).join("golden/gone.snap")).unwrap();
        write("rubrics/policies/pr.yaml", "two\n");
        it.commit();
        write("rubrics/policies/pr.yaml", "staged\n");
        it.git(&["add", "."]);
        write("rubrics/policies/pr.yaml", "edited\n");
        it
    }

    fn project(&self, project: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(project)
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["-c", "user.name=ada", "-c", "user.email=ada@desk.example", "commit", "-qm", "all"]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = done(self.0.path(), arguments).unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_file_is_read_as_it_was_wherever_the_project_lies() {
    for place in ["", "desk/evals"] {
        let repository = Repository::new(place);
        let read = |name: &str| {
            let revision = Revision::resolve(&repository.project(place), name).unwrap();
            revision.read("rubrics/policies/pr.yaml").unwrap().text
        };
        assert_eq!((read("v1"), read("HEAD"), read("main~1")), ("one\n".into(), "two\n".into(), "one\n".into()));
        let v1 = Revision::resolve(&repository.project(place), "v1").unwrap();
        assert_eq!(v1.list("rubrics/policies").unwrap(), ["pr.yaml"]);
        assert_eq!(v1.list("suites").unwrap(), Vec::<String>::new());
        let absent = v1.read("rubrics/policies/strict.yaml").unwrap_err();
        assert_eq!(absent.to_string(), format!("{} has no rubrics/policies/strict.yaml", v1.label()));
        assert!(v1.label().starts_with("v1 (") && v1.label().len() == "v1 ()".len() + SHORT, "{}", v1.label());
    }
}

#[test]
fn a_part_is_copied_and_index_and_work_tree_stay_as_they_are() {
    for place in ["", "desk/evals"] {
        let repository = Repository::new(place);
        let before = repository.git(&["status", "--porcelain=v1"]);
        let v1 = Revision::resolve(&repository.project(place), "v1").unwrap();
        let exported = v1.export(&["golden", "rubrics/policies/pr.yaml", "suites"]).unwrap();
        let read = |path: &str| fs::read_to_string(exported.root().join(path)).ok();
        assert_eq!(read("golden/rules/a b.snap").as_deref(), Some("é\n"));
        assert_eq!(read("golden/gone.snap").as_deref(), Some("gone\n"));
        assert_eq!(read("rubrics/policies/pr.yaml").as_deref(), Some("one\n"));
        assert_eq!(read("other.txt"), None);
        assert!(v1.time().unwrap() > Timestamp::UNIX_EPOCH);
        let root = exported.root().to_owned();
        drop(exported);
        assert!(!root.exists());
        assert_eq!(repository.git(&["status", "--porcelain=v1"]), before);
        assert!(before.contains("MM "), "{before}");
        assert_eq!(fs::read_to_string(repository.project(place).join("rubrics/policies/pr.yaml")).unwrap(), "edited\n");
    }
}

#[test]
fn what_git_does_not_know_is_told_with_what_was_meant() {
    let repository = Repository::new("");
    let resolve = |name: &str| Revision::resolve(&repository.project(""), name).unwrap_err().to_string();
    assert_eq!(resolve("mian"), "git knows no revision \"mian\", did you mean \"main\"?");
    for odd in ["", "--all", "main:golden", "no such", "v1\0"] {
        let said = Revision::resolve(&repository.project(""), odd);
        assert!(said.is_err(), "{odd:?}: {said:?}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let error = Revision::resolve(nowhere.path(), "main").unwrap_err();
    assert!(matches!(error, RevisionError::NoRepository { .. }), "{error}");
}

#[test]
fn what_a_hook_says_of_its_repository_is_not_handed_on() {
    let repository = Repository::new("");
    let git = git();
    let removed = |name: &str| git.get_envs().any(|(variable, value)| variable == name && value.is_none());
    let known = repository.git(&["rev-parse", "--local-env-vars"]);
    let kept: Vec<&str> = known.lines().filter(|name| !removed(name)).collect();
    assert_eq!(kept, ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"]);
    assert!(removed("GIT_DIR"));
}
