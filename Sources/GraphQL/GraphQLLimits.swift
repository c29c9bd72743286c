/// The limits of one query.
///
/// The limits for depth, selections, aliases and root fields are those of MLflow 3.17.2.
package struct GraphQLLimits: Sendable {
    /// The most UTF-8 bytes of a query.
    package var queryBytes = 64 * 1_024
    /// The deepest nesting of braces, brackets and parentheses of any kind.
    package var nesting = 64
    /// The most operations and fragments in one query.
    package var definitionCount = 100
    /// The most levels of fields.
    package var depth = 10
    /// The most fields on all levels; those of a fragment count each time the fragment is spread.
    package var selectionCount = 1_000
    /// The most visits of fields, spreads and inline fragments while the query is checked.
    package var stepCount = 10_000
    /// The most fields with an alias on one level.
    package var aliasCount = 10
    /// The most fields of the first level.
    package var rootFieldCount = 10
    /// The most values in the variables and arguments, including the elements of lists and the members of objects.
    package var inputValueCount = 10_000
    /// The most bytes of an answer.
    package var answerBytes = 32 * 1_024 * 1_024
    /// The most error messages in one answer; further ones are left out.
    package var errorCount = 100

    package init() {}
}
