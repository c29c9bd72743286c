/// The limits of one query; those for depth, selections, aliases and root fields are the limits of MLflow 3.17.2.
package struct GraphQLLimits: Sendable {
    /// The largest number of UTF-8 bytes in a query.
    package var queryBytes = 64 * 1_024
    /// The deepest nesting of braces, brackets and parentheses of any kind.
    package var nesting = 64
    /// The largest number of operations and fragments in one query.
    package var definitionCount = 100
    /// The largest number of levels of fields.
    package var depth = 10
    /// The largest number of fields on all levels; the fields of a fragment count wherever it is included ("spread").
    package var selectionCount = 1_000
    /// The largest number of fields, spreads and inline fragments that are visited while the query is checked.
    package var stepCount = 10_000
    /// The largest number of fields with an alias on one level.
    package var aliasCount = 10
    /// The largest number of fields of the first level.
    package var rootFieldCount = 10
    /// The largest number of values in the variables and arguments, including the elements of lists and the members of objects.
    package var inputValueCount = 10_000
    /// The number of bytes of an answer after which no further object is written, so that the query fails.
    package var answerBytes = 32 * 1_024 * 1_024
    /// The largest number of error messages in one answer; further messages are left out.
    package var errorCount = 100

    package init() {}
}
