internal import HTTPServer
internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    /// The call by which `apus gc` makes a running server remove deleted runs, models and experiments permanently.
    var removalEndpoints: [[Endpoint]] {
        [endpoint(.post, .apus, "gc", Self.removalAccess.audited("older_than"), auditing: removePermanently)]
    }

    private static let removalAccess = Access.administer(.server)

    /// The time after which one call answers even if there is more to do.
    private static let timePerCall = Duration.seconds(2)

    private func removePermanently(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        do {
            let progress = try whileAdmitted(request, Self.removalAccess) { try removePermanently($0, audit) }
            responder.send(.removal(progress))
        } catch { responder.send(response(to: error)) }
    }

    private func removePermanently(_ request: HTTPRequest, _ audit: AuditEntry?) throws -> RemovalProgress {
        let message = try RequestMessage(request, nil)
        let now = currentMilliseconds()
        var extras = RemovalExtras()
        extras.journalBefore = try message.age("journal_older_than").map { now - $0 }
        var progress = RemovalProgress()
        var kept = RemovalCount()
        guard local != nil else { return try removeOneByOne(message, request, now: now, extras, audit) }
        // A call with `next` is refused: without `continue`, it would begin another removal.
        guard try message.string("next") == nil else {
            throw TrackingError.invalidParameter(
                "This server continues a removal without `next`. Send `\"continue\": true` instead."
            )
        }
        if try message.boolean("continue") != true {
            let removal = try message.removalRequest(now: now)
            extras.removesExpiredUploads = removal.isForAllDeleted
            guard try message.boolean("dry_run") != true else {
                progress.count = try previewRemoval(removal, extras)
                progress.isDone = true
                return progress
            }
            kept = try beginRemoval(removal, for: request.caller, audit)
        } else {
            guard try message.boolean("dry_run") != true else {
                throw TrackingError.invalidParameter(
                    "A removal that has begun cannot be previewed. Leave out `continue` or `dry_run`."
                )
            }
            extras.removesExpiredUploads = try message.boolean("uploads") ?? false
        }
        // A removal that has begun continues without a check of permissions: this server continues it even without a call.
        progress = try continueRemoval(for: Self.timePerCall, extras, audit)
        progress.count.add(kept)
        return progress
    }
}

extension MLflowAPI {
    /// Removes objects from a store without a table of removals: each call repeats the request, with the `next` of the answer.
    private func removeOneByOne(
        _ message: RequestMessage,
        _ request: HTTPRequest,
        now: Int64,
        _ extras: RemovalExtras,
        _ audit: AuditEntry?
    ) throws -> RemovalProgress {
        guard try message.boolean("continue") != true else {
            throw TrackingError.invalidParameter(
                "A server over PostgreSQL continues a removal with `next`. Send the `next` of the previous answer and the same "
                    + "other parameters, and leave out `continue`."
            )
        }
        var extras = extras
        let removal = try message.removalRequest(now: now)
        extras.removesExpiredUploads = removal.isForAllDeleted
        if try message.boolean("dry_run") == true {
            var progress = RemovalProgress()
            progress.count = try previewRemoval(removal, extras)
            progress.isDone = true
            return progress
        }
        let mark = try message.string("next").map { text in
            guard let mark = RemovalProgressMark(text), mark.belongs(to: removal) else {
                throw TrackingError.invalidParameter(
                    "'next' is invalid. Send the 'next' of the previous answer, with the same other parameters."
                )
            }
            return mark
        }
        // This write checks the permissions. A removal that has begun continues without a check, as with the table of removals.
        try store.writeNow(for: request.caller) { _ in }
        return try removeOneByOne(removal, from: mark, for: Self.timePerCall, extras, audit)
    }
}

extension RequestMessage {
    fileprivate func removalRequest(now: Int64) throws -> RemovalRequest {
        var request = RemovalRequest(deletedBefore: try age("older_than").map { now - $0 })
        request.runIDs = try strings("run_ids")
        request.loggedModelIDs = try strings("logged_model_ids")
        request.experimentIDs = try strings("experiment_ids")?.map { try parseExperimentID($0) }
        return request
    }

    /// Reads a duration in milliseconds; nil if absent.
    fileprivate func age(_ name: String) throws(TrackingError) -> Int64? {
        guard try integer(name) != nil else { return nil }
        return Int64(try integer(name, in: 0...(1 << 50), default: 0))
    }
}

extension HTTPResponse {
    fileprivate static func removal(_ progress: RemovalProgress) -> HTTPResponse {
        .jsonObject { writer in
            writer.member("done", progress.isDone)
            writer.member("next", ifPresent: progress.next?.text)
            for (name, number) in progress.count.members { writer.member(name, number) }
            writer.memberArray("kept_because") { writer in
                for reason in progress.count.reasons { writer.string(reason) }
            }
            writer.memberArray("failures") { writer in
                for failure in progress.failures { writer.string(failure) }
            }
        }
    }
}

extension RemovalCount {
    /// The counts with their names in JSON.
    package var members: [(name: StaticString, number: Int64)] {
        [
            ("runs", runs), ("logged_models", loggedModels), ("experiments", experiments), ("metric_points", points),
            ("artifact_files", files), ("artifact_bytes", bytes), ("uploads", expiredUploads),
            ("journal_entries", artifactJournalEntries), ("kept", kept), ("undated", undated),
            ("elsewhere", unservedFolders),
        ]
    }
}
