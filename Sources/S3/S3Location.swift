/// A bucket and a prefix of keys, as in `s3://bucket/prefix`.
package struct S3Location: Sendable, Equatable {
    package let bucket: String
    /// The prefix, without slashes at its ends; empty for the whole bucket.
    package let prefix: String

    /// - Throws: `.refused` for any other text.
    package init(_ text: String) throws(S3Failure) {
        let scheme = "s3://"
        guard text.lowercased().hasPrefix(scheme) else {
            throw S3Failure(.refused, "'\(text)' is not a location in object storage. Write it as s3://BUCKET/PREFIX.")
        }
        let rest = text.dropFirst(scheme.count)
        let bucket = rest.prefix { $0 != "/" }
        guard (3...63).contains(bucket.utf8.count), bucket.utf8.allSatisfy(Self.isBucketCharacter),
            let first = bucket.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: ".")
        else {
            throw S3Failure(
                .refused,
                "'\(text)' names no bucket: a name has 3 to 63 letters, digits, dots, hyphens and underscores. Write it as "
                    + "s3://BUCKET/PREFIX."
            )
        }
        let segments = rest.dropFirst(bucket.count).split(separator: "/")
        let isPlain = segments.allSatisfy { segment in
            segment != "." && segment != ".." && segment.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
                && !segment.contains { "?#\\".contains($0) }
        }
        guard isPlain else {
            throw S3Failure(
                .refused,
                "The prefix of '\(text)' has a segment '.' or '..', or one of the characters ? # \\; choose another prefix."
            )
        }
        self.bucket = String(bucket)
        prefix = segments.joined(separator: "/")
    }

    /// The location as a URI.
    package var uri: String { "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(prefix)") }

    static func isBucketCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
