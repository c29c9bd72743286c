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
    /// The modification time in Unix seconds; 0 if the storage does not report it.
    package let modified: Int64
    /// A random text that an upload in parts stores with its object, so that Apus recognizes the object of this upload; nil
    /// for other objects and in listings.
    package var creationToken: String?
}

/// A page of a listing.
package struct S3Page: Sendable {
    package var objects: [S3Object] = []
    /// The prefixes of the keys that a shallow listing does not list one by one; each prefix ends in a slash.
    package var prefixes: [String] = []
    /// The token with which the next page is requested; nil on the last page.
    package var next: String?
}

extension S3Client {
    /// Returns the metadata of an object.
    ///
    /// - Throws: `.noObject` if no object has this key.
    package func head(_ key: String) throws(S3Failure) -> S3Object {
        var stream: ReplyStream
        do throws(S3Failure) {
            stream = try open(Request(method: .head, key: key))
        } catch {
            guard error.kind == .denied || error.kind == .refused else { throw error }
            // An answer to HEAD has no body with the reason. A listing fails for the same reason, and its answer has a body.
            _ = try list(prefix: key, atMost: 1)
            // The listing succeeded: the failure was temporary, or expired credentials have been replaced meanwhile.
            stream = try open(Request(method: .head, key: key))
        }
        _ = try? stream.body(atMost: 0)
        return try object(key, stream.head)
    }

    private func object(_ key: String, _ head: ResponseHead) throws(S3Failure) -> S3Object {
        guard let size = head.value(of: "content-length").flatMap(Int64.init), size >= 0 else {
            throw S3Failure(.refused, "The object storage at \(address) does not tell the size of an object.")
        }
        // Every object storage answers with a tag, which shows whether the object is replaced while it is read.
        guard let tag = head.value(of: "etag"), !tag.isEmpty else { throw unexpectedAnswer(to: "HeadObject") }
        let modified = head.value(of: "last-modified").flatMap { HTTPDate.seconds($0) } ?? 0
        let creationToken = head.value(of: Self.creationTokenField)
        return S3Object(key: key, size: size, tag: tag, modified: modified, creationToken: creationToken)
    }

    /// Requests a part of an object.
    ///
    /// - Parameters:
    ///   - range: the offsets of the part in the object; must not be empty.
    ///   - size: the size of the whole object.
    ///   - tag: the tag that the object must still have.
    /// - Throws: `.changed` if the object was replaced, `.noObject` if it was deleted.
    func read(_ key: String, _ range: Range<Int64>, of size: Int64, tag: String) throws(S3Failure) -> ReplyStream {
        var fields: [(name: String, value: String)] = [("If-Match", tag)]
        let isWhole = range.lowerBound == 0 && range.upperBound == size
        if !isWhole { fields.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")) }
        var request = Request(method: .get, key: key, fields: fields, expected: isWhole ? [200] : [206])
        request.isContent = true
        let stream = try open(request)
        // An object store may ignore If-Match, and a proxy may answer with another object, so the tag and the length are
        // checked here.
        let length = stream.head.value(of: "content-length").flatMap(Int64.init)
        guard let found = stream.head.value(of: "etag") else { throw unexpectedAnswer(to: "GetObject") }
        guard found == tag, length == nil || length == Int64(range.count) else {
            throw S3Failure(.changed, "The object was replaced meanwhile.")
        }
        let contentRange = stream.head.value(of: "content-range")
        guard isWhole || contentRange == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)" else {
            throw unexpectedAnswer(to: "GetObject")
        }
        return stream
    }

    /// The failure for an answer that no object store sends, such as a log-in page or the answer of another service.
    ///
    /// - Parameter operation: the name that S3's API gives to the request.
    func unexpectedAnswer(to operation: String) -> S3Failure {
        S3Failure(
            .refused,
            "\(address) does not answer like an object storage to \(operation); check the endpoint, and any proxy in front of it."
        )
    }

    /// Stores an object; when this function returns, the object exists and is complete.
    ///
    /// - Parameter bytes: the content, which the storage checks against its signed hash.
    package func put(_ key: String, _ bytes: UnsafeRawBufferPointer, contentType: String) throws(S3Failure) {
        let fields = fieldsOfUploads(contentType: contentType)
        let reply = try send(Request(method: .put, key: key, fields: fields, body: .memory(bytes)))
        guard let tag = reply.field("etag"), !tag.isEmpty else { throw unexpectedAnswer(to: "PutObject") }
        guard bytes.count <= Self.maximumCheckedBytes, !Self.isSame(tag, Hexadecimal.text(MD5.digest(of: Array(bytes))))
        else { return }
        // The tag is no MD5 if, for instance, the storage encrypts with KMS. Then `head` shows whether the object was stored.
        try requireObject(key, tag: tag, size: Int64(bytes.count))
    }

    /// Whether two tags are the same; some object stores leave out the quotes in XML.
    static func isSame(_ first: String, _ second: String?) -> Bool {
        first.filter { $0 != "\"" } == second?.filter { $0 != "\"" }
    }

    /// The largest content, in bytes, whose MD5 is compared with its tag.
    private static let maximumCheckedBytes = 262_144

    /// Throws if the credentials do not permit reading objects; an object that does not exist is not an error.
    package func requireReading(of key: String) throws(S3Failure) {
        do throws(S3Failure) {
            let stream = try open(Request(method: .get, key: key, expected: [200]))
            guard stream.head.value(of: "etag") != nil else { throw unexpectedAnswer(to: "GetObject") }
        } catch {
            guard error.kind == .noObject else { throw error }
        }
    }

    /// Throws unless the storage has the object with the tag that was in its last answer.
    ///
    /// - Parameter size: nil if the size is unknown.
    func requireObject(_ key: String, tag: String, size: Int64?) throws(S3Failure) {
        do throws(S3Failure) {
            let found = try head(key)
            if Self.isSame(found.tag, tag), size == nil || size == found.size { return }
        } catch {
            guard error.kind == .noObject else { throw error }
        }
        throw S3Failure(
            .unavailable,
            "The object storage at \(address) says that it has stored a file, but does not have it."
        )
    }

    /// Returns the header fields of a request that stores an object.
    package func fieldsOfUploads(contentType: String) -> [(name: String, value: String)] {
        [("Content-Type", contentType)] + settings.uploadFields
    }

    /// Deletes an object; an object that does not exist is not an error.
    package func delete(_ key: String) throws(S3Failure) {
        do throws(S3Failure) {
            _ = try send(Request(method: .delete, key: key, expected: [204]))
        } catch {
            guard error.kind == .noObject else { throw error }
        }
    }

    /// Deletes up to 1,000 objects.
    ///
    /// - Throws: the reason why one of them cannot be deleted; other objects may have been deleted.
    package func delete(_ keys: [String]) throws(S3Failure) {
        // Keys with characters that XML cannot contain are deleted one by one.
        var rest = keys.filter(XMLElement.canContain)
        for key in keys where !XMLElement.canContain(key) { try delete(key) }
        var attempt = 1
        while !rest.isEmpty {
            let result: UndeletedKeys
            do throws(S3Failure) {
                result = try deleteAtOnce(rest)
            } catch {
                guard error.isUnknownOperation else { throw error }
                for key in rest { try delete(key) }
                return
            }
            guard let failure = result.failure else { return }
            guard failure.kind == .unavailable, attempt < settings.attempts else { throw failure }
            Self.pause(after: attempt)
            attempt += 1
            rest = result.keys
        }
    }

    /// The keys that a request could not delete for a temporary reason, and the reason for the last of them.
    private struct UndeletedKeys {
        var keys: [String] = []
        var failure: S3Failure?
    }

    private func deleteAtOnce(_ keys: [String]) throws(S3Failure) -> UndeletedKeys {
        let objects = keys.map { "<Object><Key>\(XMLElement.escaped($0))</Key></Object>" }.joined()
        let body = Array("<Delete>\(objects)<Quiet>true</Quiet></Delete>".utf8)
        // The API requires this field for this request.
        let fields = [(name: "Content-MD5", value: Base64.encode(MD5.digest(of: body), .standard))]
        let reply = try send(Request(method: .post, query: [("delete", "")], fields: fields, body: .array(body)))
        let result = try answer(reply, to: "DeleteObjects", root: "DeleteResult", or: ["Deleted", "Error"])
        var undeleted = UndeletedKeys()
        for child in result.children where child.name == "Error" && child["Code"] != "NoSuchKey" {
            let failure = S3Fault(code: child["Code"] ?? "").failure(bucket: bucket, address: address)
            guard failure.kind == .unavailable, let key = child["Key"] else { throw failure }
            undeleted.keys.append(key)
            undeleted.failure = failure
        }
        return undeleted
    }

    /// Returns the XML of an answer of status 200.
    ///
    /// Some object stores name the root element differently from S3. The answer is therefore also accepted if the root
    /// contains an element of `elements`.
    ///
    /// - Parameters:
    ///   - operation: the name that S3's API gives to the request, for messages.
    ///   - root: the name of the root element in S3.
    ///   - elements: names of elements that only this answer contains.
    /// - Throws: the failure that the XML reports instead; `.refused` if the body is anything else.
    func answer(
        _ reply: HTTPReply,
        to operation: String,
        root: String,
        or elements: Set<String>
    ) throws(S3Failure) -> XMLElement {
        guard let found = XMLElement(reply.body) else { throw unexpectedAnswer(to: operation) }
        if found.name == "Error" {
            throw S3Fault(code: found["Code"] ?? "InternalError").failure(bucket: bucket, address: address)
        }
        guard found.name == root || found.children.contains(where: { elements.contains($0.name) }) else {
            throw unexpectedAnswer(to: operation)
        }
        return found
    }

    /// The name that S3's API gives to the request for a listing.
    private static let listOperation = "ListObjectsV2"

    /// Returns a page of the objects whose keys begin with a prefix, in the order of their keys.
    ///
    /// - Parameters:
    ///   - isShallow: whether to leave out keys with a slash after the prefix; the part up to that slash is then one of
    ///     `S3Page.prefixes`, once for all keys that begin with it.
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
        let result = try answer(
            reply,
            to: Self.listOperation,
            root: "ListBucketResult",
            or: ["Contents", "CommonPrefixes", "IsTruncated"]
        )
        let decoded = Self.decoder(of: result)
        // Bytes are compared, not Characters: a slash with a combining mark after it is one Character, unequal to "/".
        func rest(_ key: String) -> Substring.UTF8View? {
            key.utf8.starts(with: prefix.utf8) ? key.utf8.dropFirst(prefix.utf8.count) : nil
        }
        let slash = UInt8(ascii: "/")
        var page = S3Page()
        for child in result.children {
            switch child.name {
            case "Contents":
                guard let key = decoded(child["Key"]), let rest = rest(key),
                    let size = child["Size"].flatMap(Int64.init)
                else { continue }
                // An object store that returns such a key ignores the parameter `delimiter`.
                if isShallow, rest.contains(slash) { throw unexpectedAnswer(to: Self.listOperation) }
                let modified = child["LastModified"].flatMap { S3Timestamp.seconds($0) } ?? 0
                page.objects.append(S3Object(key: key, size: size, tag: child["ETag"] ?? "", modified: modified))
            case "CommonPrefixes":
                guard let found = decoded(child["Prefix"]), let rest = rest(found) else { continue }
                guard rest.last == slash, !rest.dropLast().contains(slash) else {
                    throw unexpectedAnswer(to: Self.listOperation)
                }
                page.prefixes.append(found)
            default: continue
            }
        }
        if result["IsTruncated"] == "true" {
            // Without a token, the other pages could not be requested, and this page would look like the whole list.
            guard let next = result["NextContinuationToken"], !next.isEmpty, next != after else {
                throw unexpectedAnswer(to: Self.listOperation)
            }
            page.next = next
        }
        return page
    }

    /// Returns a function that decodes the keys in a listing, which are percent-encoded if its element `EncodingType` says so.
    static func decoder(of list: XMLElement) -> (String?) -> String? {
        guard list["EncodingType"] == "url" else { return { $0 } }
        return { $0.flatMap { PercentCoding.decode($0, plusIsSpace: true) } }
    }
}
