internal import Coding
internal import Glibc
internal import HTTPClient
internal import HTTPWire
internal import Hashing

/// What is known of an object without its bytes.
package struct S3Object: Sendable, Equatable {
    package let key: String
    /// In bytes.
    package let size: Int64
    /// The entity tag with its quotes; another one for each content, in most storages.
    package let tag: String
    /// Seconds since 1970.
    package let modified: Int64
}

/// A part of a list of objects.
package struct S3Page: Sendable {
    package var objects: [S3Object] = []
    /// Beginnings of keys that end with the delimiter, each for all keys that begin so.
    package var prefixes: [String] = []
    /// Continues the list; nil at its end.
    package var next: String?
}

extension S3Client {
    /// What is known of an object; throws `.noObject` where there is none.
    package func head(_ key: String) throws(S3Failure) -> S3Object {
        let stream: ReplyStream
        do throws(S3Failure) {
            stream = try open(Request(method: .head, key: key))
        } catch {
            // An answer to HEAD has no body that says why: another request is refused for the same reason, in words.
            if error.kind == .denied || error.kind == .refused { _ = try list(prefix: key, atMost: 1) }
            throw error
        }
        _ = try? stream.body(atMost: 0)
        return try object(key, stream.head)
    }

    private func object(_ key: String, _ head: ResponseHead) throws(S3Failure) -> S3Object {
        guard let size = head.value(of: "content-length").flatMap(Int64.init), size >= 0 else {
            throw S3Failure(.refused, "The object storage at \(place) does not tell the size of an object.")
        }
        let tag = head.value(of: "etag") ?? ""
        let modified = head.value(of: "last-modified").flatMap { HTTPDate.seconds($0) } ?? 0
        return S3Object(key: key, size: size, tag: tag, modified: modified)
    }

    /// Begins to read a part of an object.
    ///
    /// - Parameters:
    ///   - range: offsets in the object; not empty.
    ///   - tag: that the object must still have.
    /// - Throws: `.changed` for an object that has become another, `.noObject` for one that is gone.
    func read(_ key: String, _ range: Range<Int64>, of size: Int64, tag: String) throws(S3Failure) -> ReplyStream {
        var fields: [(name: String, value: String)] = tag.isEmpty ? [] : [("If-Match", tag)]
        let isWhole = range.lowerBound == 0 && range.upperBound == size
        if !isWhole { fields.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")) }
        let stream = try open(Request(method: .get, key: key, fields: fields, expected: isWhole ? [200] : [206]))
        // A storage that passes over If-Match, or a proxy that mixes answers up, must not go unnoticed.
        let length = stream.head.value(of: "content-length").flatMap(Int64.init)
        guard stream.head.value(of: "etag") ?? tag == tag, length == nil || length == Int64(range.count) else {
            throw S3Failure(.changed, "The object was replaced meanwhile.")
        }
        return stream
    }

    /// Stores an object as a whole; it is there, and complete, when this returns.
    ///
    /// - Parameter bytes: which the storage checks against their hash.
    package func put(
        _ key: String,
        _ bytes: UnsafeRawBufferPointer,
        contentType: String
    ) throws(S3Failure) {
        let fields = fieldsOfUploads(contentType: contentType)
        _ = try send(Request(method: .put, key: key, fields: fields, body: .memory(bytes)))
    }

    /// The fields with which objects are stored.
    package func fieldsOfUploads(contentType: String) -> [(name: String, value: String)] {
        [("Content-Type", contentType)] + settings.uploadFields
    }

    /// Removes an object; one that is not there is no error.
    package func delete(_ key: String) throws(S3Failure) {
        _ = try send(Request(method: .delete, key: key, expected: [200, 204, 404]))
    }

    /// Removes up to 1,000 objects.
    ///
    /// - Throws: the first failure of one of them; others may have been removed.
    package func delete(_ keys: [String]) throws(S3Failure) {
        let objects = keys.map { "<Object><Key>\(XMLElement.escaped($0))</Key></Object>" }.joined()
        let body = Array("<Delete>\(objects)<Quiet>true</Quiet></Delete>".utf8)
        // The API asks for this field here.
        let fields = [(name: "Content-MD5", value: Base64.encode(MD5.digest(of: body), .standard))]
        let reply = try send(Request(method: .post, query: [("delete", "")], fields: fields, body: .array(body)))
        guard let result = XMLElement(reply.body) else {
            throw S3Failure(
                .unavailable,
                "The object storage at \(place) answers a deletion with something else than XML."
            )
        }
        for child in result.children where child.name == "Error" && child["Code"] != "NoSuchKey" {
            throw S3Fault(code: child["Code"] ?? "").failure(bucket: bucket, place: place)
        }
    }

    /// A page of the objects whose keys begin with a prefix, in the order of their keys.
    ///
    /// - Parameters:
    ///   - isShallow: whether keys are gathered at the first slash after the prefix.
    ///   - after: where an earlier page says that the list goes on.
    ///   - atMost: keys, 1,000 at most.
    package func list(
        prefix: String,
        isShallow: Bool = false,
        after: String? = nil,
        atMost: Int = 1_000
    ) throws(S3Failure) -> S3Page {
        var query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", String(atMost)), ("prefix", prefix)]
        if isShallow { query.append(("delimiter", "/")) }
        if let after { query.append(("continuation-token", after)) }
        let request = Request(method: .get, query: query.map { (name: $0.0, value: $0.1) })
        let reply = try send(request)
        guard let result = XMLElement(reply.body), result.name == "ListBucketResult" else {
            throw S3Failure(.refused, "\(place) does not answer like an object storage; check the endpoint.")
        }
        let isEncoded = result["EncodingType"] == "url"
        func decoded(_ text: String?) -> String? {
            text.flatMap { isEncoded ? PercentCoding.decode($0, plusIsSpace: true) : $0 }
        }
        var page = S3Page()
        for child in result.children {
            switch child.name {
            case "Contents":
                guard let key = decoded(child["Key"]), key.hasPrefix(prefix),
                    let size = child["Size"].flatMap(Int64.init)
                else { continue }
                let modified = child["LastModified"].flatMap { SignedMoment.seconds($0) } ?? 0
                page.objects.append(S3Object(key: key, size: size, tag: child["ETag"] ?? "", modified: modified))
            case "CommonPrefixes":
                if let found = decoded(child["Prefix"]), found.hasPrefix(prefix) { page.prefixes.append(found) }
            default: continue
            }
        }
        if result["IsTruncated"] == "true" { page.next = result["NextContinuationToken"] }
        return page
    }
}
