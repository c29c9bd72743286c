import ArgumentParser
import Glibc
import Testing

@testable import apus

@Suite struct RunCommandTests {
    @Test(arguments: [
        (["--data-dir", "d", "--", "x", "--port", "1"], ["--data-dir", "d"]),
        (["--status-file", "s", "--data-dir=d", "--", "x"], ["--data-dir=d"]),
        (
            ["--status-file=--data-dir", "--grace=1s", "--drain-time", "2s", "--no-serve-artifacts", "--", "x"],
            ["--no-serve-artifacts"]
        ),
        (["-h", "127.0.0.2", "-p", "0", "--host=h", "--port=1", "--reuse", "--", "x"], ["--reuse"]),
    ])
    func `the server gets the flags before the command that are its own`(given: [String], passed: [String]) {
        #expect(RunCommand.forServer(given) == passed)
    }

    @Test func `the command is what stands behind the two dashes`() throws {
        let parsed = try RunCommand.parse(["--data-dir", "d", "--", "python", "train.py", "--port", "1", "--", "x"])
        #expect(parsed.command == ["python", "train.py", "--port", "1", "--", "x"])
        #expect(parsed.storage.dataDir == "d")
        #expect(parsed.listening.port == nil)
        #expect(throws: (any Error).self) { try RunCommand.parse(["python", "train.py"]) }
    }

    @Test func `of the variables of a server, those of the data and its keeping reach the one of a command`() {
        let settings =
            SettingDefinition.serverGroups.flatMap(\.settings) + SettingDefinition.withoutEffect
            + SettingDefinition.refused
        let passed = Set(settings.flatMap(\.variables)).subtracting(ForeignVariables.names)
        #expect(
            passed == [
                "APUS_DATA_DIR", "MLFLOW_BACKEND_STORE_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT",
                "MLFLOW_ARTIFACTS_DESTINATION", "APUS_DATABASE_LOG_LIMIT", "MLFLOW_SERVE_ARTIFACTS",
                "APUS_DEDUPLICATE_ARTIFACTS", "APUS_KEEP_FREE", "APUS_AUDIT", "APUS_AUDIT_RETENTION",
                "APUS_SNAPSHOT_TO", "APUS_SNAPSHOT_EVERY", "APUS_SNAPSHOT_KEEP",
                "APUS_UPSTREAM", "APUS_UPSTREAM_TOKEN_COMMAND", "APUS_FORWARD_DELAY", "APUS_FORWARD_ARTIFACT_RATE",
                "APUS_RECOGNIZE_RETRIES", "MLFLOW_TRUNCATE_LONG_VALUES",
                "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
            ]
        )
    }

    @Test func `a status is that of the process, or 128 and its signal`() {
        #expect(SignalForwarder.exitStatus(0) == 0)
        #expect(SignalForwarder.exitStatus(7 << 8) == 7)
        #expect(SignalForwarder.exitStatus(SIGKILL) == 137)
        // waitpid(2) marks a process that has left a core file by the bit 0x80.
        #expect(SignalForwarder.exitStatus(SIGSEGV | 0x80) == 139)
    }

    @Test func `what is not known is null in the status file`() {
        let status = RunStatus(databasePath: "/d/apus.db", command: ["a", "\"b\""], startTime: 5)
        let text = String(decoding: status.json, as: UTF8.self)
        #expect(
            text
                == #"{"stage":"starting","tracking_uri":null,"data_dir":"/d","database":"/d/apus.db","server":"started","#
                + #""command":["a","\"b\""],"command_pid":null,"command_status":null,"start_time":5,"end_time":null,"#
                + #""run_ids":[],"backlog":null,"last_error":null}"# + "\n"
        )
    }
}
