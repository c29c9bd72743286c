internal import Budgets
internal import Coding
internal import Glibc
internal import HTTPServer
internal import Logging
internal import MLflowAPI
internal import S3
internal import SQLite
internal import Tracking
internal import TrackingStore

/// Connects the parts of a server: it starts them, and stops them in order.
final class RunningServer {
    private let parts: ServerParts
    private let server: HTTPServer

    /// The longest time between the signal and the end of the last snapshot.
    ///
    /// The process must end within five seconds; the rest of the five seconds is for closing the store.
    private static let lastSnapshotTimeout = Duration.milliseconds(4_300)

    /// Opens the store, starts listening, and reports that the server is ready.
    init(_ settings: ServerSettings, signals: StopSignals, _ logger: Logger) throws {
        parts = try ServerParts(settings, logger)
        server = try parts.httpServer()
        let addresses = try server.start(on: settings.listening.sockets)
        // The handler is set before the ready line is printed, because whoever reads the line may at once stop the server.
        stop(on: signals)
        if let certificate = settings.certificate { signals.onRenewal { certificate.renew(logger) } }
        if let audit = parts.tasks.audit { AuditTask.begin(audit, in: parts.store, settings.audit, settings.security) }
        let address = ServedAddress(addresses, prefix: settings.listening.prefix, settings.certificate)
        try warn(address)
        try announce(address)
        AutomaticStop.watch(settings.automaticStop, server, logger)
        parts.tasks.begin()
    }

    /// Prints warnings about settings that may have unwanted effects.
    private func warn(_ address: ServedAddress) throws {
        let (security, access) = (parts.settings.security, parts.access)
        if let line = address.warning(hostRule: security.hostRule, requiresToken: security.requiresCredentials) {
            StandardStream.error.write(line)
        }
        if security.requiresToken, security.accounts == nil, !access.hasTokens,
            parts.settings.externalUsers.source == nil
        {
            StandardStream.error.write(
                "apus: every request needs a token, and there is none yet. Make one: "
                    + "apus token create NAME --scope admin \(parts.flagOfDatabase)"
            )
        }
    }

    private func announce(_ address: ServedAddress) throws {
        let settings = parts.settings
        let layout = settings.layout
        if let store = parts.sqliteStore, store.journalMode != .wal {
            parts.logger.notice(
                "the file system does not support a write-ahead log; commits use a rollback journal",
                metadata: ["journal": "\(store.journalMode.rawValue)", "database": "\(layout.databasePath)"]
            )
        }
        // The address is reported before the runs are counted, because the server is ready and the count may take seconds.
        let access = parts.access
        let key = access.operatorKey.text
        try parts.sqliteStore?.announce(address.url, key: key, requiresTokens: access.isRequired)
        try parts.folderLock?.announce(address.url, key: key, requiresTokens: access.isRequired)
        try settings.readyFile?.write(address.url)
        settings.serviceManager.reportReady(at: address.url)
        let artifactLocation = layout.artifactBucket?.uri ?? layout.artifactsPath
        let artifacts = layout.servesArtifacts ? artifactLocation : layout.artifactRoot.uri
        StandardStream.output.write(
            "Apus \(apusVersion) at \(address.url), database \(parts.database), artifacts \(artifacts)\(try runCountText)"
                + settings.webPages.announcement
        )
    }

    /// The end of the line that reports the address, such as `, 12 runs`; empty if the runs cannot be counted.
    private var runCountText: String {
        get throws {
            do {
                return ", \(try parts.store.readNow(.cheap) { try $0.runCount() }) runs"
            } catch let error as SQLiteError where error.isInterrupt {
                return ""
            } catch let error as TrackingError where error.code == .temporarilyUnavailable {
                // The store is closed already.
                return ""
            } catch _ where parts.sqliteStore == nil {
                // PostgreSQL is unreachable, or another program has locked the runs. The server keeps running, and the answers to
                // requests report the failure.
                return ""
            }
        }
    }

    /// Ends the process with status 0 within 5 seconds after a signal that stops the server.
    private func stop(on signals: StopSignals) {
        signals.onStop { [server, parts] in
            let end = ContinuousClock.now + Self.lastSnapshotTimeout
            // If this fails, other processes take this server for running until they fail to connect to it.
            try? parts.sqliteStore?.announce("")
            try? parts.folderLock?.announce("")
            parts.settings.readyFile?.remove()
            parts.settings.serviceManager.reportStopping()
            server.shutdown(within: parts.snapshotScheduler == nil ? .seconds(4) : .milliseconds(2_500)) {
                // All answers have been sent, so the last snapshot contains every acknowledged change.
                try? parts.logInAudit?.report()
                // The forwarder need not finish: the next server sends the rest to the upstream.
                parts.tasks.forwarding?.end()
                if let task = parts.tasks.snapshots { parts.snapshotScheduler?.finish(task, by: end, parts.logger) }
                parts.tasks.end()
                parts.store.close()
                parts.folderLock?.release()
                exit(0)
            }
        }
    }
}
