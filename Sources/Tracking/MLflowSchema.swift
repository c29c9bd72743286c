/// The SQL statements that create an empty database of MLflow.
package struct MLflowSchema: Sendable {
    /// The tables, with the rows that MLflow expects in each database.
    package let tables: String
    /// The indexes and foreign keys, which are created after the tables have been filled.
    package let indexes: String

    package init(tables: String, indexes: String) {
        self.tables = tables
        self.indexes = indexes
    }
}
