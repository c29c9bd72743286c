internal import ArgumentParser
internal import Coding
internal import MLflowAPI
internal import PostgreSQL
internal import Tracking
internal import Transfer

extension ExportTable.Rows: ExpressibleByArgument {}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write runs into a file that can be kept and sent, or everything into a folder for MLflow.",
        discussion: """
            With --format archive the file contains everything, or only the named runs or experiments, with ids, times, \
            whole histories and artifacts. apus import reads the file, and tar unpacks it.

            With --format csv or jsonl the file is a table of the runs with the columns of the client's search_runs, \
            or, with --table metrics, of every point of their metrics. Deleted runs are included only if they are \
            named.

            With --format html the file is one page that a browser opens from the disk, without a server. The page \
            shows a run, up to 100 runs side by side, or the table of an experiment, as Apus' own pages do. A file of \
            runs contains their curves, thinned if they are long, and the artifacts of up to 1 MiB each.

            The data comes from the server that --from names, from the server that has the data folder open, or, \
            without such a server, from the data folder itself. With --backend-store-uri \
            postgresql://USER:PASSWORD@HOST:PORT/DATABASE the data comes from that database, even while servers use it, \
            and artifacts come from the folder of --artifacts-destination.

            With --format mlflow-db the result is a folder with all experiments, runs, models and artifacts, in which \
            mlflow server --backend-store-uri sqlite:///mlflow.db of version 3.17 or later works. The data is read \
            from the data folder, even while a server has it open. With --output \
            postgresql://USER:PASSWORD@HOST:PORT/DATABASE this database of PostgreSQL, which must be empty, is filled, \
            and the artifacts go into the folder of --artifacts-to. The exit status is 1 if data was left out, which is \
            listed.

            In every format, the exit status is 2 if nothing was written.
            """,
        helpNames: .long
    )

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case archive, csv, html, jsonl
        case mlflowDatabase = "mlflow-db"

        /// The name of the file or folder if --output is not given.
        var usualOutput: String {
            switch self {
            case .archive: "apus-export.tar"
            case .csv: "apus-export.csv"
            case .html: "apus-export.html"
            case .jsonl: "apus-export.jsonl"
            case .mlflowDatabase: "mlflow-export"
            }
        }
    }

    @Option(help: "The format: archive, csv, html, jsonl or mlflow-db.")
    var format: Format

    @Argument(help: ArgumentHelp("The ids of the runs.", valueName: "run"))
    var runs: [String] = []

    @Option(
        help: ArgumentHelp(
            "An experiment, by name or id; may be repeated. For html only one, whose newest 1,000 runs are in the table.",
            valueName: "experiment"
        )
    )
    var experiment: [String] = []

    @Option(help: ArgumentHelp("Only runs that this filter of runs/search finds (html).", valueName: "filter"))
    var filter: String?

    @Option(help: "The rows of csv and jsonl: runs, or metrics for each point of their histories. (default: runs)")
    var table: ExportTable.Rows?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            """
            The file to write, - for the standard output, or for mlflow-db a new folder or the address of an empty \
            database, postgresql://…. (default: apus-export with the extension of the format, or mlflow-export)
            """,
            valueName: "path"
        ),
        completion: .file()
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "The new folder for the artifacts if --output names a database of PostgreSQL. (default: mlartifacts)",
            valueName: "folder"
        ),
        completion: .directory
    )
    var artifactsTo: String?

    @Option(help: ArgumentHelp("The server to export from, such as http://127.0.0.1:5000.", valueName: "uri"))
    var from: String?

    @OptionGroup(title: "Where the data is") var storage: StorageOptions

    func validate() throws {
        guard table == nil || format == .csv || format == .jsonl else {
            throw ValidationError("--table is for --format csv and jsonl.")
        }
        let isToPostgres = PostgresAddress.hasScheme(outputPath)
        guard format == .mlflowDatabase || !isToPostgres else {
            throw ValidationError("To export into a database of PostgreSQL, use --format mlflow-db.")
        }
        guard isToPostgres || artifactsTo == nil else {
            throw ValidationError("--artifacts-to is for an export into a database of PostgreSQL.")
        }
        switch format {
        case .archive, .csv, .jsonl:
            guard runs.isEmpty || experiment.isEmpty else {
                throw ValidationError("Name either runs, or experiments by --experiment, or neither for everything.")
            }
            guard filter == nil else { throw ValidationError("--filter is for --format html.") }
        case .html:
            guard runs.isEmpty != experiment.isEmpty, experiment.count < 2 else {
                throw ValidationError("Name either runs, or an experiment by --experiment.")
            }
            guard filter == nil || !experiment.isEmpty else { throw ValidationError("--filter needs --experiment.") }
        case .mlflowDatabase:
            guard runs.isEmpty, experiment.isEmpty, filter == nil, from == nil else {
                throw ValidationError(
                    "--format mlflow-db writes everything that the data folder contains: name no runs, experiments or server."
                )
            }
        }
    }

    func run() throws {
        do {
            guard !outputPath.contains("://") || PostgresAddress.hasScheme(outputPath) else {
                throw StartFailure("--output: name a file or folder by its path, and not by an address.")
            }
            switch format {
            case .archive: try FileExport(self, .archive).write()
            case .csv: try FileExport(self, .table(table ?? .runs, .csv)).write()
            case .html: try HTMLExport(self).write()
            case .jsonl: try FileExport(self, .table(table ?? .runs, .jsonl)).write()
            case .mlflowDatabase: try exportDatabase()
            }
        } catch let error as ExitCode {
            throw error
        } catch {
            let message = (error as? TrackingError)?.message ?? StartFailure.message(for: error)
            StandardStream.error.write("apus: \(message)")
            throw ExitCode(2)
        }
    }
}

extension ExportCommand {
    var outputPath: String { output ?? format.usualOutput }

    private func exportDatabase() throws {
        let environment = Environment.process
        if let artifactsTo, artifactsTo.contains("://") {
            throw StartFailure(
                "--artifacts-to: the artifacts are copied into a new folder of this machine. Name its path, and copy the "
                    + "folder to the storage afterwards, such as with aws s3 sync. Or use an import, which can copy "
                    + "artifacts into a bucket: apus import FOLDER --to postgresql://… --artifacts-to s3://BUCKET/PREFIX."
            )
        }
        let path = try StorageLayout.database(storage, environment).path
        guard FileKind(path) == .file else { throw AbsentDatabase(path: path).failure(allowsPostgres: false) }
        let layout = try StorageLayout(storage, environment)
        try layout.requireArtifactFolder()
        if let bucket = layout.bucketURI {
            StandardStream.error.write("apus: not in the export: the artifacts in '\(bucket)'")
        }
        let postgres = PostgresAddress.hasScheme(outputPath) ? try PostgresAddress(outputPath) : nil
        let folder = postgres == nil ? outputPath : artifactsTo ?? MLflowDatabaseExport.artifactsName
        let export = MLflowDatabaseExport(
            databasePath: path,
            artifactsPath: layout.artifactsPath,
            target: StorageLayout.absolute(folder, layout.workingDirectory),
            postgres: postgres
        )
        let result = try export.run()
        let counts =
            "\(Amount.text(Int64(result.runs), "run")), \(Amount.text(Int64(result.points), "point")), "
            + Amount.text(Int64(result.files), "artifact")
        StandardStream.output.write(
            postgres == nil
                ? "\(folder): \(counts). To serve it: mlflow server --backend-store-uri "
                    + "sqlite:///\(MLflowDatabaseExport.databaseName)"
                : "\(result.uri): \(counts) in \(folder). To serve it: apus server or mlflow server with --backend-store-uri "
                    + "'\(Self.withDriver(result.uri))' --artifacts-destination '\(folder)'"
        )
        for remark in result.remarks { StandardStream.error.write("apus: left out: \(remark.printable(limit: 400))") }
        if result.remarkCount > result.remarks.count {
            StandardStream.error.write("apus: and \(result.remarkCount - result.remarks.count) more that were left out")
        }
        if result.remarkCount > 0 || layout.bucketURI != nil { throw ExitCode.failure }
    }

    /// Adds the driver psycopg2, which most installations of MLflow have, to an address.
    ///
    /// For an address without a driver, SQLAlchemy 2.1 uses a different driver.
    private static func withDriver(_ address: String) -> String {
        guard let colon = address.firstIndex(of: ":") else { return address }
        return "postgresql+psycopg2" + address[colon...]
    }

    /// The layout of the data folder that is exported; nil if the data comes from the server of --from.
    func exportedLayout() throws -> StorageLayout? {
        from == nil ? try StorageLayout(storage, Environment.process, allowsPostgres: true) : nil
    }
}
