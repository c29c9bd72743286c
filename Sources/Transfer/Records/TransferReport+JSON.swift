package import JSON
package import Tracking

extension JSONWriter {
    /// Writes a report as members of the object that the writer has begun.
    package mutating func members(of report: TransferReport) {
        memberObject("counts") { writer in
            for kind in TransferKind.allCases {
                guard let counts = report.counts[kind] else { continue }
                writer.key(kind.wireName)
                writer.beginObject()
                writer.member("added", counts.added)
                writer.member("completed", counts.completed)
                writer.member("unchanged", counts.unchanged)
                writer.endObject()
            }
        }
        memberArray("mappings") { writer in
            for mapping in report.mappings {
                writer.beginObject()
                writer.member("source_id", String(mapping.source))
                writer.member("experiment_id", String(mapping.id))
                writer.member("name", mapping.name)
                writer.endObject()
            }
        }
        member("remark_count", report.remarkCount)
        memberArray("remarks") { writer in
            for remark in report.remarks {
                writer.beginObject()
                writer.member("kind", remark.kind.wireName)
                writer.member("id", remark.id)
                writer.member("text", remark.text)
                writer.endObject()
            }
        }
        objects("left_out", Array(report.leftOut)) { writer, owner in
            writer.member("kind", owner.kind.wireName)
            writer.member("id", owner.id.text)
        }
    }
}

extension TransferReport {
    /// Reads a report that `members(of:)` wrote; nil for any other value.
    package init?(_ value: JSONValue) {
        guard let counts = value["counts"], let remarkCount = value["remark_count"]?.int64 else { return nil }
        self.init()
        for (name, numbers) in counts.members {
            guard let kind = TransferKind.allCases.first(where: { $0.wireName == name }) else { continue }
            var read = TransferCounts()
            read.added = Int(numbers["added"]?.int64 ?? 0)
            read.completed = Int(numbers["completed"]?.int64 ?? 0)
            read.unchanged = Int(numbers["unchanged"]?.int64 ?? 0)
            self.counts[kind] = read
        }
        for mapping in value["mappings"].map({ Array($0.elements) }) ?? [] {
            guard let source = mapping["source_id"]?.string.flatMap({ Int64($0) }),
                let id = mapping["experiment_id"]?.string.flatMap({ Int64($0) })
            else { continue }
            mappings.append(ExperimentMapping(source: source, id: id, name: mapping["name"]?.string ?? ""))
        }
        for remark in value["remarks"].map({ Array($0.elements) }) ?? [] {
            guard let kind = TransferKind.allCases.first(where: { $0.wireName == remark["kind"]?.string }) else {
                continue
            }
            self.remark(kind, remark["id"]?.string ?? "", remark["text"]?.string ?? "")
        }
        countRemarks(max(Int(remarkCount) - self.remarkCount, 0))
        for owner in value["left_out"].map({ Array($0.elements) }) ?? [] {
            guard let kind = TransferKind.allCases.first(where: { $0.wireName == owner["kind"]?.string }),
                let id = owner["id"]?.string
            else { continue }
            noteLeftOut(kind, id)
        }
    }
}
