import Filter
import Testing

@Suite struct RegistryFilterTests {
    @Test(arguments: [
        "name = 'a'", "attribute.name ilike 'A%'", "name IN ('a', 'b')", "name not in ('a')", "run_id = 'r'",
        "source_path LIKE 's3%'", "version_number >= 2", "version_number = '2'", "attributes.name = 'a'",
        "tags.`a b` = \"x\"", "tag.a != 'x'",
    ])
    func `what versions can be searched by`(filter: String) throws {
        #expect(try parseFilter(filter, for: .modelVersions).count == 1)
    }

    @Test(arguments: [
        ("`name` = 'a'", "Invalid attribute key '`name`' specified"),
        ("attrs.name = 'a'", "Invalid entity type 'attrs'"),
        ("creation_timestamp > 1", "Invalid attribute key 'creation_timestamp' specified"),
        ("name = a", "Parameter value is either not quoted or unidentified quote types used for string value a."),
        ("name = 5", "Expected a quoted string value or a list of quoted string values for attributes. Got value 5"),
        ("name > 'a'", "Invalid comparator for attribute: >"),
        ("version_number LIKE '1'", "Invalid comparator for attribute version_number: LIKE"),
        ("version_number = 1.5", "Invalid value for numeric attribute 'version_number'"),
        ("version_number IN ('1')", "Only ['name', 'run_id'] attributes support comparison with a list"),
        ("source_path IN ('1')", "Only ['name', 'run_id'] attributes support comparison with a list"),
        ("tags.a IS NULL", "IS NULL / IS NOT NULL is not supported in this search"),
        ("tags.a IN ('x')", "Expected a quoted string value for tag (e.g. 'my-value')."),
        ("name = 'a' OR name = 'b'", "Invalid clause(s) in filter string"),
        ("run_id IN (", "Invalid clause(s) in filter string"),
        ("run_id IN ('a',", "Invalid clause(s) in filter string"),
        ("run_id IN (,)", "While parsing a list in the query"),
        ("unknown = true", "Invalid clause(s) in filter string"),
        ("name = False", "Invalid clause(s) in filter string"),
    ])
    func `what versions cannot be searched by`(filter: String, message: String) {
        let error = #expect(throws: FilterError.self) { try parseFilter(filter, for: .modelVersions) }
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test func `models are ordered by name and time, versions by number too`() throws {
        #expect(try parseOrderBy(["timestamp DESC"], for: .registeredModels).first?.key == "last_updated_timestamp")
        #expect(try parseOrderBy(["version_number DESC", "name"], for: .modelVersions).count == 2)
        #expect(throws: FilterError.self) { try parseOrderBy(["creation_timestamp"], for: .registeredModels) }
        #expect(throws: FilterError.self) { try parseOrderBy(["run_id"], for: .modelVersions) }
        #expect(throws: FilterError.self) {
            try parseOrderBy(["timestamp", "last_updated_timestamp"], for: .registeredModels)
        }
    }
}
