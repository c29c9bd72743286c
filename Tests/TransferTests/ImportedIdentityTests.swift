import Budgets
import Identities
import TestSupport
import Testing
import Tracking
import TrackingStore

/// An import adds data only to stored things that are those of the source.
@Suite struct ImportedIdentityTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
    }

    private func take(_ records: TransferRecord..., by identity: Identity? = nil) throws -> TransferReport {
        let caller = Caller(peer: .server, identity: identity)
        return try fixture.store.writeNow(for: caller) { try $0.importRecords(records) }
    }

    private func count(_ table: String) throws -> String { try fixture.rows("SELECT count(*) FROM \(table)")[0][0] }

    private static let created: Int64 = 100

    private static func run(
        created: Int64? = created,
        _ adjust: (inout TransferredRun) -> Void = { _ in }
    ) -> TransferredRun {
        Sample.run { run in
            run.experiment.creationTime = created
            adjust(&run)
        }
    }

    private static func points(of run: TransferredRun) -> TransferRecord {
        var points = Sample.points
        points.identity = run.identity
        return .points(points)
    }

    /// Makes an experiment of somebody else that has the id of the sample.
    private func makeOther(name: String = "theirs", created: Int64 = 5) throws {
        _ = try take(.experiment(Sample.experiment(name: name, created: created)))
    }

    // MARK: Experiments that were left out

    @Test(arguments: [nil, 0, 100] as [Int64?])
    func `runs of an experiment that was left out do not come to another one with its number`(time: Int64?) throws {
        try makeOther()
        var lost = Sample.experiment()
        lost.tags = [Tag(key: "long", value: String(repeating: "x", count: 2_000_000))]
        var model = Sample.loggedModel()
        model.experiment.creationTime = time
        let run = Self.run(created: time)
        #expect(try take(.experiment(lost)).remarks.map(\.kind) == [.experiment])
        // In bodies of their own.
        #expect(try take(.run(run)).leftOut == [TransferOwner(.run, Sample.runID)])
        #expect(try take(.loggedModel(model)).leftOut == [TransferOwner(.loggedModel, Sample.modelID)])
        #expect(try count("runs") == "0" && count("logged_models") == "0")
    }

    @Test func `an experiment whose creation time nobody knows is not another one with its number`() throws {
        try makeOther(created: 0)
        let report = try take(.experiment(Sample.experiment(created: 0)))
        #expect(report.counts[.experiment]?.added == 1 && report.mappings.map(\.source) == [7])
        #expect(try take(.run(Self.run(created: 0))).counts[.run]?.added == 1)
        #expect(try fixture.rows("SELECT experiment_id FROM runs") != [["7"]])
    }

    @Test func `runs of an experiment that is left out of the same body do not come to one with its name`() throws {
        try makeOther(name: "training")
        var lost = Sample.experiment()
        lost.tags = [Tag(key: "", value: "x")]
        let report = try take(
            .experiment(lost),
            .run(Self.run()),
            .points(Sample.points),
            .loggedModel(Sample.loggedModel())
        )
        #expect(report.remarks.map(\.kind) == [.experiment, .run, .points, .loggedModel])
        #expect(try count("runs") == "0" && count("logged_models") == "0")
    }

    @Test func `a run of an experiment that was renamed here comes in a later body`() throws {
        _ = try take(.experiment(Sample.experiment()))
        _ = try fixture.write { try $0.renameExperiment(7, to: "renamed") }
        #expect(try take(.run(Self.run())).counts[.run]?.added == 1)
        #expect(try take(Self.points(of: Self.run())).counts[.points]?.added == 4)
    }

    // MARK: Runs and models with the same id

    @Test func `a run that started at another time or is of another user is another one, and gets nothing`() throws {
        _ = try take(.experiment(Sample.experiment()), .run(Self.run()))
        let others = [
            Self.run { $0.run.info.startTime = 999 },
            Self.run { $0.run.info.userID = "eve" },
            Self.run { $0.experiment = SourceExperiment(id: 0, name: "Default") },
        ]
        for var other in others {
            other.run.params = [Param(key: "secret", value: "S3")]
            #expect(try take(.run(other)).leftOut == [TransferOwner(.run, Sample.runID)])
            // The points come with the next body.
            #expect(try take(Self.points(of: other)).remarks.map(\.isOfRecordLeftOut) == [true])
        }
        #expect(try count("metrics") == "0")
        #expect(try fixture.rows("SELECT name FROM keys WHERE name = 'secret'") == [])
        #expect(try take(Self.points(of: Self.run())).counts[.points]?.added == 4)
        #expect(try take(Self.points(of: Self.run { $0.run.info.userID = "" })).counts[.points]?.unchanged == 4)
    }

    @Test func `a logged model that was created at another time is another one, and gets nothing`() throws {
        let model = Sample.loggedModel()
        _ = try take(.experiment(Sample.experiment()), .run(Self.run()), .loggedModel(model))
        var other = model
        other.model.info.creationTime = 1
        other.model.tags = [Tag(key: "secret", value: "S3")]
        #expect(try take(.loggedModel(other)).leftOut == [TransferOwner(.loggedModel, Sample.modelID)])
        var points = Sample.modelPoints
        points.identity = other.identity
        #expect(try take(.modelPoints(points)).remarks.map(\.isOfRecordLeftOut) == [true])
        #expect(try count("model_metrics") == "0")
        points.identity = model.identity
        #expect(try take(.modelPoints(points)).counts[.modelPoints]?.added == 1)
    }

    @Test func `points of a model that were logged in a run that is left out do not come`() throws {
        _ = try take(.experiment(Sample.experiment()), .run(Self.run()), .loggedModel(Sample.loggedModel()))
        let other = Self.run { $0.run.info.startTime = 999 }
        let report = try take(.run(other), .modelPoints(Sample.modelPoints))
        #expect(report.remarks.map(\.kind) == [.run, .modelPoints])
        #expect(try count("model_metrics") == "0")
    }

    @Test func `a version that was created at another time is another one, and gets nothing`() throws {
        _ = try take(.registeredModel(Sample.registeredModel()), .modelVersion(Sample.version(2)))
        var other = Sample.version(2)
        other.version.creationTime = 1
        other.version.tags = [Tag(key: "secret", value: "S3")]
        let report = try take(.modelVersion(other))
        #expect(report.remarks.map(\.text) == [TransferRemark.otherVersion] && report.counts.isEmpty)
        #expect(try count("model_version_tags") == "1")
    }

    @Test func `what is left out as another model counts as nothing else`() throws {
        _ = try take(.registeredModel(Sample.registeredModel()), .modelVersion(Sample.version(2)))
        let report = try take(
            .registeredModel(Sample.registeredModel(created: 1)),
            .modelVersion(Sample.version(9, created: 1))
        )
        #expect(report.remarks.map(\.text) == [TransferRemark.otherModel, TransferRemark.otherModel])
        #expect(report.counts.isEmpty)
    }

    // MARK: Makers of runs

    private func make(by identity: Identity) throws {
        let caller = Caller(peer: .server, identity: identity)
        _ = try take(.experiment(Sample.experiment(created: 5)))
        _ = try fixture.store.writeNow(for: caller) { try $0.importRecords([.run(Sample.run())]) }
    }

    @Test(arguments: [Identity.Kind.user, .token])
    func `the maker of a run is kept when the user or the token is gone`(kind: Identity.Kind) throws {
        let admin = Identity(.user, name: "root", isAdministrator: true)
        try make(by: Identity(kind, name: "eve"))
        // In the experiment of that name that was made here, eve may have waited for the run.
        let run = Self.run()
        #expect(try take(.run(run), by: admin).leftOut == [TransferOwner(.run, Sample.runID)])
        #expect(try take(Self.points(of: run), by: admin).remarks.map(\.isOfRecordLeftOut) == [true])
        #expect(try take(.points(Sample.points), by: admin).remarks.map(\.isOfRecordLeftOut) == [true])
        #expect(try count("metrics") == "0")
        // Who made it may go on with it.
        #expect(try take(Self.points(of: run), by: Identity(kind, name: "eve")).counts[.points]?.added == 4)
    }

    @Test func `a run that somebody has made in advance is imported after its permanent removal`() throws {
        let admin = Identity(.user, name: "root", isAdministrator: true)
        try make(by: Identity(.user, name: "eve"))
        let text = try take(.run(Self.run()), by: admin).remarks.first?.text ?? ""
        #expect(text.contains("the deleted user 'eve' created a run with this id") && text.contains("apus gc"))
        try fixture.write { try $0.deleteRun(Sample.runID) }
        let request = Self.removal(ofRun: Sample.runID)
        let folders = ArtifactFolders(served: "/data/artifacts", otherNames: [])
        let inUse = try fixture.read { try $0.artifactsInUse(excluding: request, in: folders) }
        _ = try fixture.write { try $0.beginRemoval(request, keeping: inUse, from: .start) }
        while try !fixture.write({ try $0.removeRows(atMost: 100) }).isDone {}
        #expect(try take(.run(Self.run()), by: admin).counts[.run]?.added == 1)
    }

    private static func removal(ofRun id: String) -> RemovalRequest {
        var request = RemovalRequest(deletedBefore: nil)
        request.runIDs = [id]
        return request
    }

    @Test func `a run whose maker is gone is completed in an experiment that came from the source`() throws {
        try make(by: Identity(.user, name: "former", isAdministrator: true))
        let run = Self.run(created: 5) { $0.run.params.append(Param(key: "more", value: "1")) }
        let admin = Identity(.user, name: "root", isAdministrator: true)
        #expect(try take(.run(run), by: admin).counts[.run]?.completed == 1)
    }

    @Test(arguments: [AccessScope.write, .admin])
    func `a run that was made with a token of nobody is completed only if that has the scope admin`(
        scope: AccessScope
    ) throws {
        let token = AccessToken(name: "ci", scope: scope, creationTime: 0)
        try fixture.write { _ = try $0.createAccessToken(token, hash: [UInt8](repeating: 1, count: 32)) }
        try make(by: Identity(.token, name: "ci", isAdministrator: scope == .admin))
        let report = try take(Self.points(of: Self.run()), by: Identity(.user, name: "root", isAdministrator: true))
        #expect((report.counts[.points]?.added == 4) == (scope == .admin), "\(report.remarks)")
    }

    // MARK: Rights

    @Test func `each change needs the right that the call of the REST API needs`() throws {
        _ = try take(
            .experiment(Sample.experiment()),
            .run(Self.run()),
            .loggedModel(Sample.loggedModel()),
            .registeredModel(Sample.registeredModel()),
            .modelVersion(Sample.version(2))
        )
        let reader = Identity(.user, name: "ann", permissions: Permissions([], defaultLevel: .read))
        var tagged = Sample.registeredModel()
        tagged.model.tags.append(Tag(key: "more", value: "1"))
        var version = Sample.version(2)
        version.version.tags.append(Tag(key: "more", value: "1"))
        let denied = Identity(
            .user,
            name: "eve",
            permissions: Permissions(
                [Grant(.experiment, "*", .denied), Grant(.registeredModel, "*", .denied)],
                defaultLevel: .manage
            )
        )
        for identity in [reader, denied] {
            let report = try take(
                .experiment(Sample.experiment()),
                .run(Self.run { $0.run.params.append(Param(key: "more", value: "1")) }),
                Self.points(of: Self.run()),
                .registeredModel(tagged),
                .modelVersion(version),
                .modelVersion(Sample.version(3)),
                by: identity
            )
            #expect(report.remarks.count == 6 && report.remarks.allSatisfy(\.isOfRecordLeftOut), "\(report.remarks)")
        }
        let report = try take(.run(Self.run { $0.run.info.runID = String(repeating: "a", count: 32) }), by: reader)
        #expect(report.remarks.map(\.isOfRecordLeftOut) == [true])
        let new = try take(.experiment(Sample.experiment(id: 9, name: "new")), by: denied)
        #expect(new.remarks.map(\.isOfRecordLeftOut) == [true])
    }

    // MARK: The list of what was left out

    @Test func `what was left out is listed whole, also beyond the remarks that are shown`() throws {
        let runs = (0..<300).map { number in
            TransferRecord.run(Self.run { $0.run.info.runID = "run-\(number)" })
        }
        let report = try fixture.write { try $0.importRecords(runs) }
        #expect(report.remarks.count == TransferReport.maximumRemarks && report.leftOut.count == 300)
    }
}
