/// What one query may ask for.
///
/// Depth, selections, aliases and root fields are bounded as MLflow 3.17.2 bounds them.
package struct GraphQLLimits: Sendable {
    /// UTF-8 bytes of a query.
    package var queryBytes = 64 * 1_024
    /// The depth of braces, brackets and parentheses inside each other, whatever they mean.
    package var nesting = 64
    /// Definitions in one document.
    package var definitions = 100
    /// Levels of fields.
    package var depth = 10
    /// Fields on all levels; those of a fragment count each time the fragment is spread.
    package var selections = 1_000
    /// Fields, spreads and inline fragments that are visited; each counts at every visit.
    package var steps = 10_000
    /// Fields with an alias on one level.
    package var aliases = 10
    /// Fields of the first level.
    package var rootFields = 10
    /// Values in the lists and objects of the variables and arguments.
    package var inputValues = 10_000
    /// Bytes of an answer.
    package var answerBytes = 32 * 1_024 * 1_024
    /// Error messages in one answer.
    package var errors = 100

    package init() {}
}
