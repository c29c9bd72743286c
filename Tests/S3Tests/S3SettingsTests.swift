import HTTPClient
import TLS
import Testing

@testable import S3

@Suite struct S3SettingsTests {
    private func settings(_ variables: [String: String], bucket: String = "bucket") throws -> S3Settings {
        try S3Settings(bucket: bucket) { (["HOME": "/nonexistent"].merging(variables) { $1 })[$0] }
    }

    @Test func `without an endpoint it is that of AWS, with the bucket in the host`() throws {
        let settings = try settings(["AWS_DEFAULT_REGION": "eu-central-1"])
        #expect(settings.endpoint == nil)
        #expect(settings.region == "eu-central-1")
        #expect(settings.addressing == .virtualHost)
    }

    @Test func `a bucket with a dot goes into the path, since no certificate covers it in the host`() throws {
        #expect(try settings([:], bucket: "my.bucket").addressing == .path)
    }

    @Test(
        arguments: [
            (["MLFLOW_S3_ENDPOINT_URL": "http://a:9", "AWS_ENDPOINT_URL_S3": "http://b:9"], "a"),
            (["AWS_ENDPOINT_URL_S3": "http://b:9", "AWS_ENDPOINT_URL": "http://c:9"], "b"),
            (["AWS_ENDPOINT_URL": "http://c:9"], "c"),
            (["AWS_ENDPOINT_URL": "http://c:9", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], nil),
        ] as [([String: String], String?)]
    ) func `the first endpoint of boto3's order wins`(
        variables: [String: String],
        host: String?
    ) throws {
        let settings = try settings(variables)
        #expect(settings.endpoint?.origin.host == host)
        if host != nil { #expect(settings.addressing == .path) }
    }

    @Test func `a named endpoint has the bucket in the host where that is asked for`() throws {
        let variables = ["MLFLOW_S3_ENDPOINT_URL": "http://a:9", "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "virtual"]
        #expect(try settings(variables).addressing == .virtualHost)
    }

    @Test(arguments: [
        ["MLFLOW_S3_ENDPOINT_URL": "a:9"], ["AWS_REGION": "eu central"], ["MLFLOW_S3_IGNORE_TLS": "perhaps"],
        ["MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "both"], ["MLFLOW_S3_UPLOAD_EXTRA_ARGS": "[]"],
        ["MLFLOW_S3_UPLOAD_EXTRA_ARGS": "{\"Unknown\": \"1\"}"], ["MLFLOW_S3_ENDPOINT_URL": "http://u:p@a"],
    ]) func `a setting that cannot be used is refused in words`(variables: [String: String]) {
        #expect(throws: S3Failure.self) { try settings(variables) }
    }

    @Test func `a password in the endpoint is not repeated`() {
        let failure = #expect(throws: S3Failure.self) { try settings(["MLFLOW_S3_ENDPOINT_URL": "http://u:hunter2@a"]) }
        #expect(failure?.message.contains("hunter2") == false)
    }

    @Test(arguments: ["", "x.evil.example", "evil:443/#", "a\r\nb", "é", String(repeating: "a", count: 64)])
    func `what is no region becomes no part of a host`(text: String) {
        #expect(!S3Settings.isRegion(text))
    }

    @Test func `extra arguments become fields, and certificates are checked unless TLS is ignored`() throws {
        let variables = [
            "MLFLOW_S3_UPLOAD_EXTRA_ARGS": "{\"ServerSideEncryption\": \"AES256\"}", "MLFLOW_S3_IGNORE_TLS": "true",
        ]
        let settings = try settings(variables)
        #expect(settings.uploadFields.map(\.name) == ["x-amz-server-side-encryption"])
        #expect(!settings.trust.verifies)
        #expect(try self.settings([:]).trust.verifies)
    }
}

@Suite struct S3LocationTests {
    @Test(arguments: [
        ("s3://bucket", "bucket", ""), ("s3://bucket/", "bucket", ""), ("S3://my-bucket/a/b/", "my-bucket", "a/b"),
        ("s3://bucket//a//b", "bucket", "a/b"), ("s3://bucket/a b", "bucket", "a b"),
    ]) func `has a bucket and a prefix`(text: String, bucket: String, prefix: String) throws {
        let location = try S3Location(text)
        #expect(location.bucket == bucket)
        #expect(location.prefix == prefix)
    }

    @Test(arguments: [
        "s3:/bucket", "gs://bucket", "s3://", "s3:///a", "s3://ab", "s3://bucket/../a", "s3://bucket/./a",
        "s3://b@cket/a",
        "s3://bucket:80/a", "s3://bucket/a?b", "s3://bucket/a#b", "s3://-bucket", "s3://bucket/a\u{1}",
    ]) func `anything else is refused in words`(text: String) {
        #expect(throws: S3Failure.self) { try S3Location(text) }
    }
}
