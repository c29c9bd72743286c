/// The statements that make an empty database of MLflow.
package struct StockSchema: Sendable {
    /// The tables, with the rows that MLflow expects in each database.
    package let tables: String
    /// What is made when the tables are full.
    package let indexes: String

    package init(tables: String, indexes: String) {
        self.tables = tables
        self.indexes = indexes
    }
}
