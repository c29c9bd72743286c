internal import Coding
internal import Glibc
internal import HTTPClient
internal import HTTPWire
internal import Hashing

/// The metadata of an object.
package struct S3Object: Sendable, Equatable {
    package let key: String
    /// The size in bytes.
    package let size: Int64
    /// The entity tag with its quotes, which differs for different content.
    package let tag: String
    /// The modification time in Unix seconds; 0 if the storage does not tell it.
    package let modified: Int64
    /// The mark of the upload in parts that has made it; nil if it has none, and in a listing.
    package var mark: String?

    package init(key: String, size: Int64, tag: String, modified: Int64, mark: String? = nil) {
        self.key = key
        self.size = size
        self.tag = tag
        self.modified = modified
        self.mark = mark
    }
}

/// A page of a listing.
package struct S3Page: Sendable {
    package var objects: [S3Object] = []
    /// In a shallow listing, the common beginnings of other keys, each with a slash at its end.
    package var prefixes: [String] = []
    /// The token with which the next page is requested; nil on the last page.
    package var next: String?
}

extension S3Client {
    /// Returns the metadata of an object.
    ///
    /// - Throws: `.noObject` if no object has this key.
    package func head(_ key: String) throws(S3Failure) -> S3Object {
        let stream: ReplyStream
        do throws(S3Failure) {
            stream = try open(Request(method: .head, key: key))
        } catch {
            // An answer to HEAD has no body and so no reason. A listing is refused for the same reason, with a body.
            if error.kind == .denied || error.kind == .refused { _ = try list(prefix: key, atMost: 1) }
            throw error
        }
        _ = try? stream.body(atMost: 0)
        return try object(key, stream.head)
    }

    private func object(_ key: String, _ head: ResponseHead) throws(S3Failure) -> S3Object {
        guard let size = head.value(of: "content-length").flatMap(Int64.init), size >= 0 else {
            throw S3Failure(.refused, "The object storage at \(address) does not tell the size of an object.")
        }
        let tag = head.value(of: "etag") ?? ""
        let modified = head.value(of: "last-modified").flatMap { HTTPDate.seconds($0) } ?? 0
        return S3Object(key: key, size: size, tag: tag, modified: modified, mark: head.value(of: Self.markField))
    }

    /// Requests a part of an object.
    ///
    /// - Parameters:
    ///   - range: the offsets of the part in the object; must not be empty.
    ///   - size: the size of the whole object.
    ///   - tag: the tag that the object must still have.
    /// - Throws: `.changed` if the object was replaced, `.noObject` if it was deleted.
    func read(_ key: String, _ range: Range<Int64>, of size: Int64, tag: String) throws(S3Failure) -> ReplyStream {
        var fields: [(name: String, value: String)] = tag.isEmpty ? [] : [("If-Match", tag)]
        let isWhole = range.lowerBound == 0 && range.upperBound == size
        if !isWhole { fields.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")) }
        let stream = try open(Request(method: .get, key: key, fields: fields, expected: isWhole ? [200] : [206]))
        // The storage may ignore If-Match, and a proxy may confuse answers.
        let length = stream.head.value(of: "content-length").flatMap(Int64.init)
        guard stream.head.value(of: "etag") ?? tag == tag, length == nil || length == Int64(range.count) else {
            throw S3Failure(.changed, "The object was replaced meanwhile.")
        }
        return stream
    }

    /// Stores an object; when this function returns, the object exists and is complete.
    ///
    /// - Parameter bytes: the content, which the storage checks against its signed hash.
    package func put(
        _ key: String,
        _ bytes: UnsafeRawBufferPointer,
        contentType: String
    ) throws(S3Failure) {
        let fields = fieldsOfUploads(contentType: contentType)
        _ = try send(Request(method: .put, key: key, fields: fields, body: .memory(bytes)))
    }

    /// Returns the header fields of a request that stores an object.
    package func fieldsOfUploads(contentType: String) -> [(name: String, value: String)] {
        [("Content-Type", contentType)] + settings.uploadFields
    }

    /// Deletes an object; an object that does not exist is no error.
    package func delete(_ key: String) throws(S3Failure) {
        _ = try send(Request(method: .delete, key: key, expected: [200, 204, 404]))
    }

    /// Deletes up to 1,000 objects.
    ///
    /// - Throws: the first failure to delete one of them; other objects may have been deleted.
    package func delete(_ keys: [String]) throws(S3Failure) {
        let objects = keys.map { "<Object><Key>\(XMLElement.escaped($0))</Key></Object>" }.joined()
        let body = Array("<Delete>\(objects)<Quiet>true</Quiet></Delete>".utf8)
        // The API requires this field for this request.
        let fields = [(name: "Content-MD5", value: Base64.encode(MD5.digest(of: body), .standard))]
        let reply = try send(Request(method: .post, query: [("delete", "")], fields: fields, body: .array(body)))
        guard let result = XMLElement(reply.body) else {
            throw S3Failure(
                .unavailable,
                "The object storage at \(address) does not answer a deletion with XML."
            )
        }
        for child in result.children where child.name == "Error" && child["Code"] != "NoSuchKey" {
            throw S3Fault(code: child["Code"] ?? "").failure(bucket: bucket, address: address)
        }
    }

    /// Returns a page of the objects whose keys begin with a prefix, in the order of their keys.
    ///
    /// - Parameters:
    ///   - isShallow: whether keys with a slash after the prefix are left out, and only their beginnings up to that slash
    ///     are listed.
    ///   - after: `S3Page.next` of the page before this one; nil for the first page.
    ///   - atMost: the greatest number of keys, at most 1,000.
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
            throw S3Failure(.refused, "\(address) does not answer like an object storage; check the endpoint.")
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
