internal import Coding
internal import HTTPClient
internal import HTTPWire
internal import Hashing

/// A part of an upload in parts, which the storage has stored.
package struct S3Part: Sendable {
    package let number: Int
    /// The entity tag with which the storage answered.
    package let tag: String

    package init(number: Int, tag: String) {
        self.number = number
        self.tag = tag
    }
}

/// An upload in parts that has begun, and is neither completed nor aborted.
package struct S3Upload: Sendable {
    package let key: String
    package let id: String
    /// The time at which the upload began, in Unix seconds.
    package let begun: Int64
}

/// The expected properties of the object that an upload in parts creates.
package struct S3Completion: Sendable {
    package let parts: [S3Part]
    /// The size in bytes; nil if unknown.
    package let size: Int64?
    /// The creation token (`S3Object.creationToken`) that the object will have; nil if it has none.
    package let creationToken: String?

    package init(parts: [S3Part], size: Int64?, creationToken: String?) {
        self.parts = parts
        self.size = size
        self.creationToken = creationToken
    }

    /// Whether this upload has created an object.
    ///
    /// If both the upload and the object have a creation token, the tokens must be equal. Otherwise the tag of the object
    /// must be the one that S3 computes from the tags of the parts. S3 computes other tags for objects that are encrypted
    /// with KMS, so the result is then false.
    package func hasCreated(_ object: S3Object) -> Bool {
        if let size, size != object.size { return false }
        if let creationToken, let found = object.creationToken { return creationToken == found }
        return object.tag == S3Client.tag(of: parts)
    }
}

extension S3Client {
    /// The size in bytes below which S3 refuses every part but the last.
    package static let minimumPartBytes = 5 * 1_048_576
    /// The greatest number of parts of one object.
    package static let maximumParts = 10_000

    /// Begins an upload in parts; the object does not exist before the upload is completed.
    ///
    /// - Parameter creationToken: stored with the object, to find out whether a completion without an answer has succeeded.
    /// - Returns: the id of the upload.
    package func createUpload(
        _ key: String,
        contentType: String?,
        creationToken: String? = nil
    ) throws(S3Failure) -> String {
        let type = contentType.map { [(name: "Content-Type", value: $0)] } ?? []
        let tokens = creationToken.map { [(name: Self.creationTokenField, value: $0)] } ?? []
        let fields = type + tokens + settings.uploadFields
        let reply = try send(Request(method: .post, key: key, query: [("uploads", "")], fields: fields))
        let result = try answer(
            reply,
            to: "CreateMultipartUpload",
            root: "InitiateMultipartUploadResult",
            or: ["UploadId"]
        )
        guard let id = result["UploadId"], !id.isEmpty else {
            throw S3Failure(.refused, "The object storage at \(address) does not answer with the id of an upload.")
        }
        return id
    }

    /// Stores a part, and replaces an earlier part with the same number.
    package func putPart(
        _ number: Int,
        of id: String,
        _ key: String,
        _ bytes: UnsafeRawBufferPointer
    ) throws(S3Failure) -> S3Part {
        let query = [(name: "partNumber", value: String(number)), (name: "uploadId", value: id)]
        let reply = try send(Request(method: .put, key: key, query: query, body: .memory(bytes)))
        guard let tag = reply.field("etag") else {
            throw S3Failure(.refused, "The object storage at \(address) does not answer with the tag of a part.")
        }
        return S3Part(number: number, tag: tag)
    }

    /// The header field with an object's creation token.
    static let creationTokenField = "x-amz-meta-apus-upload"

    /// Returns a new random creation token, which identifies the object that one upload creates.
    package static func newCreationToken() -> String {
        Hexadecimal.text((0..<16).map { _ in UInt8.random(in: 0...255) })
    }

    /// Whether a text has the form of a creation token.
    package static func isCreationToken(_ text: Substring) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Completes an upload; the object exists, with the content of the parts, when this function returns.
    ///
    /// If the answer does not show whether the upload was completed, this function reads the metadata of the object to find out.
    package func complete(_ id: String, _ key: String, _ completion: S3Completion) throws(S3Failure) {
        do throws(S3Failure) {
            try requestCompletion(id, key, completion.parts)
        } catch {
            guard error.kind == .noUpload || error.kind == .unavailable else { throw error }
            // If the metadata cannot be read either, the first error is thrown.
            guard let object = try? head(key), completion.hasCreated(object) else { throw error }
        }
    }

    /// The name that S3's API gives to the request that completes an upload.
    private static let completion = "CompleteMultipartUpload"

    private func requestCompletion(_ id: String, _ key: String, _ parts: [S3Part]) throws(S3Failure) {
        let list = parts.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(XMLElement.escaped(part.tag))</ETag></Part>"
        }.joined()
        let body = Array("<CompleteMultipartUpload>\(list)</CompleteMultipartUpload>".utf8)
        var attempt = 1
        while true {
            let reply = try send(Request(method: .post, key: key, query: [("uploadId", id)], body: .array(body)))
            // S3 sends the status 200 before it joins the parts, so only the body shows whether it could join them.
            let result: XMLElement
            do throws(S3Failure) {
                result = try answer(reply, to: Self.completion, root: "CompleteMultipartUploadResult", or: ["ETag"])
            } catch {
                guard error.kind == .unavailable, attempt < settings.attempts else { throw error }
                Self.pause(after: attempt)
                attempt += 1
                continue
            }
            guard let tag = result["ETag"], !tag.isEmpty else { throw unexpectedAnswer(to: Self.completion) }
            if !Self.isSame(tag, Self.tag(of: parts)) { try requireObject(key, tag: tag, size: nil) }
            return
        }
    }

    /// Returns the tag that S3 computes for an object of these parts; nil if the tags of the parts are not MD5 sums.
    fileprivate static func tag(of parts: [S3Part]) -> String? {
        var sums: [UInt8] = []
        for part in parts {
            guard let sum = Hexadecimal.bytes(part.tag.filter { $0 != "\"" }), sum.count == 16 else { return nil }
            sums += sum
        }
        return "\"\(Hexadecimal.text(MD5.digest(of: sums)))-\(parts.count)\""
    }

    /// Aborts an upload and removes its parts; an upload that does not exist is not an error.
    package func abort(_ id: String, _ key: String) throws(S3Failure) {
        do throws(S3Failure) {
            _ = try send(Request(method: .delete, key: key, query: [("uploadId", id)], expected: [204]))
        } catch {
            guard error.kind == .noUpload || error.kind == .noObject else { throw error }
        }
    }

    /// Returns the stored parts of an upload, with their sizes in bytes.
    package func parts(of id: String, _ key: String) throws(S3Failure) -> [(part: S3Part, size: Int64)] {
        var found: [(part: S3Part, size: Int64)] = []
        var marker: Int?
        while true {
            var query = [(name: "uploadId", value: id), (name: "max-parts", value: "1000")]
            if let marker { query.append(("part-number-marker", "\(marker)")) }
            let reply = try send(Request(method: .get, key: key, query: query))
            let result = try answer(reply, to: "ListParts", root: "ListPartsResult", or: ["Part", "IsTruncated"])
            for child in result.children where child.name == "Part" {
                guard let number = child["PartNumber"].flatMap({ Int($0) }),
                    let size = child["Size"].flatMap({ Int64($0) })
                else { continue }
                found.append((S3Part(number: number, tag: child["ETag"] ?? ""), size))
            }
            guard result["IsTruncated"] == "true", found.count < Self.maximumParts else { return found }
            guard let next = result["NextPartNumberMarker"].flatMap({ Int($0) }), next > marker ?? 0 else {
                throw unexpectedAnswer(to: "ListParts")
            }
            marker = next
        }
    }

    /// Calls `body` for each page of the unfinished uploads to keys that begin with a prefix.
    package func forEachUnfinishedUpload(
        prefix: String,
        _ body: ([S3Upload]) throws(S3Failure) -> Void
    ) throws(S3Failure) {
        var marker: (key: String, id: String)?
        while true {
            var query = [
                (name: "uploads", value: ""), (name: "encoding-type", value: "url"), (name: "prefix", value: prefix),
            ]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let reply: HTTPReply
            do throws(S3Failure) {
                reply = try send(Request(method: .get, query: query))
            } catch {
                // Some object stores answer with this error if there is no upload.
                guard error.kind == .noUpload else { throw error }
                return
            }
            let result = try answer(
                reply,
                to: "ListMultipartUploads",
                root: "ListMultipartUploadsResult",
                or: ["Upload", "IsTruncated"]
            )
            let decoded = Self.decoder(of: result)
            try body(
                result.children.compactMap { child in
                    guard child.name == "Upload", let key = decoded(child["Key"]), key.utf8.starts(with: prefix.utf8),
                        let id = child["UploadId"], let begun = child["Initiated"].flatMap({ S3Timestamp.seconds($0) })
                    else { return nil }
                    return S3Upload(key: key, id: id, begun: begun)
                }
            )
            guard result["IsTruncated"] == "true" else { return }
            guard let key = decoded(result["NextKeyMarker"]), let id = result["NextUploadIdMarker"],
                marker.map({ $0 != (key, id) }) ?? true
            else { throw unexpectedAnswer(to: "ListMultipartUploads") }
            marker = (key, id)
        }
    }
}
