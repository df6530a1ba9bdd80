"""Reads what a run left, with libraries that no one here wrote, and prints what they saw as JSON.

usage: read.py junit FILE | tap FILE | attestation FILE PUBLIC_KEY | tables FOLDER | sql FILE
"""

import json
import sys


def junit(path):
    from junitparser import Error, Failure, JUnitXml, Skipped

    kinds = {Error: "error", Failure: "failure", Skipped: "skipped"}
    suites = {}
    for suite in JUnitXml.fromfile(path):
        cases = {}
        for case in suite:
            ends = [(kinds[type(result)], result.message) for result in case.result if type(result) in kinds]
            cases[case.name] = ends[0] if ends else ("passed", None)
        counts = {"tests": suite.tests, "failures": suite.failures, "errors": suite.errors, "skipped": suite.skipped}
        suites[suite.name] = {"cases": cases, "counts": counts}
    return suites


def tap(path):
    from tap.parser import Parser

    seen = {"version": None, "plan": None, "unknown": [], "tests": []}
    for line in Parser().parse_file(path):
        if line.category == "version":
            seen["version"] = line.version
        elif line.category == "plan":
            seen["plan"] = line.expected_tests
        elif line.category == "test":
            test = {"ok": line.ok, "number": line.number, "description": line.description, "skip": line.skip}
            seen["tests"].append({**test, "block": line.yaml_block})
        else:
            seen["unknown"].append(str(line))
    return seen


def attestation(path, public_key):
    import securesystemslib.signer
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from google.protobuf import json_format
    from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement
    from securesystemslib.dsse import Envelope

    with open(public_key, "rb") as file:
        key = securesystemslib.signer.SSlibKey.from_crypto(load_pem_public_key(file.read()))
    statements = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            envelope = Envelope.from_dict(json.loads(line))
            # The name by which a key is found is for each to choose: here it is the one that was given.
            for keyid in list(envelope.signatures):
                key.keyid = keyid
            accepted = envelope.verify([key], threshold=1)
            assert len(accepted) == 1
            payload = json.loads(envelope.payload)
            parsed = json_format.ParseDict(payload, statement_pb2.Statement())
            Statement.copy_from_pb(parsed).validate()
            if payload["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1":
                json_format.ParseDict(payload["predicate"], test_result_pb2.TestResult())
            statements.append(payload)
    return statements


def tables(folder):
    import duckdb

    names = ["runs", "trials", "marks", "decisions"]
    seen = {"rows": {}, "columns": {}}
    with open(f"{folder}/tables.json", encoding="utf-8") as file:
        files = {table["name"]: f"{folder}/{table['file']}" for table in json.load(file)["tables"]}
    with duckdb.connect() as db:

        def ask(sql):
            asked = db.execute(sql)
            columns = [column[0] for column in asked.description]
            return [dict(zip(columns, row)) for row in asked.fetchall()]

        for name in names:
            db.execute(f"CREATE VIEW {name} AS FROM '{files[name]}'")
            seen["rows"][name] = ask(f"SELECT count(*) AS n FROM {name}")[0]["n"]
            types = {column["column_name"]: column["column_type"] for column in ask(f"DESCRIBE {name}")}
            seen["columns"][name] = list(types)
            if files[name].endswith(".parquet"):
                leaves = ask(f"SELECT name, repetition_type FROM parquet_schema('{files[name]}') WHERE type IS NOT NULL")
                seen["columns"][name] = [[leaf["name"], types[leaf["name"]], leaf["repetition_type"]] for leaf in leaves]
        seen["runs"] = ask(
            "SELECT run_id, target, trials, solved, cost_usd::DOUBLE AS cost_usd, pruned,"
            " epoch_ms(started_at) AS started_ms FROM runs ORDER BY started_at, run_id"
        )
        seen["means"] = ask(
            "SELECT run_id, pipeline, area, count(*) AS marks, avg(mark) AS mean"
            " FROM marks JOIN runs USING (project, run_id) GROUP BY ALL ORDER BY ALL"
        )
        missing = "SELECT count(*) AS n FROM marks ANTI JOIN trials USING (project, run_id, case_id, repeat)"
        seen["marks_without_trial"] = ask(missing)[0]["n"]
    return seen


def sql(path):
    import duckdb

    with open(path, encoding="utf-8") as file:
        return duckdb.execute(file.read()).fetchall()


if __name__ == "__main__":
    readers = {"junit": junit, "tap": tap, "attestation": attestation, "tables": tables, "sql": sql}
    print(json.dumps(readers[sys.argv[1]](*sys.argv[2:])))
