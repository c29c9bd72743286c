import Glibc
import Testing
import Tracking
import Transfer

@Suite struct TensorBoardLogsTests {
    private let tree: EventTree

    init() throws {
        tree = try EventTree()
    }

    private static let name = "events.out.tfevents.1700000000.node.1.0"
    private static let later = "events.out.tfevents.1700000900.node.2.0"

    @Test func `each folder is a run, with the points of all its files`() throws {
        tree.write(
            "a/\(Self.name)",
            [
                EventRecord.version(at: 1_700_000_000.25), EventRecord.scalar("loss", 0.5, at: 1_700_000_001),
                EventRecord.scalar("loss", .nan, at: 1_700_000_002.5, step: 1),
                EventRecord.scalar("odd", -.infinity, at: 1_700_000_003, step: -7),
            ]
        )
        tree.write("a/\(Self.later)", [EventRecord.scalar("loss", 0.25, at: 1_700_000_900, step: 2)])
        tree.write("b/deep/\(Self.name)", [EventRecord.scalar("loss", 1, at: 1_600_000_000, step: 3)])
        let found = try tree.read()
        #expect(found.skipped == [:] && found.hints == [] && TensorBoardLogs.recognizes(tree.root))
        let experiment = try #require(found.experiments.first)
        #expect(experiment.name == "logs" && experiment.id == Experiment.noID && experiment.artifactLocation == "")
        #expect(experiment.creationTime == 1_600_000_000_000)
        #expect(found.runs.map(\.run.info.name) == ["a", "b/deep"])
        let info = try found.run("a").info
        #expect(info.status == .finished && info.startTime == 1_700_000_000_250 && info.endTime == 1_700_000_900_000)
        let points = try found.points("a", "loss")
        #expect(points.map(\.step) == [0, 1, 2] && points.map(\.isNaN) == [false, true, false])
        #expect(points.map(\.timestamp) == [1_700_000_001_000, 1_700_000_002_500, 1_700_000_900_000])
        #expect(try found.points("a", "odd").map(\.value) == [-.greatestFiniteMagnitude])
        #expect(try found.points("b/deep", "loss").count == 1)
    }

    @Test func `a run beneath another one is its child`() throws {
        for path in ["", "train/", "train/x/y/", "train-2/"] {
            tree.write(path + Self.name, [EventRecord.scalar("loss", 1, at: 1)])
        }
        let found = try tree.read()
        let parents = try found.runs.map { run in
            let parent = run.run.tags.first { $0.key == Tag.parentRunIDKey }?.value
            return try parent.map { id in try #require(found.runs.first { $0.run.info.runID == id }).run.info.name }
        }
        #expect(found.runs.map(\.run.info.name) == ["logs", "train", "train/x/y", "train-2"])
        #expect(parents == [nil, "logs", "train", "logs"])
    }

    @Test func `a run keeps its id when the tree is copied or grows, and not when it begins anew`() throws {
        tree.write("a/\(Self.name)", [EventRecord.scalar("loss", 1, at: 1)])
        tree.write("copy/\(Self.name)", [EventRecord.scalar("loss", 1, at: 1)])
        let ids = try tree.read().runs.map(\.run.info.runID)
        #expect(Set(ids).count == 2 && ids.allSatisfy { $0.utf8.count == 32 })
        tree.write("a/\(Self.name)", [EventRecord.scalar("loss", 1, at: 1), EventRecord.scalar("x", 1, at: 2)])
        tree.write("a/\(Self.later)", [EventRecord.scalar("loss", 1, at: 3)])
        rename(tree.root, tree.root + "-moved")
        let moved = try tree.read(root: tree.root + "-moved")
        #expect(moved.runs.map(\.run.info.runID) == ids && moved.experiments.first?.name == "logs-moved")
        rename(tree.root + "-moved", tree.root)
        tree.write("a/\(Self.name)", [EventRecord.scalar("loss", 1, at: 1.5)])
        #expect(try tree.read().runs.first?.run.info.runID != ids.first)
    }

    /// The ways in which writers put one half into a tensor, with the number of its type.
    private static let halves: [(UInt64, [UInt8])] = [
        (1, WireMessage.with { $0.float(5, 0.5) }),
        (1, WireMessage.with { $0.message(5, littleEndian(Float(0.5).bitPattern)) }),
        (1, WireMessage.with { $0.message(4, littleEndian(Float(0.5).bitPattern)) }),
        (2, WireMessage.with { $0.double(6, 0.5) }),
        (2, WireMessage.with { $0.message(4, littleEndian(0.5.bitPattern)) }),
        (14, WireMessage.with { $0.number(13, 0x3F00) }),
        (14, WireMessage.with { $0.message(4, [0x00, 0x3F]) }),
        (19, WireMessage.with { $0.number(13, 0x3800) }),
        (19, WireMessage.with { $0.message(4, [0x00, 0x38]) }),
    ]

    @Test(arguments: halves) func `a tensor of a floating-point type is a point`(type: UInt64, value: [UInt8]) throws {
        let record = EventRecord.tensor("loss", at: 1) { tensor in
            tensor.number(1, type)
            tensor.message(2, [])
            tensor.append(value)
        }
        tree.write(Self.name, [record])
        let found = try tree.read()
        #expect(try found.points("logs", "loss").map(\.value) == [0.5] && found.skipped == [:])
    }

    private static let integers: [(UInt64, [UInt8], Double)] = [
        (3, WireMessage.with { $0.number(7, UInt64(bitPattern: -3)) }, -3),
        (3, WireMessage.with { $0.message(4, littleEndian(Int32(-3))) }, -3),
        (4, WireMessage.with { $0.number(7, 200) }, 200),
        (5, WireMessage.with { $0.message(4, littleEndian(Int16(-3))) }, -3),
        (6, WireMessage.with { $0.message(4, [0xFD]) }, -3),
        (9, WireMessage.with { $0.number(10, UInt64(bitPattern: -3)) }, -3),
        (10, WireMessage.with { $0.number(11, 1) }, 1),
        (17, WireMessage.with { $0.number(7, 60_000) }, 60_000),
        (22, WireMessage.with { $0.number(16, 4_000_000_000) }, 4e9),
        (23, WireMessage.with { $0.message(17, [0x80, 0x01]) }, 128),
        // TensorFlow leaves out zeros.
        (9, [], 0),
    ]

    @Test(arguments: integers)
    func `a tensor of a type of integers is a point`(type: UInt64, value: [UInt8], expected: Double) throws {
        // The type may come after the value.
        let record = EventRecord.tensor("loss", at: 1) { tensor in
            tensor.append(value)
            tensor.number(1, type)
        }
        tree.write(Self.name, [record])
        #expect(try tree.read().points("logs", "loss").map(\.value) == [expected])
    }

    @Test func `only the first value of a tag need say what the tag is for`() throws {
        func tensor(_ tag: String, _ value: Float, step: Int64, plugin: String? = nil) -> [UInt8] {
            EventRecord.tensor(tag, at: 1, step: step, plugin: plugin) { tensor in
                tensor.number(1, 1)
                tensor.float(5, value)
            }
        }
        tree.write(
            Self.name,
            [
                tensor("loss", 1, step: 0, plugin: "scalars"), tensor("loss", 2, step: 1),
                tensor("curve", 3, step: 0, plugin: "pr_curves"), tensor("curve", 4, step: 1),
                tensor("unknown", 5, step: 0),
            ]
        )
        tree.write(Self.later, [tensor("loss", 6, step: 2)])
        let found = try tree.read()
        #expect(try found.points("logs", "loss").map(\.value) == [1, 2, 6] && found.points.count == 1)
        #expect(found.hints == ["Only scalars and hyperparameters are imported; left out are other values: 3."])
    }

    @Test func `images and the like are counted for the whole source`() throws {
        let records = [
            EventRecord.value("i", at: 1) { $0.message(4, []) }, EventRecord.value("h", at: 1) { $0.message(5, []) },
            EventRecord.value("s", at: 1) { $0.message(6, []) },
            EventRecord.tensor("t", at: 1, plugin: "text") { $0.number(1, 7) },
            EventRecord.framed(
                WireMessage.with { event in
                    event.double(1, 1)
                    event.message(4, [1, 2, 3])
                }
            ),
            // A vector is no scalar, whatever its plugin.
            EventRecord.tensor("v", at: 1) { tensor in
                tensor.number(1, 1)
                tensor.message(2, WireMessage.with { $0.message(2, WireMessage.with { $0.number(1, 2) }) })
                tensor.message(5, littleEndian(UInt64(0)))
            },
        ]
        tree.write("a/\(Self.name)", records)
        tree.write("b/\(Self.name)", records)
        let found = try tree.read()
        #expect(found.runs.count == 2 && found.points == [])
        let expected = "images: 2, histograms: 2, audio clips: 2, texts: 2, graphs: 2, other values: 2"
        #expect(found.hints == ["Only scalars and hyperparameters are imported; left out are \(expected)."])
        #expect(found.skipped == [:], "no import can bring them, so that the next one is complete")
    }

    @Test func `hyperparameters become params, and the end of the session the status`() throws {
        tree.write(
            Self.name,
            [
                EventRecord.hyperparameters(
                    [
                        ("lr", { $0.double(2, 0.001) }), ("layers", { $0.double(2, 3) }),
                        ("opt", { $0.text(3, "adam") }),
                        ("bias", { $0.number(4, 1) }), ("seed", { $0.number(1, 0) }), ("net?", { $0.text(3, "") }),
                        ("long", { $0.text(3, String(repeating: "x", count: 16_001)) }),
                    ],
                    at: 1
                ),
                EventRecord.hyperparameters([("lr", { $0.double(2, 0.1) })], at: 2),
                EventRecord.session("session_end_info", at: 3) { data in
                    data.message(4, WireMessage.with { $0.number(1, 2) })
                },
            ]
        )
        let found = try tree.read()
        let run = try found.run("logs")
        #expect(
            run.params.map { "\($0.key)=\($0.value)" } == [
                "lr=0.001", "layers=3", "opt=adam", "bias=True", "seed=None", "net_=",
            ]
        )
        #expect(run.tags.contains(Tag(key: "tensorboard.group", value: "sweep 1")) && run.info.status == .failed)
        #expect(found.skipped.count == 1 && found.hints.count == 1)
    }

    @Test func `names become legal keys, and no two become one`() throws {
        let tags = [
            "a?b", "a b", "a_b", "a!b", "/lead//er", "../up", "", "e\u{301}", "\u{E9}",
            String(repeating: "x", count: 300),
        ]
        tree.write(
            Self.name,
            tags.enumerated().map { index, tag in
                EventRecord.scalar(tag, Float(index), at: 1)
            }
        )
        let found = try tree.read()
        let keys = found.points.sorted { ($0.points.first?.value ?? 0) < ($1.points.first?.value ?? 0) }.map(\.key)
        #expect(Set(keys.map { ExactText($0) }).count == tags.count)
        for key in keys { try validateKey(key, path: "key") }
        #expect(keys.prefix(2) == ["a_b", "a b"] && keys[2].hasPrefix("a_b-") && keys[3].hasPrefix("a_b-"))
        #expect(keys[4...6] == ["lead/er", "__/up", "_"] && keys.last?.count == 250)
        #expect(found.hints.count == 8)
        // A file that grows changes no key.
        tree.write(Self.later, [EventRecord.scalar("lead/er", 1, at: 2)])
        let grown = try tree.read().points.map(\.key)
        #expect(Set(keys).isSubset(of: grown) && grown.count == keys.count + 1)
    }

    @Test func `a cut last record is no damage`() throws {
        let whole = EventRecord.scalar("loss", 1, at: 1) + EventRecord.scalar("loss", 2, at: 2, step: 1)
        let cut = EventRecord.scalar("loss", 3, at: 3, step: 2)
        for count in 0..<cut.count {
            tree.write(Self.name, [whole, Array(cut.prefix(count))])
            let found = try tree.read()
            #expect(try found.points("logs", "loss").count == 2 && found.skipped == [:], "\(count) bytes")
        }
        tree.write(Self.name, [Array(cut.prefix(20))])
        #expect(try tree.read().experiments == [])
    }

    @Test func `a length that no record has is damage and no record that is being written`() throws {
        tree.write(Self.name, [EventRecord.scalar("loss", 1, at: 1), EventRecord.head(length: 1 << 62)])
        let found = try tree.read()
        #expect(try found.points("logs", "loss").count == 1)
        #expect(found.skipped.values.first?.hasPrefix("damaged from byte") == true)
    }

    @Test func `damage anywhere is reported by path, and all other records come`() throws {
        let records = (0..<3).map { EventRecord.scalar("loss", Float($0), at: 1, step: Int64($0)) }
        let size = records[0].count
        for place in size..<2 * size {
            var bytes = Array(records.joined())
            bytes[place] ^= 0x10
            tree.write(Self.name, [bytes])
            let found = try tree.read()
            #expect(try found.points("logs", "loss").map(\.step) == [0, 2], "byte \(place)")
            let text = "damaged from byte \(size) to byte \(2 * size); everything else in the file is imported"
            #expect(found.skipped == ["\(tree.root)/\(Self.name)": text])
        }
    }

    @Test func `what is no event file is reported, and other runs come`() throws {
        tree.write("a/\(Self.name)", [[UInt8](repeating: 0x41, count: 5_000)])
        tree.write(
            "b/\(Self.name)",
            [
                EventRecord.framed([0xFF, 0xFF]), EventRecord.framed([]), EventRecord.scalar("loss", 1, at: 1),
                EventRecord.framed(WireMessage.with { $0.double(1, -.infinity) }),
                EventRecord.value("loss", at: 1) { value in
                    value.message(8, [0x07])
                    value.message(9, EventRecord.metadata(plugin: "scalars"))
                },
                EventRecord.value("loss", at: 1) { $0.message(1, [0xFF, 0xFE]) },
            ]
        )
        tree.write("c/notes.txt", [[1]])
        let found = try tree.read()
        #expect(found.runs.map(\.run.info.name) == ["b"] && found.points.map(\.points.count) == [1])
        #expect(found.skipped.keys.sorted() == ["\(tree.root)/a/\(Self.name)", "\(tree.root)/b/\(Self.name)"])
        #expect(found.skipped["\(tree.root)/b/\(Self.name)"]?.hasPrefix("5 parts are damaged") == true)
    }

    @Test func `links are not followed, and are named`() throws {
        tree.write("a/\(Self.name)", [EventRecord.scalar("loss", 1, at: 1)])
        symlink("a", tree.root + "/latest")
        symlink("..", tree.root + "/a/up")
        symlink("nowhere", tree.root + "/a/gone")
        let found = try tree.read()
        #expect(found.runs.count == 1 && found.skipped == [:])
        #expect(found.hints == ["Symbolic links are not followed. There are 2, the first is \(tree.root)/latest."])
    }

    @Test func `many points come in records that hold some of one metric`() throws {
        let tags = (0..<30).map { "metric \($0)" }
        tree.write(
            Self.name,
            (0..<90_000).map { index in
                EventRecord.scalar(
                    tags[index % 30],
                    Float(index),
                    at: 1_700_000_000 + Double(index),
                    step: Int64(index)
                )
            }
        )
        let found = try tree.read()
        for (index, tag) in tags.enumerated() {
            #expect(try found.points("logs", tag).map(\.step) == (0..<3_000).map { Int64($0 * 30 + index) })
        }
        #expect(found.points.allSatisfy { $0.points.count <= 5_000 })
    }

    @Test func `only what is selected comes`() throws {
        tree.write("old/\(Self.name)", [EventRecord.scalar("loss", 1, at: 1)])
        tree.write("new/\(Self.name)", [EventRecord.scalar("loss", 1, at: 1), EventRecord.scalar("loss", 1, at: 50)])
        var selection = TransferSelection()
        selection.since = 40_000
        #expect(try tree.read(selection).runs.map(\.run.info.name) == ["new"])
        selection = TransferSelection()
        selection.experiments = ["other"]
        #expect(try tree.read(selection).experiments == [])
    }
}
