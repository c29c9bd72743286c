import Testing
import Tracking

@Suite struct ExperimentNameTests {
    @Test(arguments: [" ", "a", String(repeating: "é", count: 500)])
    func `accepts a name`(name: String) throws {
        try validateExperimentName(name)
    }

    @Test func `refuses the empty and the long name`() {
        #expect(throws: TrackingError.invalidParameter("Invalid experiment name: ''")) {
            try validateExperimentName("")
        }
        #expect(throws: TrackingError.invalidParameter("'name' exceeds the maximum length of 500 characters")) {
            try validateExperimentName(String(repeating: "x", count: 501))
        }
    }
}

/// Recorded from MLflow 3.17.2, unless a comment says otherwise.
@Suite struct ArtifactLocationRuleTests {
    @Test(
        arguments: [
            ("s3://bucket/a", "bucket"), ("S3://bucket", "bucket"), ("s3://b//x", "b"), ("s3://b?x", "b"),
            ("s3:/bucket/a", nil),
            ("s3:///a", nil), ("s3://", nil), ("gs://bucket/a", nil), ("/s3://bucket", nil), (" s3://bucket", nil),
        ] as [(String, String?)]
    ) func `names a bucket`(location: String, bucket: String?) {
        #expect(ArtifactLocation(location).bucket == bucket)
    }

    @Test(arguments: [
        "file:///tmp/x?q=1", "file:///tmp/../x", "s3://b/../x", "s3://b/x?a=b", "/tmp/a?b", "rel/dir", "../rel",
        "bogus://x",
        "mlflow-artifacts:/a/../b", "mlflow-artifacts:/a", "s3://b/%2e%2e/x", "/tmp/../x", "C:\\x", "s3://b/x;p", "  ",
        "./x", "file:x", "file://localhost/x", "/a;b/c",
    ])
    func `accepts what the reference stores`(location: String) throws {
        try validateArtifactLocation(location)
    }

    @Test(arguments: [
        ("file:///tmp/x#f", "'artifact_location' URL can't include fragments or params."),
        ("s3://b/x#f", "'artifact_location' URL can't include fragments or params."),
        ("/tmp/a#b", "'artifact_location' URL can't include fragments or params."),
        ("/tmp/a;b", "'artifact_location' URL can't include fragments or params."),
        ("s3://b/x?a=../b", "Invalid query string"),
        ("s3://b/x?a=%2e%2e", "Invalid query string"),
        ("s3://b/x?a=%252e%252e", "Invalid query string"),
        ("runs:/abc/model", "Artifact location cannot be a runs:/ URI. Given: 'runs:/abc/model'"),
    ])
    func `refuses what the reference refuses`(location: String, expected: String) {
        #expect(throws: TrackingError.invalidParameter(expected)) { try validateArtifactLocation(location) }
    }

    @Test func `bounds the length in scalars`() throws {
        try validateArtifactLocation(String(repeating: "é", count: 2_048))
        #expect(throws: TrackingError.self) {
            try validateArtifactLocation(String(repeating: "x", count: 2_049))
        }
    }

    /// Approved differences: the reference answers 500 to a foreign file host, and stores control characters.
    @Test(arguments: ["file://host/x", "/tmp/a\0b", "/tmp/a\nb"])
    func `refuses a foreign file host and control characters`(location: String) {
        #expect(throws: TrackingError.self) { try validateArtifactLocation(location) }
    }

    @Test(arguments: ["http://h/x", "https://h/x", "ftp://h/x", "hdfs://h/x", "mlflow-artifacts://h/x", "HTTP://h/x"])
    func `refuses a host that nobody configured`(location: String) throws {
        #expect(throws: TrackingError.self) { try validateArtifactLocation(location) }
        let scheme = location.split(separator: ":").first.map { $0.lowercased() } ?? ""
        try validateArtifactLocation(location, trustedRoots: ["\(scheme)://H/other"])
        #expect(throws: TrackingError.self) {
            try validateArtifactLocation(location, trustedRoots: ["\(scheme)://other/x"])
        }
    }
}
