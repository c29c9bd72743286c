internal import ArtifactStore
internal import S3

/// The objects whose keys begin with a prefix, in the form of a folder that a walk can enter.
struct BucketFolder: WalkedFolder {
    private let bucket: ArtifactBucket
    /// The prefix, which is empty or ends with a slash.
    private let prefix: String

    init(_ bucket: ArtifactBucket, _ prefix: String) {
        self.bucket = bucket
        self.prefix = prefix
    }

    func members() throws(ArtifactError) -> [WalkedMember] {
        var members: [WalkedMember] = []
        var after: String?
        repeat {
            let from = after
            let page = try bucket.mappingErrors { () throws(S3Failure) in
                try bucket.client.list(prefix: prefix, isShallow: true, after: from)
            }
            for found in page.prefixes {
                let name = String(decoding: found.utf8.dropFirst(prefix.utf8.count).dropLast(), as: UTF8.self)
                members.append(WalkedMember(name: name, isFolder: true, facts: .folder))
            }
            for object in page.objects {
                let name = String(decoding: object.key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
                members.append(WalkedMember(name: name, isFolder: false, facts: bucket.facts(of: object)))
            }
            after = page.next
        } while after != nil
        return members
    }

    /// Returns nil, because `members()` returns each member with its facts.
    func facts(of name: String, isFolder: Bool) throws(ArtifactError) -> ArtifactFacts? { nil }

    func subfolder(_ name: String) throws(ArtifactError) -> any WalkedFolder {
        BucketFolder(bucket, prefix + name + "/")
    }

    func open(_ name: String) throws(ArtifactError) -> OpenArtifact {
        let key = prefix + name
        let object = try bucket.mappingErrors { () throws(S3Failure) in try bucket.client.head(key) }
        return bucket.open(object)
    }
}
