internal import Coding
internal import PostgreSQL
internal import Tracking

/// The SQLite file that `--backend-store-uri` names: a URI in the forms that MLflow accepts (SQLAlchemy's), or a path.
struct StoreURI {
    /// The absolute path of the file.
    let path: String
    /// One line for each option that was ignored.
    let remarks: [String]

    init(_ setting: Setting, _ workingDirectory: String) throws(StartFailure) {
        let database: (path: String, ignored: [String])
        if setting.text.hasPrefix("sqlite:") || setting.text.hasPrefix("sqlite+") {
            database = try Self.database(ofURI: setting)
        } else {
            database = (try Self.plainPath(setting), [])
        }
        path = StorageLayout.absolute(database.path, workingDirectory)
        remarks = database.ignored.map { "apus: the option \($0) in \(setting.source) has no effect here." }
        try Self.refuseFolder(path, setting)
    }

    private static let forms =
        "sqlite:///relative/apus.db, sqlite:////absolute/apus.db, or leave it out and set --data-dir"

    /// The advice to users who give data in PostgreSQL to a command that works only on SQLite files.
    static let adviceForPostgres =
        "Over PostgreSQL, use pg_dump and pg_restore for backups; apus import copies the data into a data folder, and apus doctor "
        + "http://HOST:PORT checks a server."

    private static func refuseFolder(_ path: String, _ setting: Setting) throws(StartFailure) {
        guard FileKind(path) == .folder else { return }
        throw StartFailure(
            "\(setting.source): '\(path)' is a folder, perhaps an MLflow file store (mlruns), which cannot be served. Name "
                + "a SQLite file such as sqlite:///apus.db, or leave it out and give a folder for all data with --data-dir."
        )
    }

    // MARK: Plain paths

    private static func plainPath(_ setting: Setting) throws(StartFailure) -> String {
        let text = setting.text
        if PostgresAddress.hasScheme(text) {
            throw StartFailure(
                "\(setting.source) names a PostgreSQL database, and this command works on a SQLite file: \(forms). "
                    + adviceForPostgres
            )
        }
        // Such a text may contain a password, so no message shows it.
        let isMistaken =
            !HiddenPasswords.passwords(in: Array(text.utf8)).isEmpty
            || text.contains(/(^|\s)(host|hostaddr|dbname|service)\s*=/)
        guard !isMistaken || text.contains("://") || text.hasPrefix("/") else {
            throw StartFailure(
                "\(setting.source): this is neither the path of a SQLite file nor a URI. Write the address of a PostgreSQL database "
                    + "as postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
            )
        }
        if let scheme = ArtifactLocation(text).scheme, scheme != "file" {
            throw StartFailure(
                "\(setting.source): the store '\(scheme):…' is not supported. Use a SQLite file: \(forms). A server may also use a "
                    + "PostgreSQL database: postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
            )
        }
        // Such a text may be an address with a password, so the message does not show it.
        guard !text.contains("://") || text.hasPrefix("file://") else {
            throw StartFailure(
                "\(setting.source): the text contains :// but does not begin with a scheme. Remove spaces and quotes before it."
            )
        }
        let name = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        // For MLflow, a plain path names the folder of a file store. Here it names a database if the file exists, or if its name
        // has an extension.
        let isFile = name.dropFirst().contains(".") && !text.hasPrefix("file:") && name != ".."
        guard isFile || FileKind(text) == .file else {
            throw StartFailure(
                "\(setting.quoted) names the folder of an MLflow file store, which cannot be served. Leave it out and give a "
                    + "folder for all data with --data-dir, or name a SQLite file: \(forms)."
            )
        }
        return text
    }

    // MARK: URIs

    private static func database(ofURI setting: Setting) throws(StartFailure) -> (path: String, ignored: [String]) {
        let (database, query) = try split(setting)
        let options = try StoreOptions(query, setting.source)
        guard let decoded = PercentCoding.decode(database) else {
            throw StartFailure("\(setting.source) contains a % that does not begin an escape; write it as %25.")
        }
        if options.isInMemory || decoded.isEmpty || decoded == ":memory:" || decoded.hasPrefix("file::memory:") {
            throw StartFailure(
                "\(setting.source) asks for a database in memory, which is not offered: everything is durable here. For "
                    + "a temporary database, use a temporary folder: --data-dir \"$(mktemp -d)\"."
            )
        }
        let path = try filePath(decoded, options, setting.source)
        if options.mustExist, FileKind(path) != .file {
            throw StartFailure("\(setting.source): mode=rw needs a database that exists, and '\(path)' does not exist.")
        }
        return (path, options.ignored)
    }

    /// The parts before and after the question mark, without scheme and driver.
    private static func split(_ setting: Setting) throws(StartFailure) -> (database: Substring, query: Substring) {
        let parts = setting.text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let (uri, query) = (parts[0], parts.count > 1 ? parts[1] : "")
        let scheme = uri.prefix { $0 != ":" }
        guard scheme == "sqlite" || scheme == "sqlite+pysqlite" else {
            throw StartFailure(
                "\(setting.source): the driver '\(scheme.dropFirst("sqlite+".count).printable(limit: 60))' is not known. "
                    + "Use \(forms)."
            )
        }
        let rest = uri.dropFirst(scheme.count + 1)
        guard rest == "//" || rest.hasPrefix("///") else {
            throw StartFailure(
                "\(setting.source): three slashes begin a relative path and four an absolute one. Use \(forms)."
            )
        }
        return (rest.dropFirst(3), query)
    }

    /// The path of a database that may be a `file:` URI of SQLite's own (https://sqlite.org/uri.html).
    private static func filePath(
        _ database: String,
        _ options: StoreOptions,
        _ source: String
    ) throws(StartFailure) -> String {
        guard database.hasPrefix("file:") else { return database }
        guard options.isFileURI else {
            throw StartFailure("\(source): file: in a SQLite URI needs the option uri=true; or use \(forms).")
        }
        var path = database.dropFirst("file:".count)
        if path.hasPrefix("//") {
            path = path.dropFirst(2)
            if path.hasPrefix("localhost/") { path = path.dropFirst("localhost".count) }
            guard path.hasPrefix("/") else { throw StartFailure("\(source): a file: URI cannot name another machine.") }
        }
        guard let decoded = PercentCoding.decode(path), !decoded.isEmpty else {
            throw StartFailure("\(source): the file: URI names no file, or contains a % that does not begin an escape.")
        }
        return decoded
    }
}
