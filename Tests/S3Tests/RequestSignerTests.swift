import Coding
import Hashing
import S3
import Testing

/// The examples of AWS's specification: "Signature Calculations for the Authorization Header" and "Authenticating
/// Requests: Using Query Parameters" of the API reference of S3, and the first case of the suite for Signature Version 4.
@Suite struct RequestSignerTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: RequestSigner.Request
        let signature: String
    }

    private static let keys = S3Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    private static let host = (name: "Host", value: "examplebucket.s3.amazonaws.com")
    /// That is, 20130524T000000Z.
    private static let moment: Int64 = 1_369_353_600
    private static let emptyHash = Hexadecimal.text(SHA256.digest(of: []))

    static let examples = [
        Example(
            testDescription: "GET of a range",
            request: .init(
                method: "GET",
                path: "/test.txt",
                fields: [host, ("Range", "bytes=0-9")],
                payloadHash: emptyHash
            ),
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        Example(
            testDescription: "PUT",
            request: .init(
                method: "PUT",
                path: "/test%24file.text",
                fields: [
                    host, ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ],
                payloadHash: Hexadecimal.text(SHA256.digest(of: Array("Welcome to Amazon S3.".utf8)))
            ),
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        Example(
            testDescription: "GET of a sub-resource",
            request: .init(
                method: "GET",
                path: "/",
                query: [("lifecycle", "")],
                fields: [host],
                payloadHash: emptyHash
            ),
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        Example(
            testDescription: "a list",
            request: .init(
                method: "GET",
                path: "/",
                query: [("prefix", "J"), ("max-keys", "2")],
                fields: [host],
                payloadHash: emptyHash
            ),
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ]

    @Test(arguments: examples) func `signs as the specification's examples`(example: Example) throws {
        let fields = RequestSigner(Self.keys, region: "us-east-1").fields(for: example.request, at: Self.moment)
        let value = try #require(fields.last)
        #expect(value.name == "Authorization")
        #expect(value.value.hasSuffix("Signature=" + example.signature))
        #expect(value.value.contains("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"))
    }

    @Test func `another body, path, query, field, key or day has another signature`() {
        let base = RequestSigner.Request(method: "GET", path: "/a", fields: [Self.host], payloadHash: Self.emptyHash)
        var others = Array(repeating: base, count: 5)
        others[0].payloadHash = Hexadecimal.text(SHA256.digest(of: [1]))
        others[1].path = "/b"
        others[2].query = [("a", "")]
        others[3].fields.append(("x-amz-acl", "private"))
        others[4].method = "HEAD"
        let signer = RequestSigner(Self.keys, region: "us-east-1")
        func signature(_ request: RequestSigner.Request, _ signer: RequestSigner, _ time: Int64) -> String? {
            signer.fields(for: request, at: time).last.map { String($0.value.suffix(64)) }
        }
        var all = Set(others.map { signature($0, signer, Self.moment) })
        all.insert(signature(base, signer, Self.moment))
        all.insert(signature(base, signer, Self.moment + 86_400))
        all.insert(signature(base, RequestSigner(Self.keys, region: "eu-west-1"), Self.moment))
        let other = S3Credentials(accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x")
        all.insert(signature(base, RequestSigner(other, region: "us-east-1"), Self.moment))
        #expect(all.count == 9)
    }

    @Test func `presigns as the specification's example`() {
        let request = RequestSigner.Request(
            method: "GET",
            path: "/test.txt",
            fields: [Self.host],
            payloadHash: RequestSigner.unsignedPayload
        )
        let query = RequestSigner(Self.keys, region: "us-east-1")
            .presignedQuery(for: request, at: Self.moment, expires: 86_400)
        #expect(
            query
                == "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        )
    }

    @Test func `a token of lent keys is signed, as a field and in an address`() {
        let lent = S3Credentials(accessKeyID: "A", secretAccessKey: "B", sessionToken: "T/+")
        let request = RequestSigner.Request(method: "GET", path: "/", fields: [Self.host], payloadHash: Self.emptyHash)
        let signer = RequestSigner(lent, region: "us-east-1")
        let fields = signer.fields(for: request, at: Self.moment)
        #expect(fields.contains { $0.name == "x-amz-security-token" && $0.value == "T/+" })
        #expect(fields.last?.value.contains("host;x-amz-content-sha256;x-amz-date;x-amz-security-token") == true)
        let query = signer.presignedQuery(for: request, at: Self.moment, expires: 1)
        #expect(query.contains("X-Amz-Security-Token=T%2F%2B"))
    }

    @Test func `a query is sorted by its encoded names and values`() {
        let query = [
            (name: "b", value: "2"), (name: "a", value: "ä b"), (name: "a", value: "+"), (name: "A", value: ""),
        ]
        #expect(RequestSigner.canonicalQuery(query) == "A=&a=%2B&a=%C3%A4%20b&b=2")
    }
}

@Suite struct MD5Tests {
    /// RFC 1321, appendix A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ]) func `digests as in its specification`(text: String, digest: String) {
        #expect(Hexadecimal.text(MD5.digest(of: Array(text.utf8))) == digest)
    }
}
